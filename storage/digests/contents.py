"""What a digest says: the facts behind its ids, each asked again for its reader at the moment of reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from storage import announcements, directory, documents, events, posts, topics
from storage.access import Viewer
from storage.announcements import Mailbag, Sent
from storage.database import Transaction
from storage.digests import desk
from storage.digests.desk import Edited, Item
from storage.digests.merging import Section
from storage.digests.tables import Digest, DigestSchedule
from storage.directory import Newcomer
from storage.documents import Shelf, Shelved
from storage.events import Agenda, Dated
from storage.outbox import Facts
from storage.posts import Quoted, Quotes
from storage.tlp import Label, highest
from storage.topics import Reader


@dataclass(frozen=True, slots=True)
class Count:
    """How many documents and posts a topic had; `title` is in the reader's language."""

    id: int
    title: str
    documents: int
    posts: int


Told = Edited | Sent | Dated | Shelved | Item | Quoted | Count | Newcomer
"""What a line of a digest is about."""


NOW = "now"


@dataclass(frozen=True)
class Copy:
    """A digest as it is kept: ids by section, and where its parts begin.

    `ref` is how buttons call it: `d12` is one that a member got, `n12` all that they got of issue No. 12, `now` what
    would come now.
    """

    number: int
    since: datetime
    until: datetime
    items: Mapping[str, Any]
    breaks: Sequence[int] = (0,)
    ref: str = NOW


@dataclass(frozen=True)
class Issue:
    """One digest, or one part of it, for one reader. What is above GREEN is not listed: `reserved` counts it.

    `lines` are a section and what stands there, `told` is how many dates to come were told before, and `schedule` says
    how the digest comes.
    """

    number: int
    since: datetime
    until: datetime
    part: int
    parts: int
    signed_by: str | None
    lines: tuple[tuple[Section, Told], ...]
    told: int
    reserved: int
    zone: str
    schedule: DigestSchedule | None = field(compare=False)
    ref: str = NOW

    @property
    def empty(self) -> bool:
        return not self.lines and not self.reserved

    @property
    def last(self) -> bool:
        """Whether nothing follows this part."""
        return self.part == self.parts

    @property
    def label(self) -> Label:
        """The highest label of what is listed; who is new, what an editor says, and what is reserved is for members."""
        listed = [told.label for _, told in self.lines if not isinstance(told, (Edited, Newcomer, Count))]
        members_only = self.reserved or any(isinstance(told, (Edited, Newcomer)) for _, told in self.lines)
        return highest([*listed, Label.GREEN if members_only else Label.CLEAR]) or Label.CLEAR


class Library:
    """Everything that some digests refer to, read once; each reader takes from it what is theirs now."""

    def __init__(
        self,
        shelf: Shelf,
        quotes: Quotes,
        agenda: Agenda,
        bag: Mailbag,
        newcomers: Sequence[Newcomer],
        desked: Mapping[int, Item],
        edited: Mapping[int, Edited],
        titles: Mapping[int, topics.Topic],
    ) -> None:
        self._shelf, self._quotes, self._agenda, self._bag = shelf, quotes, agenda, bag
        self._newcomers = newcomers
        self._desked, self._edited, self._titles = desked, edited, titles

    def lines(self, reader: Reader, copy: Copy) -> list[tuple[Section, Told] | None]:
        """Return a digest's lines in order; None stands where the reader may no longer see what stood there."""
        found: list[tuple[Section, Told] | None] = []
        for section in Section:
            ids = copy.items.get(section.value, [])
            there = self._counts(reader, copy) if section is Section.TOPICS else self._there(section, reader, ids)
            found += [(section, there[n]) if n in there else None for n in ids]
        return found

    def _there(self, section: Section, reader: Reader, ids: Sequence[int]) -> Mapping[int, Told]:
        """Return what of a section the reader may be told now, by the number that the digest keeps."""
        viewer = reader.viewer
        found: Iterable[Shelved | Quoted | Sent | Newcomer]
        match section:
            case Section.NOTES:
                return self._edited
            case Section.DATES:
                dates = self._agenda.some(viewer, [(abs(n), n < 0) for n in ids])
                return {-d.id if d.deadline else d.id: d for d in dates}
            case Section.ANNOUNCEMENTS:
                found = self._bag.of(viewer, ids)
            case Section.DOCUMENTS:
                found = (d for d in self._shelf.some(reader, ids) if not d.label.named_audience)
            case Section.TALK:
                found = (q for q in self._quotes.some(reader, ids) if not q.label.named_audience)
            case Section.NEWCOMERS:
                found = directory.to(viewer, self._newcomers)
            case _:
                return self._desked
        return {one.id: one for one in found}

    def reserved(self, reader: Reader, copy: Copy) -> int:
        """Return how many documents and posts for a named audience the reader may still see."""
        kept = copy.items.get("reserved", {})
        papers = self._shelf.some(reader, kept.get("documents", ()))
        return len(papers) + len(self._quotes.some(reader, kept.get("posts", ())))

    def _counts(self, reader: Reader, copy: Copy) -> Mapping[int, Count]:
        """Return how much each topic had, of topics that the reader knows."""
        kept = {int(topic_id): n for topic_id, n in copy.items.get("counts", {}).items()}
        known = (self._titles[n] for n in kept if n in self._titles)
        language = reader.viewer.language
        return {
            topic.id: Count(topic.id, topic.title(language), *kept[topic.id])
            for topic in known
            if reader.knows(topic.id, topic.policy)
        }

    def signed_by(self, copy: Copy) -> str | None:
        """Return the editor who signed what of the desk is in a digest."""
        issue = self._edited.get(copy.number)
        return issue.signed_by if issue is not None else None


