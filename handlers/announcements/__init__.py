"""Announcements: compose, preview, send, watch, and see who was not reached."""

from __future__ import annotations

from handlers.announcements.compose import ANNOUNCEMENT, Again, announce, write_again
from handlers.announcements.reading import TEXT
from handlers.announcements.release import RELEASE, RETURNED, Release, Return, let_go, send_back
from handlers.announcements.report import PROGRESS, Missed, Report, Stop, Turn, broadcasts, missed, report, stop, turn
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from storage.access import Action

FEATURE = Feature(
    name="announcements",
    commands=(
        Command("announce", text("Write an announcement"), announce, Action.ANNOUNCE),
        Command("broadcasts", text("See announcements"), broadcasts, Action.ANNOUNCE),
    ),
    handlers=(
        tap(Again, write_again, Action.ANNOUNCE),
        tap(Release, let_go, Action.ANNOUNCE),
        tap(Return, send_back, Action.ANNOUNCE),
        tap(Stop, stop, Action.ANNOUNCE),
        tap(Report, report, Action.ANNOUNCE),
        tap(Missed, missed, Action.ANNOUNCE),
        tap(Turn, turn, Action.ANNOUNCE),
        place("announce", announce, Action.ANNOUNCE),
        place("broadcasts", broadcasts, Action.ANNOUNCE),
    ),
    dialogues=(ANNOUNCEMENT,),
    notices=(TEXT, RELEASE, RETURNED, PROGRESS),
    refusals={
        "announcement:unknown": text("There is no such announcement."),
        "announcement:nobody": text("This audience is empty: nobody would get it. Choose another one."),
        "announcement:no-second": text(
            "With more than {above} recipients a second administrator must release it, and there is none."
        ),
        "announcement:formatted": text("That is too much formatting: at most {limit} formatted places, please."),
        "announcement:decided": text("This announcement has already been decided."),
        "announcement:own": text("A second administrator must release it, not its author."),
        "announcement:late": text("It was not released within 30 minutes and goes back to its author."),
        "announcement:changed": text("This is not the text that was put before you; open the newest card."),
        "announcement:author-gone": text("Its author may no longer announce, so it cannot be released."),
    },
)
