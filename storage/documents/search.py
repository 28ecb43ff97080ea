"""Search: the best hits first, over scripts and spellings, of what the viewer may see; alike on both engines.

The engine's index brings `candidates`, and how good each is, is weighed in `weighing`: so both engines answer alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    exists,
    func,
    or_,
    select,
)  # fmt: skip

from storage import topics
from storage.access import Viewer
from storage.database import Transaction
from storage.documents import spelling
from storage.documents.candidates import ANYWHERE, IN_TITLES, LOOSELY, MOST, Tier, candidates
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
from storage.documents.weighing import weighed
from storage.tlp import Label
from storage.topics import Topic

_ENOUGH = 60
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


async def _best(tx: Transaction, listed: Select[int], wanted: Sequence[Forms]) -> Hits:
    """Weigh what is found: in titles, if that is enough; else all there is; of too much, what is less strict first."""
    found = dict.fromkeys(await candidates(tx, listed, wanted, IN_TITLES))
    if len(found) >= _ENOUGH:
        return Hits((await weighed(tx, list(found), wanted))[:MOST], more=True)
    newest = await candidates(tx, listed, wanted, LOOSELY)
    if len(newest) <= MOST:
        return Hits(await weighed(tx, newest, wanted))
    found |= dict.fromkeys(await candidates(tx, listed, wanted, ANYWHERE))
    if len(found) < _ENOUGH:
        found |= dict.fromkeys(newest)
    return Hits((await weighed(tx, list(found), wanted))[:MOST], more=True)


async def _some(tx: Transaction, listed: Select[int], wanted: Sequence[Forms]) -> Hits:
    if len(wanted) == 1:
        return Hits(())
    found = await candidates(tx, listed, wanted, Tier(any_word=True, loosely=True))
    return Hits(await weighed(tx, found[:MOST], wanted), len(found) > MOST)


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
    from rapidfuzz import fuzz, process  # seldom needed: only where nothing was found

    found = process.extract(key, list(await tx.scalars(known)), scorer=fuzz.ratio, score_cutoff=_LIKE, limit=None)
    for _, alike in groupby(sorted(found, key=lambda one: -one[1]), key=lambda one: one[1]):
        held = await _held(tx, listed, [term for term, _, _ in alike])
        if held:
            return min(held)
    return key


async def _held(tx: Transaction, listed: Select[int], terms: Sequence[str]) -> set[str]:
    """Return those terms that stand in titles of what is listed."""
    sought = [Forms(term, None, None, None, None, None) for term in terms]
    ids = await candidates(tx, listed, sought, Tier(titles_only=True, any_word=True, exactly=True))
    titles = await tx.scalars(select(DocumentWords.title).where(DocumentWords.document_id.in_(ids)))
    return {token for title in titles for token in title.split()}.intersection(terms)


def _as_written(best: Sequence[Document], meant: Sequence[Forms]) -> str | None:
    """Return the words as the best hit itself writes them; None where it does not hold each in its titles."""
    titles = [title for row in best for title in (row.title, *row.titles.values())]
    written = {spelling.forms(w).key: w for title in titles for w in spelling.words(title)}
    found = [next((w for key, w in written.items() if key.startswith(word.key)), None) for word in meant]
    return " ".join(word for word in found if word) if found and all(found) else None
