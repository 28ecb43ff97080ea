"""What it costs to send faster than Telegram allows for free, and how long it takes; said before anybody sends."""

from __future__ import annotations

from handlers.announcements.presses import Pay
from handlers.buttons import Button, Row
from handlers.context import Policy
from handlers.language import Html, Say
from storage.announcements import Announcement

STARS = 0.1
"""What Telegram takes for a message beyond those that are free."""
FREE = 30
"""How many messages a second are free."""


def offered(row: Announcement, policy: Policy) -> bool:
    """Tell whether an announcement can be paid for: of what recurs, nobody counts the readers before it leaves."""
    return policy.paid_rate > 0 and row.repeats is None


def way(row: Announcement, say: Say, policy: Policy) -> tuple[Row, ...]:
    """Return the button that turns it on or off, where it is offered."""
    if not offered(row, policy):
        return ()
    return ((Button(say("Pay nothing") if row.paid else say("Send faster, for Stars"), Pay(row.id)),),)


def price(row: Announcement, readers: int, say: Say, policy: Policy) -> Html | None:
    """Return what an announcement to so many costs at most, and how long it takes paid and free."""
    if not row.paid or not readers or not offered(row, policy):
        return None
    messages = readers * row.messages
    return say(
        "Sent faster, for Stars: {cost} at most ({each} a message above {free} a second), about {fast} instead of "
        "{slow}.",
        cost=say.number(round(messages * STARS, 1)), each=say.number(STARS), free=FREE,
        fast=lasting(messages / policy.paid_rate, say), slow=lasting(messages / policy.rate, say),
    )  # fmt: skip


def lasting(seconds: float, say: Say) -> Html:
    """Return a time in minutes and seconds."""
    whole, rest = divmod(max(1, round(seconds)), 60)
    return say("{minutes} min {seconds} s", minutes=whole, seconds=rest)
