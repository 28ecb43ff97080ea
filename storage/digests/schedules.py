"""Each member's schedule: its rhythm and its pauses, kept so that no ISO week sees two issues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select

from storage import access, members
from storage.access import Action, Viewer
from storage.database import Moment, Transaction, insert
from storage.digests.tables import Digest, DigestSchedule, DigestState
from storage.digests.times import (
    Day,
    Frequency,
    Rhythm,
    WorkingDay,
    day_of,
    is_even,
    monday_to_friday,
    next_due,
    week_of,
)
from storage.members import BELONGING, Member
from storage.refusals import Refusal

_NEVER: Day = (0, 0, 0)


@dataclass(frozen=True)
class Wishes:
    """What a member changes of their schedule; None is left as it is."""

    frequency: Frequency | None = None
    weekday: int | None = None
    at: time | None = None


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
    """Change the rhythm; what was sent this ISO week is not sent again. The nearest of two fortnights is chosen."""
    row, member = await _mine(tx, viewer)
    row.frequency = wishes.frequency or row.frequency
    row.weekday = row.weekday if wishes.weekday is None else wishes.weekday
    row.at = row.at if wishes.at is None else _hhmm(wishes.at)
    row.next_due_at = await _following(tx, row, member, now, is_working_day)
    return row


async def set_zone(
    tx: Transaction, viewer: Viewer, zone: str, now: datetime, is_working_day: WorkingDay | None = None
) -> DigestSchedule:
    """Change the member's time zone. A digest that the new clock has just passed still comes when it was to come."""
    row, member = await _mine(tx, viewer)
    member.zone = zone
    due = await _following(tx, row, member, now, is_working_day)
    before = row.next_due_at
    pending = now < before < due and week_of(before, zone) < week_of(due, zone)
    if not (pending and day_of(before, zone)[:2] > (await _last(tx, viewer.id))[:2]):
        row.next_due_at = due
    return row


async def pause(tx: Transaction, viewer: Viewer, until: datetime | None = None) -> DigestSchedule:
    """Send the member no digest until a moment, or until `resume`."""
    row, _ = await _mine(tx, viewer)
    row.paused, row.paused_until = True, until
    return row


async def resume(
    tx: Transaction, viewer: Viewer, now: datetime, is_working_day: WorkingDay | None = None
) -> DigestSchedule:
    """Send digests again, from the next one that is due; nothing is made up for."""
    row, member = await _mine(tx, viewer)
    if row.paused:
        row.paused, row.paused_until = False, None
        row.next_due_at = await _following(tx, row, member, now, is_working_day)
    return row


async def _mine(tx: Transaction, viewer: Viewer) -> tuple[DigestSchedule, Member]:
    row = await of(tx, viewer, lock=True)
    member = await members.by_id(tx, viewer.id)
    if row is None or member is None:
        raise Refusal("digest:none")
    return row, member


async def _following(
    tx: Transaction, row: DigestSchedule, member: Member, now: datetime, is_working_day: WorkingDay | None
) -> datetime:
    last = await _last(tx, member.id)
    if row.frequency is Frequency.FORTNIGHTLY:
        weekly = Rhythm(row.weekday, time.fromisoformat(row.at), member.zone, member.country)
        row.even = is_even(_first(weekly, last, now, is_working_day).astimezone(ZoneInfo(member.zone)).date())
    return _first(row.rhythm(member.zone, member.country), last, now, is_working_day)


def _first(rhythm: Rhythm, last: Day, now: datetime, is_working_day: WorkingDay | None) -> datetime:
    """Return the first due moment in a week, or for who gets one daily on a day, that has had no digest yet."""
    due, counted = now, 3 if rhythm.frequency is Frequency.DAILY else 2
    while due == now or day_of(due, rhythm.zone)[:counted] <= last[:counted]:
        due = next_due(due, rhythm, is_working_day or monday_to_friday)
    return due


async def _last(tx: Transaction, member_id: int) -> Day:
    """Return the ISO year, week and day of the member's last digest."""
    days = (Digest.iso_year, Digest.iso_week, Digest.iso_day)
    latest = select(*days).where(Digest.member_id == member_id).order_by(*(day.desc() for day in days)).limit(1)
    found = (await tx.execute(latest)).first()
    return _NEVER if found is None else (found.iso_year, found.iso_week, found.iso_day)


async def issue_of(tx: Transaction, viewer: Viewer, number: int) -> Digest:
    """Return the viewer's latest digest of an issue. Refusal: `digest:unknown` where there is none."""
    access.require(viewer, Action.BELONG)
    found = select(Digest).where(Digest.member_id == viewer.id, Digest.number == number)
    digest = await tx.scalar(found.where(Digest.state != DigestState.SKIPPED).order_by(Digest.id.desc()).limit(1))
    if digest is None:
        raise Refusal("digest:unknown", number=number)
    return digest


def _hhmm(at: time) -> str:
    return at.strftime("%H:%M")
