"""When a digest is due: local wall time in a member's rhythm, holidays of their country, one issue per ISO week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import chain, count
from zoneinfo import ZoneInfo

from storage.wall_time import moment

WorkingDay = Callable[[str | None, date], bool]
"""Tells whether offices of a country (ISO 3166 alpha-2; None is unknown) work on a day."""

Week = tuple[int, int]
"""An ISO year and its week: weeks compare as tuples."""

Day = tuple[int, int, int]
"""An ISO year, its week and the day in it, Monday = 1."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LONGEST_MOVE = 14
_BEFORE = 3
_NEIGHBOURS = (-4, -3, -2, -1, 1, 2, 3, 4)
_SATURDAY = 5
_MONDAY = date(1970, 1, 5)


class Frequency(StrEnum):
    """How often a digest comes: daily is each working day, monthly the first chosen weekday of a month."""

    DAILY = "daily"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"

    @property
    def span(self) -> timedelta:
        """What the first digest looks back on."""
        return _SPANS[self]


_SPANS = {
    Frequency.DAILY: _DAY,
    Frequency.WEEKLY: _WEEK,
    Frequency.FORTNIGHTLY: 2 * _WEEK,
    Frequency.MONTHLY: timedelta(days=31),
}


@dataclass(frozen=True)
class Rhythm:
    """When somebody wants their digest: `at` is wall time in `zone`, `country` tells the holidays.

    `even` tells which of the fortnights it is: the weeks that are even, counted from Monday 5 January 1970, or the odd.
    """

    weekday: int
    at: time
    zone: str
    country: str | None = None
    frequency: Frequency = Frequency.WEEKLY
    even: bool = True


def monday_to_friday(_country: str | None, day: date) -> bool:
    """Tell whether `day` is no Saturday and no Sunday, for a network that does not look at holidays."""
    return day.weekday() < _SATURDAY


def next_due(after: datetime, rhythm: Rhythm, is_working_day: WorkingDay = monday_to_friday) -> datetime:
    """Return the first moment (UTC) after `after` when a digest is due, at most one in a local ISO week.

    A public holiday moves it to the country's next working day; where that day belongs to a week with an issue
    of its own, the earlier of the two stands for both. A daily one comes on working days, and moves nowhere.
    """
    today = after.astimezone(ZoneInfo(rhythm.zone)).date()
    if rhythm.frequency is Frequency.DAILY:
        return _next_working(after, today, rhythm, is_working_day)
    taken: Week | None = None
    for nominal in _nominal(today, rhythm):
        day = working_day(nominal, is_working_day, rhythm.country)
        year, week, _ = day.isocalendar()
        if (year, week) == taken:
            continue
        taken = year, week
        if day >= today - _DAY and (due := moment(day, rhythm.at, rhythm.zone)) > after:
            return due
    raise AssertionError("weeks never end")


def _next_working(after: datetime, today: date, rhythm: Rhythm, is_working_day: WorkingDay) -> datetime:
    coming = [today + timedelta(days=n) for n in range(-1, _LONGEST_MOVE + 1)]
    working = (day for day in coming if is_working_day(rhythm.country, day))
    # A calendar without any working day in a fortnight is no calendar: then every day will do.
    dues = (moment(day, rhythm.at, rhythm.zone) for day in chain(working, coming))
    return next(due for due in dues if due > after)


def _nominal(today: date, rhythm: Rhythm) -> Iterator[date]:
    """Yield the days of a rhythm, holidays or not, from a few periods before `today` on."""
    if rhythm.frequency is Frequency.MONTHLY:
        for month in count(today.year * 12 + today.month - 1 - _BEFORE):
            first = date(month // 12, month % 12 + 1, 1)
            yield first + timedelta(days=(rhythm.weekday - first.weekday()) % 7)
    monday = today - timedelta(days=today.weekday())
    for n in count(-_BEFORE):
        day = monday + n * _WEEK + timedelta(days=rhythm.weekday)
        if rhythm.frequency is Frequency.WEEKLY or is_even(day) is rhythm.even:
            yield day


def is_even(day: date) -> bool:
    """Tell whether a day's week is an even one, counted from Monday 5 January 1970."""
    return (day - _MONDAY).days // 7 % 2 == 0


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


def day_of(due: datetime, zone: str) -> Day:
    """Return the ISO year, week and day of a moment in a zone."""
    year, week, day = due.astimezone(ZoneInfo(zone)).isocalendar()
    return year, week, day


def week_of(due: datetime, zone: str) -> Week:
    """Return the ISO year and week of a moment in a zone."""
    return day_of(due, zone)[:2]
