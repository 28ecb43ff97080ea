"""Each member's digest schedule: its day, hour and pause, kept so that no ISO week sees two issues."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, literal, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, members
from storage.access import Action, Viewer
from storage.database import Base, Moment, Transaction, insert, one_of
from storage.digests.times import Week, WorkingDay, monday_to_friday, next_due, week_of
from storage.members import BELONGING, Member
from storage.refusals import Refusal


class DigestState(StrEnum):
    """What became of a week's issue: `empty` had nothing to say, `skipped` came due while the bot was down."""

    QUEUED = "queued"
    SKIPPED = "skipped"
    EMPTY = "empty"


class DigestSchedule(Base):
    """When a member wants the digest: `at` is local wall time, `HH:MM`, in the member's zone."""

    __tablename__ = "digest_schedule"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    paused: Mapped[bool] = mapped_column(default=False)
    weekday: Mapped[int]
    at: Mapped[str] = mapped_column(String(5))
    next_due_at: Mapped[datetime] = mapped_column(Moment, index=True)
    last_sent_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def hour(self) -> time:
        return time.fromisoformat(self.at)


class Digest(Base):
    """A member's issue of one local ISO week; it says what was new between `period_start` and `period_end`."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("member_id", "iso_year", "iso_week"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    iso_year: Mapped[int]
    iso_week: Mapped[int]
    period_start: Mapped[datetime] = mapped_column(Moment)
    period_end: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[DigestState] = mapped_column(one_of(DigestState))
    created_at: Mapped[datetime] = mapped_column(Moment)


async def schedule(
    tx: Transaction,
    member: Member,
    weekday: int,
    at: time,
    now: datetime,
    is_working_day: WorkingDay | None = None,
) -> None:
    """Give a new active member a schedule; one that exists is left as it is."""
    due = next_due(now, weekday, at, member.zone, is_working_day or monday_to_friday, member.country)
    row = {"member_id": member.id, "paused": False, "weekday": weekday, "at": _hhmm(at), "next_due_at": due}
    await tx.execute(insert(tx, DigestSchedule).values(row).on_conflict_do_nothing(index_elements=["member_id"]))


async def ensure_schedules(
    tx: Transaction, now: datetime, weekday: int, at: time, is_working_day: WorkingDay | None = None
) -> None:
    """Give every active member without a schedule one, by one statement a zone and country."""
    scheduled = select(DigestSchedule.member_id).where(DigestSchedule.member_id == Member.id).exists()
    lacking = (Member.state.in_(BELONGING), ~scheduled)
    places = (await tx.execute(select(Member.zone, Member.country).where(*lacking).distinct())).all()
    names = ["member_id", "paused", "weekday", "at", "next_due_at"]
    for zone, country in places:
        due = next_due(now, weekday, at, zone, is_working_day or monday_to_friday, country)
        facts = [literal(False), literal(weekday), literal(_hhmm(at)), literal(due, Moment)]  # noqa: FBT003
        here = (Member.zone == zone, Member.country.is_not_distinct_from(country))
        chosen = select(Member.id, *facts).where(*lacking, *here)
        statement = insert(tx, DigestSchedule).from_select(names, chosen)
        await tx.execute(statement.on_conflict_do_nothing(index_elements=["member_id"]))


async def of(tx: Transaction, viewer: Viewer, *, lock: bool = False) -> DigestSchedule | None:
    """Return the viewer's schedule; `lock` holds it for the rest of a writing transaction."""
    access.require(viewer, Action.BELONG)
    found = select(DigestSchedule).where(DigestSchedule.member_id == viewer.id)
    return await tx.scalar(found.with_for_update() if lock else found)


async def set_schedule(
    tx: Transaction,
    viewer: Viewer,
    now: datetime,
    *,
    weekday: int | None = None,
    at: time | None = None,
    is_working_day: WorkingDay | None = None,
) -> DigestSchedule:
    """Change the day or the hour; what was sent this ISO week is not sent again."""
    row, member = await _mine(tx, viewer)
    row.weekday = row.weekday if weekday is None else weekday
    row.at = row.at if at is None else _hhmm(at)
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
    if not (pending and week_of(before, zone) > await _last_week(tx, viewer.id)):
        row.next_due_at = due
    return row


async def pause(tx: Transaction, viewer: Viewer) -> DigestSchedule:
    """Send the member no digest until `resume`."""
    row, _ = await _mine(tx, viewer)
    row.paused = True
    return row


async def resume(
    tx: Transaction, viewer: Viewer, now: datetime, is_working_day: WorkingDay | None = None
) -> DigestSchedule:
    """Send digests again, from the next one that is due; nothing is made up for."""
    row, member = await _mine(tx, viewer)
    if row.paused:
        row.paused = False
        row.next_due_at = await _following(tx, row, member, now, is_working_day)
    return row


async def issue_of(tx: Transaction, viewer: Viewer, week: int) -> Digest:
    """Return the viewer's latest issue of a week's number.

    Raises:
        Refusal: `digest:unknown` where none was made.
    """
    access.require(viewer, Action.BELONG)
    found = select(Digest).where(Digest.member_id == viewer.id, Digest.iso_week == week)
    made = found.where(Digest.state != DigestState.SKIPPED).order_by(Digest.iso_year.desc()).limit(1)
    digest = await tx.scalar(made)
    if digest is None:
        raise Refusal("digest:unknown", number=week)
    return digest


async def _mine(tx: Transaction, viewer: Viewer) -> tuple[DigestSchedule, Member]:
    row = await of(tx, viewer, lock=True)
    member = await members.by_id(tx, viewer.id)
    if row is None or member is None:
        raise Refusal("digest:none")
    return row, member


async def _following(
    tx: Transaction, row: DigestSchedule, member: Member, now: datetime, is_working_day: WorkingDay | None
) -> datetime:
    last = await _last_week(tx, member.id)
    due = now
    while due == now or week_of(due, member.zone) <= last:
        due = next_due(due, row.weekday, row.hour, member.zone, is_working_day or monday_to_friday, member.country)
    return due


async def _last_week(tx: Transaction, member_id: int) -> Week:
    latest = select(Digest.iso_year, Digest.iso_week).where(Digest.member_id == member_id)
    found = (await tx.execute(latest.order_by(Digest.iso_year.desc(), Digest.iso_week.desc()).limit(1))).first()
    return (0, 0) if found is None else (found.iso_year, found.iso_week)


def _hhmm(at: time) -> str:
    return at.strftime("%H:%M")
