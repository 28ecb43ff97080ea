"""The roster: which processes work, told living from dead, and what only one of them may do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, String, delete, func, literal, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from storage import inbox, outbox
from storage.database import Base, Moment, Transaction, has_server, insert, wake


class Duty(StrEnum):
    """What exactly one process does at a time."""

    POLL = "poll"
    CLOCK = "clock"
    PACE = "pace"


class NotOnDutyError(Exception):
    """Another process has this duty now: what was about to be written is not written."""


class Worker(Base):
    """A process that works, when it was last seen alive, and when it last polled and ticked; by the database's time."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    polled_at: Mapped[datetime | None] = mapped_column(Moment)
    ticked_at: Mapped[datetime | None] = mapped_column(Moment)


class Held(Base):
    """Who has a duty; it is free again once that worker is gone."""

    __tablename__ = "duty"

    name: Mapped[Duty] = mapped_column(String(8), primary_key=True)
    worker_id: Mapped[str] = mapped_column(String(32), ForeignKey("worker.id", ondelete="CASCADE"))


_OURS = "network-bot "


def alive(worker_id: str) -> ColumnElement[Any]:
    """Return what takes the lock that a worker's own session holds as long as it lasts (PostgreSQL)."""
    return func.pg_advisory_lock(_number_of(literal(worker_id)))


def _gone() -> ColumnElement[Any]:
    """Return what tells whether nobody holds a worker's lock (PostgreSQL)."""
    return func.pg_try_advisory_xact_lock(_number_of(Worker.id))


def _number_of(worker_id: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[Any]:
    return func.hashtextextended(literal(_OURS) + worker_id, 0)


async def enrol(tx: Transaction, worker_id: str, role: str, version: str) -> None:
    """Note that a process works; one that is known already stays as it is."""
    now = func.now()
    row = {"id": worker_id, "role": role, "version": version, "started_at": now, "seen_at": now}
    await tx.execute(insert(tx, Worker).values(row).on_conflict_do_nothing(index_elements=["id"]))


async def beat(tx: Transaction, worker_id: str, polled_at: datetime | None, ticked_at: datetime | None) -> bool:
    """Note that a worker lives; return False where it was taken for dead meanwhile and has to enrol again."""
    signs = {"seen_at": func.now(), "polled_at": polled_at, "ticked_at": ticked_at}
    seen = await tx.execute(update(Worker).where(Worker.id == worker_id).values(signs).returning(Worker.id))
    return seen.first() is not None


async def bury(tx: Transaction, worker_id: str, seconds: float) -> list[str]:
    """Free what dead workers had in hand; return who they were.

    On a server a worker is dead whose session has ended, or which was not seen for `seconds`; on SQLite all but
    `worker_id`: whoever opens the file to work is alone. A server that was started less than `seconds` ago has ended
    all sessions itself and tells nothing by it: those that live come back, and settle what they have sent.
    """
    others = delete(Worker).where(Worker.id != worker_id)
    if has_server(tx):
        ago = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        silent = Worker.seen_at < ago
        others = others.where(func.pg_postmaster_start_time() < ago, or_(silent, _gone()))
    dead = list(await tx.scalars(others.returning(Worker.id)))
    await _free(tx, dead)
    return dead


async def leave(tx: Transaction, worker_id: str) -> None:
    """Note that a process ends: what it had in hand is free at once."""
    await tx.execute(delete(Worker).where(Worker.id == worker_id))
    await _free(tx, [worker_id])


async def _free(tx: Transaction, workers: Collection[str]) -> None:
    if workers:
        await inbox.free(tx, workers)
        await outbox.free(tx, workers)
        wake(tx, "duties")


async def take(tx: Transaction, worker_id: str, wanted: Collection[Duty]) -> frozenset[Duty]:
    """Take the duties that nobody has; return all that this worker has now."""
    rows = [{"name": duty.value, "worker_id": worker_id} for duty in wanted]
    if rows:
        await tx.execute(insert(tx, Held).values(rows).on_conflict_do_nothing(index_elements=["name"]))
    return frozenset(map(Duty, await tx.scalars(select(Held.name).where(Held.worker_id == worker_id))))


async def require(tx: Transaction, worker_id: str, duty: Duty) -> None:
    """See that a worker has a duty, and that nobody can take it before this transaction ends.

    Raises:
        NotOnDutyError: it was taken for dead, and another has the duty or may have it.
    """
    mine = select(Held.name).where(Held.name == duty.value, Held.worker_id == worker_id)
    if await tx.scalar(mine.with_for_update(read=True)) is None:
        raise NotOnDutyError(duty.value)


@dataclass(frozen=True)
class Living:
    """A process that works, and its duties."""

    worker: Worker
    duties: tuple[Duty, ...]


async def living(tx: Transaction) -> list[Living]:
    """Return the processes that are enrolled and whose session lasts (PostgreSQL), the oldest first."""
    found = select(Worker).order_by(Worker.started_at, Worker.id)
    if has_server(tx):
        found = found.where(~_gone())
    held = (await tx.scalars(select(Held).order_by(Held.name))).all()
    return [
        Living(worker, tuple(Duty(one.name) for one in held if one.worker_id == worker.id))
        for worker in await tx.scalars(found)
    ]


async def number(tx: Transaction) -> int:
    """Return how many processes are enrolled."""
    return int(await tx.scalar(select(func.count()).select_from(Worker)) or 0)
