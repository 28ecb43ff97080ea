"""The outbox: what was promised to people, one row a recipient and part; facts, not text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Text,
    bindparam,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from storage.database import Base, Moment, Transaction, insert, one_of, wake

Facts = dict[str, Any]

KEEP = timedelta(days=30)


class Lane(IntEnum):
    """Who waits for it: a person at the screen goes before a newsletter."""

    INTERACTIVE = 0
    LIVE = 1
    BULK = 2


class OutboxState(StrEnum):
    """What became of a promise. Everything but `queued`, `leased` and `held` is final."""

    QUEUED = "queued"
    LEASED = "leased"
    HELD = "held"
    SENT = "sent"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    REJECTED = "rejected"
    WITHHELD = "withheld"
    EXPIRED = "expired"


_NOW, _UNTIL = bindparam("now", type_=Moment), bindparam("until", type_=Moment)
WAITING = (OutboxState.QUEUED, OutboxState.LEASED, OutboxState.HELD)


class OutboxRow(Base):
    """One message to one recipient.

    `notice` names the text, `facts` feed it, `subject` groups the copies of one thing (`announcement:12`),
    `key` makes a promise unique, `replaces` is a message of this chat to be edited in place.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_state_lane_due", "state", "lane", "due_at", "id"),
        Index("ix_outbox_subject", "subject", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    lane: Mapped[int] = mapped_column(default=Lane.INTERACTIVE)
    notice: Mapped[str] = mapped_column(String(60))
    facts: Mapped[Facts] = mapped_column(JSON)
    subject: Mapped[str | None] = mapped_column(String(60))
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    replaces: Mapped[int | None] = mapped_column(BigInteger)
    silent: Mapped[bool] = mapped_column(default=False)
    state: Mapped[OutboxState] = mapped_column(one_of(OutboxState), default=OutboxState.QUEUED)
    due_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[str | None] = mapped_column(String(36))
    attempts: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True)
class Promise:
    """What to tell one person: see `OutboxRow` for each fact."""

    member_id: int
    notice: str
    facts: Facts = field(default_factory=dict)
    lane: Lane = Lane.INTERACTIVE
    subject: str | None = None
    key: str | None = None
    replaces: int | None = None
    silent: bool = False
    due_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Settlement:
    """How one send ended: the new state, and for a retry the moment it is due again.

    Until `held_until` the recipient gets nothing that was promised later, so that the order stays.
    """

    row_id: int
    state: OutboxState
    reason: str | None = None
    message_id: int | None = None
    due_at: datetime | None = None
    held_until: datetime | None = None


async def promise(tx: Transaction, promises: Iterable[Promise], now: datetime) -> None:
    """Queue messages in the transaction that makes them true; one whose key is known is left as it is."""
    rows = [_row(p, now) for p in promises]
    if not rows:
        return
    await tx.execute(insert(tx, OutboxRow).on_conflict_do_nothing(index_elements=["key"]), rows)
    for lane in {row["lane"] for row in rows}:
        wake(tx, news(lane))


def news(lane: int) -> str:
    """Name what a commit wakes that put something into a lane."""
    return f"outbox:{int(lane)}"


def _row(p: Promise, now: datetime) -> dict[str, Any]:
    row = {name: getattr(p, name) for name in p.__dataclass_fields__}
    row["lane"] = int(p.lane)
    row["due_at"] = p.due_at or now
    return row | {"created_at": now, "state": OutboxState.QUEUED, "attempts": 0}


