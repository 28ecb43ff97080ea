"""Sharing: a bare link, a forwarded message or a file starts the form; the label has no default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Document as TelegramFile
from telegram import Message, MessageEntity, Update

from handlers.context import Context
from handlers.feature import guard
from handlers.forms import ALBUM, Answers, Dialogue, Form, Option, Question, Reply, Step, line
from handlers.language import Html, Say, isolated, legible, text
from handlers.screens import Screen, lines
from handlers.vocabulary import MEANINGS, ask_label
from storage import documents, topics
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.documents import Attachment, Draft
from storage.outbox import Promise, promise
from storage.refusals import Refusal
from storage.tlp import Label, parse

FIRST_YEAR = 1945


async def share(context: Context) -> None:
    if not context.words:
        await context.begin("document")
        return
    source = {"url": documents.clean_url(context.words)}
    await _check(context, source)
    await context.begin("document", {"source": source})


async def take(_update: Update, context: Context) -> None:
    guard(context, Action.SHARE)
    reply = Reply.of(context.message)
    source = _source(context.message)
    await _check(context, source)
    await context.begin("document", {"source": source} | ({ALBUM: reply.album} if reply.album else {}))


async def _check(context: Context, source: Mapping[str, Any]) -> None:
    """Refuse what the sharer can see in the library already, before anything is asked."""
    unique_id = source["file"]["unique_id"] if "file" in source else None
    async with context.reading() as tx:
        await documents.check_new(tx, context.viewer, source.get("url"), unique_id)


def _source(message: Message) -> dict[str, Any]:
    if message.document is not None:
        return {"file": _attached(message.document)}
    kinds: list[str | None] = [MessageEntity.URL, MessageEntity.TEXT_LINK]
    found = {**message.parse_entities(kinds), **message.parse_caption_entities(kinds)}
    for entity, words in found.items():
        return {"url": documents.clean_url(legible(entity.url or words))}
    raise Refusal("document:nothing")


def _attached(file: TelegramFile) -> dict[str, Any]:
    name, size = legible(file.file_name or "file"), file.file_size or 0
    documents.check_file(name, size)
    return {"file_id": file.file_id, "unique_id": file.file_unique_id, "name": name[:200], "size": size}


def _ask_source(_form: Form, say: Say) -> Question:
    return Question(say("Send the link, or the file itself (at most 20 MB)."))


def _read_source(_form: Form, reply: Reply) -> dict[str, Any]:
    if reply.document is not None:
        return {"file": _attached(reply.document)}
    if reply.text is None:
        raise Refusal("document:nothing")
    return {"url": documents.clean_url(reply.text)}


def _show_source(_form: Form, _say: Say, answer: Any) -> Html:
    return isolated(answer["url"] if "url" in answer else answer["file"]["name"])


def _ask_title(form: Form, say: Say) -> Question:
    shown = _show_source(form, say, form.answers["source"])
    return Question(say("{source}\n\nWhat is its title?", source=shown))


def _ask_publisher(_form: Form, say: Say) -> Question:
    return Question(say("Who published it?"))


def _ask_year(_form: Form, say: Say) -> Question:
    return Question(say("In which year?"))


def _read_year(form: Form, reply: Reply) -> int:
    last = form.now.year + 1
    written = line(10)(form, reply)
    if not written.isdecimal() or not FIRST_YEAR <= int(written) <= last:
        raise Refusal("document:year", last=last)
    return int(written)


def _ask_topic(form: Form, say: Say) -> Question:
    options = tuple(Option(f"{t.emoji} {t.title(say.language)}", str(t.id)) for t in form.data["topics"])
    return Question(say("Which topic does it belong to?"), options)


def _show_topic(form: Form, say: Say, answer: Any) -> str:
    return next((say("{title}", title=t.title(say.language)) for t in form.data["topics"] if str(t.id) == answer), "–")


def _ask_label(form: Form, say: Say) -> Question:
    offered = [label for label in MEANINGS if label.rank <= form.policy.max_label.rank]
    if form.viewer.organisation_id is None:
        offered = [label for label in offered if not label.named_audience]
    asked = say("Which Traffic Light Protocol label has its source given it?")
    above = ", ".join(label.value for label in Label if label.rank > form.policy.max_label.rank)
    kept_out = say("Not carried here: {labels}. Deliver that in person.", labels=above)
    return ask_label(Html(lines([asked, kept_out])), offered, say)


def _read_label(form: Form, reply: Reply) -> str:
    if reply.text is None:
        raise Refusal("answer:choose")
    label = parse(reply.text[:40])
    documents.check_label(form.viewer, label, form.policy.max_label)
    return label.name


def _ask_permission(_form: Form, say: Say) -> Question:
    words = say(
        "Please confirm: the source allows sharing it here, and it holds nothing operational, personal or classified. "
        "This network carries public and community documents only."
    )
    return Question(words, (Option(say("Confirm"), "yes", "success"),))


async def _prepare(tx: Transaction, viewer: Viewer, _answers: Answers) -> dict[str, Any]:
    level = await topics.levels(tx, viewer.id)
    found = [t for t in await topics.catalogue(tx, viewer) if t.policy is topics.Policy.OPEN or t.id in level]
    return {"topics": found}


def _draft(answers: Answers) -> Draft:
    source = answers["source"]
    return Draft(
        title=answers["title"],
        topic_id=int(answers["topic"]),
        label=Label[answers["label"]],
        url=source.get("url"),
        file=Attachment(**source["file"]) if "file" in source else None,
        publisher=answers.get("publisher"),
        year=answers.get("year"),
    )


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    row = await documents.share(tx, viewer, _draft(answers), context.policy.max_label, context.now)
    told = Promise(viewer.id, "document:shared", {"document": row.id}, replaces=context.replaces)
    await promise(tx, [told], context.now)


def _summary(form: Form, say: Say) -> Screen:
    answers = form.answers
    label = Label[answers["label"]]
    facts = (
        say("Title: {title}", title=isolated(answers["title"])),
        say("Publisher: {publisher}", publisher=isolated(answers.get("publisher") or "–")),
        say("Year: {year}", year=answers.get("year") or "–"),
        say("Topic: {topic}", topic=_show_topic(form, say, answers["topic"])),
        say("Source: {source}", source=_show_source(form, say, answers["source"])),
    )
    asked = say("Please read it once more. Nothing is sent before you submit.")
    return Screen(lines([f"<b>{say('Share a document')}</b>", asked, "\n".join(facts)]), label=label)


DOCUMENT = Dialogue(
    name="document",
    title=text("Share a document"),
    steps=(
        Step("source", text("Source"), _ask_source, _read_source, _show_source),
        Step("title", text("Title"), _ask_title, line(200), lambda _form, _say, answer: isolated(answer)),
        Step("publisher", text("Publisher"), _ask_publisher, line(120), optional=True),
        Step("year", text("Year"), _ask_year, _read_year, optional=True),
        Step("topic", text("Topic"), _ask_topic, show=_show_topic),
        Step("label", text("Label"), _ask_label, _read_label, lambda _form, _say, answer: Label[answer].value),
        Step("permission", text("Permission"), _ask_permission, show=lambda _form, say, _answer: say("confirmed")),
    ),
    finish=_finish,
    submit=text("Submit"),
    needs=Action.SHARE,
    prepare=_prepare,
    summary=_summary,
)
