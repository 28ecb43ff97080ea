"""Links: those that are due are looked at a few at once, no host by two at a time, and what was found is noted."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.fetching import Fetcher, FetchFailed, Outcome
from bot.logs import log
from bot.walls import judged
from storage import documents
from storage.database import Database
from storage.documents import DueLink

AT_ONCE = 4
A_TICK = 40
PATIENCE = 10.0
"""Seconds for one answer."""
CUT_OFF = 3
"""So many sites that are silent one after the other, while none answers, tell that this machine is cut off."""
_SILENT = frozenset({"name", "connection", "silence"})

_log = log("bot.links")


class Links:
    """Asks which links are due and looks at them; a crash in between costs one more look."""

    def __init__(self, database: Database, clock: Clock, fetcher: Fetcher) -> None:
        self._database = database
        self._clock = clock
        self._fetcher = fetcher
        self._few = asyncio.Semaphore(AT_ONCE)
        self._hosts: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._silent: set[str] = set()

    async def work(self) -> None:
        """Look at every link that is due, and judge silence last: where nobody answers, it tells of us."""
        async with self._database.transaction() as tx:
            await documents.watch_links(tx, self._clock.now())
            due = await documents.claim_links(tx, self._clock.now(), A_TICK)
        ended = await asyncio.gather(*(self._look(one) for one in due), return_exceptions=True)
        self._hosts.clear()
        silent: list[tuple[DueLink, Outcome]] = []
        for one, found in zip(due, ended, strict=True):
            if isinstance(found, BaseException):  # the others need not wait for it
                _log.error("a look at a link failed", document=one.document_id, problem=repr(found))
            elif found is not None:
                silent.append((one, found))
        if silent and self._is_cut_off([one for one, _ in silent], answered=None in ended):
            _log.warning("no site answers: its links are judged another time", links=len(silent))
            return
        for one, found in silent:
            await self._note(one, found)

    def _is_cut_off(self, silent: Sequence[DueLink], *, answered: bool) -> bool:
        if answered:
            self._silent.clear()
            return False
        self._silent |= {urlsplit(one.url).hostname or "" for one in silent}
        return len(self._silent) >= CUT_OFF

    async def _look(self, due: DueLink) -> Outcome | None:
        """Look at a link and note what was found; what does not answer at all is returned instead."""
        found = await self._fetcher.look(due.url, self._turn)
        if isinstance(found, FetchFailed) and found.reason in _SILENT:
            return found
        await self._note(due, found)
        return None

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        async with self._hosts[host], self._few:
            yield

    async def _note(self, due: DueLink, found: Outcome) -> None:
        now = self._clock.now()
        look = await asyncio.to_thread(judged, due.url, found, now)
        async with self._database.transaction() as tx:
            await documents.note_look(tx, due, look, now)
        if look.problem is not None:
            _log.info("a link is not well", document=due.document_id, problem=look.problem)
