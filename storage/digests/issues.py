"""The network's issues: one an ISO week, numbered, with a deadline for contributions, signed by an editor or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, tuple_

from storage.database import Transaction, insert
from storage.digests.tables import Digest, DigestIssue
from storage.digests.times import Week, week_of
from storage.refusals import Refusal
from storage.wall_time import moment

_WEEK = timedelta(days=7)
_EASTERNMOST = timezone(timedelta(hours=14))
"""Where each day begins first."""
_AT_ONCE = 4
"""How many issues are looked at: more are never open together, and a note is not older when it moves on."""


@dataclass(frozen=True)
class Editing:
    """The operator's decisions on editing (R-13): contributions close at `at` of `weekday` in the week before an issue.

    `unsigned` lets an issue that no editor approved go out, without note and contributions; else it waits.
    """

    zone: str
    weekday: int
    at: time
    unsigned: bool = True

    def deadline(self, week: Week) -> datetime:
        """Return when contributions to the issue of an ISO week close."""
        monday = date.fromisocalendar(*week, 1) - _WEEK
        return moment(monday + timedelta(days=self.weekday), self.at, self.zone)

    def today(self, now: datetime) -> date:
        """Return the day by the network's clock."""
        return now.astimezone(ZoneInfo(self.zone)).date()


async def ensure(tx: Transaction, editing: Editing, now: datetime) -> None:
    """Number the issues of this and the two coming weeks, and of the last week where digests were sent before.

    What an editor wrote for an issue that was never approved moves on to the next one.
    """
    newest = await latest(tx, 1)
    ahead = range(-1, 3) if newest or await _has_digests(tx) else range(3)
    for week in (week_of(now + n * _WEEK, editing.zone) for n in ahead):
        if not newest or week > newest[0].week:
            await _begin(tx, week, editing, now)
    await _move_on(tx, editing, now)


async def _has_digests(tx: Transaction) -> bool:
    """Tell whether an older version, which numbered nothing, sent digests: one of the last week may still be due."""
    return await tx.scalar(select(Digest.id).limit(1)) is not None


async def _begin(tx: Transaction, week: Week, editing: Editing, now: datetime) -> None:
    number = (await tx.scalar(select(func.max(DigestIssue.number))) or 0) + 1
    deadline = editing.deadline(week)
    # An issue that begins after its deadline is nobody's omission: nobody is told that it waits.
    told_at = now if deadline <= now else None
    row = {"number": number, "iso_year": week[0], "iso_week": week[1], "deadline_at": deadline, "told_at": told_at}
    # Where another process numbers the same week, its number stands.
    await tx.execute(insert(tx, DigestIssue).values(row | {"note": {}}).on_conflict_do_nothing())


async def _move_on(tx: Transaction, editing: Editing, now: datetime) -> None:
    """Let the notes of issues that have ended without approval stand on the next one that is not approved yet."""
    this = week_of(now, editing.zone)
    issues = await latest(tx, 2 * _AT_ONCE)
    ended = [i.number for i in issues if i.week < this and i.approved_at is None and i.note]
    following = next((i.number for i in issues if i.week >= this and i.approved_at is None), None)
    if following is None:
        return
    for number in ended:
        former, issue = await by_number(tx, number, lock=True), await by_number(tx, following, lock=True)
        if issue.approved_at is None:  # nobody has signed it meanwhile
            issue.note, former.note = {**former.note, **issue.note}, {}


async def latest(tx: Transaction, most: int = _AT_ONCE) -> list[DigestIssue]:
    """Return the issues with the greatest numbers, in their order: all that are ahead are among them."""
    newest = select(DigestIssue).order_by(DigestIssue.number.desc()).limit(most)
    return list(await tx.scalars(newest))[::-1]


async def by_number(tx: Transaction, number: int, *, lock: bool = False) -> DigestIssue:
    """Return an issue by its number; `lock` holds it until the end of the transaction. Refusal: `desk:unknown`."""
    issue = await tx.get(DigestIssue, number, with_for_update=lock, populate_existing=lock)
    if issue is None:
        raise Refusal("desk:unknown")
    return issue


async def of_week(tx: Transaction, week: Week) -> DigestIssue | None:
    """Return the issue of an ISO week."""
    return await tx.scalar(select(DigestIssue).where(DigestIssue.iso_year == week[0], DigestIssue.iso_week == week[1]))


async def of_weeks(tx: Transaction, weeks: set[Week]) -> dict[Week, DigestIssue]:
    """Return the issues of some ISO weeks."""
    week = tuple_(DigestIssue.iso_year, DigestIssue.iso_week)
    found = await tx.scalars(select(DigestIssue).where(week.in_(sorted(weeks))))
    return {(issue.iso_year, issue.iso_week): issue for issue in found}


async def coming(tx: Transaction, editing: Editing, now: datetime) -> list[DigestIssue]:
    """Return the issues whose week has not ended by the network's clock, the earliest first."""
    this = week_of(now, editing.zone)
    return [issue for issue in await latest(tx) if issue.week >= this]


def in_the_making(found: list[DigestIssue]) -> DigestIssue:
    """Return which of the coming issues editors work on: the first that is not approved, else the last.

    Refusal: `desk:none` where there is none yet.
    """
    if not found:
        raise Refusal("desk:none")
    return next((issue for issue in found if issue.approved_at is None), found[-1])


async def open_at(tx: Transaction, now: datetime) -> DigestIssue:
    """Return the issue to which one contributes now: the first open one before its deadline. Refusal: `desk:none`."""
    issue = next((one for one in await latest(tx) if one.takes(now)), None)
    if issue is None:
        raise Refusal("desk:none")
    return issue


def next_to_approve(found: list[DigestIssue]) -> int:
    """Return the number of the first of the coming issues that is not approved, be it one that has no row yet."""
    return next((issue.number for issue in found if issue.approved_at is None), found[-1].number + 1 if found else 1)


def closed_before(issues: list[DigestIssue], at: datetime) -> int | None:
    """Return the number of the issue that has not begun at a moment and takes no contributions any more, if any."""
    return next((i.number for i in issues if not i.takes(at) and not has_begun(i, at)), None)


def has_begun(issue: DigestIssue, now: datetime) -> bool:
    """Tell whether an issue's week has begun anywhere: from then on it may be in somebody's digest."""
    return now >= datetime.combine(issue.monday, time(), _EASTERNMOST)
