"""Sharing: a bare link, a forwarded message or a file, and at most three presses; the label has no default."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from telegram import Update

from handlers.context import Context
from handlers.documents import audience, particulars, source
from handlers.documents.audience import Choices
from handlers.documents.source import address, label_of, look, seen_of
from handlers.documents.summary import summary
from handlers.feature import guard
from handlers.forms import ALBUM, Answers, Dialogue, Form, Option, Question, Reply, Step, line
from handlers.language import Html, Say, text
from handlers.screens import Screen, lines
from handlers.vocabulary import MEANINGS, ask_label
from storage import documents, members, topics
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.documents import Attachment, Draft, Kind, Stage
from storage.outbox import Promise, promise
from storage.refusals import Refusal
from storage.tlp import Label, parse


async def share(context: Context) -> None:
    if not context.words:
        await context.begin("document")
        return
    await begin(context, {"source": source.of_words(context.words)})


async def take(_update: Update, context: Context) -> None:
    guard(context, Action.SHARE)
    reply = Reply.of(context.message)
    found = source.of_message(context.message)
    await begin(context, {"source": found} | ({ALBUM: reply.album} if reply.album else {}))


async def begin(context: Context, answers: Answers) -> None:
    """Open the form with a source, once it is known that it can be shared and what there is to see of it."""
    guard(context, Action.SHARE)
    await context.begin("document", await look(context, answers))


def _ask_label(form: Form, say: Say) -> Question:
    offered = [label for label in MEANINGS if label.rank <= form.policy.max_label.rank]
    if form.viewer.organisation_id is None:
        offered = [label for label in offered if not label.named_audience]
    shown = source.show(form, say, form.answers["source"])
    asked = say("{source}\n\nWhich Traffic Light Protocol label has its source given it?", source=shown)
    above = ", ".join(label.value for label in Label if label.rank > form.policy.max_label.rank)
    kept_out = say("Not carried here: {labels}. Deliver that in person.", labels=above)
    return ask_label(Html(lines([asked, kept_out])), offered, say)


def _read_label(form: Form, reply: Reply) -> str:
    if reply.text is None:
        raise Refusal("answer:choose")
    label = parse(reply.text[:40])
    documents.check_label(form.viewer, label, form.policy.max_label)
    return "WHITE" if label is Label.CLEAR and "WHITE" in reply.text.upper() else label.name


def _show_label(form: Form, _say: Say, _answer: Any) -> str:
    label = label_of(form.answers)
    return label.value if label else "–"


def _ask_topic(form: Form, say: Say) -> Question:
    options = tuple(Option(f"{t.emoji} {t.title(say.language)}", str(t.id)) for t in form.data.topics)
    return Question(say("Which topic does it belong to?"), options)


def _show_topic(form: Form, say: Say, answer: Any) -> str:
    return next((say("{title}", title=t.title(say.language)) for t in form.data.topics if str(t.id) == answer), "–")


async def _preset(context: Context, answers: Answers) -> Answers:
    """Let the document serve the pillars of its topic, unless the sharer has named them."""
    if answers.get("pillars", answers.get("preset")) != answers.get("preset"):
        return answers
    async with context.reading() as tx:
        pillars = list((await topics.by_id(tx, context.viewer, int(answers["topic"]))).pillars)
    return {**answers, "pillars": pillars, "preset": pillars}


def _ask_title(form: Form, say: Say) -> Question:
    shown = source.show(form, say, form.answers["source"])
    return Question(say("{source}\n\nWhat is its title?", source=shown))


def _untitled(answers: Answers) -> bool:
    return "title" not in seen_of(answers)


async def _prepare(tx: Transaction, viewer: Viewer, answers: Answers) -> Choices:
    own = await members.organisation_names(tx, [viewer.organisation_id] if viewer.organisation_id else [])
    codes = [*answers.get("found", ()), *answers.get("chosen", ())]
    names = await audience.names_of(tx, viewer, list(dict.fromkeys(codes)))
    return Choices(tuple(await _open(tx, viewer)), own.get(viewer.organisation_id or 0), names)


async def _open(tx: Transaction, viewer: Viewer) -> list[topics.Topic]:
    """Return the topics into which the viewer may put something."""
    level = await topics.levels(tx, viewer.id)
    return [t for t in await topics.catalogue(tx, viewer) if t.policy is topics.Policy.OPEN or t.id in level]


async def _draft(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Draft:
    """Return what is shared. Refusals: `topic:unknown`, `directory:gone`."""
    shelves = {topic.id for topic in await _open(tx, viewer)}
    label, given = label_of(answers), answers["source"]
    assert label is not None
    if int(answers["topic"]) not in shelves:
        raise Refusal("topic:unknown")
    organisations, people = await audience.ids_of(tx, viewer, answers)
    days = int(answers.get("comments") or 0)
    seen = seen_of(answers)
    content: dict[str, Any] = {name: seen.get(name) for name in ("kind", "sha256", "pages")}
    return Draft(
        title=answers["title"],
        topic_id=int(answers["topic"]),
        label=label,
        url=address(answers),
        file=Attachment(**given["file"], **content) if "file" in given else None,
        publisher=answers.get("publisher"),
        year=answers.get("year"),
        languages=" ".join((answers.get("languages") or [])[: source.MOST_LANGUAGES]) or None,
        titles=_titles(answers),
        description=answers.get("description"),
        kind=Kind(answers.get("kind") or Kind.OTHER),
        pillars=" ".join(sorted(answers.get("pillars") or ())),
        country=None if answers.get("country") == particulars.REGION else answers.get("country"),
        also=tuple(int(topic) for topic in answers.get("also") or () if int(topic) in shelves),
        organisations=organisations,
        people=people,
        stage=Stage.COMMENT if days else Stage.PUBLISHED,
        comments_until=context.now + timedelta(days=days) if days else None,
        replaces=answers.get("replaces"),
        permitted=True,
        written_label="TLP:WHITE" if answers["label"] == "WHITE" else None,
    )


def _titles(answers: Answers) -> dict[str, str]:
    found = {name.removeprefix("title_"): words for name, words in answers.items() if name.startswith("title_")}
    own = answers.get("languages") or []
    return {code: words for code, words in found.items() if words and own != [code]}


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    draft = await _draft(context, tx, viewer, answers)
    row = await documents.share(tx, viewer, draft, context.policy.max_label, context.now)
    if draft.replaces is not None:
        await documents.supersede(tx, viewer, draft.replaces, row, context.now)
    told = Promise(viewer.id, "document:shared", {"document": row.id}, replaces=context.replaces)
    await promise(tx, [told], context.now)


STEPS = (
    Step("source", text("Source"), source.ask, source.read, source.show, enrich=look),
    Step("label", text("Label"), _ask_label, _read_label, _show_label, enrich=look),
    *audience.STEPS,
    Step("topic", text("Topic"), _ask_topic, show=_show_topic, enrich=_preset),
    Step("title", text("Title"), _ask_title, line(source.LONGEST["title"]), particulars.said, asked=_untitled),
    *particulars.STEPS,
)


def _summary(form: Form, say: Say) -> Screen:
    return summary([step for step in STEPS if step.when(form.answers)], form, say)


DOCUMENT = Dialogue(
    name="document",
    title=text("Share a document"),
    steps=STEPS,
    finish=_finish,
    submit=text("Confirm and share"),
    needs=Action.SHARE,
    prepare=_prepare,
    summary=_summary,
)
