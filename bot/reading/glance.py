"""A glance at what somebody is about to share: what it tells of itself, and whether it may be shared at all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.addresses import Network
from bot.fetching import Fetched, Fetcher, Lookup, system_lookup
from bot.logs import log
from bot.reading import kinds, pages, plain
from bot.reading.files import Files
from bot.reading.kinds import Told
from bot.reading.pdf import Pdf, Pdfs
from handlers.glances import NOTHING_SEEN, Seen
from storage.documents import FILE_LIMIT

SECONDS = 8.0
"""For a page, with its name, redirects and body."""
FILE_SECONDS, PDF_SECONDS = 20.0, 6.0
ACCEPT = "text/html, application/xhtml+xml;q=0.9, application/pdf;q=0.9, */*;q=0.5"
PDF = "application/pdf"
_MARKUP = frozenset({"text/html", "application/xhtml+xml"})
_OK = 200

_log = log("bot.reading")


def fetcher_of(networks: Sequence[Network], *, seconds: float = SECONDS, lookup: Lookup = system_lookup) -> Fetcher:
    """Return what fetches pages, and PDFs that are larger than pages."""
    return Fetcher(networks, patience=seconds, lookup=lookup, larger={PDF: FILE_LIMIT})


class Looker:
    """Looks at links and files; see `handlers.glances.Glance`."""

    def __init__(self, files: Files, fetcher: Fetcher, pdfs: Pdfs, now: Callable[[], datetime]) -> None:
        self._files = files
        self._fetcher = fetcher
        self._pdfs = pdfs
        self._now = now

    async def page(self, url: str) -> Seen:
        """Look at a web page or a linked file."""
        try:
            async with asyncio.timeout(SECONDS):  # however many redirects there are
                answer = await self._fetcher.fetch(url, accept=ACCEPT)
            return await self._fetched(answer) if isinstance(answer, Fetched) and answer.status == _OK else NOTHING_SEEN
        except TimeoutError:
            return NOTHING_SEEN
        except Exception:  # noqa: BLE001 - whatever a stranger's page does, its sharer goes on by hand
            _log.warning("a link could not be looked at", exc_info=True)
            return NOTHING_SEEN

    async def file(self, file_id: str, name: str, size: int) -> Seen:
        """Look into a file that Telegram holds."""
        if size > FILE_LIMIT:
            return NOTHING_SEEN
        try:
            content = await self._files.bring(file_id, seconds=FILE_SECONDS)
            return NOTHING_SEEN if content is None else await self._content(content, name)
        except Exception:  # noqa: BLE001 - as above
            _log.warning("a file could not be looked at", exc_info=True)
            return NOTHING_SEEN

    async def _fetched(self, answer: Fetched) -> Seen:
        told = answer.headers.get("content-type", "")
        if told.partition(";")[0].strip().lower() not in _MARKUP and not plain.is_markup(answer.body):
            return await self._linked(answer)
        page = await asyncio.to_thread(pages.read, answer.body, told, answer.url)
        return Seen(page.title, page.publisher, self._past(page.year), page.languages, page.description, _home(answer))

    async def _linked(self, answer: Fetched) -> Seen:
        kind = await asyncio.to_thread(kinds.kind_of, answer.body)
        if kind is None:
            return Seen(url=_home(answer), refused=kinds.DANGEROUS if kinds.hides(answer.body) else None)
        return await self._seen(answer.body, kind, _home(answer))

    async def _content(self, content: bytes, name: str) -> Seen:
        told: Told = await asyncio.to_thread(kinds.tell, content, name)
        if told.refused is not None or told.kind is None:
            return Seen(kind=told.kind, refused=told.refused)
        return await self._seen(content, told.kind)

    async def _seen(self, content: bytes, kind: str, url: str | None = None) -> Seen:
        pdf = await self._pdfs.read(content, seconds=PDF_SECONDS) if kind == "pdf" else Pdf()
        return Seen(
            title=pdf.title,
            year=self._past(pdf.year),
            languages=pdf.languages,
            url=url,
            kind=kind,
            sha256=await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest()),
            pages=pdf.pages,
        )

    def _past(self, year: int | None) -> int | None:
        return year if year is not None and year <= self._now().year + 1 else None


def _home(answer: Fetched) -> str | None:
    """Return where a page has moved for good, if it has."""
    return answer.url if answer.moved else None
