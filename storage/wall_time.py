"""Wall time: what a clock on the wall shows somewhere, as a moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def moment(day: date, at: time, zone: str) -> datetime:
    """Return a local wall time as UTC: the first of two, and a time that a clock change leaves out moves forward."""
    return datetime.combine(day, at.replace(fold=0), ZoneInfo(zone)).astimezone(UTC)
