"""The inbox: raw updates, committed before Telegram is told that they were received."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    String,
    Text,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.bulk import insert_many
from storage.database import Base, Database, Moment, Transaction, execute, insert, one_of, wake

KEEP = timedelta(hours=48)
"""How long a handled update is remembered: Telegram repeats one for at most 24 hours."""


LANE = 40
"""The longest name of a lane."""


class AlreadyHandledError(Exception):
    """The update was handled meanwhile, by another process or an earlier life of this one."""


class InboxState(StrEnum):
    """What became of an update."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


class InboxRow(Base):
    """One update as Telegram sent it. `lane` names the person or chat whose updates are handled in order.

    `lease` is the worker that has it in hand, where several share the database.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_state_id", "state", "id"),
        Index("ix_inbox_lease", "lease", "lane"),  # of those that have a lease
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    lane: Mapped[str] = mapped_column(String(LANE))
    payload: Mapped[str | None] = mapped_column(Text)
    lease: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[InboxState] = mapped_column(one_of(InboxState), default=InboxState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


_TABLE: Any = InboxRow.__table__
_WAITING = (_TABLE.c.id, _TABLE.c.update_id, _TABLE.c.lane, _TABLE.c.payload, _TABLE.c.received_at)
# They are asked for each update: they are built once.
_PENDING = (
    select(*_WAITING)
    .where(_TABLE.c.state == InboxState.PENDING, _TABLE.c.lane.not_in(bindparam("busy", expanding=True)))
    .order_by(_TABLE.c.id)
    .limit(bindparam("most", type_=Integer))
)
_MINE = _TABLE.c.lease.is_not_distinct_from(bindparam("by", type_=String))
_SETTLE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row"), _TABLE.c.state == InboxState.PENDING, _MINE)
    .values(state=InboxState.DONE, settled_at=bindparam("at"), payload=None, lease=None)
)


def lane_of(account: int) -> str:
    """Name the lane of a person's updates."""
    return f"u{account}"


def account_of(lane: str) -> int | None:
    """Return whose lane it is, if it is a person's."""
    return int(lane[1:]) if lane.startswith("u") and lane[1:].isdigit() else None


class Waiting(NamedTuple):
    """An update that waits to be handled; `id` is the inbox's own."""

    id: int
    update_id: int
    lane: str
    payload: str | None
    received_at: datetime


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
    await insert_many(tx, _TABLE, rows, ("update_id",))
    wake(tx, "inbox")


async def set_down(tx: Transaction, number: int, payload: str, problem: str, now: datetime) -> None:
    """Store what came and is no update as a dead letter, so that an operator can look at it; the same only once."""
    row = {"update_id": number, "lane": "x", "payload": payload, "problem": problem, "attempts": 1}
    row |= {"state": InboxState.DEAD, "received_at": now, "settled_at": now}
    await tx.execute(insert(tx, InboxRow).values(row).on_conflict_do_nothing(index_elements=["update_id"]))


async def pending(tx: Transaction, busy: Collection[str], limit: int) -> list[Waiting]:
    """Return up to `limit` updates that wait and are not in one of the `busy` lanes, oldest first."""
    return [Waiting(*row) for row in await execute(tx, _PENDING, {"busy": list(busy), "most": limit})]


async def lease(tx: Transaction, worker_id: str, busy: Collection[str], limit: int) -> list[Waiting]:
    """Take up to `limit` updates into a worker's hand, the oldest first, and return them (PostgreSQL).

    Nobody gets an update of a lane that another has in hand, or that is among the `busy`: a person's updates are
    handled one after the other, whoever handles them.
    """
    await execute(tx, _ALONE)
    found = [Waiting(*row) for row in await execute(tx, _FREE, {"busy": list(busy), "most": limit, "by": worker_id})]
    if found:
        await execute(tx, _TAKE, {"rows": [row.id for row in found], "by": worker_id})
    return found


_ALONE = text("SELECT pg_advisory_xact_lock(7305082)")
"""Two that take at once could each get an update of one lane."""
_OTHER = _TABLE.alias()
_FREE = (
    select(*_WAITING)
    .where(
        _TABLE.c.state == InboxState.PENDING,
        _TABLE.c.lease.is_(None),
        _TABLE.c.lane.not_in(bindparam("busy", expanding=True)),
        ~exists().where(_OTHER.c.lane == _TABLE.c.lane, _OTHER.c.lease.is_not(None)),
    )
    .order_by(_TABLE.c.id)
    .limit(bindparam("most", type_=Integer))
)
_TAKE = update(_TABLE).where(_TABLE.c.id.in_(bindparam("rows", expanding=True))).values(lease=bindparam("by"))


