"""Finding documents: by number, by link, by file, and on a shelf of the newest."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_

from storage.access import Viewer
from storage.database import Transaction
from storage.documents.tables import Document, DocumentTopic, current, visible
from storage.outbox import Promise, promise
from storage.refusals import Refusal

NUMBER = re.compile(r"^[dд][ -]?(\d{1,9})$", re.IGNORECASE)
"""How people write the number of a document."""


async def by_id(tx: Transaction, viewer: Viewer, document_id: int) -> Document:
    """Return a document; one that is not the viewer's to see does not exist (`document:unknown`)."""
    found = await tx.scalar(visible(viewer).where(Document.id == document_id))
    if found is None:
        raise Refusal("document:unknown")
    return found


async def sees(tx: Transaction, viewer: Viewer, document_id: int) -> bool:
    """Tell whether a document is the viewer's to see."""
    return await tx.scalar(visible(viewer).with_only_columns(Document.id).where(Document.id == document_id)) is not None


async def by_token(tx: Transaction, viewer: Viewer, token: str) -> Document | None:
    """Return the document of a deep link, if it is the viewer's to see."""
    return await tx.scalar(visible(viewer).where(Document.token == token))


async def by_file(tx: Transaction, viewer: Viewer, unique_id: str) -> Document | None:
    """Return the document that is a file, by Telegram's unique id of it, if it is the viewer's to see."""
    found = visible(viewer).where(Document.file_unique_id == unique_id)
    return await tx.scalar(found.order_by(Document.id.desc()).limit(1))


async def fresh(tx: Transaction, viewer: Viewer, since: datetime, topic_ids: Collection[int]) -> list[Document]:
    """Return what was shared since a moment and is found in some topics, newest first."""
    also = exists().where(DocumentTopic.document_id == Document.id, DocumentTopic.topic_id.in_(topic_ids))
    there = or_(Document.topic_id.in_(topic_ids), also)
    found = current(viewer).where(Document.shared_at >= since, Document.frozen_at.is_(None), there)
    return list(await tx.scalars(found.order_by(Document.id.desc())))


async def promise_file(tx: Transaction, viewer: Viewer, document_id: int, now: datetime) -> None:
    """Promise the file of a document that the viewer may see."""
    row = await by_id(tx, viewer, document_id)
    if row.file_id is None:
        raise Refusal("document:unknown")
    await promise(tx, [Promise(viewer.id, "document:file", {"document": row.id})], now)
