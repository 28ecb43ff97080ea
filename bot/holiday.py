"""Working days of each country, with public holidays and swapped days."""

from __future__ import annotations

import sys
from datetime import date
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from storage.digests import WorkingDay, monday_to_friday

if TYPE_CHECKING:
    import holidays

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
    import holidays  # not before somebody from a country is there

    _each_for_itself(holidays)
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return None


def _each_for_itself(library: ModuleType) -> None:
    """Let one country be loaded without all the others, which would take 13 MB and hold up the loop."""
    name = f"{library.__name__}.countries"
    if name not in sys.modules:
        package = ModuleType(name)  # the library's own would load each of its two hundred modules
        package.__path__ = [f"{path}/countries" for path in library.__path__]
        sys.modules[name] = package