async def claim(
    tx: Transaction,
    lanes: Sequence[Lane],
    limit: int,
    now: datetime,
    *,
    lease: str,
    lease_seconds: int,
    lost: bool = True,
) -> list[OutboxRow]:
    """Lease up to `limit` due rows of `lanes` for `lease` (a name unique to this process start), urgent first.

    A row whose lease ran out belongs to nobody and is claimed again; without `lost` nobody looks for such. Of the rows
    to one recipient only the first is claimed: they arrive in their order, and a slow chat takes one place of `limit`.
    """
    if limit <= 0:
        return []
    until = now + timedelta(seconds=lease_seconds)
    ids: list[int] = []
    for due in _claimable(tuple(sorted(lanes)))[0 if lost else 1 :]:
        ids += await tx.scalars(due, {"now": now, "until": until, "most": limit - len(ids)})
    if not ids:
        return []
    leased = update(OutboxRow).where(OutboxRow.id.in_(ids)).execution_options(synchronize_session=False)
    await tx.execute(
        leased.values(state=OutboxState.LEASED, leased_until=until, lease=lease, attempts=OutboxRow.attempts + 1)
    )
    rows = await tx.scalars(select(OutboxRow).where(OutboxRow.id.in_(ids)).order_by(OutboxRow.id))
    return list(rows)


@cache
def _claimable(lanes: tuple[Lane, ...]) -> list[Select[Any]]:
    """Return what finds rows to claim, made once: it is asked after each commit. Takes `now`, `until` and `most`."""
    earlier = aliased(OutboxRow)
    held = earlier.leased_until.between(_NOW, _UNTIL) | (_free(earlier) & _before(earlier))
    busy = exists().where(_to_same(earlier), earlier.id != OutboxRow.id, _among(earlier, lanes), held)
    lost = (OutboxRow.state == OutboxState.LEASED, _among(OutboxRow, lanes), _free(OutboxRow))
    queued = (OutboxRow.state == OutboxState.QUEUED, OutboxRow.due_at <= _NOW)
    # One lane after the other, so that the index gives the order and a long queue is never read to its end.
    groups = (lost, *((OutboxRow.lane == lane, *queued) for lane in lanes))
    found = (select(OutboxRow.id).where(*g, ~busy).order_by(OutboxRow.due_at, OutboxRow.id) for g in groups)
    return [due.limit(bindparam("most", type_=Integer)).with_for_update(skip_locked=True) for due in found]


def _among(row: type[OutboxRow], lanes: Sequence[Lane]) -> ColumnElement[bool]:
    return or_(*(row.lane == lane for lane in lanes))


def _free(row: type[OutboxRow]) -> ColumnElement[bool]:
    # A lease longer than any was made before the clock was set back: it holds nobody.
    leased = row.leased_until.between(_NOW, _UNTIL)
    return or_(
        (row.state == OutboxState.QUEUED) & (row.due_at <= _NOW), (row.state == OutboxState.LEASED) & not_(leased)
    )


def _before(row: type[OutboxRow]) -> ColumnElement[bool]:
    return or_(row.lane < OutboxRow.lane, (row.lane == OutboxRow.lane) & (row.id < OutboxRow.id))


def _to_same(row: type[OutboxRow]) -> ColumnElement[bool]:
    nobody = row.member_id.is_(None) & OutboxRow.member_id.is_(None)
    return or_(row.member_id == OutboxRow.member_id, nobody & (row.chat_id == OutboxRow.chat_id))


async def extend(tx: Transaction, ids: Collection[int], now: datetime, *, lease: str, lease_seconds: int) -> None:
    """Prolong the lease of rows that are still being sent."""
    if ids:
        mine = update(OutboxRow).where(OutboxRow.id.in_(ids), OutboxRow.lease == lease)
        await tx.execute(mine.values(leased_until=now + timedelta(seconds=lease_seconds)))


async def release(tx: Transaction, *, lease: str) -> None:
    """Give back rows that were leased and never sent, so that nobody waits for the lease to run out."""
    mine = update(OutboxRow).where(OutboxRow.lease == lease, OutboxRow.state == OutboxState.LEASED)
    await tx.execute(mine.values(state=OutboxState.QUEUED, leased_until=None, attempts=OutboxRow.attempts - 1))


