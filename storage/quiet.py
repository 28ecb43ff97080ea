"""Quiet hours: from 21:00 to 08:00 where a member lives only what is urgent may make a sound."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEGIN, END = time(21), time(8)


def until(now: datetime, zone: str) -> datetime | None:
    """Return when the quiet hours of a zone end, in UTC; None while it is day there.

    Where the clock is put forward over the end of the night, the night ends with the jump.
    """
    local = now.astimezone(ZoneInfo(zone))
    if END <= local.time() < BEGIN:
        return None
    day = local.date() if local.time() < END else local.date() + timedelta(days=1)
    return datetime.combine(day, END, ZoneInfo(zone)).astimezone(UTC)
