"""Versions: a newer one stands for what it replaces, for whoever may see it; each older one can still be read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import select

from storage import audit
from storage.access import Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.documents import marks
from storage.documents.fate import keeps, to_change
from storage.documents.tables import Document, Stage, visible
from storage.refusals import Refusal

_MOST = 200
"""Versions that are followed from one to the next."""


async def supersede(tx: Transaction, viewer: Viewer, old_id: int, row: Document, now: datetime) -> None:
    """Let `row` stand for the newest version of a document; its followers and savers come along and are told once.

    It stands for a withdrawn newest version too, and then for the one before, which lists show until now.
    Refusals: `document:unknown`, where the viewer does not answer for it, and `document:circle`.
    """
    old = await to_change(tx, viewer, old_id)
    replaced = [old]
    while old.successor_id is not None:
        old = await to_change(tx, viewer, old.successor_id)
        replaced = [*replaced, old] if old.stage is Stage.WITHDRAWN else [old]
    if old.id == row.id or row.successor_id is not None or not keeps(viewer, row):
        raise Refusal("document:circle")
    for one in replaced:
        one.successor_id = row.id
    await tx.flush()
    old, event = replaced[0], Event.DOCUMENT_REPLACED
    await audit.record(tx, event, now, actor=viewer.id, subject=old.owner_id, document=old.id, after=row.id)
    for one in replaced:
        await marks.move(tx, one, row)
    owner = [old.owner_id] if old.owner_id is not None else []
    await marks.tell(tx, row, "document:version", now, but=viewer.id, also=owner)


async def newest(tx: Transaction, viewer: Viewer, row: Document) -> Document:
    """Return the newest version that stands and that the viewer may see; what they may not see is passed over."""
    found = row
    async for number in _after(tx, row):
        seen = await tx.scalar(visible(viewer).where(Document.id == number))
        if seen is not None and seen.stage is not Stage.WITHDRAWN and seen.hidden_at is None and seen.frozen_at is None:
            found = seen
    return found


async def _after(tx: Transaction, row: Document) -> AsyncIterator[int]:
    number = row.successor_id
    for _ in range(_MOST):
        if number is None:
            return
        yield number
        number = await tx.scalar(select(Document.successor_id).where(Document.id == number))


async def older(tx: Transaction, viewer: Viewer, row: Document) -> list[Document]:
    """Return the older versions of a document that the viewer may see, the newest first."""
    before, waiting = set[int](), [row.id]
    while waiting and len(before) < _MOST:
        numbers = await tx.scalars(select(Document.id).where(Document.successor_id.in_(waiting)))
        waiting = [number for number in numbers if number not in before]
        before.update(waiting)
    if not before:
        return []
    return list(await tx.scalars(visible(viewer).where(Document.id.in_(before)).order_by(Document.id.desc())))
