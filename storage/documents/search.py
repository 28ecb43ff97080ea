"""Search: the best hits first, over scripts and spellings, of what the viewer may see; alike on both engines.

The engine's index brings candidates, the newest of each tier, from the strictest tier to the loosest. How good each
is, is weighed here, so that both engines answer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, Select, exists, func, literal_column, or_, select, text

from storage.access import Viewer
from storage.database import Transaction
from storage.documents import spelling
from storage.documents.finding import NUMBER
from storage.documents.spelling import Forms
from storage.documents.tables import (
    Document,
    DocumentMark,
    DocumentTerm,
    DocumentTopic,
    DocumentWords,
    Kind,
    current,
    standing,
    visible,
)
from storage.tlp import Label

MOST = 200
"""Hits that are weighed and counted; a search that finds more says so."""
_ENOUGH = 60
_COMMON = 2000
"""From how many hits on a word is common: then the newest documents are walked instead of the index."""
_MOST_WORDS = 8
_STOP = frozenset(
    spelling.words(
        "the of and or in on for to a an with by from и в во на о об по для с со к из или не va uchun bilan bir және "
        "мен үшін жана үчүн менен ва дар барои аз ба бо we üçin bilen و در به از برای"
    )
)
_LIKE = 70
"""How alike two words are at least, of 100, for one to be meant by the other."""
_SLIPS = 2


@dataclass(frozen=True)
class Filters:
    """What a search or a shelf is narrowed to; None leaves it open.

    `saved` is the viewer's own shelf. `clear_only` leaves what may be posted anywhere: TLP:CLEAR, and it stands.
    """

    topic_id: int | None = None
    pillar: str | None = None
    language: str | None = None
    year: int | None = None
    country: str | None = None
    kind: Kind | None = None
    saved: bool = False
    clear_only: bool = False


@dataclass(frozen=True)
class Hits:
    """What was found: `rows` are all that are counted, best first; `more` tells that there are further ones.

    `meant` is what was looked for instead, where a word was known to nobody.
    """

    rows: tuple[Document, ...]
    more: bool = False
    meant: str | None = None
    partly: bool = field(default=False)


async def search(tx: Transaction, viewer: Viewer, words: str, filters: Filters = Filters()) -> Hits:
    """Return documents with every word, in any spelling, best first; without words the newest.

    A number such as `D-12` finds that document. Where nothing holds every word, what holds most of them is returned
    (`partly`), and where a word is unknown, what the nearest known one finds (`meant`).
    """
    number = NUMBER.match(words.strip())
    if number:
        numbered = visible(viewer).where(Document.id == int(number[1]))
        return Hits(tuple(await tx.scalars(_narrowed(numbered, viewer, filters))))
    listed = _narrowed(current(viewer), viewer, filters)
    wanted = _wanted(words)
    if not wanted:
        rows = list(await tx.scalars(listed.order_by(Document.id.desc()).limit(MOST + 1)))
        return Hits(tuple(rows[:MOST]), len(rows) > MOST)
    hits = await _all_of(tx, listed, wanted)
    if hits.rows:
        return hits
    meant = await _meant(tx, listed, words)
    if meant is not None:
        return meant
    return replace(await _tier(tx, listed, wanted, [_Tier(any_word=True)]), partly=True)


def _narrowed(found: Select[Document], viewer: Viewer, filters: Filters) -> Select[Document]:
    if filters.topic_id is not None:
        also = exists().where(DocumentTopic.document_id == Document.id, DocumentTopic.topic_id == filters.topic_id)
        found = found.where(or_(Document.topic_id == filters.topic_id, also))
    if filters.pillar is not None:
        found = found.where(_among(Document.pillars, filters.pillar))
    if filters.language is not None:
        found = found.where(_among(Document.languages, filters.language))
    if filters.year is not None:
        found = found.where(Document.year == filters.year)
    if filters.country is not None:
        found = found.where(Document.country == filters.country)
    if filters.kind is not None:
        found = found.where(Document.kind == filters.kind)
    if filters.clear_only:
        found = found.where(Document.label == Label.CLEAR, Document.frozen_at.is_(None), standing())
    if filters.saved:
        kept = exists().where(
            DocumentMark.document_id == Document.id,
            DocumentMark.member_id == viewer.id,
            DocumentMark.saved_at.is_not(None),
        )
        found = found.where(kept)
    return found


def _among(codes: ColumnElement[str] | object, code: str) -> ColumnElement[bool]:
    spaced: ColumnElement[bool] = (" " + func.coalesce(codes, "") + " ").contains(f" {code} ", autoescape=True)
    return spaced


def _wanted(words: str) -> list[Forms]:
    folded = list(dict.fromkeys(spelling.words(words)))
    telling = [word for word in folded if word not in _STOP] or folded
    return [spelling.forms(word) for word in telling[:_MOST_WORDS]]


@dataclass(frozen=True)
class _Tier:
    """How strict one question to the index is."""

    titles_only: bool = False
    loosely: bool = False
    any_word: bool = False


_TIERS = (_Tier(titles_only=True), _Tier(titles_only=True, loosely=True), _Tier(), _Tier(loosely=True))


async def _all_of(tx: Transaction, listed: Select[Document], wanted: Sequence[Forms]) -> Hits:
    return await _tier(tx, listed, wanted, _TIERS)


async def _tier(tx: Transaction, listed: Select[Document], wanted: Sequence[Forms], tiers: Sequence[_Tier]) -> Hits:
    found: dict[int, Document] = {}
    more = False
    for tier in tiers:
        rows = await _candidates(tx, listed, wanted, tier)
        more = more or len(rows) > MOST
        found |= {row.id: row for row in rows[:MOST]}
        if len(found) >= _ENOUGH:
            break
    weights = await _weights(tx, list(found), wanted)
    best = sorted(found.values(), key=lambda row: (-weights[row.id], -row.id))
    return Hits(tuple(best[:MOST]), more or len(best) > MOST)


async def _candidates(
    tx: Transaction, listed: Select[Document], wanted: Sequence[Forms], tier: _Tier
) -> list[Document]:
    """Return the newest documents of a tier, one more than are counted."""
    newest = listed.order_by(Document.id.desc()).limit(MOST + 1)
    if tx.get_bind().dialect.name == "sqlite":
        hit: Select[int] = (
            select(literal_column("rowid"))
            .select_from(text("document_index"))
            .where(text("document_index MATCH :asked ORDER BY rowid DESC"))
        )
        asked = _on_sqlite(wanted, tier)
        return list(await tx.scalars(newest.where(Document.id.in_(hit)), {"asked": asked}))
    return await _on_postgresql(tx, newest, _as_tsquery(wanted, tier))


async def _on_postgresql(tx: Transaction, newest: Select[Document], asked: str) -> list[Document]:
    """Ask the index for a rare word, and walk the newest documents for a common one."""
    await tx.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    found = text("SELECT document_id FROM document_index WHERE words @@ CAST(:asked AS tsquery) LIMIT :most")
    ids = list(await tx.scalars(found, {"asked": asked, "most": _COMMON}))
    if len(ids) < _COMMON:
        return list(await tx.scalars(newest.where(Document.id.in_(ids)))) if ids else []
    hit = text(
        "EXISTS (SELECT 1 FROM document_index i "
        "WHERE i.document_id = document.id AND i.words @@ CAST(:asked AS tsquery))"
    )
    return list(await tx.scalars(newest.where(hit), {"asked": asked}))


def _terms(word: Forms, tier: _Tier) -> list[tuple[str, bool]]:
    """Return the terms that stand for a word, each with whether its beginning is enough."""
    terms = [(word.key, len(word.key) > 1)]
    terms += [(form, False) for form in (word.stem, word.place) if form]
    if tier.loosely:
        terms += [(form, True) for form in (word.loose, word.short) if form]
    return terms


def _on_sqlite(wanted: Sequence[Forms], tier: _Tier) -> str:
    def one(word: Forms) -> str:
        return "(" + " OR ".join(f'"{term}"{" *" if begins else ""}' for term, begins in _terms(word, tier)) + ")"

    asked = (" OR " if tier.any_word else " AND ").join(one(word) for word in wanted)
    return f"{{title}} : ({asked})" if tier.titles_only else asked


def _as_tsquery(wanted: Sequence[Forms], tier: _Tier) -> str:
    def mark(begins: bool) -> str:  # noqa: FBT001 - told by what it marks
        marks = ("*" if begins else "") + ("A" if tier.titles_only else "")
        return f":{marks}" if marks else ""

    def one(word: Forms) -> str:
        return "(" + " | ".join(f"'{term}'{mark(begins)}" for term, begins in _terms(word, tier)) + ")"

    return (" | " if tier.any_word else " & ").join(one(word) for word in wanted)


async def _weights(tx: Transaction, ids: Sequence[int], wanted: Sequence[Forms]) -> dict[int, float]:
    asked = select(DocumentWords.document_id, DocumentWords.title, DocumentWords.rest)
    found = (await tx.execute(asked.where(DocumentWords.document_id.in_(ids)))).all()
    return dict.fromkeys(ids, 0.0) | {n: _weight(title.split(), rest.split(), wanted) for n, title, rest in found}


_IN_TITLE, _BESIDE, _INSIDE = 1.0, 0.4, 0.1
_EXACT, _PLACED, _STEMMED, _BEGUN, _LOOSE, _SHORTENED = 1.0, 0.95, 0.9, 0.75, 0.45, 0.3


def _weight(title: list[str], rest: list[str], wanted: Sequence[Forms]) -> float:
    """Weigh a document: where each word stands and how alike it is, and whether the words follow each other."""
    in_title, beside = set(title), set(rest)
    total = 0.0
    for word in wanted:
        total += max(_IN_TITLE * _alike(word, in_title), _BESIDE * _alike(word, beside), _INSIDE)
    keys = [token for token in title if token[0] not in {spelling.STEM, spelling.LOOSE, spelling.PLACE}]
    places = {key: at for at, key in reversed(list(enumerate(keys)))}
    followed = sum(places.get(b.key, -1) == places.get(a.key, -9) + 1 for a, b in pairwise(wanted))
    return total + 0.5 * followed + 0.3 * len(wanted) / max(len(keys), len(wanted))


def _alike(word: Forms, tokens: set[str]) -> float:
    if word.key in tokens:
        return _EXACT
    if word.place in tokens:
        return _PLACED
    if word.stem in tokens:
        return _STEMMED
    begins: list[tuple[str | None, float]] = [(word.key, _BEGUN), (word.loose, _LOOSE), (word.short, _SHORTENED)]
    for form, weight in begins:
        if form and len(form) > 1 and any(token.startswith(form) for token in tokens):
            return weight
    return 0.0


async def _meant(tx: Transaction, listed: Select[Document], words: str) -> Hits | None:
    """Look for the nearest known words instead; only what finds something that the viewer may see is proposed."""
    wanted = _wanted(words)
    nearest = [await _nearest(tx, word) for word in wanted]
    if all(near == word.key for near, word in zip(nearest, wanted, strict=True)):
        return None
    meant = [spelling.forms(near) for near in nearest]
    hits = await _all_of(tx, listed, meant)
    if not hits.rows:
        return None
    said = _as_written(hits.rows[0], meant)
    return replace(hits, meant=said) if said else None


async def _nearest(tx: Transaction, word: Forms) -> str:
    """Return the key of the known word that is most like this one; itself if none is."""
    size = len(word.key)
    known = select(DocumentTerm.term).where(DocumentTerm.size.between(size - _SLIPS, size + _SLIPS))
    score: Callable[..., float] = fuzz.ratio
    terms = sorted(await tx.scalars(known))
    found = process.extractOne(word.key, terms, scorer=score, score_cutoff=_LIKE)
    return str(found[0]) if found else word.key


def _as_written(row: Document, meant: Sequence[Forms]) -> str | None:
    """Return the words as the document itself writes them; None where it does not hold each in its titles."""
    written = {spelling.forms(w).key: w for title in (row.title, *row.titles.values()) for w in spelling.words(title)}
    found = [next((w for key, w in written.items() if key.startswith(word.key)), None) for word in meant]
    return " ".join(word for word in found if word) if all(found) else None
