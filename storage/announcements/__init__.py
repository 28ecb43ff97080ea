"""Announcements: composed by one administrator, released by a second one where many read it, sent to a frozen list."""

from __future__ import annotations

from storage.announcements.acknowledging import (
    Acknowledged,
    Group,
    Grouping,
    Read,
    acknowledge,
    acknowledgements,
    chase,
    chased,
    is_late,
)
from storage.announcements.audience import EVERYBODY, Audience, Block, Condition, Dimension
from storage.announcements.control import FAILING, cancel, pause, recur, resume, undo
from storage.announcements.drafts import BOUND, begin, digest_of, discard, edit
from storage.announcements.offers import offers
from storage.announcements.own import own_copy
from storage.announcements.progress import Progress, albums_missed, forget, progress_of, report_progress, unreached
from storage.announcements.reaching import LeftOut, Reach, list_names, reach
from storage.announcements.received import Mailbag, Sent, copies, corrected, mailbag, sent_between, some
from storage.announcements.release import give_back, needs_release, release, submit, turn_back_late
from storage.announcements.reminding import remind, reminder_due, reminder_times
from storage.announcements.revising import correct, release_correction, retract, return_correction, revise_late
from storage.announcements.revisions import Revised, awaited, moved, retracted, revised
from storage.announcements.sending import UNDO, leaves_last
from storage.announcements.tables import (
    HOLDING,
    SENT,
    UNSENT,
    UNVOUCHED,
    Announcement,
    AnnouncementState,
    AudienceList,
    Copy,
    Recipient,
    Remark,
    Repeats,
    Revision,
    RevisionState,
    by_id,
    for_readers,
    listed,
    looked_at,
    may_read,
)
from storage.announcements.threads import (
    OPEN_A_DAY,
    Card,
    Opening,
    Said,
    Thread,
    answer,
    answered,
    card,
    may_remark,
    remark,
    thread,
    threads,
)
from storage.announcements.verifying import (
    GUESSES,
    Standing,
    Verdict,
    code_in,
    digest_of_words,
    folded,
    forget_guesses,
    known_words,
    remember_words,
    verify,
    words_in,
)
from storage.announcements.voting import Tally, tally, vote, voters

__all__ = [
    "BOUND", "EVERYBODY", "FAILING", "GUESSES", "HOLDING", "OPEN_A_DAY", "SENT", "UNDO", "UNSENT",
    "UNVOUCHED", "Acknowledged", "Announcement", "AnnouncementState", "Audience", "AudienceList", "Block", "Card",
    "Condition", "Copy", "Dimension", "Group", "Grouping", "LeftOut", "Mailbag", "Opening", "Progress", "Reach", "Read",
    "Recipient", "Remark", "Repeats", "Revised", "Revision", "RevisionState", "Said", "Sent", "Standing",
    "Tally", "Thread", "Verdict", "acknowledge", "acknowledgements", "albums_missed", "answer", "answered",
    "awaited", "begin", "by_id", "cancel", "card", "chase", "chased", "code_in", "copies", "correct",
    "corrected", "digest_of", "digest_of_words", "discard", "edit", "folded", "for_readers", "forget",
    "forget_guesses", "give_back", "is_late", "known_words", "leaves_last", "list_names", "listed", "looked_at",
    "mailbag", "may_read", "may_remark", "moved", "needs_release", "offers", "own_copy", "pause", "progress_of",
    "reach", "recur", "release", "release_correction", "remark", "remember_words", "remind", "reminder_due",
    "reminder_times", "report_progress", "resume", "retract", "retracted", "return_correction", "revise_late",
    "revised", "sent_between", "some", "submit", "tally", "thread", "threads", "turn_back_late", "undo",
    "unreached", "verify", "vote", "voters", "words_in",
]  # fmt: skip
