"""Translations: a text by language, and which of its versions somebody reads."""

from __future__ import annotations

from collections.abc import Mapping

CLOSEST = ("ru", "en")
"""In which language a text is read that is missing in one's own, the first that is there."""


def closest(texts: Mapping[str, str], language: str) -> tuple[str, str]:
    """Return the language and the text that somebody reads: their own, the closest, else any; empty where none is."""
    for code in (language, *CLOSEST, *texts):
        if texts.get(code):
            return code, texts[code]
    return language, ""
