"""Events and deadlines of the network: what is coming, and the archive."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, String, false, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access
from storage.access import Viewer
from storage.database import Base, Moment, Transaction, one_of
from storage.lengths import longest
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.tlp import Label

PAGE = 5
ONLINE = "online"


class Event(Base):
    """A meeting, a call or a deadline. `zone` is the place's own; `place_en` is `online` where there is none.

    `added_at` is since when it is on the calendar.

    Its label has no audience of its own: above GREEN nobody sees it here.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    title_en: Mapped[str] = mapped_column(String(300))
    title_ru: Mapped[str] = mapped_column(String(300))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment, index=True)
    place_en: Mapped[str] = mapped_column(String(120))
    place_ru: Mapped[str] = mapped_column(String(120))
    zone: Mapped[str] = mapped_column(String(64))
    organiser: Mapped[str | None] = mapped_column(String(200))
    pillar: Mapped[str | None] = mapped_column(String(20))
    deadline_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    demo: Mapped[bool] = mapped_column(default=False)
    label: Mapped[Label] = mapped_column(one_of(Label))
    added_at: Mapped[datetime] = mapped_column(Moment)

    @property
    def online(self) -> bool:
        return self.place_en == ONLINE


_ORDER = (Event.starts_at, Event.id)


@dataclass(frozen=True, slots=True)
class Dated:
    """An event, or with `deadline` the day until which one answers it.

    It is on the calendar since `added_at`; `told_from` is since when digests tell of it to who gets them often.
    """

    id: int
    token: str
    title_en: str
    title_ru: str
    place_en: str
    place_ru: str
    at: datetime
    label: Label
    deadline: bool
    online: bool
    added_at: datetime
    told_from: datetime

    @property
    def words(self) -> int:
        """How many UTF-16 units of its own a line about it has at most."""
        return longest((self.title_en, self.title_ru)) + longest((self.place_en, self.place_ru))


class Agenda:
    """Dates that come within `ahead` of some day, each told once: when it comes near, or later when it is added."""

    def __init__(self, rows: Iterable[Event], ahead: timedelta) -> None:
        self._ahead = ahead
        dates = [dated for row in rows for dated in _dates(row, ahead)]
        self._dates = sorted(dates, key=lambda d: (d.at, d.deadline, d.id))

    def fresh(self, viewer: Viewer, since: datetime, until: datetime, before: datetime | None = None) -> list[Dated]:
        """Return what came near, or was added, in a period and is still to come at its end, by date.

        What comes `before` the next telling is near, however far that is.
        """
        end = max(until + self._ahead, before or until)
        return [d for d in self._coming(viewer, until, end) if since <= d.told_from]

    def told(self, viewer: Viewer, since: datetime, until: datetime) -> int:
        """Return how many dates are to come that were told before a period."""
        return sum(d.told_from < since for d in self._coming(viewer, until, until + self._ahead))

    def some(self, viewer: Viewer, chosen: Iterable[tuple[int, bool]]) -> list[Dated]:
        """Return some dates that the viewer may see, each given as an event's id and whether its deadline is meant."""
        known = {(d.id, d.deadline): d for d in self._dates}
        return [known[one] for one in chosen if one in known and access.may_see(viewer, known[one].label, ())]

    def _coming(self, viewer: Viewer, until: datetime, end: datetime) -> list[Dated]:
        coming = (d for d in self._dates if d.added_at < until <= d.at < end)
        return [d for d in coming if access.may_see(viewer, d.label, ())]


def _dates(row: Event, ahead: timedelta) -> list[Dated]:
    dates = [(row.starts_at, False)] if row.deadline_at != row.starts_at else []
    dates += [(row.deadline_at, True)] if row.deadline_at is not None else []
    facts = (row.id, row.token, row.title_en, row.title_ru, row.place_en, row.place_ru)
    added = row.added_at
    return [Dated(*facts, at, row.label, late, row.online, added, max(added, at - ahead)) for at, late in dates]


async def agenda(tx: Transaction, since: datetime, until: datetime, ahead: timedelta) -> Agenda:
    """Return the dates that lie between two moments, or within `ahead` of the second, and as long again."""
    near = (since, until + 2 * ahead)
    dated = or_(Event.starts_at.between(*near), Event.deadline_at.between(*near))
    return Agenda(await tx.scalars(select(Event).where(dated)), ahead)


async def dates_of(tx: Transaction, ids: Iterable[int]) -> Agenda:
    """Return the dates of some events."""
    return Agenda(await tx.scalars(select(Event).where(Event.id.in_(ids))), timedelta(0))


async def coming(tx: Transaction, viewer: Viewer, now: datetime, first: int | None = None) -> Page[Event]:
    """Return a page of what has not ended, by date, from the event `first` on."""
    return await page(tx, _open_to(viewer).where(Event.ends_at >= now), _ORDER, first, PAGE)


async def past(tx: Transaction, viewer: Viewer, now: datetime, first: int | None = None) -> Page[Event]:
    """Return a page of what has ended, the latest first, from the event `first` on."""
    return await page(tx, _open_to(viewer).where(Event.ends_at < now), _ORDER, first, PAGE, newest_first=True)


async def by_id(tx: Transaction, viewer: Viewer, event_id: int) -> Event:
    """Return one event.

    Raises:
        Refusal: `event:unknown` where there is none, or none that `viewer` may see.
    """
    return await _one(tx, viewer, Event.id == event_id)


async def by_token(tx: Transaction, viewer: Viewer, token: str) -> Event:
    """Return the event that a deep link names; refuses as `by_id` does."""
    return await _one(tx, viewer, Event.token == token)


async def add(
    tx: Transaction,
    *,
    title_en: str,
    title_ru: str,
    starts_at: datetime,
    ends_at: datetime,
    place_en: str,
    place_ru: str,
    zone: str,
    now: datetime,
    organiser: str | None = None,
    pillar: str | None = None,
    deadline_at: datetime | None = None,
    demo: bool = False,
    label: Label = Label.CLEAR,
) -> Event:
    """Put an event on the calendar."""
    event = Event(
        token=secrets.token_urlsafe(12),
        title_en=title_en,
        title_ru=title_ru,
        starts_at=starts_at,
        ends_at=ends_at,
        place_en=place_en,
        place_ru=place_ru,
        zone=zone,
        organiser=organiser,
        pillar=pillar,
        deadline_at=deadline_at,
        demo=demo,
        label=label,
        added_at=now,
    )
    tx.add(event)
    await tx.flush()  # gives the event its id
    return event


def _open_to(viewer: Viewer) -> Select[Event]:
    return select(Event).where(access.visible(viewer, Event.label, false()))


async def _one(tx: Transaction, viewer: Viewer, which: ColumnElement[bool]) -> Event:
    found = await tx.scalar(_open_to(viewer).where(which))
    if found is None:
        raise Refusal("event:unknown")
    return found
