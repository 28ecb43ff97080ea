"""The fallback for Telegram's own parser, for where that is not at hand: formatted text, and what plain text holds."""

from __future__ import annotations

import re

from bot.sandbox.formatted import Entity, ParseError, units
from bot.sandbox.marks import MarkdownV2
from bot.sandbox.tags import Html

_DETECT = (
    ("url", re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")),
    ("email", re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]*\w")),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z]\w{3,31}")),
    ("bot_command", re.compile(r"(?<![\w/])/[a-z0-9_]{1,64}(?:@\w+)?", re.IGNORECASE)),
    ("hashtag", re.compile(r"(?<!\w)#\w*[^\W\d]\w*")),
)


def parse(text: str, mode: str) -> tuple[str, list[Entity]]:
    """Parse Telegram's HTML or MarkdownV2; the old Markdown needs Telegram's own parser.

    Raises:
        ParseError: the text is not well formed, with Telegram's own sentence.
    """
    if mode == "html":
        return Html(text).parse()
    if mode == "markdownv2":
        return MarkdownV2(text).parse()
    raise ParseError("can't parse entities: this sandbox reads the old Markdown only where tdjson installs")


def detect(text: str) -> list[Entity]:
    """Return the entities that Telegram finds in plain text, the first kind that claims a place."""
    found: list[Entity] = []
    taken: list[tuple[int, int]] = []
    for kind, pattern in _DETECT:
        for match in pattern.finditer(text):
            first, last = match.span()
            if not any(a < last and first < b for a, b in taken):
                taken.append((first, last))
                found.append({"type": kind, "offset": units(text[:first]), "length": units(match[0])})
    return sorted(found, key=lambda e: e["offset"])
