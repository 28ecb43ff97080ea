"""The fallback for Telegram's own parser, for where that is not at hand: formatted text, and what plain text holds."""

from __future__ import annotations

import re

from bot.sandbox.formatted import Entity, ParseError, units
from bot.sandbox.marks import MarkdownV2
from bot.sandbox.tags import Html

_DOMAINS = "com|net|org|info|int|edu|gov|io|me|app|dev|eu|uk|de|fr|ch|ru|su|рф|af|cn|ir|kg|kz|mn|tj|tm|tr|uz|az|am|ge"
"""The domains that make an address of a name without a scheme; Telegram knows them all, the fallback these."""
_LABEL = r"[^\W_](?:(?:[^\W_]|-)*[^\W_])?"
_HOST = rf"(?:(?:\d{{1,3}}\.){{3}}\d{{1,3}}|(?:{_LABEL}\.)+[^\W\d_]{{2,}})"
_GROUP = r"\([^\s<>\"()]*\)"
_PATH = rf"(?:[^\s<>\"()]|{_GROUP})*(?:{_GROUP}|[^\s<>\".,;:!?')(`])"
_END = rf"(?::\d+)?(?:[/?#](?:{_PATH})?)?"
_DETECT = (
    ("url", re.compile(rf"(?<![\w@.-])(?:https?|ftp)://-?{_HOST}(?![\w@-]){_END}", re.IGNORECASE)),
    ("email", re.compile(r"(?<![\w.-])[\w.-]+@(?:[\w-]+\.)+[^\W\d_]{2,}(?![\w-])")),
    ("url", re.compile(rf"(?<![\w@./-])(?:{_LABEL}\.)+(?:{_DOMAINS})(?![\w@-]){_END}", re.IGNORECASE)),
    ("mention", re.compile(r"(?<![\w@/])@(?:\w{4,32}|gif|vid|pic)(?!\w)", re.ASCII)),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/<>])", re.ASCII)),
    ("hashtag", re.compile(r"(?<![\w@])#\w*[^\W\d_]\w*(?!#)")),
    ("cashtag", re.compile(r"(?<![\w$#])\$(?:1INCH|[A-Z]{1,8})(?![\w$])")),
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
