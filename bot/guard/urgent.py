"""Urgent letters: while the database is in trouble nothing can be promised, and an alarm goes by mail at once."""

from __future__ import annotations

import asyncio
from datetime import datetime

from bot.delivery.outcome import Kind
from bot.logs import log
from bot.mail import Mailing
from bot.mail.letters import Sealed
from handlers import alarms as said
from handlers.alarms import Told
from handlers.context import Policy
from handlers.language import Say
from storage import alarms
from storage.database import Database
from storage.outbox import Lane, Leased

_PATIENCE = 10.0
_AGAIN = (Kind.RETRY, Kind.WAIT)

_log = log("bot.guard")


class Urgent:
    """Knows who is told by mail, as long as the database could say so, and tells each of them once."""

    def __init__(self, mailing: Mailing | None, policy: Policy, outside: tuple[str, ...]) -> None:
        self._mailing = mailing
        self._policy = policy
        self._outside = dict.fromkeys(outside, (policy.default_language, policy.zone))
        self._inside: dict[str, tuple[str, str]] = {}
        self._told: set[str] = set()

    async def learn(self, database: Database) -> None:
        """Learn the addresses of administrators while the database can tell; raises what it raises."""
        async with asyncio.timeout(_PATIENCE), database.reading() as tx:
            self._inside = {address: (language, zone) for address, language, zone in await alarms.addresses(tx)}

    async def tell(self, incident: Told, now: datetime) -> None:
        """Tell everybody who was not told yet; whom the mail server does not take now is told the next time."""
        if self._mailing is None:
            return
        for number, (address, (language, zone)) in enumerate({**self._outside, **self._inside}.items()):
            if address not in self._told:
                letter = said.letter(incident, Say(language, zone), self._policy)
                row = Leased(-1 - number, alarms.RAISED, Lane.MAIL, now)
                outcome = await self._mailing.postman.send(Sealed(row, 0, address, letter, None))
                if outcome.kind not in _AGAIN:
                    self._told.add(address)

    def over(self) -> None:
        """Tell everybody again the next time."""
        self._told.clear()
