"""Leasing: rows are claimed one by one for a while, settled when a send has ended, and found again when it has not."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Update,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from storage.database import Moment, Transaction, execute, has_server, wake
from storage.outbox.promising import news
from storage.outbox.tables import WAITING, Lane, Leased, OutboxRow, OutboxState, Settlement

_NOW, _UNTIL = bindparam("now", type_=Moment), bindparam("until", type_=Moment)
_LATEST = bindparam("latest", type_=Moment)
"""Until when a lease may be that holds: others' clocks, and what they read of them, may be ahead of ours."""
_MOST = bindparam("most", type_=Integer)
_LEASED = tuple(Leased.__dataclass_fields__)


async def claim(
    tx: Transaction,
    lanes: Sequence[Lane],
    limit: int,
    now: datetime,
    *,
    lease: str,
    lease_seconds: int,
    lost: bool = True,
    resting: Collection[int] = (),
) -> list[Leased]:
    """Lease up to `limit` due rows of `lanes` for `lease` (a name unique to this process start), urgent first.

    A row whose lease ran out belongs to nobody and is claimed again; without `lost` nobody looks for such. Of the rows
    to one recipient only the first is claimed: they arrive in their order, and a slow chat takes one place of `limit`.
    Chats that are `resting` get nothing now, and take none.
    """
    if limit <= 0:
        return []
    until, latest = (now + timedelta(seconds=times * lease_seconds) for times in (1, 2))
    terms = {"now": now, "until": until, "latest": latest, "most": limit, "by": lease, "resting": list(resting)}
    rows = await execute(tx, _claim(tuple(sorted(lanes)), lost=lost), terms)
    return sorted((Leased(*row) for row in rows), key=lambda row: row.id)


@cache
def _claim(lanes: tuple[Lane, ...], *, lost: bool) -> ReturningUpdate[Any]:
    """Return what leases rows, made once: it is asked after each commit. Takes what `claim` puts together."""
    earlier = aliased(OutboxRow)
    held = earlier.leased_until.between(_NOW, _LATEST) | (_free(earlier) & _before(earlier))
    busy = exists().where(_to_same(earlier), earlier.id != OutboxRow.id, _among(earlier, lanes), held)
    astray = (OutboxRow.state == OutboxState.LEASED, _among(OutboxRow, lanes), _free(OutboxRow))
    queued = (OutboxRow.state == OutboxState.QUEUED, OutboxRow.due_at <= _NOW)
    rests = OutboxRow.chat_id.is_not(None) & OutboxRow.chat_id.in_(bindparam("resting", expanding=True))
    # One lane after the other, so that the index gives the order and a long queue is never read to its end.
    groups = [*([astray] if lost else []), *((OutboxRow.lane == lane, *queued) for lane in lanes)]
    found = [_first(rank, *where, ~rests, ~busy) for rank, where in enumerate(groups)]
    due = union_all(*found).order_by("rank", "due_at", "id").limit(_MOST).cte("due")
    due = due.prefix_with("MATERIALIZED")  # or PostgreSQL may look again for each row, and find others
    table: Any = OutboxRow.__table__
    leased = update(table).where(table.c.id.in_(select(due.c.id)))
    values = {"state": OutboxState.LEASED, "leased_until": _UNTIL, "lease": bindparam("by")}
    return leased.values(**values, attempts=table.c.attempts + 1).returning(*(table.c[name] for name in _LEASED))


