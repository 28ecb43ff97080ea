"""Announcements: composed by one administrator, released by a second one where many read it, sent to a frozen list."""

from __future__ import annotations

from storage.announcements.audience import EVERYBODY, Audience, Block, Condition, Dimension
from storage.announcements.control import FAILING, UNVOUCHED, cancel, pause, recur, resume, undo
from storage.announcements.drafts import BOUND, begin, digest_of, discard, edit
from storage.announcements.offers import offers
from storage.announcements.progress import Progress, albums_missed, forget, progress_of, report_progress, unreached
from storage.announcements.reaching import LeftOut, Reach, list_names, reach
from storage.announcements.received import Mailbag, Sent, copies, corrected, mailbag, sent_between, some
from storage.announcements.release import give_back, needs_release, release, submit, turn_back_late
from storage.announcements.revising import correct, release_correction, retract, return_correction, revise_late
from storage.announcements.revisions import Revised, awaited, moved, retracted, revised
from storage.announcements.sending import UNDO
from storage.announcements.tables import (
    SENT,
    UNSENT,
    Announcement,
    AnnouncementState,
    AudienceList,
    Recipient,
    Remark,
    Repeats,
    Revision,
    RevisionState,
    by_id,
    for_readers,
    listed,
    may_read,
)

__all__ = [
    "BOUND", "EVERYBODY", "FAILING", "SENT", "UNDO", "UNSENT", "UNVOUCHED", "Announcement", "AnnouncementState",
    "Audience", "AudienceList", "Block", "Condition", "Dimension", "LeftOut", "Mailbag", "Progress", "Reach",
    "Recipient", "Remark", "Repeats", "Revised", "Revision", "RevisionState", "Sent", "albums_missed", "awaited",
    "begin", "by_id", "cancel", "copies", "correct", "corrected", "digest_of", "discard", "edit", "for_readers",
    "forget", "give_back", "list_names", "listed", "mailbag", "may_read", "moved", "needs_release", "offers", "pause",
    "progress_of", "reach", "recur", "release", "release_correction", "report_progress", "resume", "retract",
    "retracted", "return_correction", "revise_late", "revised", "sent_between", "some", "submit", "turn_back_late",
    "undo", "unreached",
]  # fmt: skip
