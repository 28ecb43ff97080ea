"""The windows to Telegram: one for people who look at the screen, one for what is told to many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.clock import Clock
from bot.config import Delivery
from bot.delivery.landing import Terms
from bot.delivery.pace import Pace
from bot.delivery.rendering import Rendering
from bot.delivery.sending import send
from bot.delivery.window import Follow, Window
from bot.shift import Shift
from bot.transport import Wire
from storage import outbox, removals
from storage.database import Database
from storage.outbox import Lane
from storage.workers import Duty


def telegram_windows(
    settings: Delivery,
    database: Database,
    clock: Clock,
    wires: tuple[Wire, Wire],
    rendering: Rendering,
    stop: Callable[[str], None],
    follow: Mapping[str, Follow],
    shift: Shift,
) -> list[Window[Any]]:
    """Return both windows, which share one pace; `wires` are those for people and for newsletters."""
    pace = Pace(
        settings.messages_per_second,
        settings.per_chat_per_second,
        settings.per_group_per_minute,
        settings.paid_messages_per_second,
    )
    resend = settings.on_unknown == "resend"
    people = Terms(
        (Lane.INTERACTIVE,),
        settings.in_flight,
        settings.lease_seconds,
        resend,
        paced=False,
        alive=shift.alive,
        shared=shift.has_others,
    )
    bulk = Terms(
        (Lane.LIVE, Lane.BULK),
        settings.in_flight,
        settings.lease_seconds,
        resend,
        paced=True,
        on_duty=partial(shift.on, Duty.PACE),
        alive=shift.alive,
        shared=shift.has_others,
    )
    return [
        Window(
            database,
            clock,
            partial(send, wire),
            rendering,
            pace,
            terms,
            removals.migrate,
            stop,
            follow,
            lease=outbox.lease_of(shift.id, terms.lanes[0]),
        )
        for wire, terms in zip(wires, (people, bulk), strict=True)
    ]
