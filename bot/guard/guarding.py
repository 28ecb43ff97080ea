"""Guarding: what the signs say becomes an incident with one alarm, and one word when it is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any

from bot.clock import Clock
from bot.guard.signs import Sign, Verdict
from bot.guard.urgent import Urgent
from bot.health import Watch
from bot.logs import log
from bot.transport import NO_ANSWER
from handlers.alarms import Told
from storage import alarms
from storage.alarms import AlarmKind, Ways
from storage.database import Database, cause_of, is_trouble

_PATIENCE = 10.0
"""Seconds for one look at one sign, and for one question to the database."""

_log = log("bot.guard")


class Guard:
    """Looks at all signs as often as the watch's limits say; a database in trouble is a sign of its own."""

    def __init__(
        self, signs: Sequence[Sign], watch: Watch, database: Database, clock: Clock, ways: Ways, urgent: Urgent
    ) -> None:
        self._signs = signs
        self._watch = watch
        self._database = database
        self._clock = clock
        self._ways = ways
        self._urgent = urgent
        self._looked: dict[AlarmKind, float] = {}
        self._noted: dict[AlarmKind, bool] = {}
        self._said: dict[AlarmKind, bool] = {}
        self._troubled_since: float | None = None
        self._errors = 0

    async def run(self) -> None:
        """Guard until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pulse())
            both.create_task(self._watch_out())

    async def _pulse(self) -> None:
        while True:
            self._watch.pulsed()
            await asyncio.sleep(self._watch.limits.look)

    async def _watch_out(self) -> None:
        while True:
            await self._round()
            await asyncio.sleep(self._watch.limits.look)

    async def _round(self) -> None:
        self._watch.pulsed()
        now = time.monotonic()
        due = [sign for sign in self._signs if now - self._looked.get(sign.kind, -sign.every) >= sign.every]
        # Each by itself: what nobody can write down is said in the log all the same.
        sound = [await self._done(self._urgent.learn(self._database))]
        sound += [await self._done(self._look(sign)) for sign in due]
        before, self._errors = self._errors, self._watch.metrics.database_errors
        if not all(sound) or self._errors > before or not await self._done(self._recover()):
            await self._suffer()  # others may not be able to write where the guard can read

    async def _done(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do some work; return False where the database did not let it be done."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whoever guards does not fall
            troubled = is_trouble(error)  # no answer in time is an `OSError` as well
            _log.error("the guard cannot look", problem=cause_of(error), exc_info=not troubled)
            return not troubled
        return True

    async def _look(self, sign: Sign) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                verdict = await sign.look()
        except NO_ANSWER:
            verdict = None
        if verdict is None:
            self._noted.pop(sign.kind, None)  # another process may tell
        else:
            self._say(sign.kind, verdict)
            await self._note(sign.kind, verdict)
            self._watch.metrics.judged(sign.kind, wrong=verdict.wrong)
        self._looked[sign.kind] = time.monotonic()

    def _say(self, kind: AlarmKind, verdict: Verdict) -> None:
        """Say in the log, once, what is wrong, and that it is over: the log works when all else does not."""
        before, self._said[kind] = self._said.get(kind, False), verdict.wrong
        if verdict.wrong and not before:
            _log.critical("alarm", kind=kind.value, seconds=round(verdict.seconds), **verdict.facts)
        elif before and not verdict.wrong:
            _log.warning("alarm is over", kind=kind.value)

    async def _note(self, kind: AlarmKind, verdict: Verdict) -> None:
        if self._noted.get(kind) is verdict.wrong:
            return
        now = self._clock.now()
        async with asyncio.timeout(_PATIENCE), self._database.transaction() as tx:
            if verdict.wrong:
                begun_at = now - timedelta(seconds=verdict.seconds)
                await alarms.begin(tx, kind, verdict.facts, begun_at, now, self._ways)
            else:
                await alarms.end(tx, kind, now, self._ways)
        self._noted[kind] = verdict.wrong

    async def _suffer(self) -> None:
        """Alarm by mail and in the log when the database has been in trouble for too long: nothing else can go."""
        now = time.monotonic()
        self._troubled_since = self._troubled_since or now
        seconds = now - self._troubled_since
        if seconds >= self._watch.limits.trouble:
            self._say(AlarmKind.DATABASE, Verdict(wrong=True, seconds=seconds))
            begun_at = self._clock.now() - timedelta(seconds=seconds)
            await self._urgent.tell(Told(AlarmKind.DATABASE, begun_at), self._clock.now())

    async def _recover(self) -> None:
        """Note afterwards what could not be noted while the database was in trouble, and tell that it is over."""
        if self._troubled_since is not None and self._said.get(AlarmKind.DATABASE):
            now = self._clock.now()
            begun_at = now - timedelta(seconds=time.monotonic() - self._troubled_since)
            async with asyncio.timeout(_PATIENCE), self._database.transaction() as tx:
                await alarms.begin(tx, AlarmKind.DATABASE, {}, begun_at, now, self._ways)
                await alarms.end(tx, AlarmKind.DATABASE, now, self._ways)
            self._urgent.over()
            self._say(AlarmKind.DATABASE, Verdict(wrong=False))
        self._troubled_since = None
