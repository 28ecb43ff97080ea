"""Announcements: composed by one administrator, released by a second one where many read it, sent to a frozen list."""

from __future__ import annotations

from storage.announcements.audience import Audience, AudienceKind, recipients
from storage.announcements.progress import Progress, progress_of, report_progress, unreached
from storage.announcements.received import Mailbag, Sent, mailbag, sent_between, some
from storage.announcements.release import BOUND, Draft, cancel, give_back, release, submit
from storage.announcements.tables import Announcement, AnnouncementState, by_id, for_readers, listed

__all__ = [
    "BOUND", "Announcement", "AnnouncementState", "Audience", "AudienceKind", "Draft", "Mailbag", "Progress", "Sent",
    "by_id", "cancel",
    "for_readers", "give_back", "listed", "mailbag", "progress_of", "recipients", "release", "report_progress",
    "sent_between", "some", "submit", "unreached",
]  # fmt: skip
