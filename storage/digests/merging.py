"""Merging: what was new in a period, read once, and out of it what each of many members is told."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from storage import announcements, directory, documents, events, posts, topics
from storage.announcements import Mailbag, Sent
from storage.database import Transaction
from storage.digests import desk
from storage.digests.desk import Edited, Item
from storage.digests.tables import DeskKind
from storage.directory import Newcomer
from storage.documents import Shelf
from storage.events import Agenda
from storage.lengths import longest, units
from storage.posts import Talk
from storage.topics import Reader

AHEAD = timedelta(days=30)
"""How far ahead a digest looks in the calendar."""
TALKED = 5
"""How many posts of the topics a digest quotes."""
QUOTE = 120
"""How many characters of a post are quoted."""
_COUNTRY = 50
_LONG_AGO = timedelta(days=3650)


class Section(StrEnum):
    """The sections of a digest in their order (R-14), below what the editor says and pins."""

    NOTES = "notes"
    PINS = "pins"
    ANNOUNCEMENTS = "announcements"
    DATES = "dates"
    DOCUMENTS = "documents"
    CALLS = "calls"
    TALK = "talk"
    TOPICS = "topics"
    NEWS = "news"
    NEWCOMERS = "newcomers"
    HOUSEKEEPING = "housekeeping"


Line = tuple[int, int]
"""The id of what is told, and how many UTF-16 units it has of its own."""
Divide = Callable[[Sequence[tuple[Section, Sequence[Line]]]], list[int]]
"""Returns at which lines, counted through all sections, the parts of a digest begin: each fits into a message."""

_ORDER = tuple(Section)
_DESKED = {
    DeskKind.PIN: Section.PINS,
    DeskKind.CALL: Section.CALLS,
    DeskKind.NEWS: Section.NEWS,
    DeskKind.HOUSEKEEPING: Section.HOUSEKEEPING,
}


class Period(NamedTuple):
    """What one member's digest covers: since when until when, and the issues above one number up to another.

    With `first` nothing was ever told: then everything is new that the calendar shows. `following` is where the next
    one ends: what is before that on the calendar is not left to it.
    """

    since: datetime
    until: datetime
    above: int
    upto: int
    first: bool = False
    following: datetime | None = None

    @property
    def dated_before(self) -> datetime:
        return max(self.until + AHEAD, self.following or self.until)

    @property
    def dated_since(self) -> datetime:
        return self.since - _LONG_AGO if self.first else self.since


@dataclass
class Merged:
    """One member's digest: its sections in order, how much each topic had, and what is only counted.

    `told` is how many dates to come were told before, `reserved` are documents and posts for a named audience.
    """

    sections: list[tuple[Section, list[Line]]]
    counts: dict[int, list[int]]
    told: int
    reserved: dict[str, list[int]]

    @property
    def empty(self) -> bool:
        return not self.sections and not self.reserved

    def items(self) -> dict[str, Any]:
        """Return it as JSON: ids by section; dates that are deadlines are negative."""
        kept: dict[str, Any] = {section: [line[0] for line in lines] for section, lines in self.sections}
        return kept | {"counts": self.counts, "told": self.told, "reserved": self.reserved}


class Findings:
    """What was new for anybody in a period. `merge` asks the database nothing."""

    def __init__(
        self,
        period: Period,
        shelf: Shelf,
        talk: Talk,
        agenda: Agenda,
        sent: Sequence[Sent],
        newcomers: Sequence[Newcomer],
        edited: Sequence[Edited],
        titles: Mapping[int, int],
    ) -> None:
        self.period, self._shelf, self._talk, self._agenda = period, shelf, talk, agenda
        self.sent, self._newcomers, self._edited = sent, newcomers, edited
        # Each line is made once, however many members are told.
        self._papers = [(d.id, d.words) for d in shelf.documents]
        self._topics = [d.topic_id for d in shelf.documents]
        self._by_topic = {topic_id: (topic_id, words) for topic_id, words in titles.items()}
        self._listed = bisect_left(shelf.documents, x=True, key=lambda d: d.label.named_audience)
        self._quotes = [(post.id, min(QUOTE, 2 * post.length) + titles[post.topic_id]) for post in talk.posts]
        self._told: dict[tuple[Any, ...], tuple[list[Line], int]] = {}
        self._of_desk: dict[tuple[Any, ...], dict[Section, list[Line]]] = {}

    def tells_of(self, number: int) -> bool:
        """Tell whether the editor's part of an issue was there to be found."""
        return any(issue.number == number for issue in self._edited)

    def edited_upto(self, number: int) -> int:
        """Return the last issue up to a number of which the editor's part was found."""
        return max((issue.number for issue in self._edited if issue.number <= number), default=0)

    def merge(self, reader: Reader, bag: Mailbag, period: Period) -> Merged:
        """Return what a member is told of a period; `bag` holds the announcements that they were sent."""
        since, until = period.since, period.until
        dates, told = self._dates(reader, period)
        fresh = self._shelf.fresh(reader, since, until)
        listed = fresh[: bisect_left(fresh, self._listed)]
        quoted, said, named = self._talk.moved(reader, since, until)
        counts = _counts([self._topics[n] for n in listed], said)
        found = {
            Section.DATES: dates,
            Section.DOCUMENTS: [self._papers[n] for n in listed],
            Section.TALK: [self._quotes[n] for n in quoted],
            Section.TOPICS: [self._by_topic[topic_id] for topic_id in counts],
            **self._desked(period, reader.viewer.zone),
        }
        if self.sent:
            sent = bag.between(reader.viewer, since, until)
            found[Section.ANNOUNCEMENTS] = [(one.id, longest(title for _, title in one.titles)) for one in sent]
        if self._newcomers:
            found[Section.NEWCOMERS] = self._introduced(reader, since, until)
        papers = [self._papers[n][0] for n in fresh[len(listed) :]]
        reserved = {kind: ids for kind, ids in (("documents", papers), ("posts", named)) if ids}
        return Merged([(section, found[section]) for section in _ORDER if found.get(section)], counts, told, reserved)

    def _dates(self, reader: Reader, period: Period) -> tuple[list[Line], int]:
        since, until = period.dated_since, period.until
        key = (reader.viewer.active, since, until, period.dated_before)
        if key not in self._told:
            fresh = self._agenda.fresh(reader.viewer, *key[1:])
            lines = [(-d.id if d.deadline else d.id, d.words) for d in fresh]
            self._told[key] = lines, self._agenda.told(reader.viewer, since, until)
        return self._told[key]

    def _introduced(self, reader: Reader, since: datetime, until: datetime) -> list[Line]:
        new = [one for one in self._newcomers if since <= one.at < until]
        told = directory.to(reader.viewer, new)
        return [(one.id, units(one.name) + units(one.organisation or "") + _COUNTRY) for one in told]

    def _desked(self, period: Period, zone: str) -> dict[Section, list[Line]]:
        day = period.until.astimezone(ZoneInfo(zone)).date()
        key = (period.above, period.upto, day)
        if key not in self._of_desk:
            issues = [issue for issue in self._edited if period.above < issue.number <= period.upto]
            self._of_desk[key] = _lines_of(issues, day)
        return self._of_desk[key]


