"""Removals: who is to be taken out of which group, until Telegram has done it or says why it will not."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column

from storage import audit, groups
from storage.database import Base, Moment, Transaction, one_of, wake
from storage.members import Member
from storage.outbox import Promise, copies, promise

PATIENCE = timedelta(seconds=50)
"""How long a removal is tried again before it is listed as failed."""


class RemovalState(StrEnum):
    """What became of a removal."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Removal(Base):
    """One person to be removed from one group; `asked_by` is told how it ended, and their account is forgotten then."""

    __tablename__ = "removal"
    __table_args__ = (Index("ix_removal_state_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    telegram_id: Mapped[int | None] = mapped_column(BigInteger)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(255))
    state: Mapped[RemovalState] = mapped_column(one_of(RemovalState), default=RemovalState.WAITING)
    reason: Mapped[str | None] = mapped_column(Text)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)


async def from_all_groups(tx: Transaction, member: Member, now: datetime, *, by: int | None) -> None:
    """Queue a person's removal from every group of the network."""
    if member.telegram_id is None:
        return
    for group in await groups.everyone(tx):
        tx.add(
            Removal(
                member_id=member.id, telegram_id=member.telegram_id, chat_id=group.chat_id, title=group.title,
                state=RemovalState.WAITING, asked_by=by, asked_at=now, due_at=now,
            )
        )  # fmt: skip
    await tx.flush()
    wake(tx, "removals")


async def due(tx: Transaction, now: datetime, limit: int) -> list[Removal]:
    """Return removals that wait and are due, the oldest first."""
    waiting = select(Removal).where(Removal.state == RemovalState.WAITING, Removal.due_at <= now)
    return list(await tx.scalars(waiting.order_by(Removal.id).limit(limit)))


async def settle(
    tx: Transaction, removal_id: int, now: datetime, *, problem: str | None = None, wait: timedelta | None = None
) -> None:
    """Note how a try ended: done, to be tried again after `wait`, or failed because of `problem`.

    What takes longer than `PATIENCE` has failed. Whoever asked for it reads the result on their report.
    """
    row = await tx.get(Removal, removal_id, with_for_update=True)
    if row is None or row.state is not RemovalState.WAITING:
        return
    if problem is None:
        row.state = RemovalState.DONE
    elif wait is not None and now + wait < row.asked_at + PATIENCE:
        row.due_at, row.reason = now + wait, problem
        return
    else:
        row.state, row.reason = RemovalState.FAILED, problem
    row.telegram_id = None
    event = audit.Event.GROUP_REMOVED_FROM
    await audit.record(tx, event, now, actor=None, subject=row.member_id, chat=row.chat_id, state=row.state.value)
    await _report(tx, row.member_id, now)


async def of(tx: Transaction, member_id: int) -> list[Removal]:
    """Return a person's removals, the oldest first."""
    return list(await tx.scalars(select(Removal).where(Removal.member_id == member_id).order_by(Removal.id)))


async def migrate(tx: Transaction, old: int, new: int) -> None:
    """Follow a group that became a supergroup."""
    await tx.execute(update(Removal).where(Removal.chat_id == old).values(chat_id=new))


async def _report(tx: Transaction, member_id: int, now: datetime) -> None:
    """Redraw the reports of this person's off-boarding."""
    await tx.flush()
    subject = f"offboarding:{member_id}"
    sent = [c for c in await copies(tx, subject) if c.member_id is not None]
    facts = {"member": member_id}
    await promise(
        tx,
        [Promise(c.member_id or 0, "offboarding:report", facts, subject=subject, replaces=c.message_id) for c in sent],
        now,
    )
