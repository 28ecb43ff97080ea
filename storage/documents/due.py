"""Due: who answers for a document is asked, some days before its time, whether it is still valid (R-17)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from storage.database import Transaction
from storage.documents.health import responsible
from storage.documents.tables import Document, carried
from storage.outbox import Lane, Promise, promise

AHEAD = timedelta(days=14)
AT_ONCE = 200


async def ask_reviews(tx: Transaction, now: datetime) -> None:
    """Ask for the documents that are to be looked at anew within `AHEAD`, each once; of old versions nobody asks."""
    due = select(Document).where(Document.review_at <= now + AHEAD, Document.review_asked_at.is_(None))
    ordered = due.where(carried()).order_by(Document.review_at, Document.id).limit(AT_ONCE)
    for row in list(await tx.scalars(ordered.with_for_update(skip_locked=True))):
        row.review_asked_at = now
        asked = await responsible(tx, row)
        facts = {"document": row.id}
        await promise(tx, [Promise(member_id, "document:review", facts, Lane.BULK) for member_id in asked], now)
