"""Digests: the network's edited issues, each member's rhythm, what came due, and what it says."""

from __future__ import annotations

from storage.digests.archive import copy_by_id, copy_of_issue, earlier
from storage.digests.board import remind
from storage.digests.claiming import Terms
from storage.digests.contents import NOW, Copy, Count, Issue, Told, issues_of, load
from storage.digests.desk import Edited, Item
from storage.digests.issues import Editing, ensure, of_week, of_weeks
from storage.digests.merging import AHEAD, QUOTE, Divide, Findings, Line, Period, Section, find
from storage.digests.plans import Break, end_of, following
from storage.digests.preview import preview
from storage.digests.run import ISSUE, PORTION, begin, give_up_waiting, run
from storage.digests.schedules import (
    Wishes,
    change,
    ensure_schedules,
    of,
    pause,
    rest,
    resume,
    schedule,
    set_zone,
    wake_paused,
)
from storage.digests.tables import DeskItem, DeskKind, DeskState, Digest, DigestIssue, DigestSchedule, DigestState
from storage.digests.times import Frequency, Rhythm, WorkingDay, monday_to_friday, next_due

__all__ = [
    "AHEAD", "ISSUE", "NOW", "PORTION", "QUOTE", "Break", "Copy", "Count", "DeskItem", "DeskKind", "DeskState",
    "Digest", "DigestIssue", "DigestSchedule", "DigestState", "Divide", "Edited", "Editing", "Findings", "Frequency",
    "Issue", "Item", "Line", "Period", "Rhythm", "Section", "Terms", "Told", "Wishes", "WorkingDay", "begin",
    "change", "copy_by_id", "copy_of_issue", "earlier", "end_of", "ensure", "ensure_schedules", "find", "following",
    "give_up_waiting", "issues_of", "load", "monday_to_friday", "next_due", "of", "of_week", "of_weeks", "pause",
    "preview", "remind", "rest", "resume", "run", "schedule", "set_zone", "wake_paused",
]  # fmt: skip
