"""Search: the best hits first, over scripts and spellings, of what the viewer may see; alike on both engines.

The engine's index brings candidates, the newest of each tier, from the strictest tier to the loosest. How good each
is, is weighed here, so that both engines answer alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    any_,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
)  # fmt: skip

from storage import topics
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
    visible,
)
from storage.tlp import Label
from storage.topics import Topic

MOST = 200
"""Hits that are weighed and counted; a search that finds more says so."""
_ENOUGH = 60
_COMMON = 4000
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

    `saved` is the viewer's own shelf. `clear_only` leaves what may be posted anywhere: it is TLP:CLEAR, and stands.
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
    """What was found: `ids` of all that are counted, best first; `more` tells that there are further ones.

    `meant` is what was looked for instead, where a word was known to nobody; `partly`, that no document holds every
    word, and these hold some.
    """

    ids: tuple[int, ...]
    more: bool = False
    meant: str | None = None
    partly: bool = False


NO_FILTERS = Filters()


async def search(tx: Transaction, viewer: Viewer, words: str, filters: Filters = NO_FILTERS) -> Hits:
    """Return documents with every word, in any spelling, best first; without words the newest.

    A number such as `D-12` finds that document. Where nothing holds every word, what the nearest known words find is
    returned (`meant`), or what holds some of them (`partly`).
    """
    number = NUMBER.match(words.strip())
    if number:
        known = current(viewer) if filters.clear_only else visible(viewer)
        numbered = known.where(Document.id == int(number[1]))
        return Hits(tuple(await tx.scalars(_ids(_narrowed(numbered, viewer, filters)))))
    listed = _ids(_narrowed(current(viewer), viewer, filters)).order_by(Document.id.desc()).limit(MOST + 1)
    wanted = _wanted(words)
    if not wanted and spelling.words(words):
        return Hits(())  # letters that stand for no sound are no word
    if not wanted:
        ids = list(await tx.scalars(listed))
        return Hits(tuple(ids[:MOST]), len(ids) > MOST)
    hits = await _best(tx, listed, wanted)
    if hits.ids:
        return hits
    meant = await _meant(tx, viewer, listed, wanted)
    if meant is not None:
        return meant
    return replace(await _some(tx, listed, wanted), partly=True)


async def shown(tx: Transaction, viewer: Viewer, ids: Sequence[int]) -> list[Document]:
    """Return documents of a search, in its order, as far as they are still the viewer's to see."""
    found = {row.id: row for row in await tx.scalars(visible(viewer).where(Document.id.in_(ids)))}
    return [found[number] for number in ids if number in found]


async def facets(tx: Transaction, viewer: Viewer, ids: Sequence[int]) -> Sequence[Any]:
    """Return what documents of a search can be told apart by: topic, pillars, languages, year, country and kind."""
    told = (
        Document.topic_id, Document.pillars, Document.languages, Document.year, Document.country, Document.kind,
    )  # fmt: skip
    return (await tx.execute(visible(viewer).with_only_columns(*told).where(Document.id.in_(ids)))).all()


def _ids(found: Select[Document]) -> Select[int]:
    return found.with_only_columns(Document.id)


def _narrowed(found: Select[Document], viewer: Viewer, filters: Filters) -> Select[Document]:
    if filters.topic_id is not None:
        mine = select(Topic.id).where(Topic.id == filters.topic_id, topics.known(viewer))
        also = exists().where(DocumentTopic.document_id == Document.id, DocumentTopic.topic_id.in_(mine))
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
        found = found.where(Document.label == Label.CLEAR, Document.frozen_at.is_(None))
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
    return [found for word in telling[:_MOST_WORDS] if (found := spelling.forms(word)).key]


@dataclass(frozen=True)
class _Tier:
    """How strict one question to the index is."""

    titles_only: bool = False
    loosely: bool = False
    any_word: bool = False
    exactly: bool = False


_IN_TITLES, _ANYWHERE, _LOOSELY = _Tier(titles_only=True), _Tier(), _Tier(loosely=True)


async def _best(tx: Transaction, listed: Select[int], wanted: Sequence[Forms]) -> Hits:
    """Weigh what is found: in titles, if that is enough; else all there is; of too much, what is less strict first."""
    found = dict.fromkeys(await _candidates(tx, listed, wanted, _IN_TITLES))
    if len(found) >= _ENOUGH:
        return Hits((await _weighed(tx, list(found), wanted))[:MOST], more=True)
    newest = await _candidates(tx, listed, wanted, _LOOSELY)
    if len(newest) <= MOST:
        return Hits(await _weighed(tx, newest, wanted))
    found |= dict.fromkeys(await _candidates(tx, listed, wanted, _ANYWHERE))
    if len(found) < _ENOUGH:
        found |= dict.fromkeys(newest)
    return Hits((await _weighed(tx, list(found), wanted))[:MOST], more=True)


async def _some(tx: Transaction, listed: Select[int], wanted: Sequence[Forms]) -> Hits:
    if len(wanted) == 1:
        return Hits(())
    found = await _candidates(tx, listed, wanted, _Tier(any_word=True, loosely=True))
    return Hits(await _weighed(tx, found[:MOST], wanted), len(found) > MOST)


