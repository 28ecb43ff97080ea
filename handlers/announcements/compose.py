"""Composing: text with its formatting, label, audience, and a preview exactly as it will be read."""

from __future__ import annotations

from dataclasses import dataclass
from html import unescape
from typing import Any

from handlers.announcements.reading import Content, draw
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Option, Question, Reply, Step, line
from handlers.language import Html, Say, text
from handlers.screens import Screen, lines, units
from handlers.vocabulary import CATEGORIES, ask_label
from storage import announcements, topics
from storage.access import Action, Viewer
from storage.announcements import Audience, AudienceKind, Draft
from storage.applications import ZONES
from storage.database import Transaction
from storage.outbox import Promise, promise
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


async def announce(context: Context) -> None:
    await context.begin("announcement")


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


def _ask_label(_form: Form, say: Say) -> Question:
    asked = say("Which Traffic Light Protocol label does it carry? What is above TLP:GREEN is not announced.")
    return ask_label(asked, LABELS, say)


def _ask_kind(_form: Form, say: Say) -> Question:
    return Question(say("Who is it for?"), tuple(Option(say(label), kind.value) for kind, label in KINDS.items()))


def _ask_value(form: Form, say: Say) -> Question:
    match AudienceKind(form.answers["audience"]):
        case AudienceKind.TOPIC:
            options = [Option(t.title(say.language), str(t.id)) for t in form.data.topics]
            return Question(say("Followers of which topic?"), tuple(options))
        case AudienceKind.COUNTRY:
            named = sorted((say.country(code), code) for code in ZONES)
            return Question(say("Members in which country?"), tuple(Option(n, c) for n, c in named), columns=2)
        case _:
            options = [Option(say(label), kind.value) for kind, label in CATEGORIES.items()]
            return Question(say("Members of which category?"), tuple(options))


def _audience(answers: Answers) -> Audience:
    return Audience(AudienceKind(answers["audience"]), answers.get("value") or "")


async def _prepare(tx: Transaction, _viewer: Viewer, answers: Answers) -> Data:
    found = tuple(await topics.catalogue(tx))
    chosen = answers.get("audience")
    if chosen is None or (chosen != AudienceKind.ALL and not answers.get("value")):
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
        reach = say("This audience is empty: nobody would get it. Choose another one with Edit.")
    elif count > form.policy.two_person_above:
        reach = Html(f"{reach} {say('A second administrator must release it.')}")
    return Screen(lines([preview.text, f"<i>— {reach}</i>"]), label=draft.label)


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    above = context.policy.two_person_above
    row = await announcements.submit(tx, viewer, _draft(answers), above, context.now)
    if row.state is announcements.AnnouncementState.AWAITING:
        facts = {"announcement": row.id}
        waits = Promise(viewer.id, "announcement:progress", facts, subject=f"announcement-progress:{row.id}")
        await promise(tx, [waits], context.now)


def _show_value(form: Form, say: Say, answer: Any) -> str:
    options = _ask_value(form, say).options
    return next((say("{answer}", answer=unescape(o.label)) for o in options if o.value == answer), "–")


ANNOUNCEMENT = Dialogue(
    name="announcement",
    title=text("Announcement"),
    steps=(
        Step("title", text("Title"), _ask_title, line(120)),
        Step("text", text("Text"), _ask_text, _read_text),
        Step("label", text("Label"), _ask_label),
        Step("audience", text("Audience"), _ask_kind),
        Step("value", text("Which"), _ask_value, show=_show_value, when=lambda a: a.get("audience", "all") != "all"),
    ),
    finish=_finish,
    submit=text("Send"),
    needs=Action.ANNOUNCE,
    prepare=_prepare,
    summary=_summary,
)
