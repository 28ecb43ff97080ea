"""The shelf: documents read once, from which each of many readers takes what is theirs by the one rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select

from storage import access, topics
from storage.database import Transaction
from storage.documents.tables import Document, DocumentAudience, DocumentLink, DocumentTopic, LinkState, standing
from storage.lengths import longest, units
from storage.pages import in_portions
from storage.tlp import Label
from storage.topics import HEARING, Policy, Reader

_HEALTH = 90
"""What is said of a link that does not open, and of its copy, at most."""
_FACTS = (
    Document.id, Document.token, Document.title, Document.titles, Document.publisher, Document.year,
    Document.languages, Document.label, Document.url, Document.archive_url, Document.topic_id, Document.shared_at,
    Document.successor_id, func.coalesce(DocumentLink.state, LinkState.UNKNOWN).label("link"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shelved:
    """A document as lists show it; `titles` are translations by language, `link` is how its link was found."""

    id: int
    token: str
    title: str
    titles: Mapping[str, str]
    publisher: str | None
    year: int | None
    languages: str | None
    label: Label
    url: str | None
    archive_url: str | None
    topic_id: int
    shared_at: datetime
    successor_id: int | None
    link: LinkState

    def title_in(self, language: str) -> str:
        """Return the title in a language, or as the document itself has it."""
        return self.titles.get(language) or self.title

    @property
    def words(self) -> int:
        """How many UTF-16 units of its own a line about it has at most."""
        titles = longest((self.title, *self.titles.values()))
        health = _HEALTH if self.link in (LinkState.DEAD, LinkState.WALL) else 0
        return titles + units(self.publisher or "") + len(self.languages or "") + health


@dataclass(frozen=True)
class Audience:
    """Whom the source of a document named (TLP 2.0 §4): organisations and members."""

    organisations: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()


_NOBODY = Audience()


class Shelf:
    """Some documents, with what the rule asks of them; `sees` is the same rule as `current` in SQL.

    `documents` are sorted by label, the least restricted first, and within a label from the newest on.
    """

    def __init__(
        self,
        documents: Iterable[Shelved],
        newer: Mapping[int, Shelved],
        audiences: Mapping[int, Audience],
        extra: Iterable[tuple[int, int]],
        policies: Mapping[int, Policy],
    ) -> None:
        self.documents = sorted(documents, key=lambda d: (d.label.rank, -d.id))
        self._newer, self._audiences, self._policies = newer, audiences, policies
        self._places = {document.id: n for n, document in enumerate(self.documents)}
        self._topics: dict[int, list[int]] = {}
        for n, document in enumerate(self.documents):
            self._topics.setdefault(document.topic_id, []).append(n)
        for document_id, topic_id in extra:
            self._topics.setdefault(topic_id, []).append(self._places[document_id])
        self._periods: dict[tuple[datetime, datetime], dict[int, tuple[list[int], list[int]]]] = {}

    def fresh(self, reader: Reader, since: datetime, until: datetime) -> list[int]:
        """Return what was shared in a period and is found in the topics that the reader hears of, by label.

        It is told by its places among `documents`, so that whoever asks for many can keep what they made of each.
        """
        found: set[int] = set()
        by_topic = self._within(since, until)
        for topic_id, level in reader.levels.items():
            if level in HEARING and topic_id in by_topic:
                plain, special = by_topic[topic_id]
                found.update(plain)
                if special:
                    found.update([n for n in special if self.sees(reader, self.documents[n])])
        return sorted(found)

    def some(self, reader: Reader, ids: Iterable[int]) -> list[Shelved]:
        """Return those of some documents that are the reader's to see, in the order of `ids`."""
        there = [self.documents[self._places[n]] for n in ids if n in self._places]
        return [document for document in there if self.sees(reader, document)]

    def sees(self, reader: Reader, document: Shelved) -> bool:
        """Tell whether lists show a document to the reader."""
        newer = self._newer.get(document.successor_id or 0)
        return self._permitted(reader, document) and not (newer and self._permitted(reader, newer))

    def _permitted(self, reader: Reader, document: Shelved) -> bool:
        named = self._audiences.get(document.id, _NOBODY)
        sees = access.may_see(reader.viewer, document.label, tuple(named.organisations), tuple(named.people))
        return sees and reader.knows(document.topic_id, self._policies[document.topic_id])

    def _within(self, since: datetime, until: datetime) -> dict[int, tuple[list[int], list[int]]]:
        """Return what each topic got in a period: what every member sees, and what has to be asked for each."""
        found = self._periods.get((since, until))
        if found is None:
            found = self._periods[since, until] = {}
            for topic_id, places in self._topics.items():
                there = [n for n in places if since <= self.documents[n].shared_at < until]
                if there:
                    special = {n for n in there if self._is_special(self.documents[n])}
                    found[topic_id] = ([n for n in there if n not in special], sorted(special))
        return found

    def _is_special(self, document: Shelved) -> bool:
        closed = self._policies[document.topic_id] is Policy.CLOSED
        return document.label.named_audience or closed or document.successor_id is not None


