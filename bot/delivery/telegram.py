"""The windows to Telegram: one for people who look at the screen, one for what is told to many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.clock import Clock
from bot.config import Delivery
from bot.delivery.pace import Pace
from bot.delivery.rendering import Rendering
from bot.delivery.sending import send
from bot.delivery.window import Follow, Terms, Window
from bot.transport import Wire
from storage import removals
from storage.database import Database
from storage.outbox import Lane

INTERACTIVE_LEASE = 3
"""Seconds: somebody looks at the screen, so after a crash an answer is taken up again sooner than a newsletter."""


def telegram_windows(
    settings: Delivery,
    database: Database,
    clock: Clock,
    wires: tuple[Wire, Wire],
    rendering: Rendering,
    stop: Callable[[str], None],
    follow: Mapping[str, Follow],
) -> list[Window[Any]]:
    """Return both windows, which share one pace; `wires` are those for people and for newsletters."""
    pace = Pace(settings.messages_per_second, settings.per_chat_per_second, settings.per_group_per_minute)
    resend = settings.on_unknown == "resend"
    lease = min(settings.lease_seconds, INTERACTIVE_LEASE)
    people = Terms((Lane.INTERACTIVE,), settings.in_flight, lease, resend, paced=False)
    bulk = Terms((Lane.LIVE, Lane.BULK), settings.in_flight, settings.lease_seconds, resend, paced=True)
    return [
        Window(database, clock, partial(send, wire), rendering, pace, terms, removals.migrate, stop, follow)
        for wire, terms in zip(wires, (people, bulk), strict=True)
    ]
