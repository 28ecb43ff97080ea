"""Lanes: one update at a time per person, people in parallel, each update until its effect is settled."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

from telegram import Update
from telegram.error import NetworkError, RetryAfter, TelegramError
from telegram.ext import Application

from bot.clock import Clock
from bot.health import Watch
from bot.logs import log
from bot.transport import NOT_SENT
from bot.workers import finished
from handlers.context import TURN, Turn
from handlers.errors import apology, incident
from handlers.language import Say
from storage import dialogues, inbox
from storage.database import Database, cause_of, is_gone, is_trouble
from storage.dialogues import Speaker
from storage.inbox import AlreadyHandledError, Waiting

TRIES = 3
PARALLEL = 16
BACKLOG = 200
IN_HAND = 64
"""How many updates a process takes at most, where others would handle the rest."""
FRESH = 1.0
"""Seconds for which it holds who speaks; then it is read again."""
LONGEST_PAUSE = 30.0
LONGEST_BAN = 300.0
_PAUSES = (0.2, 2.0)

_log = log("bot.lanes")


class Lanes:
    """Takes updates from the inbox, in order within a lane, and sees each one settled or dead."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        application: Application[Any, Any, Any, Any, Any, Any],
        lease: str | None,
        watch: Watch,
    ) -> None:
        self._database = database
        self._watch = watch
        self._lease = lease
        self._clock = clock
        self._application = application
        self._queues: dict[str, deque[Waiting]] = {}
        self._free = asyncio.Semaphore(PARALLEL)
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._arrivals = 0
        self._draining = asyncio.Event()
        database.on_commit("inbox", self._arrived)

    async def run(self) -> None:
        """Work until cancelled; what is in hand then goes on until `drain`."""
        while True:
            self._news.clear()
            if not await self._fetch():
                await self._news.wait()

    def _arrived(self) -> None:
        self._arrivals += 1
        self._news.set()

    async def drain(self, seconds: float) -> None:
        """Wait up to `seconds` until the updates in hand are settled; one that is not stays in the inbox."""
        self._draining.set()
        for queue in self._queues.values():
            while len(queue) > 1:  # not begun: they stay in the inbox
                queue.pop()
        await finished(self._tasks, seconds)

    async def _fetch(self) -> bool:
        """Take updates that wait in the inbox, of lanes that have none in hand; return whether more may wait."""
        room = self._room()
        if room <= 0:
            return False  # the first lane that ends makes room
        arrivals = self._arrivals
        rows, speakers = await self._take(room)
        if full := len(rows) == room:
            self._arrivals += 1  # whatever is left behind has come as well
        for row in rows:
            if row.lane in self._queues:
                self._queues[row.lane].append(row)
            else:
                self._queues[row.lane] = deque([row])
                task = asyncio.create_task(self._work(row.lane, arrivals, speakers.get(row.lane)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return full

    def _room(self) -> int:
        """Return how many updates may be taken, many at once or none; who sends a flood fills one lane of many."""
        most = IN_HAND if self._lease else BACKLOG
        return most if 2 * len(self._queues) <= most else 0

    async def _take(self, most: int) -> tuple[list[Waiting], dict[str, Speaker]]:
        """Take updates, and read at one go who speaks in them."""
        taking = self._database.transaction() if self._lease else self._database.reading()
        async with taking as tx:
            if self._lease:
                rows = await inbox.lease(tx, self._lease, self._queues, most)
            else:
                rows = await inbox.pending(tx, self._queues, most)
            accounts = {account for row in rows if (account := inbox.account_of(row.lane)) is not None}
            speakers = await dialogues.speakers(tx, accounts) if accounts else {}
        return rows, {inbox.lane_of(account): speaker for account, speaker in speakers.items()}

    async def _work(self, lane: str, arrivals: int, speaker: Speaker | None) -> None:
        queue, read = self._queues[lane], time.monotonic()
        while queue:
            await self._see_through(queue[0], speaker if time.monotonic() - read < FRESH else None)
            speaker = None  # what they did just now may have changed who they are
            queue.popleft()
        del self._queues[lane]
        if self._arrivals != arrivals:  # something has come since, maybe of this lane
            self._news.set()

    async def _see_through(self, row: Waiting, speaker: Speaker | None) -> None:
        answered = False
        for attempt in count():
            async with self._free:  # a lane that pauses leaves its place to others
                if self._draining.is_set():
                    return
                turn = await self._try(row, None if attempt else speaker, answered=answered)
                if turn.failure is None:
                    return
                if turn.settled:  # its effect stands; only the redrawing failed
                    _log.warning("shown incompletely", update=row.update_id, problem=repr(turn.failure))
                    await self._answer(turn)
                    return
                if await self._failed(row, turn, turn.failure) or self._draining.is_set():
                    return
            await self._answer(turn)  # nobody looks at a spinner while it is tried again
            answered = turn.answered
            with suppress(TimeoutError):
                async with asyncio.timeout(_pause(turn.failure, attempt)):
                    await self._draining.wait()
                return

    async def _try(self, row: Waiting, speaker: Speaker | None, *, answered: bool) -> Turn:
        turn = Turn(row.id, Update(row.update_id), answered=answered, lease=self._lease, speaker=speaker)
        TURN.set(turn)
        with self._watch.trying():
            try:
                update = Update.de_json(json.loads(row.payload or "{}"), self._application.bot)
                turn.update = update
                await self._application.process_update(update)
                if turn.failure is None:
                    await self._finish(turn)
            except Exception as error:  # noqa: BLE001 - counted, logged and dead-lettered by the caller
                turn.failure = error
        if turn.settled:
            self._watch.metrics.handled((self._clock.now() - row.received_at).total_seconds())
        return turn

    async def _finish(self, turn: Turn) -> None:
        if not turn.settled:
            with suppress(AlreadyHandledError):
                async with inbox.settling(self._database, turn.inbox_id, self._clock.now(), turn.lease):
                    pass
            turn.settled = True
        await self._answer(turn)

    async def _answer(self, turn: Turn) -> None:
        query = turn.update.callback_query
        if query is not None and not turn.answered:
            turn.answered = True
            try:
                await query.answer()
            except TelegramError as error:
                _log.info("a button was answered too late", problem=str(error))

    async def _failed(self, row: Waiting, turn: Turn, failure: BaseException) -> bool:
        """Count the failed try; return whether it was the last. Only what the database can note is counted."""
        if _is_outage(failure):
            _log.warning("put off", update=row.update_id, problem=cause_of(failure))
            return False
        reference = incident()
        shown = cause_of(failure) if is_trouble(failure) else None
        _log.error(
            "update failed",
            update=row.update_id,
            incident=reference,
            problem=shown,
            exc_info=not shown and failure,
        )
        try:
            async with self._database.transaction() as tx:
                said, now = f"{reference} {failure!r}", self._clock.now()
                dead = await inbox.fail(tx, row.id, said, now, tries=TRIES, lease=self._lease)
        except Exception as error:  # noqa: BLE001 - whatever it is, the lane must go on
            _log.error("a failed try could not be noted", incident=reference, exc_info=not is_trouble(error) and error)
            return False
        if dead:
            self._watch.metrics.dead()
            await self._apologise(turn, reference)
        return dead

    async def _apologise(self, turn: Turn, reference: str) -> None:
        await self._answer(turn)
        chat = turn.update.effective_chat
        if chat is None or chat.type != "private":
            return
        try:
            say = Say(turn.member.language, turn.member.zone) if turn.member else Say("en")
            screen = apology(reference, say)
            await self._application.bot.send_message(chat.id, screen.html, parse_mode="HTML")
        except Exception as error:  # noqa: BLE001 - an unreadable answer is no reason to leave the lane
            _log.warning("no apology could be sent", incident=reference, problem=str(error))


def _pause(failure: BaseException, attempt: int) -> float:
    if isinstance(failure, RetryAfter):
        asked = failure.retry_after
        return min(asked.total_seconds() if isinstance(asked, timedelta) else float(asked), LONGEST_BAN)
    if _is_outage(failure):
        return float(min(2.0 ** min(attempt - 2, 10), LONGEST_PAUSE))
    return _PAUSES[min(attempt, len(_PAUSES) - 1)]


def _is_outage(failure: BaseException) -> bool:
    """Tell whether Telegram or the database took no work at all: the update is not to blame."""
    unsent = isinstance(failure, NetworkError) and isinstance(failure.__cause__, NOT_SENT)
    return unsent or isinstance(failure, RetryAfter) or is_gone(failure)