async def shared_between(
    tx: Transaction, since: datetime, until: datetime, topic_ids: Collection[int] | None = None
) -> Shelf:
    """Return the shelf of what was shared in a period, in some topics or in all; a few questions, in small portions."""
    extra = select(DocumentTopic.document_id).where(DocumentTopic.topic_id.in_(topic_ids or ()))
    where = and_(Document.shared_at >= since, Document.shared_at < until)
    if topic_ids is not None:
        where = and_(where, Document.topic_id.in_(topic_ids) | Document.id.in_(extra))
    return await _shelf(tx, where)


async def holding(tx: Transaction, ids: Collection[int]) -> Shelf:
    """Return the shelf of some documents, by number."""
    return await _shelf(tx, Document.id.in_(ids))


async def _shelf(tx: Transaction, where: Any) -> Shelf:
    there = and_(where, standing(Document), Document.frozen_at.is_(None))
    documents = await _read(tx, there)
    newer = {n.id: n for n in await _read(tx, _newer_than(where))}
    ids = select(Document.id).where(there)
    marked = [d.id for d in (*documents, *newer.values()) if d.label.named_audience]
    columns = (DocumentTopic.document_id, DocumentTopic.topic_id)
    extra = [(n, topic) for n, topic in await tx.execute(select(*columns).where(DocumentTopic.document_id.in_(ids)))]
    return Shelf(documents, newer, await _audiences(tx, marked), extra, await topics.policies(tx))


def _newer_than(where: Any) -> Any:
    replaced = select(Document.successor_id).where(where, Document.successor_id.is_not(None))
    return and_(Document.id.in_(replaced.scalar_subquery()), standing(Document), Document.frozen_at.is_(None))


async def _read(tx: Transaction, where: Any) -> list[Shelved]:
    columns: Any = _FACTS  # more than the types can follow
    facts: Select[Any] = select(*columns).outerjoin(DocumentLink, DocumentLink.document_id == Document.id)
    read: list[Shelved] = []
    async for rows in in_portions(tx, select(Document.id).where(where), facts, Document.id):
        read += [Shelved(*row) for row in rows]
    return read


async def _audiences(tx: Transaction, ids: Collection[int]) -> dict[int, Audience]:
    named: dict[int, tuple[set[int], set[int]]] = {}
    rows = await tx.scalars(select(DocumentAudience).where(DocumentAudience.document_id.in_(ids)))
    for row in rows:
        houses, people = named.setdefault(row.document_id, (set(), set()))
        houses.update([row.organisation_id] if row.organisation_id is not None else [])
        people.update([row.member_id] if row.member_id is not None else [])
    return {n: Audience(frozenset(houses), frozenset(people)) for n, (houses, people) in named.items()}
