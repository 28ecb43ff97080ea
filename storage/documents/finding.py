"""Finding documents: by number, by link, by file, and on a shelf of the newest."""

from __future__ import annotations

import re
from datetime import datetime

from storage.access import Viewer
from storage.database import Transaction
from storage.documents.tables import Document, visible
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


async def promise_file(tx: Transaction, viewer: Viewer, document_id: int, now: datetime) -> None:
    """Promise the file of a document that the viewer may see."""
    row = await by_id(tx, viewer, document_id)
    if row.file_id is None:
        raise Refusal("document:unknown")
    await promise(tx, [Promise(viewer.id, "document:file", {"document": row.id})], now)
