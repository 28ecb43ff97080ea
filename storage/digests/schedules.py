"""Each member's schedule: its rhythm and its pauses, kept so that no ISO week sees two issues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import literal, select, update

from storage import access, members
from storage.access import Action, Viewer
from storage.database import Moment, Transaction, insert
from storage.digests.plans import NEVER, nearest, replanned
from storage.digests.tables import Digest, DigestSchedule
from storage.digests.times import Day, Frequency, Rhythm, WorkingDay, day_of, monday_to_friday, next_due
from storage.members import BELONGING, Member
from storage.refusals import Refusal

_AT_ONCE = 200


@dataclass(frozen=True)
class Wishes:
    """What a member changes of their schedule; None is left as it is."""

    frequency: Frequency | None = None
    weekday: int | None = None
    at: time | None = None
    quiet_line: bool | None = None


async def schedule(
    tx: Transaction,
    member: Member,
    weekday: int,
    at: time,
    now: datetime,
    is_working_day: WorkingDay | None = None,
) -> None:
    """Give a new active member a weekly schedule; one that exists is left as it is."""
    due = next_due(now, Rhythm(weekday, at, member.zone, member.country), is_working_day or monday_to_friday)
    row = {"member_id": member.id, "weekday": weekday, "at": _hhmm(at), "next_due_at": due}
    await tx.execute(insert(tx, DigestSchedule).values(row).on_conflict_do_nothing(index_elements=["member_id"]))


async def ensure_schedules(
    tx: Transaction, now: datetime, weekday: int, at: time, is_working_day: WorkingDay | None = None
) -> None:
    """Give every active member without a schedule one, by one statement a zone and country."""
    scheduled = select(DigestSchedule.member_id).where(DigestSchedule.member_id == Member.id).exists()
    lacking = (Member.state.in_(BELONGING), ~scheduled)
    places = (await tx.execute(select(Member.zone, Member.country).where(*lacking).distinct())).all()
    fixed = {"frequency": Frequency.WEEKLY, "even": True, "paused": False, "quiet_line": False, "edited_upto": 0}
    for zone, country in places:
        due = next_due(now, Rhythm(weekday, at, zone, country), is_working_day or monday_to_friday)
        row = fixed | {"weekday": weekday, "at": _hhmm(at)}
        facts = [literal(value, DigestSchedule.__table__.c[name].type) for name, value in row.items()]
        here = (Member.zone == zone, Member.country.is_not_distinct_from(country))
        chosen = select(Member.id, *facts, literal(due, Moment)).where(*lacking, *here)
        statement = insert(tx, DigestSchedule).from_select(["member_id", *row, "next_due_at"], chosen)
        await tx.execute(statement.on_conflict_do_nothing(index_elements=["member_id"]))


async def of(tx: Transaction, viewer: Viewer, *, lock: bool = False) -> DigestSchedule | None:
    """Return the viewer's schedule; `lock` holds it for the rest of a writing transaction."""
    access.require(viewer, Action.BELONG)
    found = select(DigestSchedule).where(DigestSchedule.member_id == viewer.id)
    return await tx.scalar(found.with_for_update() if lock else found)


async def change(
    tx: Transaction, viewer: Viewer, wishes: Wishes, now: datetime, is_working_day: WorkingDay | None = None
) -> DigestSchedule:
    """Change the rhythm; no period has two digests for it, nor none. The nearest of two fortnights is chosen.

    Who had switched digests off and chooses how often they come gets them again.
    """
    row, member = await _mine(tx, viewer)
    chosen = wishes.frequency not in (None, row.frequency)
    row.frequency = wishes.frequency or row.frequency
    row.weekday = row.weekday if wishes.weekday is None else wishes.weekday
    row.at = row.at if wishes.at is None else _hhmm(wishes.at)
    row.quiet_line = row.quiet_line if wishes.quiet_line is None else wishes.quiet_line
    if (wishes.frequency, wishes.weekday, wishes.at) != (None, None, None):
        await _replan(tx, row, member, now, is_working_day, chosen=chosen)
    if wishes.frequency and row.paused_until is None:
        row.paused = False
    return row


