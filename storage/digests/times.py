"""When a weekly digest is due: local wall time, holidays of the member's country, one issue per ISO week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

WorkingDay = Callable[[str | None, date], bool]
"""Tells whether offices of a country (ISO 3166 alpha-2; None is unknown) work on a day."""

Week = tuple[int, int]
"""An ISO year and its week: weeks compare as tuples."""

_WEEK = timedelta(days=7)
_LONGEST_MOVE = 14
_NEIGHBOURS = (-4, -3, -2, -1, 1, 2, 3, 4)
_SATURDAY = 5


def monday_to_friday(_country: str | None, day: date) -> bool:
    """Tell whether `day` is no Saturday and no Sunday, for a network that does not look at holidays."""
    return day.weekday() < _SATURDAY


def next_due(
    after: datetime,
    weekday: int,
    at: time,
    zone: str,
    is_working_day: WorkingDay = monday_to_friday,
    country: str | None = None,
) -> datetime:
    """Return the first moment (UTC) after `after` when a digest is due, at most one in a local ISO week.

    A public holiday moves it to the country's next working day; where that day belongs to a week with an issue
    of its own, the earlier of the two stands for both.
    """
    today = after.astimezone(ZoneInfo(zone)).date()
    first = today - timedelta(days=today.weekday() - weekday + 3 * _WEEK.days)
    taken: Week | None = None
    for n in count():
        day = working_day(first + n * _WEEK, is_working_day, country)
        due = moment(day, at, zone)
        if week_of(due, zone) == taken:
            continue
        taken = week_of(due, zone)
        if due > after:
            return due
    raise AssertionError("weeks never end")


def working_day(day: date, is_working_day: WorkingDay, country: str | None) -> date:
    """Return `day`, or the next working day where it is a holiday."""
    if not is_holiday(day, is_working_day, country):
        return day
    later = (day + timedelta(days=n) for n in range(1, _LONGEST_MOVE + 1))
    return next((d for d in later if is_working_day(country, d)), day)


def is_holiday(day: date, is_working_day: WorkingDay, country: str | None) -> bool:
    """Tell whether `day` is free although its weekday is not: who chose a day of rest means it."""
    if is_working_day(country, day):
        return False
    worked = sum(is_working_day(country, day + n * _WEEK) for n in _NEIGHBOURS)
    return worked * 2 >= len(_NEIGHBOURS)


def moment(day: date, at: time, zone: str) -> datetime:
    """Return a local wall time as UTC: the first of two, and a time that a clock change leaves out moves forward."""
    return datetime.combine(day, at.replace(fold=0), ZoneInfo(zone)).astimezone(UTC)


def week_of(due: datetime, zone: str) -> Week:
    """Return the ISO year and week of a moment in a zone."""
    year, week, _ = due.astimezone(ZoneInfo(zone)).isocalendar()
    return year, week
