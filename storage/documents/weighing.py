"""Weighing: how good a hit is, by where each word stands and how alike it is; done here, so that engines agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import select

from storage.database import Transaction
from storage.documents import spelling
from storage.documents.spelling import Forms
from storage.documents.tables import DocumentWords


async def weighed(tx: Transaction, ids: Sequence[int], wanted: Sequence[Forms]) -> tuple[int, ...]:
    """Return documents by their weight, the best first, and of equal ones the newest."""
    asked = select(DocumentWords.document_id, DocumentWords.title, DocumentWords.rest)
    found = (await tx.execute(asked.where(DocumentWords.document_id.in_(ids)))).all()
    weights = {number: _weight(f" {title} ", f" {rest} ", wanted) for number, title, rest in found}
    return tuple(sorted(ids, key=lambda number: (-weights.get(number, 0), -number)))


_IN_TITLE, _BESIDE, _INSIDE = 1.0, 0.4, 0.1
_EXACT, _PLACED, _STEMMED, _BEGUN, _LOOSE, _SHORTENED = 1.0, 0.95, 0.9, 0.75, 0.45, 0.3


def _weight(title: str, rest: str, wanted: Sequence[Forms]) -> float:
    """Weigh a document: where each word stands and how alike it is, and whether the words follow each other."""
    total = sum(max(_IN_TITLE * _alike(w, title), _BESIDE * _alike(w, rest), _INSIDE) for w in wanted)
    keys = [token for token in title.split() if token[0] not in _MARKS]
    followed = sum(pair in pairwise(keys) for pair in pairwise(word.key for word in wanted))
    return total + 0.5 * followed + 0.3 * len(wanted) / max(len(keys), len(wanted))


_MARKS = frozenset({spelling.STEM, spelling.LOOSE, spelling.PLACE})


def _alike(word: Forms, tokens: str) -> float:
    """Return how much like a word the best of some tokens is, which stand between spaces."""
    forms = (
        (f" {word.key} ", _EXACT),
        (f" {word.place} ", _PLACED),
        (f" {word.stem} ", _STEMMED),
        (f" {word.key}", _BEGUN if len(word.key) > 1 else 0),
        (f" {word.loosest}", _LOOSE),
        (f" {word.short}", _SHORTENED),
    )
    return next((weight for form, weight in forms if form in tokens), 0)
