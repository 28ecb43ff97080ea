"""Errands: what a commit promised to do in a chat that is no message, until Telegram has done it or will not."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, delete, exists, select, update
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, Transaction, one_of, wake
from storage.outbox import KEEP, WAITING, OutboxRow


class ErrandKind(StrEnum):
    """What is to be done; its facts are the parameters of the call."""

    ADMIT = "admit"
    DECLINE = "decline"
    REVOKE = "revoke link"
    OPEN_THREAD = "open thread"
    NAME_THREAD = "name thread"
    CLOSE_THREAD = "close thread"
    REOPEN_THREAD = "reopen thread"
    DELETE = "delete message"
    RESTRICT = "restrict"
    PERMIT = "permit"
    LEAVE = "leave"


class ErrandState(StrEnum):
    """What became of an errand."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


PATIENCE = timedelta(hours=1)
"""How long an errand is tried again before it has failed."""
DOOR_PATIENCE = timedelta(minutes=4)
"""The same for a join request: Telegram lets the bot write to a stranger who knocks for five minutes."""
_AT_THE_DOOR = frozenset({ErrandKind.ADMIT, ErrandKind.DECLINE})


class Errand(Base):
    """One thing to be done in one chat; it waits until the message with the key `after` has ended."""

    __tablename__ = "errand"
    __table_args__ = (Index("ix_errand_state_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ErrandKind] = mapped_column(one_of(ErrandKind))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[ErrandState] = mapped_column(one_of(ErrandState), default=ErrandState.WAITING)
    reason: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)


async def send(
    tx: Transaction,
    kind: ErrandKind,
    chat_id: int,
    facts: dict[str, Any],
    now: datetime,
    *,
    after: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Queue an errand in the transaction that makes it necessary; `due_at` is when it is begun, where not at once."""
    begins = due_at or now
    state = ErrandState.WAITING
    tx.add(Errand(kind=kind, chat_id=chat_id, facts=facts, after=after, state=state, asked_at=begins, due_at=begins))
    await tx.flush()
    wake(tx, "errands")


async def due(tx: Transaction, now: datetime, limit: int) -> list[Errand]:
    """Return errands that are due, the oldest first; of one chat in the order they were given."""
    told = exists().where(OutboxRow.key == Errand.after, OutboxRow.state.in_(WAITING))
    late = Errand.asked_at < now - DOOR_PATIENCE / 2
    waiting = select(Errand).where(Errand.state == ErrandState.WAITING, Errand.due_at <= now, ~told | late)
    return list(await tx.scalars(waiting.order_by(Errand.id).limit(limit)))


async def of_kind(tx: Transaction, kind: ErrandKind, chat_id: int) -> list[Errand]:
    """Return the errands of a kind that wait in a chat."""
    waiting = (Errand.kind == kind, Errand.chat_id == chat_id, Errand.state == ErrandState.WAITING)
    return list(await tx.scalars(select(Errand).where(*waiting).order_by(Errand.id)))


async def settle(
    tx: Transaction, errand_id: int, now: datetime, *, problem: str | None = None, wait: timedelta | None = None
) -> Errand | None:
    """Note how a try ended: done, to be tried again after `wait`, or failed because of `problem`.

    Returns the errand if it has ended by this, else None.
    """
    row = await tx.get(Errand, errand_id, with_for_update=True)
    if row is None or row.state is not ErrandState.WAITING:
        return None
    patience = DOOR_PATIENCE if row.kind in _AT_THE_DOOR else PATIENCE
    if problem is not None and wait is not None and now + wait < row.asked_at + patience:
        row.due_at, row.reason = now + wait, problem
        return None
    row.state, row.reason = (ErrandState.DONE, None) if problem is None else (ErrandState.FAILED, problem)
    return row


async def migrate(tx: Transaction, old: int, new: int) -> None:
    """Let what is to be done in a group follow it when it becomes a supergroup."""
    await tx.execute(update(Errand).where(Errand.chat_id == old).values(chat_id=new))


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop what ended more than `KEEP` ago."""
    ended = (Errand.state != ErrandState.WAITING, Errand.asked_at < now - KEEP)
    await tx.execute(delete(Errand).where(*ended))