async def set_zone(
    tx: Transaction, viewer: Viewer, zone: str, now: datetime, is_working_day: WorkingDay | None = None
) -> DigestSchedule:
    """Change the member's time zone. A digest that the new clock has just passed still comes when it was to come."""
    row, member = await _mine(tx, viewer)
    member.zone = zone
    await _replan(tx, row, member, now, is_working_day)
    return row


async def pause(tx: Transaction, viewer: Viewer, until: datetime | None = None) -> DigestSchedule:
    """Send the member no digest until a moment, or until `resume`."""
    row, _ = await _mine(tx, viewer)
    row.paused, row.paused_until = True, until
    return row


async def rest(tx: Transaction, member_id: int) -> None:
    """Send somebody no digest until they resume, also when they are suspended now and reinstated later."""
    theirs = update(DigestSchedule).where(DigestSchedule.member_id == member_id)
    await tx.execute(theirs.values(paused=True, paused_until=None))


async def resume(
    tx: Transaction, viewer: Viewer, now: datetime, is_working_day: WorkingDay | None = None
) -> DigestSchedule:
    """Send digests again, from the next one that is due; nothing is made up for."""
    row, member = await _mine(tx, viewer)
    if row.paused:
        await _replan(tx, row, member, now, is_working_day)
        row.paused, row.paused_until = False, None
    return row


async def wake_paused(tx: Transaction, now: datetime, is_working_day: WorkingDay | None = None) -> int:
    """Resume those whose pause is over, as of its end, at most 200 at once; return how many there were."""
    over = (
        select(DigestSchedule, Member)
        .join(Member, Member.id == DigestSchedule.member_id)
        .where(DigestSchedule.paused, DigestSchedule.paused_until <= now)
        .order_by(DigestSchedule.paused_until)
        .limit(_AT_ONCE)
    )
    rows = (await tx.execute(over.with_for_update(skip_locked=True, of=DigestSchedule))).all()
    for row, member in rows:
        await _replan(tx, row, member, row.paused_until or now, is_working_day)
        row.paused, row.paused_until = False, None
    return len(rows)


async def _mine(tx: Transaction, viewer: Viewer) -> tuple[DigestSchedule, Member]:
    row = await of(tx, viewer, lock=True)
    member = await members.by_id(tx, viewer.id)
    if row is None or member is None:
        raise Refusal("digest:none")
    return row, member


async def _replan(
    tx: Transaction,
    row: DigestSchedule,
    member: Member,
    now: datetime,
    is_working_day: WorkingDay | None,
    *,
    chosen: bool = False,
) -> None:
    """Set when the next one is due; `chosen` tells that somebody has just chosen how often."""
    working = is_working_day or monday_to_friday
    last = await _last(tx, member)
    # What came due during a pause is gone; what came due a moment ago is about to be made.
    pending = None if row.paused and row.next_due_at <= now else row.next_due_at
    rhythm = row.rhythm(member.zone, member.country)
    if chosen and rhythm.frequency is Frequency.FORTNIGHTLY:
        rhythm = nearest(pending, now, rhythm, last, working)
        row.even = rhythm.even
    row.next_due_at = replanned(pending, now, rhythm, last, working)


async def _last(tx: Transaction, member: Member) -> Day:
    """Return the ISO year, week and day of the member's last digest: by the clock it came by, or theirs, the later."""
    days = (Digest.iso_year, Digest.iso_week, Digest.iso_day)
    latest = select(*days, Digest.period_end).where(Digest.member_id == member.id)
    found = (await tx.execute(latest.order_by(*(day.desc() for day in days)).limit(1))).first()
    if found is None:
        return NEVER
    return max((found.iso_year, found.iso_week, found.iso_day), day_of(found.period_end, member.zone))


def _hhmm(at: time) -> str:
    return at.strftime("%H:%M")
