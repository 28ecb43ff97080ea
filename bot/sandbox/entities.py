"""Formatted text: Telegram's own parser where it installs, the fallback elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from bot.sandbox import cleaning, markup, nesting
from bot.sandbox.formatted import Entity, ParseError, shown_as

_MODES = {
    "html": {"@type": "textParseModeHTML"},
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
}
_NAMES = {
    "Bold": "bold", "Italic": "italic", "Underline": "underline", "Strikethrough": "strikethrough",
    "Spoiler": "spoiler", "Code": "code", "Pre": "pre", "PreCode": "pre", "TextUrl": "text_link",
    "BlockQuote": "blockquote", "ExpandableBlockQuote": "expandable_blockquote", "Url": "url",
    "EmailAddress": "email", "Mention": "mention", "Hashtag": "hashtag", "Cashtag": "cashtag",
    "BotCommand": "bot_command", "PhoneNumber": "phone_number", "MentionName": "text_mention",
    "CustomEmoji": "custom_emoji", "DateTime": "date_time", "BankCardNumber": "bank_card",
}  # fmt: skip
UNKNOWN_TO_BOTS = {"bank_card", "mediatimestamp"}
MOST = 100


@lru_cache(maxsize=1)
def native() -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """Return Telegram's parser (offline, without an account), or None where it does not install."""
    try:
        import tdjson
    except ImportError:
        return None

    def execute(request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}")
        return answer

    execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})
    return execute


def parse(text: str, mode: str | None = None, entities: list[Entity] | None = None) -> tuple[str, list[Entity]]:
    """Return the text as Telegram keeps it, with its Bot API entities; offsets are UTF-16 units.

    Raises:
        ParseError: with Telegram's description, less `Bad Request: `.
    """
    if mode and mode.lower() not in {*_MODES, "none"}:
        raise ParseError("unsupported parse_mode")
    if not mode or mode.lower() == "none":
        return _kept(text, cleaning.checked(text, entities or []))
    clean, found = _parsed(text, mode.lower())
    return clean, [dict(e) for e in found]


@lru_cache(maxsize=2000)
def _parsed(text: str, mode: str) -> tuple[str, tuple[Entity, ...]]:
    clean, found = _kept(*read(text, mode))
    return clean, tuple(found)


def read(text: str, mode: str) -> tuple[str, list[Entity]]:
    """Parse with Telegram's parser, or with the fallback where it is missing, and do nothing more.

    Raises:
        ParseError: the text is not well formed.
    """
    execute = native()
    if execute is None:
        return markup.parse(text, mode)
    answer = execute({"@type": "parseTextEntities", "text": text, "parse_mode": _MODES[mode]})
    if answer["@type"] == "error":
        message = str(answer["message"])
        raise ParseError(message[:1].lower() + message[1:])
    return answer["text"], [_entity(e) for e in answer["entities"]]


def _entity(found: dict[str, Any]) -> Entity:
    kind = found["type"]
    name = kind["@type"].removeprefix("textEntityType")
    entity: Entity = {"offset": found["offset"], "length": found["length"], "type": _NAMES.get(name, name.lower())}
    entity |= {key: kind[key] for key in ("url", "user_id", "unix_time") if key in kind}
    if kind.get("language"):
        entity["language"] = kind["language"]
    if "custom_emoji_id" in kind:
        entity["custom_emoji_id"] = str(kind["custom_emoji_id"])
    if "formatting_type" in kind:
        entity["date_time_format"] = _date_format(kind["formatting_type"])
    return entity


def _date_format(kind: dict[str, Any]) -> str:
    if kind["@type"] == "dateTimeFormattingTypeRelative":
        return "r"
    date = {"Short": "d", "Long": "D"}.get(_precision(kind["date_precision"]), "")
    time = {"Short": "t", "Long": "T"}.get(_precision(kind["time_precision"]), "")
    return shown_as(kind["show_day_of_week"], date, time)


def _precision(kind: dict[str, str]) -> str:
    return kind["@type"].removeprefix("dateTimePartPrecision")


def _kept(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    clean, given = cleaning.cleaned(text, entities)
    clean, given = cleaning.trimmed(clean, nesting.seen(clean, nesting.settled(given)))
    return clean, nesting.settled([*given, *_detected(clean, given)])[:MOST]


def _detected(text: str, entities: list[Entity]) -> list[Entity]:
    """Return the addresses, names and tags that Telegram finds outside what was made a link or code."""
    execute = native()
    found = (
        markup.detect(text)
        if execute is None
        else [_entity(e) for e in execute({"@type": "getTextEntities", "text": text})["entities"]]
    )
    taken = [(e["offset"], e["offset"] + e["length"]) for e in entities if e["type"] not in nesting.OPEN]
    return [
        e
        for e in found
        if e["type"] not in UNKNOWN_TO_BOTS
        and not any(first < e["offset"] + e["length"] and e["offset"] < last for first, last in taken)
    ]
