"""Texts that were not read yet: which are due, and what becomes of one that was brought."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from storage.database import Transaction
from storage.documents import words
from storage.documents.tables import OPEN, Document, Stage

TRIES = 3
AFTER = (timedelta(0), timedelta(minutes=10), timedelta(hours=6))
"""How long after it was shared a text is tried the first time, the second and the third."""


@dataclass(frozen=True)
class Unread:
    """A file, or else a link, whose text is to be read; `last` tells that it is not tried again."""

    document_id: int
    file_id: str | None
    file_name: str | None
    url: str | None
    last: bool


@dataclass(frozen=True)
class Known:
    """What a content told besides its text; noted of a file of which it was not known yet."""

    kind: str | None = None
    sha256: str | None = None
    pages: int | None = None


async def claim(tx: Transaction, now: datetime, besides: Collection[int] = ()) -> Unread | None:
    """Return what is due, and count the try before it is made: what kills the reader is not read for ever.

    Links are fetched only where everybody here may know of them: not of a document with a named audience (§4).
    """
    tried = [and_(Document.read_tries == n, Document.shared_at <= now - after) for n, after in enumerate(AFTER)]
    there = or_(Document.file_id.is_not(None), and_(Document.url.is_not(None), Document.label.in_(OPEN)))
    due = select(Document).where(Document.read_at.is_(None), or_(*tried), there, Document.stage != Stage.WITHDRAWN)
    found = due.where(Document.id.not_in(besides)).order_by(Document.read_tries, Document.id.desc()).limit(1)
    row = await tx.scalar(found.with_for_update(skip_locked=True))
    if row is None:
        return None
    row.read_tries += 1
    return Unread(row.id, row.file_id, row.file_name, row.url, row.read_tries >= TRIES)


async def take(tx: Transaction, unread: Unread, text: str | None, known: Known, now: datetime) -> None:
    """Keep the text of a document, unless it has another file or link by now, or is not open any more."""
    same = Document.file_id == unread.file_id if unread.file_id else Document.url == unread.url
    row = await tx.scalar(select(Document).where(Document.id == unread.document_id, same).with_for_update())
    if row is None or (unread.file_id is None and row.label not in OPEN):
        return
    row.read_at = now
    if unread.file_id is not None:
        row.file_kind, row.sha256 = row.file_kind or known.kind, row.sha256 or known.sha256
    row.pages = row.pages or known.pages
    if text:
        await words.index(tx, row, text)


async def give_up(tx: Transaction, unread: Unread, now: datetime) -> None:
    """Note that a text could not be read, once there is no further try."""
    row = await tx.get(Document, unread.document_id, with_for_update=True)
    if row is not None and unread.last:
        row.read_at = now
