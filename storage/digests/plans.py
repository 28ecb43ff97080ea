"""What comes next after a digest, a change of the rhythm or a pause: never two in a period, and none left out."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from zoneinfo import ZoneInfo

from storage.digests.times import (
    Day,
    Frequency,
    Rhythm,
    WorkingDay,
    day_of,
    is_even,
    monday_to_friday,
    next_due,
)
from storage.wall_time import moment

NEVER: Day = (1, 1, 1)
"""The day of the last digest of somebody who has had none."""


class Break(StrEnum):
    """For how long somebody wants no digest."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"


def following(
    after: datetime, rhythm: Rhythm, last: Day = NEVER, is_working_day: WorkingDay = monday_to_friday
) -> datetime:
    """Return the first moment (UTC) after `after` when a digest is due in a period that has had none.

    `last` is the local day on which the last one came due. Periods are days for who gets one daily, ISO weeks for who
    gets one weekly or fortnightly, and months.
    """
    due = next_due(after, rhythm, is_working_day)
    while not is_fresh(day_of(due, rhythm.zone), last, rhythm.frequency):
        due = next_due(due, rhythm, is_working_day)
    return due


def is_fresh(day: Day, last: Day, frequency: Frequency) -> bool:
    """Tell whether a day is in a later period than the last digest; a month never begins in a week that had one."""
    if frequency is Frequency.DAILY:
        return day > last
    if frequency is Frequency.MONTHLY and _month(day) <= _month(last):
        return False
    return day[:2] > last[:2]


def _month(day: Day) -> tuple[int, int]:
    found = date.fromisocalendar(*day)
    return found.year, found.month


def replanned(
    pending: datetime | None, now: datetime, rhythm: Rhythm, last: Day, is_working_day: WorkingDay = monday_to_friday
) -> datetime:
    """Return when the next digest is due by a changed rhythm, or clock.

    A digest that is `pending` by the old one still comes then, where the new one would leave its period without any.
    """
    due = following(now, rhythm, last, is_working_day)
    if pending is None or pending >= due:
        return due
    stands = day_of(pending, rhythm.zone)
    left_out = is_fresh(stands, last, rhythm.frequency)
    return pending if left_out and is_fresh(day_of(due, rhythm.zone), stands, rhythm.frequency) else due


def nearest(
    pending: datetime | None, now: datetime, rhythm: Rhythm, last: Day, is_working_day: WorkingDay = monday_to_friday
) -> Rhythm:
    """Return a fortnightly rhythm with that of the two fortnights in which a digest comes first."""
    first: Callable[[Rhythm], datetime] = partial(following, now, last=last, is_working_day=is_working_day)
    chosen = min((replace(rhythm, even=even) for even in (True, False)), key=first)
    due = replanned(pending, now, chosen, last, is_working_day)
    # The fortnight counts from a digest that still comes by the old rhythm.
    return replace(chosen, even=is_even(due.astimezone(ZoneInfo(rhythm.zone)).date())) if due == pending else chosen


def end_of(length: Break, now: datetime, zone: str) -> datetime:
    """Return when a pause that begins now ends: at the start of the same weekday, or day of the next month, there."""
    today = now.astimezone(ZoneInfo(zone)).date()
    if length is Break.MONTH:
        year, month = divmod(today.year * 12 + today.month, 12)
        day = date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
    else:
        day = today + timedelta(weeks=1 if length is Break.WEEK else 2)
    return moment(day, time(0), zone)
