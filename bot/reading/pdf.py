"""PDF: what one tells of itself, asked of a child process, since a hostile one may want all time and memory."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import children
from bot.reading.said import clean_title, languages, year_in

SECONDS = 30.0
"""For a whole text, as the clock on the wall has it; the child's own limits come first."""
AT_ONCE = 1
"""Children of one reader: each may take as much memory as one is allowed to."""
_CHILD = Path(__file__).with_name("pdf_child.py")
_CREATED = re.compile(r"^D:(\d{4})")


@dataclass(frozen=True)
class Pdf:
    """What a PDF told; whatever could not be told is None."""

    title: str | None = None
    year: int | None = None
    languages: str | None = None
    pages: int | None = None
    text: str | None = None


class Pdfs:
    """Reads PDFs, one after the other; whatever happens to the child, a broken one tells nothing."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def read(self, content: bytes, *, wants_text: bool = False, seconds: float = SECONDS) -> Pdf:
        """Return what a PDF tells, within so many seconds."""
        try:
            async with asyncio.timeout(seconds), self._free:
                told = await _ask(content, wants_text=wants_text)
        except TimeoutError:
            return Pdf()
        return _understood(told)


async def _ask(content: bytes, *, wants_text: bool) -> Mapping[str, Any]:
    answer = await children.ask(_CHILD, *(["--text"] if wants_text else []), given=content)
    try:
        told = json.loads(answer.written)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _understood(told: Mapping[str, Any]) -> Pdf:
    created = _CREATED.match(str(told.get("created", "")))
    pages = told.get("pages")
    text = told.get("text")
    return Pdf(
        title=clean_title(str(told.get("title") or "")) or clean_title(str(told.get("headline") or "")),
        year=year_in(created[1]) if created else None,
        languages=languages(str(told.get("language") or "")),
        pages=pages if isinstance(pages, int) and pages > 0 else None,
        text=storable(text) if isinstance(text, str) else None,
    )


def storable(text: str) -> str:
    """Return a text that every database can keep: no half characters, no NUL."""
    return text.encode(errors="replace").decode().replace("\0", " ")
