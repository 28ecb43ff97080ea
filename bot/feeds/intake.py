"""Intake: feeds that are due are fetched a few at once, read one after the other, and what is new is kept."""

from __future__ import annotations

import asyncio

from bot.clock import Clock
from bot.feeds.reading import UnreadableError, read
from bot.fetching import Fetched, Fetcher
from bot.logs import log
from storage import feeds
from storage.database import Database
from storage.feeds import Due, Found

AT_ONCE = 4
A_TICK = 20
PATIENCE = 10.0
"""Seconds for reading one feed."""
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
_OK, _UNCHANGED = 200, 304

_log = log("bot.feeds")


class Intake:
    """Asks which feeds are due and brings what they say; a crash in between costs one more fetch."""

    def __init__(self, database: Database, clock: Clock, fetcher: Fetcher) -> None:
        self._database = database
        self._clock = clock
        self._fetcher = fetcher
        self._fetching = asyncio.Semaphore(AT_ONCE)
        self._reading = asyncio.Lock()

    async def work(self) -> None:
        """Read every feed that is due, and let go on what waited for its day."""
        async with self._database.transaction() as tx:
            due = await feeds.claim(tx, self._clock.now(), A_TICK)
        ended = await asyncio.gather(*(self._look(one) for one in due), return_exceptions=True)
        for one, error in zip(due, ended, strict=True):
            if isinstance(error, BaseException):  # the others need not wait for it
                _log.error("a feed failed", feed=one.feed_id, problem=repr(error))
        for ask in (feeds.expire, feeds.let_go):
            async with self._database.transaction() as tx:
                await ask(tx, self._clock.now())

    async def _look(self, due: Due) -> None:
        async with self._fetching:
            answer = await self._fetcher.fetch(due.url, etag=due.etag, modified=due.modified, accept=ACCEPT)
        found: Found | None = None
        problem: str | None = None
        if not isinstance(answer, Fetched):
            problem = answer.reason
        elif answer.status == _OK:
            try:
                found = await self._read(answer)
            except UnreadableError as error:
                problem = error.problem
        elif answer.status != _UNCHANGED:
            problem = f"http-{answer.status}"
        await self._note(due, found, problem)

    async def _read(self, answer: Fetched) -> Found:
        """Read a feed beside the loop; one that takes too long is left to its thread."""
        async with self._reading:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await asyncio.to_thread(read, answer, self._clock.now())
            except TimeoutError:
                raise UnreadableError("marks") from None

    async def _note(self, due: Due, found: Found | None, problem: str | None) -> None:
        now = self._clock.now()
        async with self._database.transaction() as tx:
            if problem is not None:
                await feeds.fails(tx, due.feed_id, problem, now)
            elif found is not None:
                await feeds.take(tx, due.feed_id, found, now)
            else:
                await feeds.unchanged(tx, due.feed_id, now)
        if problem is not None:
            _log.warning("a feed could not be read", feed=due.feed_id, problem=problem)
