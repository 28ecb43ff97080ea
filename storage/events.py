"""Events and deadlines of the network: what is coming, and the archive."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, String, false, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access
from storage.access import Viewer
from storage.database import Base, Moment, Transaction, one_of
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


async def upcoming(tx: Transaction, viewer: Viewer, now: datetime, days: int) -> list[Event]:
    """Return what has not ended and begins within `days`, by date."""
    soon = _open_to(viewer).where(Event.ends_at >= now, Event.starts_at <= now + timedelta(days=days))
    return list(await tx.scalars(soon.order_by(Event.starts_at, Event.id)))


async def deadlines(tx: Transaction, viewer: Viewer, now: datetime, days: int) -> list[Event]:
    """Return the events whose deadline falls within `days`, by deadline."""
    soon = _open_to(viewer).where(Event.deadline_at >= now, Event.deadline_at <= now + timedelta(days=days))
    return list(await tx.scalars(soon.order_by(Event.deadline_at, Event.id)))


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
