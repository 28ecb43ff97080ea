"""Profile: what a member reads of themselves, and how they change it (R-10)."""

from __future__ import annotations

from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from handlers.profile.card import EMAIL, ZONE, Clocks, SetClock, clocks, set_clock, show
from handlers.profile.post import POST, RECEIVED, change
from storage.access import Action

FEATURE = Feature(
    name="profile",
    commands=(Command("profile", text("See and change your profile"), show, Action.VALIDATE),),
    handlers=(
        place("profile", show, Action.VALIDATE),
        place("post", change, Action.VALIDATE),
        tap(Clocks, clocks, Action.BELONG),
        tap(SetClock, set_clock, Action.BELONG),
    ),
    dialogues=(EMAIL, ZONE, POST),
    notices=(RECEIVED,),
    refusals={
        "zone:unknown": text("No time zone is called after this city. Try the capital, or the nearest big city."),
    },
)
