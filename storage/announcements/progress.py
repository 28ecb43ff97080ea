"""How far an announcement has got, told to its author in one message that changes in place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage import members
from storage.access import Viewer
from storage.announcements.release import RELEASE_WITHIN, STOPPED, tell_author, turn_back
from storage.announcements.tables import Announcement, AnnouncementState, by_id
from storage.database import Transaction
from storage.members import Member
from storage.outbox import WAITING, OutboxRow, OutboxState, shown, tally


@dataclass(frozen=True)
class Progress:
    """Copies by how they ended; `left` have not."""

    sent: int
    unreachable: int
    unknown: int
    rejected: int
    withheld: int
    expired: int
    left: int

    @property
    def total(self) -> int:
        return self.sent + self.unreachable + self.unknown + self.rejected + self.withheld + self.expired + self.left


async def progress_of(tx: Transaction, row: Announcement) -> Progress:
    """Count an announcement's copies."""
    found = await tally(tx, row.subject)
    ended = {state.value: found.get(state, 0) for state in OutboxState if state not in WAITING}
    return Progress(**ended, left=sum(found.get(state, 0) for state in WAITING))


async def report_progress(tx: Transaction, now: datetime) -> None:
    """Tell authors of running announcements what changed since they were last told; finish those that are through.

    What nobody released in time goes back to its author.
    """
    running = select(Announcement).where(Announcement.state == AnnouncementState.SENDING)
    for row in await tx.scalars(running.with_for_update(skip_locked=True)):
        progress = await progress_of(tx, row)
        if not progress.left:
            row.state, row.finished_at = await _end(tx, row), now
        said = f"{progress}{row.state}"[-80:]
        if said == row.reported or (progress.left and not await shown(tx, row.told)):
            continue  # nothing new, or the first copy is still on its way
        row.reported = said
        await tell_author(tx, row, now)
    late = (Announcement.state == AnnouncementState.AWAITING) & (Announcement.submitted_at < now - RELEASE_WITHIN)
    for row in await tx.scalars(select(Announcement).where(late).with_for_update(skip_locked=True)):
        await turn_back(tx, row, now)


async def _end(tx: Transaction, row: Announcement) -> AnnouncementState:
    stopped = select(OutboxRow.id).where(OutboxRow.subject == row.subject, OutboxRow.reason == STOPPED).limit(1)
    return AnnouncementState.DONE if await tx.scalar(stopped) is None else AnnouncementState.CANCELLED


async def unreached(
    tx: Transaction, viewer: Viewer, announcement_id: int, offset: int, limit: int
) -> tuple[list[tuple[str, OutboxState, str | None]], int]:
    """Return who was not reached, by name, with the state and the reason; and how many there are in all."""
    row = await by_id(tx, viewer, announcement_id)
    found = select(Member, OutboxRow.state, OutboxRow.reason).join(Member, Member.id == OutboxRow.member_id)
    found = found.where(OutboxRow.subject == row.subject, OutboxRow.state.not_in([OutboxState.SENT, *WAITING]))
    total = await tx.scalar(found.with_only_columns(func.count())) or 0
    rows = await tx.execute(found.order_by(Member.name, Member.id).offset(max(offset, 0)).limit(limit))
    return [(members.called(r.Member), r.state, r.reason) for r in rows], total
