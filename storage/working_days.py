"""Working days: Monday to Friday, for staff sit in several countries."""

from __future__ import annotations

from datetime import datetime, timedelta

_WEEKEND = 5


def after(now: datetime, days: int) -> datetime:
    """Return the moment so many working days later."""
    left, at = days, now
    while left:
        at += timedelta(days=1)
        left -= at.weekday() < _WEEKEND
    return at