def _lines_of(issues: Sequence[Edited], day: date) -> dict[Section, list[Line]]:
    lines: dict[Section, list[Line]] = {}
    for issue in issues:
        if issue.note:
            lines.setdefault(Section.NOTES, []).append((issue.number, longest(words for _, words in issue.note)))
        for item in issue.items:
            if item.until is None or item.until >= day:
                lines.setdefault(_DESKED[item.kind], []).append((item.id, words_of(item)))
    return lines


def words_of(item: Item) -> int:
    """Return how many UTF-16 units of its own something from the desk has at most."""
    said = sum(longest(words for _, words in texts) for texts in (item.titles, item.texts))
    return said + units(item.organisation or "")


def _counts(papers: Sequence[int], said: Mapping[int, int]) -> dict[int, list[int]]:
    """Return how many documents and posts each topic had, the busiest topic first."""
    documents = dict.fromkeys(said, 0)
    for topic_id in papers:
        documents[topic_id] = documents.get(topic_id, 0) + 1
    busiest = sorted([(-number - said.get(topic_id, 0), topic_id) for topic_id, number in documents.items()])
    return {topic_id: [documents[topic_id], said.get(topic_id, 0)] for _, topic_id in busiest}


async def find(tx: Transaction, period: Period, reader: Reader | None = None) -> Findings:
    """Return what was new in a period: for anybody, or only what may concern one reader. A dozen questions at most."""
    since, until = period.since, period.until
    heard = None if reader is None else list(reader.levels)
    return Findings(
        period,
        await documents.shared_between(tx, since, until, heard),
        await posts.said_between(tx, since, until, TALKED, heard),
        await events.agenda(tx, since, until, AHEAD),
        await announcements.sent_between(tx, since, until),
        await directory.introduced_between(tx, since, until),
        await desk.edited(tx, period.above, period.upto),
        {topic.id: longest(topic.titles.values()) for topic in await topics.everything(tx)},
    )
