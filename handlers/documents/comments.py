"""Comments: asking for them, writing one, and what the owner reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.documents.card import Card, Comment, Manage, load, titled
from handlers.documents.opening import show_card
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Question, Step, about, line
from handlers.language import Say, isolated, text
from handlers.presses import Home, OpenDocument, OpenVersion
from handlers.screens import Screen, lines
from storage import documents, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.documents import Document
from storage.outbox import Facts
from storage.refusals import Refusal

LONGEST = 1000
PERIODS = (7, 14, 30)


@dataclass(frozen=True)
class AskComments(Press, prefix="doc.ask"):
    """Open a document for comments for some days (0: choose how many)."""

    document: int
    days: int


@dataclass(frozen=True)
class Said:
    """A comment with who wrote it, for who answers for the document."""

    card: Card
    words: str
    name: str
    organisation: str


async def ask(context: Context, press: AskComments) -> None:
    if press.days:
        if press.days not in PERIODS:
            raise Refusal("button:old")
        async with context.transaction() as tx:
            await documents.ask_comments(tx, await context.myself(tx), press.document, press.days, context.now)
        await show_card(context, press.document)
        return
    say = context.say
    async with context.reading() as tx:
        row = await documents.kept(tx, context.viewer, press.document)
    asked = say("For how long may members comment on {title}? What they write comes to you.", title=titled(row, say))
    days = [Button(say.many("{n} day", "{n} days", n), AskComments(row.id, n)) for n in PERIODS]
    back: Row = (Button(say("Back"), Manage(row.id)), Button(say("Menu"), Home()))
    await context.show(Screen(asked, (tuple(days), back), row.label))


async def begin(context: Context, press: Comment) -> None:
    async with context.reading() as tx:
        row = await documents.by_id(tx, context.viewer, press.document)
    if not documents.commented(row, context.now):
        raise Refusal("document:over")
    await context.begin("comment", {"document": row.id})


async def _prepare(tx: Transaction, viewer: Viewer, answers: Answers) -> Document | None:
    try:
        return await documents.by_id(tx, viewer, answers["document"])
    except Refusal:
        return None


def _ask_words(form: Form, say: Say) -> Question:
    label = form.data.label.value if form.data is not None else "–"
    return Question(say(
        "What would you like to say? At most {limit} characters. Its owner reads it with your name and organisation, "
        "marked {label} as the document is.", limit=LONGEST, label=label
    ))  # fmt: skip


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    row = await documents.comment(tx, viewer, answers["document"], answers["words"], context.now)
    say = context.say
    opens = Button(say("Back to the document"), OpenVersion(row.id))
    return Screen(say("Thank you. Your comment is on its way to the owner."), ((opens, Button(say("Menu"), Home())),))


COMMENT = Dialogue(
    name="comment",
    title=text("Comment on a document"),
    steps=(Step("words", text("Comment"), _ask_words, line(LONGEST), lambda _form, _say, answer: isolated(answer)),),
    finish=_finish,
    submit=text("Send"),
    needs=Action.SHARE,
    prepare=_prepare,
    check=about("document"),
    straight=True,
)


async def _load_said(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    writer = await members.by_id(tx, facts["by"])
    if writer is None or writer.name is None:
        return {}  # erased meanwhile, and their words with them
    houses = await members.organisation_names(tx, [writer.organisation_id] if writer.organisation_id else [])
    organisation = houses.get(writer.organisation_id or 0, "–")
    found = await load(tx, facts, viewers)
    return {number: Said(content, facts["words"], writer.name, organisation) for number, content in found.items()}


def _said(content: Said, say: Say, _policy: Policy) -> Screen:
    by = {"name": isolated(content.name), "organisation": isolated(content.organisation)}
    told = say("{name} ({organisation}) comments on {title}:", **by, title=titled(content.card.document, say))
    words = f"<blockquote>{isolated(content.words)}</blockquote>"
    return Screen(lines([told, words]), _ways(content.card, say), content.card.document.label)


def _opened(content: Card, say: Say, _policy: Policy) -> Screen:
    row = content.document
    told = say("A document that you follow is open for comments: {title}", title=titled(row, say))
    until = say("Open for comments until {day}.", day=say.day(row.comments_until)) if row.comments_until else None
    return Screen(lines([told, until]), _ways(content, say), row.label)


def _closed(content: Card, say: Say, _policy: Policy) -> Screen:
    told = say(
        "The time for comments is over, and the document is published: {title}", title=titled(content.document, say)
    )
    return Screen(told, _ways(content, say), content.document.label)


def _ways(content: Card, say: Say) -> tuple[Row, ...]:
    return ((Button(say("Open it"), OpenDocument(content.document.id)), Button(say("Menu"), Home())),)


NOTICES = (
    Notice("document:comment", _said, _load_said),
    Notice("document:comments", _opened, load, documents.told),
    Notice("document:closed", _closed, load),
)