async def settle(tx: Transaction, settlements: Sequence[Settlement], now: datetime, *, lease: str) -> None:
    """Write how sends ended. A row that another process has leased since then is left to it."""
    table: Any = OutboxRow.__table__
    statement = (
        update(table)
        .where(table.c.id == bindparam("row"), table.c.lease == lease, table.c.state == OutboxState.LEASED)
        .values(
            state=bindparam("to_state"),
            reason=bindparam("why"),
            message_id=func.coalesce(bindparam("message", type_=BigInteger), table.c.message_id),
            due_at=func.coalesce(bindparam("again", type_=Moment), table.c.due_at),
            settled_at=bindparam("at", type_=Moment),
            leased_until=bindparam("held", type_=Moment),
        )
    )
    rows = [
        {
            "row": s.row_id,
            "to_state": s.state,
            "why": s.reason,
            "message": s.message_id,
            "again": s.due_at,
            "held": s.held_until,
            "at": None if s.state in WAITING else now,
        }
        for s in settlements
    ]
    if rows:
        await (await tx.connection()).execute(statement, rows)
        wake(tx, "settled")


async def hold(tx: Transaction) -> int:
    """Let nothing that waits be sent until `let_go`; return how many rows are held."""
    waiting = update(OutboxRow).where(OutboxRow.state.in_(WAITING))
    held = await tx.execute(
        waiting.values(state=OutboxState.HELD, lease=None, leased_until=None).returning(OutboxRow.id)
    )
    return len(held.all())


async def let_go(tx: Transaction, now: datetime, *, discard: bool) -> int:
    """Queue what is held or, with `discard`, end it unsent; return how many rows that were."""
    ended = {"state": OutboxState.EXPIRED, "reason": "not sent after a restore", "settled_at": now}
    held = update(OutboxRow).where(OutboxRow.state == OutboxState.HELD)
    released = await tx.execute(
        held.values(ended if discard else {"state": OutboxState.QUEUED}).returning(OutboxRow.id)
    )
    return len(released.all())


async def copies(tx: Transaction, subject: str) -> list[OutboxRow]:
    """Return the delivered copies of `subject`, so that each can be edited in place."""
    sent = select(OutboxRow).where(OutboxRow.subject == subject, OutboxRow.message_id.is_not(None))
    return list(await tx.scalars(sent.order_by(OutboxRow.id)))


async def last_copy(tx: Transaction, subject: str) -> int | None:
    """Return the message that the newest copy of `subject` stands in, or will stand in."""
    place = func.coalesce(OutboxRow.message_id, OutboxRow.replaces)
    newest = select(place).where(OutboxRow.subject == subject).order_by(OutboxRow.id.desc())
    return await tx.scalar(newest.limit(1))


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


async def next_due(tx: Transaction, lanes: Sequence[Lane], now: datetime) -> datetime | None:
    """Return when the next row of `lanes` can be claimed that cannot be claimed now."""
    moments = await tx.scalars(_next_due(tuple(sorted(lanes))), {"now": now})
    return min((m for m in moments if m is not None), default=None)


@cache
def _next_due(lanes: tuple[Lane, ...]) -> CompoundSelect[Any]:
    """Return what finds the moments that `next_due` chooses from, made once. Takes `now`."""
    here = _among(OutboxRow, lanes)
    queued = (OutboxRow.state == OutboxState.QUEUED, OutboxRow.due_at > _NOW)
    leased = (or_(*(OutboxRow.state == state for state in WAITING)), OutboxRow.leased_until > _NOW)
    return union_all(
        select(func.min(OutboxRow.due_at)).where(here, *queued),
        select(func.min(OutboxRow.leased_until)).where(here, *leased),
    )


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop rows that ended more than `KEEP` ago."""
    await tx.execute(delete(OutboxRow).where(OutboxRow.settled_at < now - KEEP))


async def report(tx: Transaction, subject: str) -> Mapping[int, tuple[OutboxState, str | None]]:
    """Return for each recipient of `subject` how it ended and why."""
    rows = await tx.execute(
        select(OutboxRow.member_id, OutboxRow.state, OutboxRow.reason).where(OutboxRow.subject == subject)
    )
    return {row.member_id: (row.state, row.reason) for row in rows if row.member_id is not None}
