"""Working days of each country, with public holidays and swapped days."""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays

from storage.digests import WorkingDay, monday_to_friday

SATURDAY = 5


def is_working_day(country: str | None, day: date) -> bool:
    """Tell whether offices of `country` (ISO 3166 alpha-2) work on `day`; Monday to Friday where it is unknown."""
    calendar = _calendar(country) if country else None
    return day.weekday() < SATURDAY if calendar is None else bool(calendar.is_working_day(day))


def working_days(*, skip_holidays: bool) -> WorkingDay:
    """Return what tells working days in this network: with public holidays, or Monday to Friday."""
    return is_working_day if skip_holidays else monday_to_friday


@cache
def _calendar(country: str) -> holidays.HolidayBase | None:
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return None
