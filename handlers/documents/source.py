"""The source: the link or file that is shared, and what a look at it tells before anything is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from telegram import Document as TelegramFile
from telegram import Message, MessageEntity
from telegram.constants import ChatAction
from telegram.error import TelegramError

from handlers.context import Context
from handlers.forms import Answers, Form, Question, Reply
from handlers.glances import Seen
from handlers.language import Html, Say, isolated, legible
from storage import documents
from storage.refusals import Refusal
from storage.tlp import Label

FIRST_YEAR = 1945
TOLD = ("title", "publisher", "year", "languages", "description")
"""The answers that a look at the source may give."""
LONGEST = {"title": 200, "publisher": 120, "description": 600}
MOST_LANGUAGES = 13
"""As many codes as there is room for."""
_ADDRESS = re.compile(r"https?://[^\s<>\"“”«»]+", re.IGNORECASE)
_CODE = re.compile(r"[a-z]{2}")
_SHOWN = 180


def label_of(answers: Answers) -> Label | None:
    """Return the label that was given, WHITE of TLP 1.0 as what it is called now."""
    given = answers.get("label")
    return None if given is None else Label["CLEAR" if given == "WHITE" else given]


def of_message(message: Message) -> dict[str, Any]:
    """Return the source that a message brings. Refusal: `document:nothing`, and those of links and files."""
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


def ask(_form: Form, say: Say) -> Question:
    return Question(say("Send the link, or the file itself (at most 20 MB)."))


def read(_form: Form, reply: Reply) -> dict[str, Any]:
    if reply.document is not None:
        return {"file": _attached(reply.document)}
    if reply.text is None:
        raise Refusal("document:nothing")
    return of_words(reply.text)


def of_words(words: str) -> dict[str, Any]:
    """Return the first link among words. Refusal: `document:link`."""
    among = _ADDRESS.search(words)
    return {"url": documents.clean_url(among[0] if among else words)}


def show(form: Form, _say: Say, answer: Any) -> Html:
    if "file" in answer:
        return isolated(answer["file"]["name"])
    led = address(form.answers)
    written = isolated(_short(answer["url"]))
    return written if led in (None, answer["url"]) else Html(f"{written} → {isolated(_short(led or ''))}")


def _short(url: str) -> str:
    return url if len(url) <= _SHOWN else f"{url[:_SHOWN]}…"


def address(answers: Answers) -> str | None:
    """Return where a link leads after it was looked at; None for a file."""
    found: str | None = seen_of(answers).get("url") or answers["source"].get("url")
    return found


def seen_of(answers: Answers) -> Mapping[str, Any]:
    """Return what a look told of the source as it is now."""
    seen: Mapping[str, Any] = answers.get("seen") or {}
    source = answers.get("source")
    return seen if source is not None and seen.get("of") == _key(source) else {}


def _key(source: Mapping[str, Any]) -> str:
    return str(source["file"]["unique_id"] if "file" in source else source["url"])


async def look(context: Context, answers: Answers) -> Answers:
    """Look at the source as soon as that may be, and answer with what is seen whatever nobody has answered.

    A file is looked into at once. A link is followed only when its label is known and below AMBER: whoever follows it
    tells the other side that it is read here. Refusals: `document:duplicate`, `document:frozen`, what was seen.
    """
    if seen_of(answers):
        return answers
    source = answers["source"]
    await _check(context, answers, source.get("url"), None)
    label = label_of(answers)
    if "url" in source and (label is None or label.named_audience):
        return _told(answers, {})
    seen = await _look(context, source)
    if seen.refused is not None:
        raise Refusal(seen.refused)
    await _check(context, answers, seen.url, seen.sha256)
    return _told(answers, {"of": _key(source), **_facts(context, seen)})


async def _look(context: Context, source: Mapping[str, Any]) -> Seen:
    glance = context.services.glance
    await context.toast(context.say("I am taking a look at it …"))
    with suppress(TelegramError):
        await context.bot.send_chat_action(context.chat_id, ChatAction.TYPING)
    if "file" in source:
        file = source["file"]
        return await glance.file(file["file_id"], file["name"], file["size"])
    return await glance.page(source["url"])


async def _check(context: Context, answers: Answers, url: str | None, sha256: str | None) -> None:
    """Refuse what the sharer can see in the library already."""
    source = answers["source"]
    unique_id = source["file"]["unique_id"] if "file" in source else None
    async with context.reading() as tx:
        await documents.check_new(tx, context.viewer, url, unique_id, sha256, besides=answers.get("replaces"))


def _told(answers: Answers, seen: Mapping[str, Any]) -> Answers:
    """Return the answers with what was seen now in place of what was seen before; a person's own words stay."""
    before = answers.get("seen") or {}
    if not before and not seen:
        return answers
    own = {name: value for name, value in answers.items() if name not in TOLD or value != before.get(name)}
    return {**{name: seen[name] for name in TOLD if name in seen}, **own, "seen": dict(seen)}


def _facts(context: Context, seen: Seen) -> dict[str, Any]:
    """Return what is told of a source as answers: cleaned and cut, for it is somebody's words."""
    found: dict[str, Any] = {name: line(getattr(seen, name), most) for name, most in LONGEST.items()}
    codes = [code for code in (seen.languages or "").split() if _CODE.fullmatch(code)]
    found |= {"languages": list(dict.fromkeys(codes))[:MOST_LANGUAGES], "url": _sound(seen.url)}
    if seen.year is not None and FIRST_YEAR <= seen.year <= context.now.year + 1:
        found["year"] = seen.year
    found |= {"kind": seen.kind, "sha256": seen.sha256, "pages": seen.pages}
    return {name: value for name, value in found.items() if value}


def line(words: str | None, most: int) -> str | None:
    """Return words on one line, cut where they are longer; None where nothing is said."""
    folded = " ".join(legible(words or "").split())
    if not any(letter.isalnum() for letter in folded):
        return None
    return folded if len(folded) <= most else f"{folded[: most - 1].rstrip()}…"


def _sound(url: str | None) -> str | None:
    try:
        return documents.clean_url(url) if url else None
    except Refusal:
        return None