async def free(tx: Transaction, workers: Collection[str]) -> None:
    """Let others handle what workers had in hand that are gone."""
    await tx.execute(update(InboxRow).where(InboxRow.lease.in_(workers)).values(lease=None))
    wake(tx, "inbox")


@asynccontextmanager
async def settling(
    database: Database, row_id: int, now: datetime, lease: str | None = None
) -> AsyncIterator[Transaction]:
    """Open the writing transaction in which an update is handled: it is settled first, and its text dropped at once.

    Raises:
        AlreadyHandledError: it no longer waits, or another has it.
    """
    async with database.transaction(_settled(row_id, now, lease) if database.has_server else "") as tx:
        if not database.has_server:
            tx.touched = (await execute(tx, _SETTLE, {"row": row_id, "at": now, "by": lease})).rowcount
        if not tx.touched:
            raise AlreadyHandledError
        yield tx


def _settled(row_id: int, now: datetime, lease: str | None) -> str:
    """Write `_SETTLE` for a server, with its values: what a transaction begins with has no parameters."""
    held = "IS NULL" if lease is None else "= '{}'".format(lease.replace("'", "''"))
    mine = f"id = {row_id:d} AND state = 'pending' AND lease {held}"
    done = f"state = 'done', settled_at = '{now.isoformat()}', payload = NULL, lease = NULL"
    return f"UPDATE inbox SET {done} WHERE {mine}"  # noqa: S608 - a number, a moment, and a name of ours


async def touch(tx: Transaction, row_id: int) -> None:
    """Write an update as it is: what raises would keep it from being settled as well."""
    await tx.execute(update(InboxRow).where(InboxRow.id == row_id).values(attempts=InboxRow.attempts))


async def fail(
    tx: Transaction, row_id: int, problem: str, now: datetime, *, tries: int, lease: str | None = None
) -> bool:
    """Note a failed try; after `tries` of them the update is a dead letter. Return whether it is dead."""
    row = await tx.get(InboxRow, row_id, with_for_update=True)
    if row is None or row.state is not InboxState.PENDING or row.lease != lease:
        return False
    row.attempts += 1
    row.problem = problem
    if row.attempts >= tries:
        row.state = InboxState.DEAD
        row.settled_at = now
        row.lease = None
    return row.state is InboxState.DEAD


async def set_aside(tx: Transaction, now: datetime, problem: str) -> None:
    """Make dead letters of the updates that wait, so that nobody is answered long after they asked."""
    waiting = update(InboxRow).where(InboxRow.state == InboxState.PENDING)
    await tx.execute(waiting.values(state=InboxState.DEAD, problem=problem, settled_at=now, lease=None))


async def of_person(tx: Transaction, telegram_id: int) -> list[dict[str, Any]]:
    """Return what the inbox still knows of a person's messages."""
    theirs = select(InboxRow).where(InboxRow.lane == lane_of(telegram_id)).order_by(InboxRow.id)
    kept = ("update_id", "lane", "payload", "state", "problem", "received_at")
    return [{name: getattr(row, name) for name in kept} for row in await tx.scalars(theirs)]


async def erase_person(tx: Transaction, telegram_id: int) -> None:
    """Take a person out of all updates that are handled; that they were handled stays known."""
    theirs = or_(InboxRow.lane == lane_of(telegram_id), InboxRow.payload.contains(f'"id":{telegram_id},'))
    handled = update(InboxRow).where(InboxRow.state != InboxState.PENDING, theirs)
    await tx.execute(handled.values(lane="x", payload=None, problem=None))


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop handled updates that are older than `KEEP`; dead letters stay for the operator."""
    await tx.execute(delete(InboxRow).where(InboxRow.state == InboxState.DONE, InboxRow.received_at < now - KEEP))


async def counts(tx: Transaction) -> dict[str, int]:
    """Return how many updates are in each state."""
    rows = await tx.execute(select(InboxRow.state, func.count()).group_by(InboxRow.state))
    return {str(state): count for state, count in rows}


async def died_since(tx: Transaction, since: datetime, most: int) -> int:
    """Return how many updates became dead letters since a moment, up to `most`; what a restore put aside is none."""
    dead = select(InboxRow.settled_at).where(InboxRow.state == InboxState.DEAD, InboxRow.attempts > 0)
    newest = await tx.scalars(dead.order_by(InboxRow.id.desc()).limit(most))
    return sum(at is not None and at >= since for at in newest)


async def oldest(tx: Transaction) -> datetime | None:
    """Return when the update came that has waited longest, if any waits."""
    waiting = select(InboxRow.received_at).where(InboxRow.state == InboxState.PENDING)
    return await tx.scalar(waiting.order_by(InboxRow.id).limit(1))
