"""Mail: the delivery window of its lane, and the pages that its links open; only where the operator named a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bot.clock import Clock
from bot.config import Loaded
from bot.delivery.landing import Terms
from bot.delivery.pace import Pace
from bot.delivery.window import Follow, Window
from bot.mail.letters import Letters, Sealed
from bot.mail.sending import Postman
from bot.mail.web import MailPages
from bot.shift import Shift
from handlers.context import Policy
from handlers.feature import Notice
from storage import mail, outbox, removals
from storage.database import Database
from storage.outbox import Lane
from storage.workers import Duty

_IN_FLIGHT = 2
"""One is under way while the next is made ready."""


@dataclass(frozen=True)
class Mailing:
    """What sends mail, and what its links open."""

    window: Window[Sealed]
    pages: MailPages
    postman: Postman

    async def close(self) -> None:
        """Serve no page any more, and take leave of the mail server."""
        await self.pages.stop()
        await self.postman.close()


async def prepared(
    loaded: Loaded,
    database: Database,
    clock: Clock,
    notices: Mapping[str, Notice],
    policy: Policy,
    stop: Callable[[str], None],
    follow: Mapping[str, Follow],
    shift: Shift,
) -> Mailing | None:
    """Return what mail needs, its key drawn; None where the operator named no mail server."""
    settings = loaded.settings.mail
    if settings.host is None:
        return None
    async with database.transaction() as tx:
        await mail.draw(tx)
    postman = Postman(settings, loaded.mail_password, policy.network, clock.now)
    rate = settings.messages_per_minute / 60
    pace = Pace(rate, chat_rate=rate, group_rate=settings.messages_per_minute)
    sent = loaded.settings.delivery
    terms = Terms(
        (Lane.MAIL,),
        _IN_FLIGHT,
        sent.lease_seconds,
        sent.on_unknown == "resend",
        paced=True,
        carrier="The mail server",
        on_duty=partial(shift.on, Duty.PACE),
        alive=shift.alive,
    )
    rendering = Letters(database, notices, policy)
    # Who cannot be reached by mail may well be reached in Telegram: nothing is noted of them.
    window = Window(
        database, clock, postman.send, rendering, pace, terms, removals.migrate, stop, follow, mark=None,
        lease=outbox.lease_of(shift.id, Lane.MAIL),
    )  # fmt: skip
    return Mailing(window, MailPages(settings.listen, database, clock, policy), postman)
