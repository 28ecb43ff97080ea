"""Presence: what is said to members who have not been seen for long."""

from __future__ import annotations

from datetime import datetime

from handlers.buttons import Button
from handlers.context import Policy
from handlers.feature import Feature, notice
from handlers.language import Say
from handlers.presses import Home
from handlers.screens import Screen
from storage.outbox import Facts


def _soon_idle(facts: Facts, say: Say, policy: Policy) -> Screen:
    words = say(
        "You have not been in {network} for half a year. Press the button, or write anything, until {day}: otherwise "
        "your digest stops and documents for your organisation only are not shown, until you come again.",
        network=policy.network,
        day=say.day(datetime.fromisoformat(facts["until"])),
    )
    return Screen(words, ((Button(say("Open the menu"), Home(), style="primary"),),))


def _idle(_facts: Facts, say: Say, policy: Policy) -> Screen:
    words = say(
        "Your membership of {network} rests: no digest comes, and you are not asked to vouch. Whatever you do here "
        "wakes it up again.",
        network=policy.network,
    )
    return Screen(words, ((Button(say("Open the menu"), Home(), style="primary"),),))


FEATURE = Feature(
    name="presence",
    notices=(notice("membership:soon-idle", _soon_idle), notice("membership:idle", _idle)),
)
