"""Reminding: at most two reminders a reader, at an hour that suits them; and asking again after a correction."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, update

from storage import quiet
from storage.announcements import cards
from storage.announcements.acknowledging import HAVING, acknowledgements, missing
from storage.announcements.tables import SENT, Announcement, AnnouncementState, Recipient
from storage.database import Transaction
from storage.members import BELONGING, Member
from storage.outbox import Lane, Promise, promise

MOST = 2
REMINDER, AGAIN, CLOSED = "announcement:reminder", "announcement:again", "announcement:acknowledged"
_LAST = timedelta(days=1)


class Reader(NamedTuple):
    """Somebody who may have to be reminded.

    They live in `zone`, their night is from `quiet_from` until `quiet_until`, `heard_at` they got it, and they have
    had so many `reminders`, the last one at `reminded_at`.
    """

    member_id: int
    zone: str
    quiet_from: str
    quiet_until: str
    heard_at: datetime | None
    reminders: int
    reminded_at: datetime | None


def reminder_times(sent: datetime, deadline: datetime) -> tuple[datetime, datetime]:
    """Return when readers are reminded: at half of the time, and a day, or a quarter if shorter, before its end."""
    whole = deadline - sent
    return sent + whole / 2, deadline - min(_LAST, whole / 4)


def reminder_due(row: Announcement, reader: Reader, now: datetime) -> datetime | None:
    """Return when a reader is to be reminded next, if that is decided now; None if not.

    What a downtime has left out is not made up for, nobody is reminded right after they got it or its correction, and
    what is not urgent waits until the night is over: if that is after the deadline, it does not come.
    """
    planned = _planned(row, now)
    heard = max(at for at in (reader.heard_at, row.corrected_at, row.sent_at) if at is not None)
    if planned is None or planned <= heard or reader.reminders >= MOST:
        return None
    if reader.reminded_at is not None and reader.reminded_at >= planned:
        return None
    at = _awake(row, reader, now)
    return at if at < _end(row) else None


def _planned(row: Announcement, now: datetime) -> datetime | None:
    """Return the last of the times of reminders that has come."""
    assert row.sent_at is not None
    assert row.acknowledge_by is not None
    return max((at for at in reminder_times(row.sent_at, row.acknowledge_by) if at <= now), default=None)


def _awake(row: Announcement, reader: Reader, now: datetime) -> datetime:
    """Return when a reader may be told: now, or where it is night and nothing is urgent, in the morning."""
    begin, end = time.fromisoformat(reader.quiet_from), time.fromisoformat(reader.quiet_until)
    return now if row.urgent else quiet.until(now, reader.zone, begin, end) or now


def _end(row: Announcement) -> datetime:
    """Return from when on nobody is reminded."""
    return min(at for at in (row.acknowledge_by, row.expires_at) if at is not None)


async def remind(tx: Transaction, now: datetime) -> None:
    """Remind who has not acknowledged, ask those again who acknowledged what was corrected, and close what is through.

    The author is told once: when all have acknowledged, or when the deadline passes.
    """
    asking = (
        Announcement.state.in_(SENT),
        Announcement.acknowledge_by.is_not(None),
        Announcement.sent_at <= now,
        Announcement.chased_version.is_(None) | (Announcement.chased_version < Announcement.version),
    )
    rows = select(Announcement).where(*asking).order_by(Announcement.id).with_for_update(skip_locked=True)
    for row in await tx.scalars(rows):
        await _ask_again(tx, row, now)
        await _remind(tx, row, now)
        await _close(tx, row, now)


async def _ask_again(tx: Transaction, row: Announcement, now: datetime) -> None:
    if row.version == (row.asked_version or 1):
        return
    row.asked_version = row.version
    facts, key = {"announcement": row.id}, f"announcement-again:{row.id}:{row.version}"
    letters = [
        Promise(one.member_id, AGAIN, facts, Lane.BULK, key=f"{key}:{one.member_id}", due_at=_awake(row, one, now))
        for one in await _readers(tx, row, Recipient.acknowledged_version < row.version)
    ]
    await promise(tx, letters, now)


async def _remind(tx: Transaction, row: Announcement, now: datetime) -> None:
    planned, ends = _planned(row, now), _end(row)
    if planned is None or now >= ends:
        return
    due: defaultdict[datetime, list[int]] = defaultdict(list)
    letters: list[Promise] = []
    facts = {"announcement": row.id}
    waits = Recipient.reminded_at.is_(None) | (Recipient.reminded_at < planned)
    for reader in await _readers(tx, row, missing(row) & waits & (Recipient.reminders < MOST)):
        at = reminder_due(row, reader, now)
        if at is not None:
            due[at].append(reader.member_id)
            key = f"announcement-reminder:{row.id}:{reader.reminders + 1}:{reader.member_id}"
            letters.append(Promise(reader.member_id, REMINDER, facts, Lane.BULK, key=key, due_at=at, expires_at=ends))
    await promise(tx, letters, now)
    for at, ids in due.items():
        mine = update(Recipient).where(Recipient.announcement_id == row.id, Recipient.member_id.in_(ids))
        counted = mine.values(reminders=Recipient.reminders + 1, reminded_at=at)
        await tx.execute(counted.execution_options(synchronize_session=False))


async def _readers(tx: Transaction, row: Announcement, which: ColumnElement[bool]) -> list[Reader]:
    """Return those who have it, `which` of them, and can be reached."""
    facts = select(
        Member.id, Member.zone, Member.quiet_from, Member.quiet_until, Recipient.settled_at, Recipient.reminders,
        Recipient.reminded_at,
    )  # fmt: skip
    having = (Recipient.announcement_id == row.id, Recipient.state.in_(HAVING), which)
    there = (Member.state.in_(BELONGING), Member.telegram_id.is_not(None), Member.unreachable_since.is_(None))
    mine = facts.join(Recipient, Recipient.member_id == Member.id).where(*having, *there)
    found: Any = await tx.execute(mine.order_by(Member.id))
    return [Reader(*one) for one in found]


async def _close(tx: Transaction, row: Announcement, now: datetime) -> None:
    counted = await acknowledgements(tx, row)
    assert counted is not None
    assert row.acknowledge_by is not None
    over = row.acknowledge_by <= now
    all_there = row.state is AnnouncementState.DONE and counted.asked == counted.done > 0
    if not over and not all_there:
        return
    row.chased_version = row.version
    if over and row.corrected_at is not None and row.corrected_at >= row.acknowledge_by:
        return  # its author was told at the deadline
    key = f"announcement-acknowledged:{row.id}:{row.version}"
    await promise(tx, [Promise(row.author_id, CLOSED, {"announcement": row.id}, key=key)], now)
    await cards.tell_author(tx, row, now)