async def _candidates(tx: Transaction, listed: Select[int], wanted: Sequence[Forms], tier: _Tier) -> list[int]:
    """Return the newest documents of a tier, one more than are counted."""
    if tx.get_bind().dialect.name != "sqlite":
        return await _on_postgresql(tx, listed, wanted, tier)
    hit: Select[int] = (
        select(literal_column("rowid"))
        .select_from(text("document_index"))
        .where(text("document_index MATCH :asked ORDER BY rowid DESC"))
    )
    return list(await tx.scalars(listed.where(Document.id.in_(hit)), {"asked": _on_sqlite(wanted, tier)}))


async def _on_postgresql(tx: Transaction, listed: Select[int], wanted: Sequence[Forms], tier: _Tier) -> list[int]:
    """Ask the index for a rare word, and walk the newest documents for a common one."""
    asked, where = _as_tsquery(wanted, tier), "titles" if tier.titles_only else "words"
    hit = f"{where} @@ CAST(:asked AS tsquery)"
    # A plan made for any word would be the wrong one for most.
    await tx.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    found = text(f"SELECT document_id FROM document_index WHERE {hit} LIMIT :most")  # noqa: S608 - our own words
    ids = list(await tx.scalars(found, {"asked": asked, "most": _COMMON}))
    if not ids:
        return []
    if len(ids) < _COMMON:
        return list(await tx.scalars(listed.where(Document.id == any_(literal(ids, ARRAY(Integer))))))
    there = text(f"EXISTS (SELECT 1 FROM document_index WHERE document_id = document.id AND {hit})")  # noqa: S608
    return list(await tx.scalars(listed.where(there), {"asked": asked}))


def _terms(word: Forms, tier: _Tier) -> list[tuple[str, bool]]:
    """Return the terms that stand for a word, each with whether its beginning is enough."""
    terms = [(word.key, len(word.key) > 1 and not tier.exactly)]
    terms += [(form, False) for form in (word.stem, word.place) if form]
    if tier.loosely:
        terms += [(form, True) for form in (word.loosest, word.short) if form]
    return terms


def _on_sqlite(wanted: Sequence[Forms], tier: _Tier) -> str:
    def one(word: Forms) -> str:
        return "(" + " OR ".join(f'"{term}"{" *" if begins else ""}' for term, begins in _terms(word, tier)) + ")"

    asked = (" OR " if tier.any_word else " AND ").join(one(word) for word in wanted)
    return f"{{title}} : ({asked})" if tier.titles_only else asked


def _as_tsquery(wanted: Sequence[Forms], tier: _Tier) -> str:
    def one(word: Forms) -> str:
        return "(" + " | ".join(f"'{term}'{':*' if begins else ''}" for term, begins in _terms(word, tier)) + ")"

    return (" | " if tier.any_word else " & ").join(one(word) for word in wanted)


async def _weighed(tx: Transaction, ids: Sequence[int], wanted: Sequence[Forms]) -> tuple[int, ...]:
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


async def _meant(tx: Transaction, viewer: Viewer, listed: Select[int], wanted: Sequence[Forms]) -> Hits | None:
    """Look for the nearest known words instead, of titles that the viewer may see: others must not even stand between.

    Whoever shares a word could else tell by what is proposed whether a title that is not theirs holds one like it.
    """
    nearest = [await _nearest(tx, listed, word) for word in wanted]
    if all(near == word.key for near, word in zip(nearest, wanted, strict=True)):
        return None
    meant = [spelling.forms(near) for near in nearest]
    hits = await _best(tx, listed, meant)
    said = _as_written((await shown(tx, viewer, hits.ids[:1])), meant)
    return replace(hits, meant=said) if said else None


async def _nearest(tx: Transaction, listed: Select[int], word: Forms) -> str:
    """Return the key of the known word that is most like this one; itself if none is."""
    key, size = word.key, len(word.key)
    like = or_(DocumentTerm.term.startswith(key[:1]), DocumentTerm.term.endswith(key[-2:]))
    known = select(DocumentTerm.term).where(DocumentTerm.size.between(size - _SLIPS, size + _SLIPS), like)
    found = process.extract(key, list(await tx.scalars(known)), scorer=fuzz.ratio, score_cutoff=_LIKE, limit=None)
    for _, alike in groupby(sorted(found, key=lambda one: -one[1]), key=lambda one: one[1]):
        held = await _held(tx, listed, [term for term, _, _ in alike])
        if held:
            return min(held)
    return key


async def _held(tx: Transaction, listed: Select[int], terms: Sequence[str]) -> set[str]:
    """Return those terms that stand in titles of what is listed."""
    sought = [Forms(term, None, None, None, None, None) for term in terms]
    ids = await _candidates(tx, listed, sought, _Tier(titles_only=True, any_word=True, exactly=True))
    titles = await tx.scalars(select(DocumentWords.title).where(DocumentWords.document_id.in_(ids)))
    return {token for title in titles for token in title.split()}.intersection(terms)


def _as_written(best: Sequence[Document], meant: Sequence[Forms]) -> str | None:
    """Return the words as the best hit itself writes them; None where it does not hold each in its titles."""
    titles = [title for row in best for title in (row.title, *row.titles.values())]
    written = {spelling.forms(w).key: w for title in titles for w in spelling.words(title)}
    found = [next((w for key, w in written.items() if key.startswith(word.key)), None) for word in meant]
    return " ".join(word for word in found if word) if found and all(found) else None
