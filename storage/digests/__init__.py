"""Weekly digests: each member's schedule, the issues that came due, and what an issue says."""

from __future__ import annotations

from storage.digests.due import ISSUE, run_due
from storage.digests.issues import Announced, Dated, Issue, Published, compose, load
from storage.digests.schedules import (
    Digest,
    DigestSchedule,
    DigestState,
    ensure_schedules,
    issue_of,
    of,
    pause,
    resume,
    schedule,
    set_schedule,
    set_zone,
)
from storage.digests.times import WorkingDay, monday_to_friday, next_due

__all__ = [
    "ISSUE",
    "Announced",
    "Dated",
    "Digest",
    "DigestSchedule",
    "DigestState",
    "Issue",
    "Published",
    "WorkingDay",
    "compose",
    "ensure_schedules",
    "issue_of",
    "load",
    "monday_to_friday",
    "next_due",
    "of",
    "pause",
    "resume",
    "run_due",
    "schedule",
    "set_schedule",
    "set_zone",
]
