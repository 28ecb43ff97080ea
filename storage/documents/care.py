"""Care: who answers for a document gives it a new address or an archive copy, or says that its link works."""

from __future__ import annotations

from datetime import datetime

from storage import audit
from storage.access import Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.documents import words
from storage.documents.fate import to_change
from storage.documents.health import WORKS, look_anew
from storage.documents.links import clean_url, url_key
from storage.documents.sharing import check_new
from storage.documents.tables import Document, DocumentLink, LinkState


async def readdress(tx: Transaction, viewer: Viewer, document_id: int, written: str, now: datetime) -> None:
    """Give a document a new address, which is looked at soon.

    Refusals: those of `to_change`, `document:link`, `document:duplicate`, `document:frozen`.
    """
    row = await to_change(tx, viewer, document_id)
    url, key = clean_url(written), url_key(written)
    if key != row.url_key:
        await check_new(tx, viewer, url, None)
    row.url, row.url_key = url, key
    await look_anew(tx, row, now)
    if row.file_id is None:
        await words.index(tx, row, "")  # until what stands there is read, nothing is known of it
    await _record(tx, Event.DOCUMENT_READDRESSED, viewer, row, now)


async def archive(tx: Transaction, viewer: Viewer, document_id: int, written: str | None, now: datetime) -> None:
    """Note where an archive keeps a copy of a document; None forgets it.

    Refusals: those of `to_change`, `document:link`.
    """
    row = await to_change(tx, viewer, document_id)
    row.archive_url = clean_url(written) if written else None
    await _record(tx, Event.DOCUMENT_ARCHIVED, viewer, row, now)


async def still_works(tx: Transaction, viewer: Viewer, document_id: int, now: datetime) -> None:
    """Take somebody's word that a link works, and look again in a day; nobody is told again before it was well.

    Refusals: those of `to_change`.
    """
    row = await to_change(tx, viewer, document_id)
    link = await tx.get(DocumentLink, row.id, with_for_update=True)
    if link is None or link.state is LinkState.UNKNOWN:
        return
    link.state, link.failures, link.problem, link.since = LinkState.UNKNOWN, 0, None, now
    link.due_at = now + WORKS
    await _record(tx, Event.DOCUMENT_WORKS, viewer, row, now)


async def _record(tx: Transaction, event: Event, viewer: Viewer, row: Document, now: datetime) -> None:
    await audit.record(tx, event, now, actor=viewer.id, subject=row.owner_id, document=row.id)
