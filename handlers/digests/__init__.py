"""Digests: when it comes, what it says, and what it would say now."""

from __future__ import annotations

from handlers.context import Context
from handlers.digests import choices, presses, schedule
from handlers.digests.issue import ISSUE
from handlers.digests.reading import preview, resend, show_earlier, show_item, show_part
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from storage.access import Action
from storage.refusals import Refusal

NOW = "now"
_LONGEST = 4


async def digest(context: Context) -> None:
    """Answer `/digest`, `/digest now` and `/digest 12`."""
    words = context.words
    if not words:
        await schedule.show(context)
    elif words.casefold() == NOW:
        await preview(context)
    elif words.isdecimal() and len(words) <= _LONGEST:
        await resend(context, int(words))
    else:
        raise Refusal("digest:unknown", number=words)


FEATURE = Feature(
    name="digests",
    commands=(Command("digest", text("Your digest"), digest, Action.BELONG),),
    handlers=(
        place("digest", schedule.show, Action.BELONG),
        tap(schedule.Change, schedule.show_below, Action.BELONG),
        place("digest.preview", preview, Action.BELONG),
        place("digest.earlier", show_earlier, Action.BELONG),
        tap(schedule.Preview, preview, Action.BELONG),
        tap(presses.Part, show_part, Action.BELONG),
        tap(presses.Item, show_item, Action.BELONG),
        tap(presses.Earlier, show_earlier, Action.BELONG),
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
