"""Marks: what a member follows and what they save; followers are told of changes once each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage import access
from storage.access import Action, Viewer
from storage.database import Transaction, insert
from storage.documents.finding import by_id, sees
from storage.documents.tables import Document, DocumentMark
from storage.outbox import Lane, Promise, promise


@dataclass(frozen=True)
class Mark:
    """How a member keeps a document."""

    follows: bool = False
    saved: bool = False


async def mark_of(tx: Transaction, viewer: Viewer, document_id: int) -> Mark:
    """Return how the viewer keeps a document."""
    row = await _mine(tx, viewer.id, document_id)
    return Mark(row.follow, row.saved_at is not None) if row is not None else Mark()


async def follow(tx: Transaction, viewer: Viewer, document_id: int, *, on: bool) -> None:
    """Let the viewer be told of what happens to a document, or no longer. Refusal: `document:unknown`."""
    row = await _marked(tx, viewer, document_id)
    row.follow = on
    await _tidy(tx, row)


async def save(tx: Transaction, viewer: Viewer, document_id: int, now: datetime, *, on: bool) -> None:
    """Put a document on the viewer's own shelf, or take it off. Refusal: `document:unknown`."""
    row = await _marked(tx, viewer, document_id)
    row.saved_at = (row.saved_at or now) if on else None
    await _tidy(tx, row)


async def move(tx: Transaction, old: Document, new: Document) -> None:
    """Let whoever keeps an older version keep the newer one instead, where they may see it."""
    kept = list(await tx.scalars(select(DocumentMark).where(DocumentMark.document_id == old.id)))
    people = await access.viewers(tx, [mark.member_id for mark in kept])
    for mark in kept:
        if not await sees(tx, people[mark.member_id], new.id):
            continue
        there = await _mine(tx, mark.member_id, new.id)
        if there is None:
            mark.document_id = new.id
        else:
            there.follow, there.saved_at = there.follow or mark.follow, there.saved_at or mark.saved_at
            await tx.delete(mark)
    await tx.flush()


async def tell(
    tx: Transaction, row: Document, notice: str, now: datetime, *, but: int | None, also: Collection[int] = ()
) -> None:
    """Promise all followers but one, and some others, a notice of what has happened now, each once."""
    followers = select(DocumentMark.member_id).where(DocumentMark.document_id == row.id, DocumentMark.follow)
    found = sorted({*await tx.scalars(followers), *also} - {but})
    key, facts = f"{notice}:{row.id}:{now.isoformat()}", {"document": row.id}
    await promise(tx, [Promise(m, notice, facts, Lane.LIVE, key=f"{key}:{m}") for m in found], now)


async def _marked(tx: Transaction, viewer: Viewer, document_id: int) -> DocumentMark:
    access.require(viewer, Action.BELONG)
    row = await by_id(tx, viewer, document_id)
    blank = {"document_id": row.id, "member_id": viewer.id, "follow": False}
    await tx.execute(insert(tx, DocumentMark).values(blank).on_conflict_do_nothing())
    found = await _mine(tx, viewer.id, row.id)
    assert found is not None
    return found


async def _mine(tx: Transaction, member_id: int, document_id: int) -> DocumentMark | None:
    mine = (DocumentMark.document_id == document_id, DocumentMark.member_id == member_id)
    return await tx.scalar(select(DocumentMark).where(*mine))


async def _tidy(tx: Transaction, row: DocumentMark) -> None:
    if not row.follow and row.saved_at is None:
        await tx.delete(row)
    await tx.flush()
