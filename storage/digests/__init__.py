"""Digests: the network's edited issues, each member's rhythm, what came due, and what it says."""

from __future__ import annotations

from storage.digests.contents import Announced, Dated, Issue, Published, compose, load
from storage.digests.due import ISSUE, run_due
from storage.digests.issues import Editing, ensure, of_week, of_weeks
from storage.digests.plans import Break, end_of, following
from storage.digests.schedules import (
    Wishes,
    change,
    ensure_schedules,
    issue_of,
    of,
    pause,
    resume,
    schedule,
    set_zone,
    wake_paused,
)
from storage.digests.tables import DeskItem, DeskKind, DeskState, Digest, DigestIssue, DigestSchedule, DigestState
from storage.digests.times import Frequency, Rhythm, WorkingDay, monday_to_friday, next_due

__all__ = [
    "ISSUE",
    "Announced",
    "Break",
    "Dated",
    "DeskItem",
    "DeskKind",
    "DeskState",
    "Digest",
    "DigestIssue",
    "DigestSchedule",
    "DigestState",
    "Editing",
    "Frequency",
    "Issue",
    "Published",
    "Rhythm",
    "Wishes",
    "WorkingDay",
    "change",
    "compose",
    "end_of",
    "ensure",
    "ensure_schedules",
    "following",
    "issue_of",
    "load",
    "monday_to_friday",
    "next_due",
    "of",
    "of_week",
    "of_weeks",
    "pause",
    "resume",
    "run_due",
    "schedule",
    "set_zone",
    "wake_paused",
]  # fmt: skip
