"""The digest tick: everybody whose digest is due gets it, portion by portion, out of what was read once."""

from __future__ import annotations

import asyncio

from bot.clock import Clock
from bot.holiday import working_days
from handlers.context import Policy
from handlers.digests.pages import divide
from storage import digests
from storage.database import Database
from storage.digests import Findings, Terms


class Digests:
    """Makes the digests that are due and promises them."""

    def __init__(self, database: Database, clock: Clock, policy: Policy) -> None:
        self._database, self._clock, self._policy = database, clock, policy
        self._working = working_days(skip_holidays=policy.skip_holidays)

    async def work(self) -> None:
        """Number the issues, give schedules to new members, and make what is due."""
        await self._prepare()
        now = self._clock.now()
        async with self._database.reading() as tx:
            found = await digests.begin(tx, now)
        if found is not None:
            policy = self._policy
            terms = Terms(now, divide, self._working, unsigned=policy.editing.unsigned, mails=policy.mail)
            await asyncio.gather(*(self._make(found, terms) for _ in range(self._database.writers)))

    async def _make(self, found: Findings, terms: Terms) -> None:
        claimed = digests.PORTION
        while claimed == digests.PORTION:
            async with self._database.transaction() as tx:
                claimed = await digests.run(tx, found, terms)

    async def _prepare(self) -> None:
        policy, now = self._policy, self._clock.now()
        async with self._database.transaction() as tx:
            await digests.ensure(tx, policy.editing, now)
            await digests.ensure_schedules(tx, now, policy.digest_weekday, policy.digest_time, self._working)
            await digests.wake_paused(tx, now, self._working)
            await digests.give_up_waiting(tx, now)
