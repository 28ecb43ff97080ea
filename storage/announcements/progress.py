"""How far an announcement has got: kept for each recipient, and told to its author in one message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, func, literal, select, update

from storage import members
from storage.access import Viewer
from storage.announcements import cards
from storage.announcements.acknowledging import Acknowledged, acknowledgements
from storage.announcements.control import FAILING, stop_again, stop_for_now, withhold_rest
from storage.announcements.tables import (
    ENDING,
    UNVOUCHED,
    Announcement,
    AnnouncementState,
    Recipient,
    by_id,
    vouched_for,
)
from storage.database import Transaction
from storage.members import Member
from storage.outbox import WAITING, OutboxRow, OutboxState, shown

KEEP = timedelta(days=365)
_LATELY = timedelta(seconds=60)
_FAILED = (OutboxState.UNREACHABLE, OutboxState.UNKNOWN, OutboxState.REJECTED)
_MANY, _MOST = 20, 0.5
"""From how many failed copies on, and at which share of those that ended, an announcement pauses itself."""


@dataclass(frozen=True)
class Progress:
    """Recipients by how it ended for them; for those who are `left` it has not.

    `rate` is sends a second, lately. Of those who are left some get it `later`, after their night or at their own hour:
    it goes on when it `resumes`. `acknowledged` counts who has acknowledged, where readers are asked to. If it paused
    itself, `reasons` are those of the failures, each with its number, the commonest first.
    """

    sent: int = 0
    unreachable: int = 0
    unknown: int = 0
    rejected: int = 0
    withheld: int = 0
    expired: int = 0
    left: int = 0
    rate: float = 0.0
    later: int = 0
    resumes: datetime | None = None
    acknowledged: Acknowledged | None = field(default=None, repr=False)
    reasons: tuple[tuple[str | None, int], ...] = field(default=(), repr=False)

    @property
    def total(self) -> int:
        return self.ended + self.left

    @property
    def ended(self) -> int:
        return self.sent + self.failed + self.withheld + self.expired

    @property
    def failed(self) -> int:
        return self.unreachable + self.unknown + self.rejected


async def progress_of(tx: Transaction, row: Announcement) -> Progress:
    """Count an announcement's recipients by how it ended for them."""
    mine = select(Recipient.state, func.count()).where(Recipient.announcement_id == row.id).group_by(Recipient.state)
    found = {row[0]: row[1] for row in await tx.execute(mine)}
    ended: dict[str, Any] = {state.value: found.get(state, 0) for state in OutboxState if state not in WAITING}
    ended |= {"left": sum(found.get(state, 0) for state in WAITING), "acknowledged": await acknowledgements(tx, row)}
    last = await tx.scalar(select(func.max(Recipient.settled_at)).where(Recipient.announcement_id == row.id))
    if last is None:
        return Progress(**ended)
    later, resumes = await _later(tx, row, last)
    why = await _reasons(tx, row) if row.state is AnnouncementState.PAUSED and row.reason == FAILING else ()
    return Progress(**ended, rate=await _rate(tx, row, last), later=later, resumes=resumes, reasons=why)


async def _reasons(tx: Transaction, row: Announcement) -> tuple[tuple[str | None, int], ...]:
    """Return why copies failed, and how many for each reason, the commonest first."""
    mine = (Recipient.announcement_id == row.id, Recipient.state.in_(_FAILED))
    counted = select(Recipient.reason, func.count()).where(*mine).group_by(Recipient.reason)
    found = await tx.execute(counted.order_by(func.count().desc(), Recipient.reason))
    return tuple((reason, number) for reason, number in found)


async def _rate(tx: Transaction, row: Announcement, last: datetime) -> float:
    """Return how many copies a second ended in the last minute of its sending."""
    lately = (Recipient.announcement_id == row.id, Recipient.settled_at > last - _LATELY)
    facts = select(func.count(), func.min(Recipient.settled_at)).where(*lately)
    number, first = (await tx.execute(facts)).one()
    return (number - 1) / (last - first).total_seconds() if first is not None and last > first else 0.0


async def _later(tx: Transaction, row: Announcement, last: datetime) -> tuple[int, datetime | None]:
    """Return how many copies wait for their hour, and when the first of them leaves."""
    waiting = (OutboxRow.subject == row.subject, OutboxRow.state == OutboxState.QUEUED)
    facts = select(func.count(), func.min(OutboxRow.due_at)).where(*waiting, OutboxRow.due_at > last + _LATELY)
    number, first = (await tx.execute(facts)).one()
    return number, first


