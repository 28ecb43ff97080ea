"""The directory: what a member lets others read, and the search in what others let them read (R-25)."""

from __future__ import annotations

from handlers.directory.entry import ABOUT, Language, Published, Tick, my_entry, publish, speak, tick
from handlers.directory.search import FIND, Card, Narrow, Search, See, Turn, find, narrow, open_card, search, see, turn
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from storage.access import Action

FEATURE = Feature(
    name="directory",
    commands=(Command("directory", text("Find members, and let them find you"), find, Action.BELONG),),
    handlers=(
        tap(Narrow, narrow, Action.BELONG),
        tap(Search, search, Action.BELONG),
        tap(Turn, turn, Action.BELONG),
        tap(See, see, Action.BELONG),
        tap(Card, open_card, Action.BELONG),
        tap(Tick, tick, Action.BELONG),
        tap(Language, speak, Action.BELONG),
        tap(Published, publish, Action.BELONG),
        place("directory", find, Action.BELONG),
        place("entry", my_entry, Action.BELONG),
    ),
    dialogues=(ABOUT, FIND),
    refusals={
        "directory:unknown": text("This menu is out of date. Open a new one:"),
        "directory:old": text("This page is too old. Please search again: /directory"),
        "directory:gone": text("There is no such entry in the directory any more."),
        "directory:name": text("Please write at least two letters of the name."),
        "directory:no-email": text("No e-mail address of yours is stored, so there is none to show."),
        "directory:hour": text(
            "You have opened {most} pages and cards within an hour; the directory gives no more at once. "
            "Please come back in {minutes} min."
        ),
        "directory:day": text(
            "You have opened {most} pages and cards within a day; the directory gives no more. "
            "Please come back in {hours} h."
        ),
    },
)
