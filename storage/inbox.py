"""The inbox: raw updates, committed before Telegram is told that they were received."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, Transaction, insert, one_of, wake

KEEP = timedelta(hours=48)
"""How long a handled update is remembered: Telegram repeats one for at most 24 hours."""


LANE = 40
"""The longest name of a lane."""


class InboxState(StrEnum):
    """What became of an update."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


class InboxRow(Base):
    """One update as Telegram sent it. `lane` names the person or chat whose updates are handled in order."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_state_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    lane: Mapped[str] = mapped_column(String(LANE))
    payload: Mapped[str | None] = mapped_column(Text)
    state: Mapped[InboxState] = mapped_column(one_of(InboxState), default=InboxState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


_TABLE: Any = InboxRow.__table__
# Both are asked for each update: they are built once.
_PENDING = (
    select(InboxRow)
    .where(InboxRow.state == InboxState.PENDING, InboxRow.lane.not_in(bindparam("busy", expanding=True)))
    .order_by(InboxRow.id)
    .limit(bindparam("most", type_=Integer))
)
_SETTLE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row"), _TABLE.c.state == InboxState.PENDING)
    .values(state=InboxState.DONE, settled_at=bindparam("at"), payload=None)
    .returning(_TABLE.c.id)
)


@dataclass(frozen=True)
class RawUpdate:
    """An update to store: Telegram's id, its lane and its JSON text."""

    update_id: int
    lane: str
    payload: str


async def receive(tx: Transaction, updates: Sequence[RawUpdate], now: datetime) -> None:
    """Store updates; one that is already known (by its id, not by its order) is left as it is."""
    if not updates:
        return
    rows = [
        {"update_id": u.update_id, "lane": u.lane, "payload": u.payload, "received_at": now}
        | {"state": InboxState.PENDING, "attempts": 0}
        for u in updates
    ]
    await tx.execute(insert(tx, InboxRow).on_conflict_do_nothing(index_elements=["update_id"]), rows)
    wake(tx, "inbox")


async def pending(tx: Transaction, busy: Collection[str], limit: int) -> list[InboxRow]:
    """Return up to `limit` updates that wait and are not in one of the `busy` lanes, oldest first."""
    return list(await tx.scalars(_PENDING, {"busy": list(busy), "most": limit}))


async def settle(tx: Transaction, row_id: int, now: datetime) -> bool:
    """Mark an update as handled; return whether it still waited. Its text is dropped at once."""
    return await tx.scalar(_SETTLE, {"row": row_id, "at": now}) is not None


async def fail(tx: Transaction, row_id: int, problem: str, now: datetime, *, tries: int) -> bool:
    """Note a failed try; after `tries` of them the update is a dead letter. Return whether it is dead."""
    row = await tx.get(InboxRow, row_id)
    if row is None or row.state is not InboxState.PENDING:
        return False
    row.attempts += 1
    row.problem = problem
    if row.attempts >= tries:
        row.state = InboxState.DEAD
        row.settled_at = now
    return row.state is InboxState.DEAD


async def set_aside(tx: Transaction, now: datetime, problem: str) -> None:
    """Make dead letters of the updates that wait, so that nobody is answered long after they asked."""
    waiting = update(InboxRow).where(InboxRow.state == InboxState.PENDING)
    await tx.execute(waiting.values(state=InboxState.DEAD, problem=problem, settled_at=now))


async def of_person(tx: Transaction, telegram_id: int) -> list[dict[str, Any]]:
    """Return what the inbox still knows of a person's messages."""
    theirs = select(InboxRow).where(InboxRow.lane == f"u{telegram_id}").order_by(InboxRow.id)
    kept = ("update_id", "lane", "payload", "state", "problem", "received_at")
    return [{name: getattr(row, name) for name in kept} for row in await tx.scalars(theirs)]


async def erase_person(tx: Transaction, telegram_id: int) -> None:
    """Take a person out of all updates that are handled; that they were handled stays known."""
    theirs = or_(InboxRow.lane == f"u{telegram_id}", InboxRow.payload.contains(f'"id":{telegram_id},'))
    handled = update(InboxRow).where(InboxRow.state != InboxState.PENDING, theirs)
    await tx.execute(handled.values(lane="x", payload=None, problem=None))


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop handled updates that are older than `KEEP`; dead letters stay for the operator."""
    await tx.execute(delete(InboxRow).where(InboxRow.state == InboxState.DONE, InboxRow.received_at < now - KEEP))


async def counts(tx: Transaction) -> dict[str, int]:
    """Return how many updates are in each state."""
    rows = await tx.execute(select(InboxRow.state, func.count()).group_by(InboxRow.state))
    return {str(state): count for state, count in rows}