def _first(rank: int, *where: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (literal_column(str(rank)).label("rank"), OutboxRow.due_at, OutboxRow.id)
    ordered = (
        select(*columns)
        .where(*where)
        .order_by(OutboxRow.due_at, OutboxRow.id)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
    return select(ordered.subquery())


def _among(row: type[OutboxRow], lanes: Sequence[Lane]) -> ColumnElement[bool]:
    return or_(*(row.lane == lane for lane in lanes))


def _free(row: type[OutboxRow]) -> ColumnElement[bool]:
    # A lease much longer than any was made before the clock was set back: it holds nobody.
    leased = row.leased_until.between(_NOW, _LATEST)
    return or_(
        (row.state == OutboxState.QUEUED) & (row.due_at <= _NOW), (row.state == OutboxState.LEASED) & not_(leased)
    )


def _before(row: type[OutboxRow]) -> ColumnElement[bool]:
    return or_(row.lane < OutboxRow.lane, (row.lane == OutboxRow.lane) & (row.id < OutboxRow.id))


def _to_same(row: type[OutboxRow]) -> ColumnElement[bool]:
    nobody = row.member_id.is_(None) & OutboxRow.member_id.is_(None)
    return or_(row.member_id == OutboxRow.member_id, nobody & (row.chat_id == OutboxRow.chat_id))


def lease_of(worker_id: str, lane: Lane) -> str:
    """Name the leases of a worker's window, after the first of its lanes."""
    return f"{worker_id}-{int(lane)}"


async def free(tx: Transaction, workers: Collection[str]) -> None:
    """Let others send what workers had leased that are gone; what they had begun may have arrived."""
    leases = [lease_of(worker_id, lane) for worker_id in workers for lane in Lane]
    theirs = update(OutboxRow).where(OutboxRow.state == OutboxState.LEASED, OutboxRow.lease.in_(leases))
    await tx.execute(theirs.values(state=OutboxState.QUEUED, leased_until=None))
    for lane in Lane:
        wake(tx, news(lane))


async def extend(
    tx: Transaction, ids: Collection[int], now: datetime, *, lease: str, lease_seconds: int
) -> frozenset[int]:
    """Prolong the lease of rows that are still being sent; return those that are, the others have been taken away."""
    if not ids:
        return frozenset()
    mine = update(OutboxRow).where(OutboxRow.id.in_(ids), OutboxRow.lease == lease)
    mine = mine.where(OutboxRow.state == OutboxState.LEASED).execution_options(synchronize_session=False)
    kept = mine.values(leased_until=now + timedelta(seconds=lease_seconds)).returning(OutboxRow.id)
    return frozenset(await tx.scalars(kept))


async def release(tx: Transaction, *, lease: str) -> None:
    """Give back rows that were leased and never sent, so that nobody waits for the lease to run out."""
    mine = update(OutboxRow).where(OutboxRow.lease == lease, OutboxRow.state == OutboxState.LEASED)
    await tx.execute(mine.values(state=OutboxState.QUEUED, leased_until=None, attempts=OutboxRow.attempts - 1))


async def settle(tx: Transaction, settlements: Sequence[Settlement], now: datetime, *, lease: str) -> None:
    """Write how sends ended. A row that another process has leased since then is left to it."""
    rows = [
        {
            "row": s.row_id,
            "by": lease,
            "to_state": s.state,
            "why": s.reason,
            "message": s.message_id,
            "others": s.also,
            "again": s.due_at,
            "held": s.held_until,
            "untried": int(not s.tried),
            "at": None if s.state in WAITING else now,
        }
        for s in settlements
    ]
    if not rows:
        return
    if has_server(tx):
        given = [{name: value for name, value in row.items() if value is not None} for row in rows]
        await execute(tx, _SETTLE_ALL, {"rows": json.dumps(given, default=datetime.isoformat), "by": lease})
    else:
        await execute(tx, _settle(), rows)
    wake(tx, "settled")


_SETTLE_ALL = text("""
    UPDATE outbox SET state = given.to_state, reason = given.why,
        message_id = coalesce(given.message, outbox.message_id), also = coalesce(given.others, outbox.also),
        due_at = coalesce(given.again, outbox.due_at), settled_at = given.at, leased_until = given.held,
        attempts = outbox.attempts - given.untried
    FROM json_to_recordset(CAST(:rows AS json)) AS given("row" bigint, to_state varchar, why text, message bigint,
        others json, again timestamptz, held timestamptz, at timestamptz, untried int)
    WHERE outbox.id = given."row" AND outbox.lease = :by AND outbox.state = 'leased'
""")
"""What writes many settlements at one go on a server; it says what `_settle` says of each."""


@cache
def _settle() -> Update:
    """Return what writes one settlement, made once."""
    table: Any = OutboxRow.__table__
    mine = (table.c.id == bindparam("row"), table.c.lease == bindparam("by"), table.c.state == OutboxState.LEASED)
    return (
        update(table)
        .where(*mine)
        .values(
            state=bindparam("to_state"),
            reason=bindparam("why"),
            message_id=func.coalesce(bindparam("message", type_=BigInteger), table.c.message_id),
            also=func.coalesce(bindparam("others", type_=JSON(none_as_null=True)), table.c.also),
            due_at=func.coalesce(bindparam("again", type_=Moment), table.c.due_at),
            settled_at=bindparam("at", type_=Moment),
            leased_until=bindparam("held", type_=Moment),
            attempts=table.c.attempts - bindparam("untried", type_=Integer),
        )
    )


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
