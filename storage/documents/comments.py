"""Comments: for a while whoever sees a document may write to its owner what they think of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from storage import access, audit
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.documents import marks
from storage.documents.fate import to_change
from storage.documents.finding import by_id
from storage.documents.health import responsible
from storage.documents.tables import Document, Stage
from storage.outbox import Promise, promise
from storage.refusals import Refusal


def commented(row: Document, now: datetime) -> bool:
    """Tell whether comments on a document are taken now."""
    return row.stage is Stage.COMMENT and row.comments_until is not None and row.comments_until > now


async def ask_comments(tx: Transaction, viewer: Viewer, document_id: int, days: int, now: datetime) -> Document:
    """Open a document for comments; whoever follows it is told. Refusal: `document:unknown`."""
    row = await to_change(tx, viewer, document_id)
    if row.stage is not Stage.PUBLISHED or row.successor_id is not None:
        raise Refusal("document:unknown")
    row.stage, row.comments_until = Stage.COMMENT, now + timedelta(days=days)
    event, what = Event.DOCUMENT_CHANGED, "comments"
    await audit.record(tx, event, now, actor=viewer.id, subject=row.owner_id, document=row.id, what=what)
    await marks.tell(tx, row, "document:comments", now, but=viewer.id)
    return row


async def comment(tx: Transaction, viewer: Viewer, document_id: int, words: str, now: datetime) -> Document:
    """Write to who answers for a document. Refusals: `document:unknown`, `document:over`."""
    access.require(viewer, Action.SHARE)
    row = await by_id(tx, viewer, document_id)
    if not commented(row, now):
        raise Refusal("document:over")
    facts = {"document": row.id, "by": viewer.id, "words": words}
    asked = await responsible(tx, row)
    await promise(tx, [Promise(one, "document:comment", facts) for one in asked], now)
    return row


async def close_comments(tx: Transaction, now: datetime) -> None:
    """Publish documents whose time for comments is over, and tell who answers for them."""
    over = (Document.stage == Stage.COMMENT, Document.comments_until <= now)
    for row in await tx.scalars(select(Document).where(*over).order_by(Document.id).with_for_update()):
        row.stage = Stage.PUBLISHED
        until = row.comments_until or now
        key, facts = f"document:closed:{row.id}:{int(until.timestamp())}", {"document": row.id}
        asked = await responsible(tx, row)
        await promise(tx, [Promise(one, "document:closed", facts, key=f"{key}:{one}") for one in asked], now)
