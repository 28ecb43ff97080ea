"""Quiet hours: between two hours of the clock where a member lives only what is urgent may make a sound."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def until(now: datetime, zone: str, begin: time, end: time) -> datetime | None:
    """Return when the quiet hours that reach over `now` end, in UTC; None where it is not quiet.

    `begin` and `end` are wall times in `zone`; where they are the same, no hour is quiet. Where the clock is put
    forward over the end, it is quiet no longer; of an end that comes twice, the next one counts.
    """
    local = now.astimezone(ZoneInfo(zone))
    at = local.time()
    if not (begin <= at < end or (begin > end and not end <= at < begin)):
        return None
    day = local.date() if at < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end.replace(fold=local.fold), ZoneInfo(zone)).astimezone(UTC)