async def library(tx: Transaction, copies: Sequence[Copy], viewers: Iterable[Viewer]) -> Library:
    """Return what some digests refer to; a dozen questions at most, however many there are."""

    def ids(*sections: Section) -> set[int]:
        return {abs(n) for copy in copies for section in sections for n in copy.items.get(section.value, ())}

    def reserved(kind: str) -> set[int]:
        return {n for copy in copies for n in copy.items.get("reserved", {}).get(kind, ())}

    numbers = {copy.number for copy in copies} | ids(Section.NOTES)
    edited = await desk.edited(tx, min(numbers, default=1) - 1, max(numbers, default=0))
    return Library(
        await documents.holding(tx, ids(Section.DOCUMENTS) | reserved("documents")),
        await posts.quotes(tx, ids(Section.TALK) | reserved("posts")),
        await events.dates_of(tx, ids(Section.DATES)),
        await announcements.some(tx, ids(Section.ANNOUNCEMENTS), [viewer.id for viewer in viewers]),
        await directory.introduced(tx, ids(Section.NEWCOMERS)),
        await desk.items_by_id(tx, ids(Section.PINS, Section.CALLS, Section.NEWS, Section.HOUSEKEEPING)),
        {issue.number: issue for issue in edited},
        {topic.id: topic for topic in await topics.everything(tx)},
    )


async def issues_of(
    tx: Transaction, copies: Mapping[int, Copy], viewers: Mapping[int, Viewer], part: int = 0
) -> dict[int, Issue]:
    """Return digests by their reader's member id: one part of each, or with 0 the whole."""
    found = await library(tx, list(copies.values()), viewers.values())
    readers = await topics.readers(tx, [viewers[member_id] for member_id in copies])
    rows = await tx.scalars(select(DigestSchedule).where(DigestSchedule.member_id.in_(copies)))
    schedules = {row.member_id: row for row in rows}
    return {n: _issue(found, readers[n], copy, part, schedules.get(n)) for n, copy in copies.items()}


def _issue(found: Library, reader: Reader, copy: Copy, part: int, schedule: DigestSchedule | None) -> Issue:
    lines = found.lines(reader, copy)
    first, end = (0, len(lines)) if part == 0 else _bounds(copy, part, len(lines))
    last = end == len(lines)
    return Issue(
        number=copy.number,
        since=copy.since,
        until=copy.until,
        part=part or 1,
        parts=len(copy.breaks) if part else 1,
        signed_by=found.signed_by(copy),
        lines=tuple(line for line in lines[first:end] if line is not None),
        told=copy.items.get("told", 0) if last else 0,
        reserved=found.reserved(reader, copy) if last else 0,
        zone=reader.viewer.zone,
        schedule=schedule,
        ref=copy.ref,
    )


def _bounds(copy: Copy, part: int, end: int) -> tuple[int, int]:
    begins = [*copy.breaks, end]
    return begins[part - 1], begins[part]


async def load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> dict[int, Issue]:
    """Return, by member id, the part of their digest that a promise speaks of: to whom belongs, if it says anything.

    `facts` are the ISO `week` (year and week), the `slot` of a daily one and the `part`, 0 for the whole.
    """
    week, readers = facts["week"], {viewer.id: viewer for viewer in viewers if viewer.active}
    due = (Digest.iso_year, Digest.iso_week, Digest.slot)
    mine = select(Digest).where(Digest.member_id.in_(readers), tuple_(*due) == (*week, facts["slot"]))
    copies = {row.member_id: of_row(row) for row in await tx.scalars(mine)}
    found = await issues_of(tx, copies, readers, facts["part"])
    # A week in which nothing was new may be told; one whose news are gone meanwhile is not.
    return {n: issue for n, issue in found.items() if not issue.empty or not _news(copies[n])}


def of_row(row: Digest) -> Copy:
    """Return a digest as it is kept."""
    return Copy(row.number, row.period_start, row.period_end, row.items, tuple(row.breaks) or (0,), f"d{row.id}")


def _news(copy: Copy) -> bool:
    return any(copy.items.get(section.value) for section in Section) or any(copy.items.get("reserved", {}).values())
