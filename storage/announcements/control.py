"""While it is sent: taken back, paused, resumed, cancelled; and what recurs is made when its time comes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, delete, literal, select, update

from storage import audit, members
from storage.access import Viewer
from storage.announcements import cards
from storage.announcements.reaching import reach
from storage.announcements.release import freeze, needs_release
from storage.announcements.revisions import drop_awaited
from storage.announcements.sending import following, occurrence, send
from storage.announcements.tables import (
    ENDING,
    STOPPED,
    UNVOUCHED,
    Announcement,
    AnnouncementState,
    by_id,
    vouched_for,
)
from storage.audit import Event
from storage.database import Transaction, wake
from storage.members import Role
from storage.outbox import PAUSED, Lane, OutboxRow, OutboxState, in_doubt, news
from storage.refusals import Refusal

FAILING = "most copies failed"
WARNED = "most copies failed, and it was resumed"
"""Whoever knows that goes on: it does not pause itself for the same failures again."""
_STOPPABLE = (OutboxState.QUEUED, OutboxState.HELD)


def _subjects(row: Announcement) -> tuple[str, str]:
    return row.subject, row.before


async def undo(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> None:
    """Make a draft again of what has not begun to leave. Refusals: `announcement:left`, `announcement:decided`."""
    row = await _running(tx, viewer, announcement_id)
    copies = OutboxRow.subject.in_(_subjects(row))
    unbegun = (OutboxRow.attempts == 0) & OutboxRow.state.in_(_STOPPABLE)
    await tx.execute(delete(OutboxRow).where(copies, unbegun))
    if await tx.scalar(select(OutboxRow.id).where(copies).limit(1)) is not None:
        raise Refusal("announcement:left")  # asked only now: what another process is just taking stays
    await drop_awaited(tx, row, now)
    row.state, row.sent_at, row.released_by = AnnouncementState.DRAFT, None, None
    row.version, row.corrected_at = 1, None  # nobody has read what was corrected
    row.asked_version = row.chased_version = None
    await _note(tx, viewer, row, Event.ANNOUNCEMENT_UNDONE, now)


async def pause(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> None:
    """Let nothing more leave until `resume`; what is on its way arrives. Refusal: `announcement:decided`."""
    row = await _running(tx, viewer, announcement_id)
    await stop_for_now(tx, row, row.reason)
    await _note(tx, viewer, row, Event.ANNOUNCEMENT_PAUSED, now)


async def stop_again(tx: Transaction, row: Announcement, now: datetime) -> None:
    """Stop what came back since from an attempt that failed."""
    if row.state is AnnouncementState.PAUSED:
        await _hold(tx, row)
    elif row.reason in ENDING:
        await withhold_rest(tx, row, row.reason or STOPPED, now)


async def stop_for_now(tx: Transaction, row: Announcement, why: str | None = None) -> None:
    """Hold what waits of an announcement."""
    row.state, row.reason = AnnouncementState.PAUSED, why
    await _hold(tx, row)


async def _hold(tx: Transaction, row: Announcement) -> None:
    # The reason makes room for the pause; from now on only what may have arrived counts as attempted.
    attempts = case((in_doubt(), OutboxRow.attempts), else_=0)
    await _turn(tx, row, (OutboxState.QUEUED,), state=OutboxState.HELD, reason=PAUSED, attempts=attempts)


async def resume(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> None:
    """Let what was held leave. Refusal: `announcement:decided`."""
    row = await by_id(tx, viewer, announcement_id, lock=True)
    if row.state is not AnnouncementState.PAUSED:
        raise Refusal("announcement:decided")
    row.state, row.reason = AnnouncementState.SENDING, WARNED if row.reason in (FAILING, WARNED) else None
    await _turn(tx, row, (OutboxState.HELD,), state=OutboxState.QUEUED, reason=None)
    wake(tx, news(Lane.BULK))
    await _note(tx, viewer, row, Event.ANNOUNCEMENT_RESUMED, now)


async def cancel(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> None:
    """Stop what is not sent yet; what is on its way arrives. Refusal: `announcement:decided`."""
    row = await by_id(tx, viewer, announcement_id, lock=True)
    asked, recurs = row.state is AnnouncementState.AWAITING, row.state is AnnouncementState.RECURRING
    if row.state not in (AnnouncementState.SENDING, AnnouncementState.PAUSED) and not asked and not recurs:
        raise Refusal("announcement:decided")
    await withhold_rest(tx, row, STOPPED, now)
    if asked or recurs:
        row.state = AnnouncementState.CANCELLED
        await cards.redraw(tx, row, now)
    await _note(tx, viewer, row, Event.ANNOUNCEMENT_CANCELLED, now)


async def withhold_rest(tx: Transaction, row: Announcement, why: str, now: datetime) -> None:
    """Withhold what waits of an announcement, or let it end unknown where it may have arrived; its progress ends it."""
    if row.state is AnnouncementState.PAUSED:
        row.state = AnnouncementState.SENDING
    row.reason = why
    kind = OutboxRow.__table__.c.state.type
    unsent, unknown = literal(OutboxState.WITHHELD, kind), literal(OutboxState.UNKNOWN, kind)
    await _turn(tx, row, _STOPPABLE, state=case((in_doubt(), unknown), else_=unsent), reason=why, settled_at=now)


async def _turn(tx: Transaction, row: Announcement, states: Collection[OutboxState], **values: object) -> None:
    waiting = update(OutboxRow).where(OutboxRow.subject.in_(_subjects(row)), OutboxRow.state.in_(states))
    await tx.execute(waiting.values(**values))


async def _running(tx: Transaction, viewer: Viewer, announcement_id: int) -> Announcement:
    row = await by_id(tx, viewer, announcement_id, lock=True)
    if row.state is not AnnouncementState.SENDING or row.reason in ENDING:
        raise Refusal("announcement:decided")
    return row


async def _note(tx: Transaction, viewer: Viewer, row: Announcement, event: Event, now: datetime) -> None:
    await audit.record(tx, event, now, actor=viewer.id, subject=row.author_id, announcement=row.id)
    await cards.tell_author(tx, row, now)


async def recur(tx: Transaction, now: datetime, zone: str, two_person_above: int) -> None:
    """Send what recurs and is due: its audience is asked for and frozen again, and its times go by the zone's clock.

    After a downtime it comes once. Where whoever answers for it may no longer announce, it comes no more. One that
    nobody has released is put before a second administrator where its audience has grown beyond `two_person_above`.
    """
    due = select(Announcement).where(Announcement.state == AnnouncementState.RECURRING, Announcement.next_at <= now)
    for series in await tx.scalars(due.order_by(Announcement.id).with_for_update(skip_locked=True)):
        if not await vouched_for(tx, series):
            series.state, series.reason = AnnouncementState.CANCELLED, UNVOUCHED
            await cards.tell_author(tx, series, now)
            continue
        while series.next_at is not None and series.next_at <= now:
            series.next_at = following(series, zone)
        if series.next_at is None:
            series.state = AnnouncementState.DONE
        row = occurrence(series, now)
        tx.add(row)
        await tx.flush()
        meant = (await reach(tx, row.meant, row.label, now, urgent=row.urgent)).recipients
        if not meant:
            row.state = AnnouncementState.DONE
        elif row.released_by is None and needs_release(row, len(meant), two_person_above):
            await _ask(tx, row, meant, now)
        else:
            await freeze(tx, row, meant)
            await send(tx, row, now)
        await cards.tell_author(tx, row, now)
        await cards.tell_author(tx, series, now)


async def _ask(tx: Transaction, row: Announcement, meant: tuple[int, ...], now: datetime) -> None:
    """Put what came again before a second administrator: it leaves when it is released."""
    row.state, row.send_at, row.submitted_at = AnnouncementState.AWAITING, None, now
    await freeze(tx, row, meant)
    others = [m.id for m in await members.holders(tx, Role.ADMINISTRATOR) if m.id != row.author_id]
    await cards.show(tx, row, others, now)
