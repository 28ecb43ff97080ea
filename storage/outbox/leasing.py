"""Leasing: rows are claimed one by one for a while, settled when a send has ended, and found again when it has not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import aliased

from storage.database import Moment, Transaction, wake
from storage.outbox.tables import WAITING, Lane, OutboxRow, OutboxState, Settlement

_NOW, _UNTIL = bindparam("now", type_=Moment), bindparam("until", type_=Moment)


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
