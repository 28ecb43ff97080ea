"""Sending: one promise for each of the frozen recipients, at the hour that suits them, and again where it recurs."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from storage import quiet
from storage.announcements.tables import Announcement, AnnouncementState, Recipient, Repeats
from storage.announcements.verifying import remember_words
from storage.database import Transaction
from storage.members import Member, Night
from storage.outbox import Lane, Promise, promise
from storage.wall_time import moment

UNDO = timedelta(seconds=10)
"""How long what is sent at once can be taken back before the first copy leaves."""
_LATEST = "Etc/GMT+12"
"""Where an hour comes last."""
TEXT, ALBUM = "announcement:text", "announcement:album"


class Reader(NamedTuple):
    """What of a recipient decides when their copy leaves: their zone, and their night."""

    member_id: int
    zone: str
    night: Night
    quiet_from: str
    quiet_until: str


async def send(tx: Transaction, row: Announcement, now: datetime) -> None:
    """Promise a copy to each frozen recipient, or plan the first time of what recurs."""
    if row.repeats is not None and row.series_id is None:
        row.state, row.next_at = AnnouncementState.RECURRING, row.send_at or now
        return
    leaves = row.send_at or now + UNDO
    row.state, row.reason, row.finished_at, row.reported = AnnouncementState.SENDING, None, None, None
    letters: list[Promise] = []
    first: datetime | None = None
    times: dict[tuple[Any, ...], tuple[datetime, bool]] = {}
    for reader in await _readers(tx, row):
        by_clock = reader[1:]
        if by_clock not in times:
            times[by_clock] = when(row, reader, leaves)
        at, silent = times[by_clock]
        first = at if first is None or at < first else first
        letters.extend(_copies(row, reader.member_id, at, silent=silent))
    row.sent_at = first
    await remember_words(tx, row)
    await promise(tx, letters, now)


def _copies(row: Announcement, member_id: int, at: datetime, *, silent: bool) -> Iterator[Promise]:
    """Yield what one reader is sent; where there is an album before the words, it comes without a sound."""
    facts, key = {"announcement": row.id}, f"{row.subject}:{member_id}"
    for notice in [ALBUM] * row.apart + [TEXT]:
        album = notice == ALBUM
        subject = row.before if album else row.subject
        yield Promise(
            member_id, notice, facts, Lane.BULK, subject, f"{key}:album" if album else key, silent=silent or album,
            due_at=at, expires_at=row.expires_at, paid=row.paid,
        )  # fmt: skip


async def _readers(tx: Transaction, row: Announcement) -> list[Reader]:
    facts = select(Member.id, Member.zone, Member.night, Member.quiet_from, Member.quiet_until)
    mine = facts.join(Recipient, Recipient.member_id == Member.id).where(Recipient.announcement_id == row.id)
    rows: Any = await tx.execute(mine.order_by(Member.id))
    return [Reader(*found) for found in rows]


def when(row: Announcement, reader: Reader, leaves: datetime) -> tuple[datetime, bool]:
    """Return when a copy leaves, and whether it makes no sound: at night only what is urgent does."""
    at = leaves if row.local_at is None else _there(datetime.fromisoformat(row.local_at), reader.zone, leaves)
    if row.urgent:
        return at, False
    begin, end = time.fromisoformat(reader.quiet_from), time.fromisoformat(reader.quiet_until)
    night = quiet.until(at, reader.zone, begin, end)
    if night is None:
        return at, False
    return (night, False) if reader.night is Night.HOLD else (at, True)


def leaves_last(row: Announcement) -> datetime | None:
    """Return when the last copies are due to leave, quiet hours aside; None where it is at once."""
    if row.local_at is None:
        return row.send_at
    wall = datetime.fromisoformat(row.local_at)
    return moment(wall.date(), wall.time(), _LATEST)


def _there(wall: datetime, zone: str, leaves: datetime) -> datetime:
    """Return a wall time where somebody lives; where it has passed when the announcement is sent, it is at once."""
    return max(moment(wall.date(), wall.time(), zone), leaves)


def following(row: Announcement, zone: str) -> datetime | None:
    """Return when an announcement comes again by a zone's clock, after `next_at`; None after its last day."""
    assert row.next_at is not None
    assert row.repeats is not None
    first = (row.send_at or row.next_at).astimezone(ZoneInfo(zone))
    day = _after(row.next_at.astimezone(ZoneInfo(zone)).date(), row.repeats, first.day)
    if row.repeat_until is not None and day > row.repeat_until:
        return None
    return moment(day, first.time(), zone)


def _after(day: date, repeats: Repeats, wanted: int) -> date:
    """Return the next day; a month that is too short has it on its last one."""
    if repeats is not Repeats.MONTHLY:
        return day + timedelta(weeks=1 if repeats is Repeats.WEEKLY else 2)
    year, month = divmod(day.year * 12 + day.month, 12)
    return date(year, month + 1, min(wanted, monthrange(year, month + 1)[1]))


_COPIED = (
    "author_id", "language", "titles", "texts", "media", "apart", "poll", "label", "urgent", "audience", "released_by",
    "submitted_at",
)  # fmt: skip


def occurrence(row: Announcement, now: datetime) -> Announcement:
    """Return what a recurring announcement sends this time: its own, with its own number, code and report."""
    copied: Mapping[str, Any] = {name: getattr(row, name) for name in _COPIED}
    shift = now - (row.send_at or now)
    ends = {
        name: None if (at := getattr(row, name)) is None else at + shift for name in ("expires_at", "acknowledge_by")
    }
    state = AnnouncementState.DRAFT
    return Announcement(**copied, **ends, state=state, series_id=row.id, send_at=now, created_at=now)
