"""Digests: when it comes, what it says, and what it would say now."""

from __future__ import annotations

from handlers.context import Context
from handlers.digests import choices, schedule
from handlers.digests.issue import ISSUE, preview, resend
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from storage.access import Action
from storage.refusals import Refusal

NOW = "now"


async def digest(context: Context) -> None:
    """Answer `/digest`, `/digest now` and `/digest 12`."""
    words = context.words
    if not words:
        await schedule.show(context)
    elif words.casefold() == NOW:
        await preview(context)
    elif words.isdecimal():
        await resend(context, int(words[:4]))
    else:
        raise Refusal("digest:unknown", number=words)


FEATURE = Feature(
    name="digests",
    commands=(Command("digest", text("Your digest"), digest, Action.BELONG),),
    handlers=(
        place("digest", schedule.show, Action.BELONG),
        tap(schedule.Change, schedule.show_below, Action.BELONG),
        tap(schedule.Preview, preview, Action.BELONG),
        tap(schedule.Choose, choices.offer, Action.BELONG),
        tap(schedule.Pause, choices.pause, Action.BELONG),
        tap(schedule.PauseFor, choices.pause_for, Action.BELONG),
        tap(schedule.Resume, choices.resume, Action.BELONG),
        tap(choices.SetFrequency, choices.set_frequency, Action.BELONG),
        tap(choices.SetDay, choices.set_day, Action.BELONG),
        tap(choices.SetHour, choices.set_hour, Action.BELONG),
        tap(choices.SetZone, choices.set_zone, Action.BELONG),
        tap(choices.SetLine, choices.set_line, Action.BELONG),
        tap(choices.SetNight, choices.set_night, Action.BELONG),
    ),
    notices=(ISSUE,),
    refusals={
        "digest:unknown": text("You have no digest No. {number}. /digest now shows what is new."),
        "digest:none": text("Your digest has no day and hour yet. Open /digest first."),
    },
)