async def report_progress(tx: Transaction, now: datetime) -> None:
    """Keep how copies ended, tell authors what changed since they were last told, and finish what is through."""
    running = select(Announcement).where(Announcement.state.in_([AnnouncementState.SENDING, AnnouncementState.PAUSED]))
    for row in await tx.scalars(running.order_by(Announcement.id).with_for_update(skip_locked=True)):
        if row.sent_at is not None and row.sent_at <= now and not await vouched_for(tx, row):
            await withhold_rest(tx, row, UNVOUCHED, now)
        await stop_again(tx, row, now)
        await keep(tx, row)
        progress = await progress_of(tx, row)
        if not progress.left:
            row.state = AnnouncementState.CANCELLED if row.reason in ENDING else AnnouncementState.DONE
            row.finished_at = now
        failing = row.state is AnnouncementState.SENDING and row.reason is None and _fails(progress)
        if failing:
            await stop_for_now(tx, row, FAILING)
        said = f"{progress}{row.state}"[-200:]
        if not failing and (said == row.reported or (progress.left and not await shown(tx, row.told))):
            continue  # nothing new, or the first copy is still on its way
        row.reported = said
        await (cards.warn_author if failing else cards.tell_author)(tx, row, now)


def _fails(progress: Progress) -> bool:
    """Tell whether so much fails that something else must be wrong than single recipients."""
    return progress.failed >= _MANY and progress.failed > _MOST * progress.ended


async def keep(tx: Transaction, row: Announcement) -> None:
    """Take over from the outbox how copies have ended, for all recipients at once."""
    ended = (
        select(OutboxRow.key, OutboxRow.state, OutboxRow.reason, OutboxRow.message_id, OutboxRow.settled_at)
        .where(OutboxRow.state.not_in(WAITING))
        .subquery()
    )
    waiting = (Recipient.announcement_id == row.id, Recipient.state.in_(WAITING))
    mine = update(Recipient).where(*waiting, ended.c.key == _key(row))
    names = ("state", "reason", "message_id", "settled_at")
    taken = mine.values({name: ended.c[name] for name in names})
    await tx.execute(taken.execution_options(synchronize_session=False))
    await _keep_lost(tx, row)
    if row.apart:
        albums = select(OutboxRow.key, OutboxRow.also).where(OutboxRow.also.is_not(None)).subquery()
        bare = (Recipient.announcement_id == row.id, Recipient.also.is_(None))
        there = update(Recipient).where(*bare, albums.c.key == _key(row, ":album"))
        await tx.execute(there.values(also=albums.c.also).execution_options(synchronize_session=False))


def _key(row: Announcement, ending: str = "") -> ColumnElement[str]:
    """Return the key of a recipient's copy: of thousands that were just promised statistics know nothing yet."""
    return literal(f"{row.subject}:").concat(cast(Recipient.member_id, String)).concat(ending)


async def _keep_lost(tx: Transaction, row: Announcement) -> None:
    """Withhold the copies that went with the person they were for."""
    copy = select(OutboxRow.id).where(OutboxRow.key == _key(row))
    mine = (Recipient.announcement_id == row.id, Recipient.state.in_(WAITING))
    lost = update(Recipient).where(*mine, ~copy.exists()).values(state=OutboxState.WITHHELD, reason="erased")
    await tx.execute(lost.execution_options(synchronize_session=False))


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop who was sent what, and what they did with it, a year after an announcement was through."""
    old = select(Announcement.id).where(Announcement.finished_at < now - KEEP)
    await tx.execute(delete(Recipient).where(Recipient.announcement_id.in_(old)))


async def albums_missed(tx: Transaction, row: Announcement) -> int:
    """Count those whom the words may have reached, but not what goes before them."""
    failed = (OutboxState.UNKNOWN, OutboxState.REJECTED)
    mine = (OutboxRow.subject == row.before, OutboxRow.state.in_(failed))
    return await tx.scalar(select(func.count()).where(*mine)) or 0


async def unreached(
    tx: Transaction, viewer: Viewer, announcement_id: int, offset: int, limit: int
) -> tuple[list[tuple[str, OutboxState, str | None]], int]:
    """Return who was not reached, by name, with the state and the reason; and how many there are in all."""
    row = await by_id(tx, viewer, announcement_id)
    found = select(Member, Recipient.state, Recipient.reason).join(Member, Member.id == Recipient.member_id)
    missed = Recipient.state.not_in([OutboxState.SENT, *WAITING])
    found = found.where(Recipient.announcement_id == row.id, missed)
    total = await tx.scalar(found.with_only_columns(func.count())) or 0
    rows = await tx.execute(found.order_by(Member.name, Member.id).offset(max(offset, 0)).limit(limit))
    return [(members.called(r.Member), r.state, r.reason) for r in rows], total
