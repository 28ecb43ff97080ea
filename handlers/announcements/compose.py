"""Composing: text with its formatting, label, audience, and a preview exactly as it will be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handlers.announcements.reading import Content, draw
from handlers.buttons import Press
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Option, Question, Reply, Step, line
from handlers.language import Html, Say, text
from handlers.screens import Screen, lines
from handlers.vocabulary import CATEGORIES, ask_label
from storage import announcements, topics
from storage.access import Action, Viewer
from storage.announcements import AnnouncementState, Audience, AudienceKind, Draft
from storage.applications import ZONES
from storage.database import Transaction
from storage.lengths import units
from storage.refusals import Refusal
from storage.tlp import Label

LONGEST, FORMATTED = 3000, 80
"""Of a message's 4096 units and 100 entities, what is left for the words themselves."""
KINDS = {
    AudienceKind.ALL: text("Everybody"),
    AudienceKind.TOPIC: text("A topic's followers"),
    AudienceKind.COUNTRY: text("A country"),
    AudienceKind.CATEGORY: text("A category"),
}
LABELS = (Label.CLEAR, Label.GREEN)


@dataclass(frozen=True)
class Data:
    """What the questions need: the catalogue, and how many the chosen audience has now."""

    topics: tuple[topics.Topic, ...]
    count: int | None


@dataclass(frozen=True)
class Again(Press, prefix="ann.again"):
    """Take an announcement up again that was not sent."""

    announcement: int


async def announce(context: Context) -> None:
    await context.begin("announcement")


async def write_again(context: Context, press: Again) -> None:
    async with context.reading() as tx:
        row = await announcements.by_id(tx, context.viewer, press.announcement)
    if row.author_id != context.viewer.id or row.state is not AnnouncementState.RETURNED:
        raise Refusal("button:old")
    kind, value = row.audience["kind"], row.audience["value"]
    answers = {"title": row.title, "text": row.text, "label": row.label.name, "audience": kind}
    await context.begin("announcement", answers | ({kind: value} if value else {}))


def _ask_title(_form: Form, say: Say) -> Question:
    return Question(say("The title of the announcement?"))


def _ask_text(_form: Form, say: Say) -> Question:
    return Question(say("The text? Bold, italic, links and quotes stay as you format them."))


def _read_text(_form: Form, reply: Reply) -> str:
    if reply.text is None or reply.html is None:
        raise Refusal("answer:text")
    if units(reply.text) > LONGEST:
        raise Refusal("answer:long", limit=LONGEST)
    if reply.entities > FORMATTED:
        raise Refusal("announcement:formatted", limit=FORMATTED)
    return reply.html


def _ask_label(form: Form, say: Say) -> Question:
    asked = say("Which Traffic Light Protocol label does it carry? What is above TLP:GREEN is not announced.")
    return ask_label(asked, [label for label in LABELS if label.rank <= form.policy.max_label.rank], say)


def _ask_kind(_form: Form, say: Say) -> Question:
    return Question(say("Who is it for?"), tuple(Option(say(label), kind.value) for kind, label in KINDS.items()))


def _ask_topic(form: Form, say: Say) -> Question:
    options = (Option(f"{t.emoji} {t.title(say.language)}", str(t.id)) for t in form.data.topics)
    return Question(say("Followers of which topic?"), tuple(options))


def _ask_country(_form: Form, say: Say) -> Question:
    named = sorted((say.country(code), code) for code in ZONES)
    return Question(say("Members in which country?"), tuple(Option(n, c) for n, c in named), columns=2)


def _ask_category(_form: Form, say: Say) -> Question:
    options = (Option(say(label), kind.value) for kind, label in CATEGORIES.items())
    return Question(say("Members of which category?"), tuple(options))


def _audience(answers: Answers) -> Audience:
    kind = AudienceKind(answers["audience"])
    return Audience(kind, "" if kind is AudienceKind.ALL else answers[kind.value])


async def _prepare(tx: Transaction, viewer: Viewer, answers: Answers) -> Data:
    found = tuple(await topics.catalogue(tx, viewer))
    chosen = answers.get("audience")
    if chosen is None or (chosen != AudienceKind.ALL and chosen not in answers):
        return Data(found, None)
    return Data(found, len(await announcements.recipients(tx, _audience(answers))))


def _draft(answers: Answers) -> Draft:
    return Draft(answers["title"], answers["text"], Label[answers["label"]], _audience(answers))


def _summary(form: Form, say: Say) -> Screen:
    draft = _draft(form.answers)
    preview = draw(Content(0, draft.title, draft.text, draft.label), say, form.policy)
    count = form.data.count or 0
    reach = say.many("It will be sent to {n} member.", "It will be sent to {n} members.", count)
    if not count:
        reach = say("This audience is empty: nobody would get it. Choose another one.")
    elif count > form.policy.two_person_above:
        reach = Html(f"{reach} {say('A second administrator must release it.')}")
    return Screen(lines([preview.text, f"<i>— {reach}</i>"]), label=draft.label)


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    above = context.policy.two_person_above
    await announcements.submit(tx, viewer, _draft(answers), above, context.now, context.replaces)


def _which(kind: AudienceKind, ask: Callable[[Form, Say], Question]) -> Step:
    """Return the step that is asked for one kind of audience only, so that each kind keeps its own answer."""
    return Step(kind.value, text("Which"), ask, when=lambda answers: answers.get("audience") == kind.value)


ANNOUNCEMENT = Dialogue(
    name="announcement",
    title=text("Announcement"),
    steps=(
        Step("title", text("Title"), _ask_title, line(120)),
        Step("text", text("Text"), _ask_text, _read_text),
        Step("label", text("Label"), _ask_label),
        Step("audience", text("Audience"), _ask_kind),
        _which(AudienceKind.TOPIC, _ask_topic),
        _which(AudienceKind.COUNTRY, _ask_country),
        _which(AudienceKind.CATEGORY, _ask_category),
    ),
    finish=_finish,
    submit=text("Send"),
    needs=Action.ANNOUNCE,
    prepare=_prepare,
    summary=_summary,
)
