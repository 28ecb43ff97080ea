"""Promising: messages are queued in the transaction that makes them true, held during a pause, and forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import delete, update

from storage.bulk import insert_many
from storage.database import Transaction, wake
from storage.outbox.tables import KEEP, PAUSED, WAITING, Lane, OutboxRow, OutboxState, Promise


async def promise(tx: Transaction, promises: Iterable[Promise], now: datetime) -> None:
    """Queue messages in the transaction that makes them true; one whose key is known is left as it is."""
    rows = [_row(p, now) for p in promises]
    if not rows:
        return
    await insert_many(tx, _TABLE, rows, ("key",))
    for lane in {row["lane"] for row in rows}:
        wake(tx, news(lane))


def news(lane: int) -> str:
    """Name what a commit wakes that put something into a lane."""
    return f"outbox:{int(lane)}"


_TABLE: Any = OutboxRow.__table__
_FIELDS = tuple(Promise.__dataclass_fields__)
_facts = attrgetter(*_FIELDS)


def _row(p: Promise, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(_FIELDS, _facts(p), strict=True))
    row["lane"], row["due_at"] = int(p.lane), p.due_at or now
    return row | {"created_at": now, "state": OutboxState.QUEUED, "attempts": 0}


async def withhold(tx: Transaction, member_id: int, notices: Collection[str], lane: Lane, now: datetime) -> None:
    """End unsent what waits for a member in a lane, of some kinds: they do not want it any more."""
    theirs = (OutboxRow.member_id == member_id, OutboxRow.lane == lane, OutboxRow.notice.in_(notices))
    ended = {"state": OutboxState.WITHHELD, "reason": "not wanted any more", "settled_at": now}
    await tx.execute(update(OutboxRow).where(*theirs, OutboxRow.state.in_(WAITING)).values(ended))


async def hold(tx: Transaction) -> int:
    """Let nothing that waits be sent until `let_go`; return how many rows are held."""
    waiting = update(OutboxRow).where(OutboxRow.state.in_(WAITING))
    held = await tx.execute(
        waiting.values(state=OutboxState.HELD, lease=None, leased_until=None).returning(OutboxRow.id)
    )
    return len(held.all())


async def let_go(tx: Transaction, now: datetime, *, discard: bool) -> int:
    """Queue what is held or, with `discard`, end it unsent; return how many rows that were. What is paused stays."""
    ended = {"state": OutboxState.EXPIRED, "reason": "not sent after a restore", "settled_at": now}
    paused = OutboxRow.reason.is_not_distinct_from(PAUSED)
    held = update(OutboxRow).where(OutboxRow.state == OutboxState.HELD, ~paused)
    released = await tx.execute(
        held.values(ended if discard else {"state": OutboxState.QUEUED}).returning(OutboxRow.id)
    )
    return len(released.all())


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop rows that ended more than `KEEP` ago."""
    await tx.execute(delete(OutboxRow).where(OutboxRow.settled_at < now - KEEP))
