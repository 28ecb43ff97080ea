"""Candidates: documents that an engine's own index finds for some words, the newest first; alike on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import ARRAY, Integer, Select, any_, literal, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from storage.database import Transaction
from storage.documents.spelling import Forms
from storage.documents.tables import Document

MOST = 200
"""Hits that are weighed and counted; a search that finds more says so."""
_COMMON = 4000
"""From how many hits on a word is common: then the newest documents are walked instead of the index."""


@dataclass(frozen=True)
class Tier:
    """How strict one question to the index is."""

    titles_only: bool = False
    loosely: bool = False
    any_word: bool = False
    exactly: bool = False


IN_TITLES, ANYWHERE, LOOSELY = Tier(titles_only=True), Tier(), Tier(loosely=True)


async def candidates(tx: Transaction, listed: Select[int], wanted: Sequence[Forms], tier: Tier) -> list[int]:
    """Return the newest documents of a tier, one more than are counted."""
    if tx.get_bind().dialect.name != "sqlite":
        return await _on_postgresql(tx, listed, wanted, tier)
    hit: Select[int] = (
        select(literal_column("rowid"))
        .select_from(text("document_index"))
        .where(text("document_index MATCH :asked ORDER BY rowid DESC"))
    )
    return list(await tx.scalars(listed.where(Document.id.in_(hit)), {"asked": _on_sqlite(wanted, tier)}))


async def _on_postgresql(tx: Transaction, listed: Select[int], wanted: Sequence[Forms], tier: Tier) -> list[int]:
    # A plan made for any word would be the wrong one for most. A reading has no transaction that would end the setting.
    await tx.execute(text("SET plan_cache_mode = force_custom_plan"))
    try:
        return await _planned(tx, listed, wanted, tier)
    finally:
        with suppress(DBAPIError):  # after an error the end of the transaction takes it back
            await tx.execute(text("RESET plan_cache_mode"))


async def _planned(tx: Transaction, listed: Select[int], wanted: Sequence[Forms], tier: Tier) -> list[int]:
    """Ask the index for a rare word, and walk the newest documents for a common one."""
    asked, where = _as_tsquery(wanted, tier), "titles" if tier.titles_only else "words"
    hit = f"{where} @@ CAST(:asked AS tsquery)"
    found = text(f"SELECT document_id FROM document_index WHERE {hit} LIMIT :most")  # noqa: S608 - our own words
    ids = list(await tx.scalars(found, {"asked": asked, "most": _COMMON}))
    if not ids:
        return []
    if len(ids) < _COMMON:
        return list(await tx.scalars(listed.where(Document.id == any_(literal(ids, ARRAY(Integer))))))
    there = text(f"EXISTS (SELECT 1 FROM document_index WHERE document_id = document.id AND {hit})")  # noqa: S608
    return list(await tx.scalars(listed.where(there), {"asked": asked}))


def _terms(word: Forms, tier: Tier) -> list[tuple[str, bool]]:
    """Return the terms that stand for a word, each with whether its beginning is enough."""
    terms = [(word.key, len(word.key) > 1 and not tier.exactly)]
    terms += [(form, False) for form in (word.stem, word.place) if form]
    if tier.loosely:
        terms += [(form, True) for form in (word.loosest, word.short) if form]
    return terms


def _on_sqlite(wanted: Sequence[Forms], tier: Tier) -> str:
    def one(word: Forms) -> str:
        return "(" + " OR ".join(f'"{term}"{" *" if begins else ""}' for term, begins in _terms(word, tier)) + ")"

    asked = (" OR " if tier.any_word else " AND ").join(one(word) for word in wanted)
    return f"{{title}} : ({asked})" if tier.titles_only else asked


def _as_tsquery(wanted: Sequence[Forms], tier: Tier) -> str:
    def one(word: Forms) -> str:
        return "(" + " | ".join(f"'{term}'{':*' if begins else ''}" for term, begins in _terms(word, tier)) + ")"

    return (" | " if tier.any_word else " & ").join(one(word) for word in wanted)
