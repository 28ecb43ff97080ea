"""Removals: who is to be taken out of which group, until Telegram has done it or says why it will not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, delete, exists, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from storage import audit, groups
from storage.database import Base, Moment, Transaction, one_of, wake
from storage.groups import BoundGroup
from storage.members import Member
from storage.outbox import KEEP, WAITING, OutboxRow, Promise, promise, shown

PATIENCE = timedelta(seconds=40)
"""How long a removal is tried again before it is listed as failed."""
TRIED_AGAIN = timedelta(days=1)
"""How long after Telegram has refused to remove an intruder it is tried again."""


class RemovalState(StrEnum):
    """What became of a removal."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Removal(Base):
    """One person to be removed from one group; `asked_by` is told how it ended, and their account is forgotten then.

    Whoever came in without being let in may be nobody the network knows: then there is no `member_id`.
    `reason` is a code or what Telegram said; `reported` tells that the reports say how it ended.
    """

    __tablename__ = "removal"
    __table_args__ = (Index("ix_removal_state_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    telegram_id: Mapped[int | None] = mapped_column(BigInteger)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(255))
    state: Mapped[RemovalState] = mapped_column(one_of(RemovalState), default=RemovalState.WAITING)
    reason: Mapped[str | None] = mapped_column(Text)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    reported: Mapped[bool] = mapped_column(default=False)


async def from_all_groups(tx: Transaction, member: Member, now: datetime, *, by: int | None) -> None:
    """Queue a person's removal from every group of the network."""
    await from_groups(tx, member, await groups.everyone(tx), now, by=by)


async def from_groups(
    tx: Transaction, member: Member, bound: Iterable[BoundGroup], now: datetime, *, by: int | None
) -> None:
    """Queue a person's removal from some groups."""
    if member.telegram_id is not None:
        for group in bound:
            await _queue(tx, group, member.telegram_id, now, member_id=member.id, by=by)


async def of_intruder(
    tx: Transaction, group: BoundGroup, telegram_id: int, now: datetime, *, member_id: int | None
) -> bool:
    """Queue the removal of who is inside a group and must not be.

    Returns False where that is under way already, or where Telegram refused it less than a day ago.
    """
    who = Removal.telegram_id == telegram_id
    who = who if member_id is None else or_(who, Removal.member_id == member_id)
    refused = (Removal.state == RemovalState.FAILED) & (Removal.asked_at > now - TRIED_AGAIN)
    tried = select(Removal.id).where(Removal.chat_id == group.chat_id, who)
    if await tx.scalar(tried.where(or_(Removal.state == RemovalState.WAITING, refused)).limit(1)) is not None:
        return False
    await _queue(tx, group, telegram_id, now, member_id=member_id, by=None)
    return True


async def _queue(
    tx: Transaction, group: BoundGroup, telegram_id: int, now: datetime, *, member_id: int | None, by: int | None
) -> None:
    row = Removal(member_id=member_id, telegram_id=telegram_id, chat_id=group.chat_id, title=group.title)
    row.state, row.asked_by, row.asked_at, row.due_at = RemovalState.WAITING, by, now, now
    row.reported = member_id is None  # nobody reads a report of somebody unknown
    tx.add(row)
    await tx.flush()
    wake(tx, "removals")


async def call_off(tx: Transaction, member: Member) -> None:
    """Let somebody stay in the groups who belongs again before they were removed."""
    waiting = (Removal.member_id == member.id, Removal.state == RemovalState.WAITING)
    await tx.execute(delete(Removal).where(*waiting))


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop what ended more than `KEEP` ago."""
    await tx.execute(delete(Removal).where(Removal.state != RemovalState.WAITING, Removal.asked_at < now - KEEP))


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
        await _out(tx, row)
    elif wait is not None and now + wait < row.asked_at + PATIENCE:
        row.due_at, row.reason = now + wait, problem
        return
    else:
        row.state, row.reason = RemovalState.FAILED, problem
    if row.state is RemovalState.DONE or row.member_id is not None:
        row.telegram_id = None  # of somebody unknown it is all there is to try again with
    event = audit.Event.GROUP_REMOVED_FROM
    await audit.record(tx, event, now, actor=None, subject=row.member_id, chat=row.chat_id, state=row.state.value)
    if row.state is RemovalState.FAILED and row.asked_by in (None, row.member_id):
        await _warn(tx, row, now)


async def _out(tx: Transaction, row: Removal) -> None:
    group = await groups.by_chat(tx, row.chat_id)
    if group is not None and row.member_id is not None:
        await groups.presence.went(tx, group.id, row.member_id)


async def _warn(tx: Transaction, row: Removal, now: datetime) -> None:
    """Tell administrators of a removal that failed and that nobody of the staff has asked for."""
    key = f"removal:{row.id}:{row.asked_at.isoformat()}"
    await groups.tell_staff(tx, "offboarding:failed", {"removal": row.id}, now, key=key)


async def of(tx: Transaction, member_id: int) -> list[Removal]:
    """Return what became of the last removal of a person from each group, the oldest first."""
    found = select(Removal).where(Removal.member_id == member_id).order_by(Removal.id)
    return list({row.chat_id: row for row in await tx.scalars(found)}.values())


async def again(tx: Transaction, member: Member, now: datetime, *, by: int) -> None:
    """Try once more what failed, for an account that is known still."""
    for row in await of(tx, member.id):
        if row.state is RemovalState.FAILED and member.telegram_id is not None:
            row.state, row.telegram_id, row.asked_by = RemovalState.WAITING, member.telegram_id, by
            row.asked_at, row.due_at, row.reported = now, now, False
    wake(tx, "removals")


async def migrate(tx: Transaction, old: int, new: int) -> None:
    """Let everything follow a group that became a supergroup; doing it twice, in either order, changes nothing."""
    await groups.migrate(tx, old, new)
    await tx.execute(update(Removal).where(Removal.chat_id == old).values(chat_id=new))


async def unreported(tx: Transaction) -> list[int]:
    """Return the ids of the people of whom something has ended that their reports do not say yet."""
    ended = select(Removal.member_id).where(Removal.state != RemovalState.WAITING, ~Removal.reported)
    found = await tx.scalars(ended.distinct().order_by(Removal.member_id))
    return [member_id for member_id in found if member_id is not None]


async def report(tx: Transaction, now: datetime) -> None:
    """Let the reports of people's removals say what has ended since.

    A report that is still on its way is waited for: it may have been written before the end.
    """
    await tx.flush()
    for member_id in await unreported(tx):
        subject = f"offboarding:{member_id}"
        under_way = exists().where(OutboxRow.subject == subject, OutboxRow.state.in_(WAITING))
        if await tx.scalar(select(under_way)):
            continue
        facts, named, seen = {"member": member_id}, "offboarding:report", (await shown(tx, subject)).items()
        await promise(tx, [Promise(m, named, facts, subject=subject, replaces=at) for m, at in seen], now)
        told = update(Removal).where(Removal.member_id == member_id, Removal.state != RemovalState.WAITING)
        await tx.execute(told.values(reported=True).execution_options(synchronize_session=False))
