"""What a formatted text is made of: UTF-16 offsets, entities in Telegram's order, and its refusals."""

from __future__ import annotations

import re
from typing import Any

Entity = dict[str, Any]

SPACE = " \t\r\n\0\v"
"""What Telegram's parser takes for a space; the end of a text reads as NUL."""
_RANK = {
    "blockquote": 0, "expandable_blockquote": 0, "pre_code": 10, "pre": 11, "code": 20, "date_time": 48,
    "text_link": 49, "text_mention": 49, "bold": 90, "italic": 91, "underline": 92, "strikethrough": 93,
    "spoiler": 94, "custom_emoji": 99,
}  # fmt: skip
_FOUND = 50
"""The rank of what Telegram finds by itself: addresses, mentions, commands, hashtags."""
_FORMAT = re.compile(r"[wdDtT]*|[rR]")
_NUMBER = re.compile(r"-?[0-9]*")
INT32 = 1 << 31


class ParseError(Exception):
    """Text that Telegram refuses; `description` is its sentence without `Bad Request: `."""

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


def unparsable(problem: str) -> ParseError:
    """Return the refusal of a text that is not well formed."""
    return ParseError(f"can't parse entities: {problem}")


def units(text: str) -> int:
    """Return the length in UTF-16 units."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)  # noqa: PLR2004 - the last code point of one unit


def size(text: str) -> int:
    """Return the length in bytes, in which Telegram's parser counts."""
    return len(text.encode("utf-8", "surrogatepass"))


def ordered(entities: list[Entity]) -> list[Entity]:
    """Return entities as Telegram lists them: outer before inner, and equal ones by the rank of their kind."""
    return sorted(entities, key=lambda e: (e["offset"], -e["length"], _rank(e)))


def _rank(entity: Entity) -> int:
    return _RANK.get("pre_code" if entity["type"] == "pre" and "language" in entity else entity["type"], _FOUND)


def date_time(unix: str, shown: str) -> Entity | None:
    """Return the kind of a date entity, or None where the number is no moment.

    Raises:
        ParseError: there is no such way to show a date.
    """
    if not _FORMAT.fullmatch(shown):
        raise unparsable("Invalid date format used")
    found = _NUMBER.match(unix)
    digits = found[0] if found else ""
    moment = int(digits) if digits.strip("-") else 0
    moment = (moment + INT32) % (2 * INT32) - INT32  # it counts in 32 bits and does not mind an overflow
    if moment <= 0:
        return None
    kept = shown_as("w" in shown, shown.lstrip("wtT")[:1], shown.lstrip("wdD")[:1]) if shown.lower() != "r" else "r"
    return {"type": "date_time", "unix_time": moment, **({"date_time_format": kept} if kept else {})}


def shown_as(weekday: bool, date: str, time: str) -> str:  # noqa: FBT001 - three facts in the format's own order
    """Return the way to show a date in its one canonical spelling."""
    return ("w" if weekday else "") + date + time


def custom_emoji(identifier: str) -> Entity | None:
    """Return the kind of a custom emoji entity, or None where the identifier is none."""
    if not re.fullmatch(r"-?[0-9]+", identifier) or not -(1 << 63) <= int(identifier) < 1 << 63:
        return None
    return {"type": "custom_emoji", "custom_emoji_id": str(int(identifier))} if int(identifier) else None
