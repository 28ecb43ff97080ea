"""What an issue says: composed for one viewer at the moment of reading, by what they may see then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import announcements, documents, events, posts, topics
from storage.access import Viewer
from storage.database import Transaction
from storage.digests.schedules import of
from storage.digests.tables import Digest
from storage.digests.times import week_of
from storage.documents import Document, LinkState
from storage.events import Event
from storage.tlp import Label, highest

AHEAD = 30
"""How many days of the calendar an issue shows."""
TALKED = 5
"""How many posts of the topics an issue carries."""


@dataclass(frozen=True)
class Announced:
    """An announcement of the period."""

    id: int
    title: str
    label: Label


@dataclass(frozen=True)
class Dated:
    """An event, or with `deadline` the day until which one answers it."""

    token: str
    title_en: str
    title_ru: str
    place_en: str
    place_ru: str
    at: datetime
    label: Label
    deadline: bool
    online: bool


@dataclass(frozen=True)
class Published:
    """A document that is new in a followed topic; `link` is how its link was found, `archive_url` a copy of it."""

    id: int
    token: str
    title: str
    publisher: str | None
    year: int | None
    languages: str | None
    label: Label
    link: LinkState = LinkState.UNKNOWN
    archive_url: str | None = None


@dataclass(frozen=True)
class Talked:
    """A post of a followed topic that moved people; `html` is what it says."""

    topic: str
    html: str
    organisation: str | None
    replies: int
    reactions: int
    label: Label


@dataclass(frozen=True)
class Issue:
    """One issue for one reader. Above GREEN nothing is listed: `reserved` counts what their organisation got."""

    number: int
    period_start: datetime
    period_end: datetime
    announcements: tuple[Announced, ...]
    calendar: tuple[Dated, ...]
    documents: tuple[Published, ...]
    topics: tuple[tuple[str, int], ...]
    talk: tuple[Talked, ...]
    reserved: int
    weekday: int
    at: str
    zone: str

    @property
    def empty(self) -> bool:
        return not (self.announcements or self.calendar or self.documents or self.talk or self.reserved)

    @property
    def label(self) -> Label:
        """The highest label of what is listed; that an organisation has something reserved is for members only."""
        listed = [a.label for a in self.announcements]
        listed += [e.label for e in self.calendar] + [d.label for d in self.documents] + [t.label for t in self.talk]
        return highest([*listed, Label.GREEN if self.reserved else Label.CLEAR]) or Label.CLEAR


async def load(tx: Transaction, digest_id: int, viewers: Sequence[Viewer]) -> dict[int, Issue]:
    """Return a digest's issue by member id: for its own member, while active, if there is anything to say."""
    digest = await tx.get(Digest, digest_id)
    found: dict[int, Issue] = {}
    for viewer in viewers:
        if digest is not None and viewer.id == digest.member_id and viewer.active:
            issue = await compose(tx, viewer, digest.period_start, digest.period_end, digest.iso_week)
            if issue is not None and not issue.empty:
                found[viewer.id] = issue
    return found


async def compose(
    tx: Transaction, viewer: Viewer, start: datetime, end: datetime, number: int | None = None
) -> Issue | None:
    """Return what is new for a viewer between two moments and what comes after; None without a schedule.

    `number` is the week an issue was made for; a later change of zone does not renumber it.
    """
    row = await of(tx, viewer)
    if row is None:
        return None
    followed = await topics.followed(tx, viewer.id)
    fresh = [d for d in await documents.fresh(tx, viewer, start, followed) if d.shared_at < end]
    announced = await announcements.for_digest(tx, viewer, start, end)
    listed = [d for d in fresh if not d.label.named_audience]
    told = [a for a in announced if not a.label.named_audience]
    return Issue(
        number=number or week_of(end, viewer.zone)[1],
        period_start=start,
        period_end=end,
        announcements=tuple(Announced(a.id, a.title, a.label) for a in told),
        calendar=await _calendar(tx, viewer, end),
        documents=await _published(tx, sorted(listed, key=lambda d: d.label.rank)),
        topics=await _counts(tx, viewer, listed),
        talk=await _talk(tx, viewer, followed, start, end),
        reserved=len(fresh) - len(listed) + len(announced) - len(told),
        weekday=row.weekday,
        at=row.at,
        zone=viewer.zone,
    )


async def _calendar(tx: Transaction, viewer: Viewer, now: datetime) -> tuple[Dated, ...]:
    coming = await events.upcoming(tx, viewer, now, AHEAD)
    due = await events.deadlines(tx, viewer, now, AHEAD)
    dated = [_dated(e, e.starts_at, deadline=False) for e in coming if e.deadline_at != e.starts_at]
    dated += [_dated(e, e.deadline_at, deadline=True) for e in due if e.deadline_at is not None]
    return tuple(sorted(dated, key=lambda d: (d.at, d.deadline, d.token)))


async def _counts(tx: Transaction, viewer: Viewer, listed: Sequence[Document]) -> tuple[tuple[str, int], ...]:
    counted = Counter(d.topic_id for d in listed)
    names = await topics.titles(tx, viewer, list(counted))
    return tuple((names[topic_id], n) for topic_id, n in counted.most_common() if topic_id in names)


async def _talk(
    tx: Transaction, viewer: Viewer, followed: Collection[int], start: datetime, end: datetime
) -> tuple[Talked, ...]:
    """Return the posts of the period that moved people most; what is for a named audience is read in private only."""
    found = await posts.most_answered(tx, viewer, followed, start, end, TALKED)
    names = await topics.titles(tx, viewer, [post.topic_id for post in found])
    authors = await posts.authors(tx, found)
    return tuple(
        Talked(names[p.topic_id], p.html or "", authors[p.id][1], p.replies, p.reactions, p.label)
        for p in found if p.html and not p.label.named_audience
    )  # fmt: skip


def _dated(event: Event, at: datetime, *, deadline: bool) -> Dated:
    places = (event.place_en, event.place_ru)
    return Dated(event.token, event.title_en, event.title_ru, *places, at, event.label, deadline, event.online)


async def _published(tx: Transaction, listed: Sequence[Document]) -> tuple[Published, ...]:
    found = await documents.link_health(tx, [d.id for d in listed])
    states = {document_id: link.state for document_id, link in found.items()}
    return tuple(
        Published(
            d.id, d.token, d.title, d.publisher, d.year, d.languages, d.label,
            states.get(d.id, LinkState.UNKNOWN), d.archive_url,
        )
        for d in listed
    )  # fmt: skip
