"""The digest tick: claims the schedules that are due, makes their issues and promises them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select, update

from storage.database import Transaction, insert
from storage.digests.tables import Digest, DigestSchedule, DigestState
from storage.digests.times import WorkingDay, day_of, is_holiday, monday_to_friday, next_due, week_of
from storage.members import BELONGING, Member, MemberState
from storage.outbox import Lane, OutboxRow, OutboxState, Promise, promise

ISSUE = "digest:issue"
LATEST = timedelta(days=3)
"""How late an issue may still be made after the bot was down."""

_WEEK = timedelta(days=7)
_LONGEST = timedelta(days=28)
_EMPTY_WITHIN = timedelta(days=4)


async def run_due(tx: Transaction, now: datetime, is_working_day: WorkingDay | None = None, *, limit: int = 500) -> int:
    """Make and promise the issues that are due for up to `limit` members; return how many schedules were claimed."""
    working = is_working_day or monday_to_friday
    claimed = await _claim(tx, now, limit)
    since = await _last_ends(tx, [row.member_id for row, _ in claimed])
    made = [issue for row, member in claimed for issue in _advance(row, member, now, working, since)]
    await _promise(tx, await _insert(tx, made), now)
    await _note_empty(tx, now)
    return len(claimed)


async def _claim(tx: Transaction, now: datetime, limit: int) -> Sequence[tuple[DigestSchedule, Member]]:
    due = (
        select(DigestSchedule, Member)
        .join(Member, Member.id == DigestSchedule.member_id)
        .where(DigestSchedule.next_due_at <= now, DigestSchedule.paused.is_(False))
        .where(Member.state.in_(BELONGING - {MemberState.IDLE}))
        .order_by(DigestSchedule.next_due_at)
        .limit(limit)
    )
    rows = await tx.execute(due.with_for_update(skip_locked=True, of=DigestSchedule))
    return [(row[0], row[1]) for row in rows]


async def _last_ends(tx: Transaction, member_ids: Sequence[int]) -> dict[int, datetime]:
    made = func.max(case((Digest.state != DigestState.SKIPPED, Digest.period_end)))
    # Who only ever missed issues gets what the first of them would have said.
    since = func.coalesce(made, func.min(Digest.period_start))
    ends = select(Digest.member_id, since).where(Digest.member_id.in_(member_ids))
    rows = await tx.execute(ends.group_by(Digest.member_id))
    return {row[0]: row[1] for row in rows}


def _advance(
    row: DigestSchedule, member: Member, now: datetime, working: WorkingDay, since: dict[int, datetime]
) -> list[dict[str, Any]]:
    """Return the issues that a schedule owes, and move it past now; only the last, if not too late, is made."""
    owed: list[datetime] = []
    while row.next_due_at <= now:
        day = row.next_due_at.astimezone(ZoneInfo(member.zone)).date()
        if not is_holiday(day, working, member.country):
            owed.append(row.next_due_at)
        row.next_due_at = _after(row, member, working)
    issues = [_issue(member, due, DigestState.SKIPPED, due - _WEEK, now) for due in owed]
    if owed and now - owed[-1] <= LATEST:
        start = max(since.get(member.id, owed[0] - _WEEK), owed[-1] - _LONGEST)
        issues[-1] = _issue(member, owed[-1], DigestState.QUEUED, start, now)
        row.covered_until = now
    return issues


def _after(row: DigestSchedule, member: Member, working: WorkingDay) -> datetime:
    week = week_of(row.next_due_at, member.zone)
    was_holiday = is_holiday(row.next_due_at.astimezone(ZoneInfo(member.zone)).date(), working, member.country)
    rhythm = row.rhythm(member.zone, member.country)
    due = next_due(row.next_due_at, rhythm, working)
    while week_of(due, member.zone) <= week and not was_holiday:
        due = next_due(due, rhythm, working)
    return due


def _issue(member: Member, due: datetime, state: DigestState, start: datetime, now: datetime) -> dict[str, Any]:
    year, week, day = day_of(due, member.zone)
    row = {"member_id": member.id, "iso_year": year, "iso_week": week, "state": state, "created_at": now}
    row |= {"iso_day": day, "slot": 0, "number": week, "items": {}, "breaks": []}
    return row | {"period_start": start, "period_end": due}


async def _insert(tx: Transaction, issues: list[dict[str, Any]]) -> Sequence[Digest]:
    if not issues:
        return []
    once = insert(tx, Digest).on_conflict_do_nothing(index_elements=["member_id", "iso_year", "iso_week"])
    return (await tx.scalars(once.returning(Digest), issues)).all()


async def _promise(tx: Transaction, digests: Sequence[Digest], now: datetime) -> None:
    queued = [digest for digest in digests if digest.state is DigestState.QUEUED]
    await promise(tx, [_letter(digest) for digest in queued], now)


def _letter(digest: Digest) -> Promise:
    week = f"{digest.iso_year}-W{digest.iso_week}"
    return Promise(
        digest.member_id,
        ISSUE,
        {"digest": digest.id},
        lane=Lane.BULK,
        key=f"digest:{digest.member_id}:{week}",
        subject=f"digest:{week}",
    )


async def _note_empty(tx: Transaction, now: datetime) -> None:
    # Delivery reads only: it withholds an issue that has nothing to say, and the next tick notes it here.
    withheld = select(OutboxRow.facts["digest"].as_integer()).where(
        OutboxRow.state == OutboxState.WITHHELD,
        OutboxRow.lane == Lane.BULK,
        OutboxRow.due_at > now - _EMPTY_WITHIN,
        OutboxRow.notice == ISSUE,
    )
    empty = update(Digest).where(Digest.id.in_(withheld), Digest.state == DigestState.QUEUED)
    await tx.execute(empty.values(state=DigestState.EMPTY).execution_options(synchronize_session=False))
