"""Reading: what became of promises, for those who redraw, count and report."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    cast,
    func,
    select,
    union_all,
)

from storage.database import Transaction
from storage.outbox.tables import ON_ITS_WAY, WAITING, Lane, OutboxRow, OutboxState


async def shown(tx: Transaction, subject: str) -> dict[int, int]:
    """Return in which message each member has the newest copy of `subject`, so that it can be edited in place.

    `ON_ITS_WAY` is where it has not landed yet: its text is old already, and what replaces it finds it later.
    """
    await tx.flush()
    there = OutboxRow.message_id.is_not(None) | (OutboxRow.state == OutboxState.LEASED)
    place = func.coalesce(OutboxRow.message_id, OutboxRow.replaces, ON_ITS_WAY)
    theirs = select(OutboxRow.member_id, place).where(OutboxRow.subject == subject, there)
    found = await tx.execute(theirs.where(OutboxRow.member_id.is_not(None)).order_by(OutboxRow.id))
    return {member_id: message_id for member_id, message_id in found if member_id is not None}


async def landed(tx: Transaction, subjects: Collection[str | None]) -> dict[tuple[str | None, int | None], int]:
    """Return in which message each member has the newest copy of each subject that has landed."""
    there = (OutboxRow.subject.in_(subjects), OutboxRow.message_id.is_not(None))
    rows = select(OutboxRow.subject, OutboxRow.member_id, OutboxRow.message_id).where(*there)
    found = await tx.execute(rows.order_by(OutboxRow.id))
    return {(subject, member_id): message_id for subject, member_id, message_id in found if message_id is not None}


async def last_copy(tx: Transaction, subject: str) -> int | None:
    """Return the message that the newest copy of `subject` stands in, or will stand in."""
    place = func.coalesce(OutboxRow.message_id, OutboxRow.replaces)
    newest = select(place).where(OutboxRow.subject == subject).order_by(OutboxRow.id.desc())
    return await tx.scalar(newest.limit(1))


@dataclass(frozen=True)
class Copy:
    """A message that somebody has, and when it was sent."""

    member_id: int
    message_id: int
    at: datetime


async def copies(tx: Transaction, notices: Collection[str], fact: str, number: int) -> list[Copy]:
    """Return the messages that told members of one thing: `facts[fact]` is its number; the oldest first."""
    rows = select(OutboxRow).where(OutboxRow.notice.in_(notices), says(fact, number))
    found = await tx.scalars(rows.where(OutboxRow.message_id.is_not(None)).order_by(OutboxRow.id))
    return [Copy(row.member_id, row.message_id, row.settled_at or row.created_at) for row in found
            if row.member_id is not None and row.message_id is not None]  # fmt: skip


def says(fact: str, number: int) -> ColumnElement[bool]:
    """Return the SQL condition under which a row's facts hold a number."""
    return cast(OutboxRow.facts[fact].as_string(), String) == str(number)


async def will_replace(tx: Transaction, member_id: int, message_id: int | None) -> bool:
    """Tell whether something waits to be shown in place of a message."""
    waiting = select(OutboxRow.id).where(OutboxRow.member_id == member_id, OutboxRow.state.in_(WAITING))
    return await tx.scalar(waiting.where(OutboxRow.replaces == message_id).limit(1)) is not None


async def tally(tx: Transaction, subject: str) -> dict[OutboxState, int]:
    """Return how many copies of `subject` are in each state."""
    rows = await tx.execute(
        select(OutboxRow.state, func.count()).where(OutboxRow.subject == subject).group_by(OutboxRow.state)
    )
    return {row[0]: row[1] for row in rows}


async def counts(tx: Transaction) -> dict[str, int]:
    """Return how many messages are in each state."""
    rows = await tx.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
    return {str(state): count for state, count in rows}


async def oldest_due(tx: Transaction, now: datetime) -> dict[Lane, datetime | None]:
    """Return for each lane since when its oldest due message waits or is under way; one look into the index each."""
    asked = [_first_due(lane, state, now) for lane in Lane for state in (OutboxState.QUEUED, OutboxState.LEASED)]
    found: dict[Lane, datetime | None] = dict.fromkeys(Lane)
    for row in await tx.execute(union_all(*asked)):
        found[Lane(row[0])] = min(filter(None, (found[Lane(row[0])], row[1])))
    return found


def _first_due(lane: Lane, state: OutboxState, now: datetime) -> Select[Any]:
    # Ordered and cut, and not `min`: without statistics PostgreSQL would read the whole queue for that.
    due = select(OutboxRow.lane, OutboxRow.due_at).where(
        OutboxRow.state == state, OutboxRow.lane == lane, OutboxRow.due_at <= now
    )
    first = due.order_by(OutboxRow.due_at).limit(1).subquery()
    return select(first.c.lane, first.c.due_at)


async def report(tx: Transaction, subject: str) -> Mapping[int, tuple[OutboxState, str | None]]:
    """Return for each recipient of `subject` how it ended and why."""
    rows = await tx.execute(
        select(OutboxRow.member_id, OutboxRow.state, OutboxRow.reason).where(OutboxRow.subject == subject)
    )
    return {row.member_id: (row.state, row.reason) for row in rows if row.member_id is not None}
