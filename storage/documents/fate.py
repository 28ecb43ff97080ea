"""Fate: a document is frozen while a breach is looked into, and may be released again."""

from __future__ import annotations

from datetime import datetime

from storage import audit
from storage.audit import Event
from storage.database import Transaction
from storage.documents.tables import Document


async def freeze(tx: Transaction, row: Document, now: datetime) -> bool:
    """Keep a document, held by the caller, from everybody but administrators; return whether that is new."""
    if row.frozen_at is not None:
        return False
    row.frozen_at = now
    await audit.record(tx, Event.DOCUMENT_FROZEN, now, actor=None, subject=row.shared_by, document=row.id)
    return True


async def thaw(tx: Transaction, row: Document, now: datetime, *, by: int) -> bool:
    """Show a document again, held by the caller, to whom it was open; return whether it was frozen."""
    if row.frozen_at is None:
        return False
    row.frozen_at = None
    await audit.record(tx, Event.DOCUMENT_RELEASED, now, actor=by, subject=row.shared_by, document=row.id)
    return True
