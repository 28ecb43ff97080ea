"""Words of moderation: reasons, consequences, and how a reported post is told of."""

from __future__ import annotations

from handlers.buttons import Button, Row
from handlers.language import Html, Say, capital, text
from handlers.presses import Home
from storage.moderation import Consequence, Reason

REASONS = {
    Reason.OFF_TOPIC: text("off topic"),
    Reason.PERSONAL: text("personal data"),
    Reason.OPERATIONAL: text("operational or classified"),
    Reason.INSULT: text("an insult"),
    Reason.UNLAWFUL: text("unlawful"),
    Reason.OTHER: text("something else"),
}


def as_button(reason: Reason, say: Say) -> str:
    """Return a reason as a button says it: the same words, with a capital."""
    return capital(say(REASONS[reason]))


CONSEQUENCES = {
    Consequence.NOTHING: text("Nothing more"),
    Consequence.WARN: text("Warn the author"),
    Consequence.MUTE_1: text("Mute for 1 day"),
    Consequence.MUTE_7: text("Mute for 7 days"),
    Consequence.MUTE_30: text("Mute for 30 days"),
}
FOLLOWED = {
    Consequence.NOTHING: text("nothing more"),
    Consequence.WARN: text("the author was warned"),
    Consequence.MUTE_1: text("muted for 1 day"),
    Consequence.MUTE_7: text("muted for 7 days"),
    Consequence.MUTE_30: text("muted for 30 days"),
}


def menu(say: Say) -> tuple[Row, ...]:
    """Return the way back to the menu."""
    return ((Button(say("Menu"), Home()),),)


def objection(network: str, say: Say) -> Html:
    """Return how one objects to a decision (R-21)."""
    return say(
        "If you think this is wrong, write to an administrator of {network}: they hear both sides, and the answer is "
        "put on record.",
        network=network,
    )
