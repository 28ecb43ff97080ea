"""The network's issues: one an ISO week, numbered, with a deadline for contributions, signed by an editor or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select, tuple_

from storage.database import Transaction, insert
from storage.digests.tables import DigestIssue
from storage.digests.times import Week, moment, week_of

_WEEK = timedelta(days=7)


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


async def ensure(tx: Transaction, editing: Editing, now: datetime) -> None:
    """Number the issues of the last, this and the two coming weeks; the first one ever is this week's.

    What an editor wrote for an issue that was never approved waits on the next one.
    """
    first = await tx.scalar(select(DigestIssue.number).limit(1)) is None
    for ahead in (0, 1, 2) if first else (-1, 0, 1, 2):
        week = week_of(now + ahead * _WEEK, editing.zone)
        if await of_week(tx, week) is None:
            await _begin(tx, week, editing)


async def _begin(tx: Transaction, week: Week, editing: Editing) -> None:
    number = (await tx.scalar(select(func.max(DigestIssue.number))) or 0) + 1
    row = {"number": number, "iso_year": week[0], "iso_week": week[1], "deadline_at": editing.deadline(week)}
    # Where another process numbers the same week, its number stands.
    await tx.execute(insert(tx, DigestIssue).values(row | {"note": {}}).on_conflict_do_nothing())


async def of_week(tx: Transaction, week: Week) -> DigestIssue | None:
    """Return the issue of an ISO week."""
    return await tx.scalar(select(DigestIssue).where(DigestIssue.iso_year == week[0], DigestIssue.iso_week == week[1]))


async def of_weeks(tx: Transaction, weeks: set[Week]) -> dict[Week, DigestIssue]:
    """Return the issues of some ISO weeks."""
    week = tuple_(DigestIssue.iso_year, DigestIssue.iso_week)
    found = await tx.scalars(select(DigestIssue).where(week.in_(sorted(weeks))))
    return {(issue.iso_year, issue.iso_week): issue for issue in found}
