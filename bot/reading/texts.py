"""Texts: what stands in shared files and in open linked PDFs is read once, so that it is found by its words."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from bot.clock import Clock
from bot.fetching import Fetched, Fetcher
from bot.logs import log
from bot.reading import kinds, packages, plain
from bot.reading.files import Files
from bot.reading.glance import PDF
from bot.reading.pdf import Pdf, Pdfs, storable
from storage import documents
from storage.database import Database
from storage.documents import spelling, unread
from storage.documents.unread import Known, Unread
from storage.documents.words import LONGEST_TEXT

A_TICK, A_FOLD = 8, 25
FILE_SECONDS = 60.0
_GONE = frozenset({401, 403, 404, 410, 451})
_OK = 200
_TEXTS = frozenset({"txt", "csv", "md"})

_log = log("bot.reading")


@dataclass(frozen=True)
class Brought:
    """The content of a document, and its kind; neither of a link that leads to no file."""

    content: bytes = b""
    kind: str | None = None


class Texts:
    """Asks which texts are unread and reads a few; a crash in between costs one of the three tries."""

    def __init__(self, database: Database, clock: Clock, files: Files, fetcher: Fetcher, pdfs: Pdfs) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._fetcher = fetcher
        self._pdfs = pdfs

    async def work(self) -> None:
        """Read what is due, one after the other."""
        tried: list[int] = []
        while len(tried) < A_TICK:
            async with self._database.transaction() as tx:
                one = await unread.claim(tx, self._clock.now(), tried)
            if one is None:
                return
            tried.append(one.document_id)
            await self._try(one)

    async def _try(self, one: Unread) -> None:
        try:
            read = await self._read(one)
        except Exception as error:  # noqa: BLE001 - the others need not wait for it
            _log.error("a text could not be read", document=one.document_id, problem=repr(error))
            read = False
        if not read:
            async with self._database.transaction() as tx:
                await unread.give_up(tx, one, self._clock.now())

    async def fold(self) -> None:
        """Fold the words of documents that search does not know yet, or knows by an older recipe."""
        while True:
            async with self._database.transaction() as tx:
                folded = await documents.reindex(tx, A_FOLD)
            if folded < A_FOLD:
                return

    async def _read(self, one: Unread) -> bool:
        brought = await self._bring(one)
        if brought is None:
            return False
        pdf = await self._pdfs.read(brought.content, wants_text=True) if brought.kind == "pdf" else Pdf()
        text = pdf.text if brought.kind == "pdf" else await asyncio.to_thread(_text, brought)
        digest = await asyncio.to_thread(lambda: hashlib.sha256(brought.content).hexdigest())
        if brought.kind == "pdf" and pdf.pages is None and not one.last:
            return False  # the machine may have been busy
        if text:
            await asyncio.to_thread(spelling.indexed, text)  # what was folded once costs the transaction little
        known = Known(brought.kind, digest, pdf.pages)
        async with self._database.transaction() as tx:
            await unread.take(tx, one, text, known, self._clock.now())
        return True

    async def _bring(self, one: Unread) -> Brought | None:
        """Return what is to be read; None where it did not come this time."""
        if one.file_id is None:
            return await self._fetch(one.url or "")
        content = await self._files.bring(one.file_id, seconds=FILE_SECONDS)
        if content is None:
            return None
        told = await asyncio.to_thread(kinds.tell, content, one.file_name or "")
        return Brought(content, None if told.refused else told.kind)

    async def _fetch(self, url: str) -> Brought | None:
        answer = await self._fetcher.fetch(url, accept=f"{PDF}, */*;q=0.5")
        if not isinstance(answer, Fetched):
            return None
        if answer.status != _OK:
            return Brought() if answer.status in _GONE else None
        return Brought(answer.body, "pdf") if b"%PDF-" in answer.body[:1024] else Brought()


def _text(brought: Brought) -> str | None:
    """Return the text of a file that is none of a PDF, as long as search reads it."""
    if brought.kind in _TEXTS:
        found = plain.decoded(brought.content)
    elif brought.kind is not None:
        found = packages.text_of(brought.content, brought.kind, LONGEST_TEXT)
    else:
        return None
    return storable(" ".join(found[: 2 * LONGEST_TEXT].split())[:LONGEST_TEXT]) if found else None
