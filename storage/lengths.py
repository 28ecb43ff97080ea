"""Lengths: how long words are where they are shown, which counts in UTF-16 units."""

from __future__ import annotations

from collections.abc import Iterable


def units(words: str) -> int:
    """Return the length of a text as Telegram counts it: in UTF-16 units."""
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def longest(texts: Iterable[str | None]) -> int:
    """Return the length of the longest of some texts, in UTF-16 units; 0 without any."""
    return max((units(words) for words in texts if words), default=0)
