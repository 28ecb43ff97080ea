"""The weekly digest: when it comes, what it says, and what it would say now."""

from __future__ import annotations

from handlers.context import Context
from handlers.digests import schedule
from handlers.digests.issue import ISSUE, preview, resend
from handlers.digests.schedule import show
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from storage.access import Action
from storage.refusals import Refusal

NOW = "now"


async def digest(context: Context) -> None:
    """Answer `/digest`, `/digest now` and `/digest 12`."""
    words = context.words
    if not words:
        await show(context)
    elif words.casefold() == NOW:
        await preview(context)
    elif words.isdecimal():
        await resend(context, int(words[:4]))
    else:
        raise Refusal("digest:unknown", number=words)


FEATURE = Feature(
    name="digests",
    commands=(Command("digest", text("Your weekly digest"), digest, Action.BELONG),),
    handlers=(
        place("digest", show, Action.BELONG),
        tap(schedule.Preview, preview, Action.BELONG),
        tap(schedule.Days, schedule.days, Action.BELONG),
        tap(schedule.Hours, schedule.hours, Action.BELONG),
        tap(schedule.Zones, schedule.zones, Action.BELONG),
        tap(schedule.SetDay, schedule.set_day, Action.BELONG),
        tap(schedule.SetHour, schedule.set_hour, Action.BELONG),
        tap(schedule.SetZone, schedule.set_zone, Action.BELONG),
        tap(schedule.Pause, schedule.pause, Action.BELONG),
        tap(schedule.Resume, schedule.resume, Action.BELONG),
    ),
    notices=(ISSUE,),
    refusals={
        "digest:unknown": text("You have no digest No. {number}. /digest now shows what is new."),
        "digest:none": text("Your digest has no day and hour yet. Open /digest first."),
    },
)
