"""Words: what search knows of each document, kept in step with it; a new recipe folds all of them anew."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select

from storage.database import Transaction, insert
from storage.documents import spelling
from storage.documents.tables import Document, DocumentTerm, DocumentWords

VERSION = 1
"""Of the recipe in `spelling`: whoever changes that counts this up, and every document is folded anew."""
LONGEST_TEXT = 200_000
"""Characters of a document's text that are read."""
_LONGEST_TERM = 60
_SHORTEST_TERM = 4


async def index(tx: Transaction, row: Document, text: str | None = None) -> None:
    """Note the words of a document after it has changed; `text` is that of its file, if it was read just now."""
    known = await tx.get(DocumentWords, row.id)
    if known is None:
        known = DocumentWords(document_id=row.id, text=None)
        tx.add(known)
    if text is not None:
        known.text = text[:LONGEST_TEXT]
    titles = " ".join(dict.fromkeys((row.title, *row.titles.values())))
    country = f"{spelling.PLACE}{row.country.lower()}" if row.country else ""
    said = f"{row.publisher or ''} {row.year or ''} {row.description or ''}"
    known.title = spelling.indexed(titles)
    known.rest = f"{spelling.indexed(said)} {country}".strip()
    known.body = " ".join(dict.fromkeys(spelling.indexed(known.text or "").split()))
    known.version = VERSION
    await tx.flush()
    await _learn(tx, spelling.words(titles))


async def reindex(tx: Transaction, limit: int) -> int:
    """Fold documents whose words are missing, or of an older recipe; return how many were there to fold."""
    old = or_(DocumentWords.document_id.is_(None), DocumentWords.version != VERSION)
    joined = select(Document).outerjoin(DocumentWords, DocumentWords.document_id == Document.id)
    rows = list(await tx.scalars(joined.where(old).order_by(Document.id).limit(limit)))
    for row in rows:
        await index(tx, row)
    return len(rows)


async def _learn(tx: Transaction, folded: Iterable[str]) -> None:
    """Note words for “did you mean”; what is known already stays."""
    keys = {spelling.forms(word).key[:_LONGEST_TERM] for word in folded if word.isalpha()}
    rows = [{"term": key, "size": len(key)} for key in sorted(keys) if len(key) >= _SHORTEST_TERM]
    if rows:
        await tx.execute(insert(tx, DocumentTerm).on_conflict_do_nothing(), rows)
