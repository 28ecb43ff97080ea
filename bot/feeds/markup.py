"""Markup: the words of foreign HTML, or of plain text, as one line; in one pass, however it is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from handlers.language import legible

LONGEST = 20_000
"""Characters that are looked at: of a title or summary the rest would be cut off anyway."""
_UNSEEN = frozenset({"script", "style", "template", "iframe", "object", "noscript"})
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "cite",
        "code",
        "em",
        "font",
        "i",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
    }
)
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,20})|<[!?]")
_COMMENT = "<!--"


def line(markup: str, longest: int) -> str:
    """Return the words of HTML or of plain text as one line, at most `longest` characters."""
    folded = " ".join(legible("".join(_words(markup[:LONGEST]))).split())
    return folded if len(folded) <= longest else f"{folded[: longest - 1].rstrip()}…"


def _words(markup: str) -> Iterator[str]:
    """Yield what stands between tags, and a space for each tag that does not stand within a line.

    The library's parser takes seconds for some thousands of openings without an end: it looks for each again. Here
    an end that is missing is looked for once.
    """
    at, missing = 0, set[str]()
    for tag in _TAG.finditer(markup):
        if tag.start() < at:
            continue
        name = (tag[1] or "").lower()
        end = _end(markup, tag, name, missing)
        if end is None:
            continue
        yield unescape(markup[at : tag.start()])
        yield "" if name in _INLINE else " "
        at = end
    yield unescape(markup[at:])


def _end(markup: str, tag: re.Match[str], name: str, missing: set[str]) -> int | None:
    """Return where a tag ends, or what it hides; None where it never does: then it is no tag."""
    if markup.startswith(_COMMENT, tag.start()):
        end = _after("-->", markup, tag.end(), missing)
    elif name in _UNSEEN and markup[tag.start() + 1] != "/":
        end = _after(f"</{name}", markup, tag.end(), missing)
    else:
        return _after(">", markup, tag.end(), missing)
    return len(markup) if end is None else _after(">", markup, end - 1, missing)


def _after(what: str, markup: str, start: int, missing: set[str]) -> int | None:
    if what in missing:
        return None
    found = re.compile(re.escape(what), re.IGNORECASE).search(markup, start)
    if found is None:
        missing.add(what)
    return found.end() if found else None
