"""Care: who answers for a document learns that its link is dead, gives it a new address, and is asked to review it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.documents.health_words import why
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Option, Question, Reply, Step, about, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import ArchiveAddress, Home, NewAddress, OpenDocument, Review
from handlers.screens import Screen, lines
from storage import documents
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.documents import Document, DocumentLink, LinkState
from storage.outbox import Facts
from storage.refusals import Refusal

LONGEST = 2000
FORGET = "-"


@dataclass(frozen=True)
class StillWorks(Press, prefix="doc.works"):
    """Say that the link of a document works nevertheless."""

    document: int


@dataclass(frozen=True)
class Cared:
    """A document, how its link was found, and whether its reader owns it."""

    document: Document
    link: DocumentLink | None
    own: bool


async def new_address(context: Context, press: NewAddress) -> None:
    await _begin(context, "document-address", press.document)


async def archive(context: Context, press: ArchiveAddress) -> None:
    await _begin(context, "document-archive", press.document)


async def _begin(context: Context, dialogue: str, document_id: int) -> None:
    async with context.reading() as tx:
        await documents.kept(tx, context.viewer, document_id)
    await context.begin(dialogue, {"document": document_id})


async def still_works(context: Context, press: StillWorks) -> None:
    async with context.transaction() as tx:
        await documents.still_works(tx, await context.myself(tx), press.document, context.now)
    thanks = context.say("Thank you. The link is looked at again in a day.")
    await context.show(Screen(thanks, (_ways(press.document, context.say),)))


def _ways(document_id: int, say: Say) -> Row:
    return (Button(say("Open the document"), OpenDocument(document_id)), Button(say("Menu"), Home()))


def _ask_address(form: Form, say: Say) -> Question:
    number = Html(f"<code>D-{form.answers['document']}</code>")
    return Question(say("Send the address where {number} is found now.", number=number))


def _read_address(form: Form, reply: Reply) -> str:
    return documents.clean_url(line(LONGEST)(form, reply))


async def _readdress(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    await documents.readdress(tx, viewer, answers["document"], answers["url"], context.now)
    told = context.say("Thank you. The new address is noted and will be looked at in a moment.")
    return Screen(told, (_ways(answers["document"], context.say),))


ADDRESS = Dialogue(
    name="document-address",
    title=text("A new address"),
    steps=(Step("url", text("Address"), _ask_address, _read_address, lambda _form, _say, answer: isolated(answer)),),
    finish=_readdress,
    submit=text("Submit"),
    needs=Action.SHARE,
    check=about("document"),
    straight=True,
)


async def _has_copy(tx: Transaction, viewer: Viewer, answers: Answers) -> bool:
    with suppress(Refusal):
        return (await documents.kept(tx, viewer, answers["document"])).archive_url is not None
    return False


def _ask_archive(form: Form, say: Say) -> Question:
    number = Html(f"<code>D-{form.answers['document']}</code>")
    asked = say(
        "Send the address of a copy of {number} in an archive, such as web.archive.org. Readers find it where the link "
        "itself does not open.",
        number=number,
    )
    return Question(asked, (Option(say("Forget the copy"), FORGET),) if form.data else ())


async def _archive(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    url = None if answers["copy"] == FORGET else answers["copy"]
    await documents.archive(tx, viewer, answers["document"], url, context.now)
    say = context.say
    told = say("Thank you. The copy is noted.") if url else say("The copy is forgotten.")
    return Screen(told, (_ways(answers["document"], say),))


ARCHIVE = Dialogue(
    name="document-archive",
    title=text("A copy in an archive"),
    steps=(Step("copy", text("Address"), _ask_archive, _read_address, lambda _form, _say, answer: isolated(answer)),),
    finish=_archive,
    submit=text("Submit"),
    needs=Action.SHARE,
    check=about("document"),
    prepare=_has_copy,
    straight=True,
)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Cared]:
    found: dict[int, Cared] = {}
    link = (await documents.link_health(tx, [facts["document"]])).get(facts["document"])
    for viewer in viewers:
        with suppress(Refusal):  # no longer theirs to care for: they are not told
            row = await documents.kept(tx, viewer, facts["document"])
            found[viewer.id] = Cared(row, link, row.owner_id == viewer.id)
    return found


async def _load_dead(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Cared]:
    return await _load_in(tx, facts, viewers, LinkState.DEAD)


async def _load_wall(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Cared]:
    return await _load_in(tx, facts, viewers, LinkState.WALL)


async def _load_in(tx: Transaction, facts: Facts, viewers: Sequence[Viewer], state: LinkState) -> Mapping[int, Cared]:
    found = await _load(tx, facts, viewers)
    return {k: cared for k, cared in found.items() if cared.link is not None and cared.link.state is state}


async def _load_review(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    found = await _load(tx, facts, viewers)
    return {k: cared for k, cared in found.items() if cared.document.review_asked_at is not None}


def _dead(content: Cared, say: Say, _policy: Policy) -> Screen:
    row, link = content.document, content.link
    assert link is not None  # only then is anybody told
    told = say("The link to this document has not worked since {day}.", day=say.day(link.since))
    asked = say("Please look whether it stands elsewhere now, or give it the address of a copy in an archive.")
    rows: tuple[Row, ...] = (
        (Button(say("Open the document"), OpenDocument(row.id)),),
        (Button(say("Give a new address"), NewAddress(row.id)),),
        (Button(say("Name an archive copy"), ArchiveAddress(row.id)),),
        (Button(say("Still works for me"), StillWorks(row.id)),),
    )
    words = [_named(content, say), f"{told} {why(link.problem, say)}", asked, _gone(content, say)]
    return Screen(lines(words), rows, row.label)


def _wall(content: Cared, say: Say, _policy: Policy) -> Screen:
    row, link = content.document, content.link
    assert link is not None  # only then is anybody told
    told = say("People without an account cannot open the link to this document.")
    asked = say("Please let everybody with the link read it, or give it an address that everybody can open.")
    rows: tuple[Row, ...] = (
        (Button(say("Open the document"), OpenDocument(row.id)),),
        (Button(say("Give a new address"), NewAddress(row.id)),),
    )
    words = [_named(content, say), f"{told} {why(link.problem, say)}", asked, _gone(content, say)]
    return Screen(lines(words), rows, row.label)


def _review(content: Cared, say: Say, _policy: Policy) -> Screen:
    row = content.document
    day = say.day(row.review_at) if row.review_at else "–"
    asked = say("Is this document still valid? It is due to be looked at anew by {day}.", day=day)
    then = say("If it is not, open it: you can replace it with a newer version or withdraw it.")
    rows: tuple[Row, ...] = (
        (Button(say("Still valid"), Review(row.id), style="success"),),
        (Button(say("Open the document"), OpenDocument(row.id)),),
    )
    return Screen(lines([_named(content, say), asked, then, _gone(content, say)]), rows, row.label)


def _named(content: Cared, say: Say) -> Html:
    row = content.document
    return say("<b>{title}</b> · <code>D-{number}</code>", title=isolated(row.title), number=row.id)


def _gone(content: Cared, say: Say) -> Html | None:
    if content.own:
        return None
    return say("Its owner is out of reach, so the moderators of its topic are asked.")


CARE = (
    Notice("document:dead", _dead, _load_dead),
    Notice("document:wall", _wall, _load_wall),
    Notice("document:review", _review, _load_review),
)
