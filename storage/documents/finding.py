"""Finding documents: by number, by link, by shelf, and by words in any spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func

from storage.access import Viewer
from storage.database import Transaction
from storage.documents.tables import Document, visible
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal

END_OF_TITLE = " |"
"""Stands between the title's words and the others in `Document.search`; words never hold it."""

_NUMBER = re.compile(r"^[dд] ?(\d{1,9})$")
_APOSTROPHES = dict.fromkeys(map(ord, "\u02bb\u02bc\u2018\u2019'`\u00b4\u02b9\u02ba\u2033"))


def fold(words: str) -> str:
    """Return words without case, accents, apostrophes and ё, so that spellings meet."""
    plain = unicodedata.normalize("NFKC", words).casefold().translate(_APOSTROPHES).replace("ё", "е")
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c) or c == "\u0306")
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", bare)))


async def by_id(tx: Transaction, viewer: Viewer, document_id: int) -> Document:
    """Return a document; one that is not the viewer's to see does not exist (`document:unknown`)."""
    found = await tx.scalar(visible(viewer).where(Document.id == document_id))
    if found is None:
        raise Refusal("document:unknown")
    return found


async def by_token(tx: Transaction, viewer: Viewer, token: str) -> Document | None:
    """Return the document of a deep link, if it is the viewer's to see."""
    return await tx.scalar(visible(viewer).where(Document.token == token))


async def by_file(tx: Transaction, viewer: Viewer, unique_id: str) -> Document | None:
    """Return the document that is a file, by Telegram's unique id of it, if it is the viewer's to see."""
    found = visible(viewer).where(Document.file_unique_id == unique_id)
    return await tx.scalar(found.order_by(Document.id.desc()).limit(1))


async def latest(
    tx: Transaction, viewer: Viewer, first: int | None, size: int, topic_id: int | None = None
) -> Page[Document]:
    """Return a page of documents, the newest first, from number `first` on; of one topic, or of all."""
    found = visible(viewer)
    if topic_id is not None:
        found = found.where(Document.topic_id == topic_id)
    return await page(tx, found, (Document.id,), first, size, newest_first=True)


async def search(tx: Transaction, viewer: Viewer, words: str, offset: int, limit: int) -> tuple[list[Document], int]:
    """Return documents that contain the beginning of every word, hits in the title first, then the newest.

    A number such as `D-12` finds that document. The second value is how many there are in all.
    """
    folded = fold(words)
    if not folded:
        return [], 0
    number = _NUMBER.match(folded)
    patterns = [f"% {word.replace('_', '/_')}%" for word in folded.split()]
    hit = Document.id == int(number[1]) if number else _like(patterns)
    found = visible(viewer).where(hit)
    in_title = _like([f"{pattern}{END_OF_TITLE}%" for pattern in patterns])
    total = await tx.scalar(found.with_only_columns(func.count())) or 0
    ordered = found.order_by(in_title.desc(), Document.id.desc())
    return list(await tx.scalars(ordered.offset(max(offset, 0)).limit(limit))), total


def _like(patterns: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(Document.search.like(pattern, escape="/") for pattern in patterns))


async def fresh(tx: Transaction, viewer: Viewer, since: datetime, topic_ids: Collection[int]) -> list[Document]:
    """Return what was shared since a moment in some topics, newest first."""
    shown = visible(viewer).where(Document.frozen_at.is_(None))
    found = shown.where(Document.shared_at >= since, Document.topic_id.in_(topic_ids))
    return list(await tx.scalars(found.order_by(Document.id.desc())))


async def promise_file(tx: Transaction, viewer: Viewer, document_id: int, now: datetime) -> None:
    """Promise the file of a document that the viewer may see."""
    row = await by_id(tx, viewer, document_id)
    if row.file_id is None:
        raise Refusal("document:unknown")
    await promise(tx, [Promise(viewer.id, "document:file", {"document": row.id})], now)
