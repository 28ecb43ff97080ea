"""The ticks, as a table. The scheduler remembers nothing: each tick asks the database what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.health import Watch
from bot.logs import log
from bot.shift import Shift
from storage.database import is_trouble
from storage.workers import Duty, NotOnDutyError

_log = log("bot.schedule")


@dataclass(frozen=True)
class Tick:
    """Something asked again and again: `work` runs every `seconds`, for the first time `after` seconds from the start.

    While the network is paused only what `tidies` runs.
    """

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]
    tidies: bool = False
    after: float = 0


class Schedule:
    """Runs the ticks while the clock is ours; one that is late runs once, and one that fails runs again."""

    def __init__(self, ticks: list[Tick], watch: Watch, shift: Shift, paused: Callable[[], Awaitable[bool]]) -> None:
        self._ticks = ticks
        self._shift = shift
        self._watch = watch
        self._paused = paused
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._stopped = False

    def start(self) -> None:
        """Start all ticks."""
        for tick in self._ticks:
            run = partial(self._run, tick)
            first = datetime.now(UTC) + timedelta(seconds=tick.after)  # the scheduler's own time, not the network's
            named = {"id": tick.name, "name": tick.name}
            self._scheduler.add_job(run, "interval", seconds=tick.seconds, next_run_time=first, **named)
        self._scheduler.start()

    def hurry(self, name: str | None = None) -> None:
        """Run one tick now, or once more if it runs; without a name every tick: the clock has jumped."""
        for tick in self._ticks:
            if self._scheduler.running and name in (None, tick.name):
                if tick.name in self._running:
                    self._again.add(tick.name)
                else:
                    self._scheduler.modify_job(tick.name, next_run_time=datetime.now(UTC))

    async def stop(self) -> None:
        """Start no tick any more and cut short those that run: what they did not commit is due again."""
        self._stopped = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        # One that still gives back its connection when the database is closed would never end.
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, tick: Tick) -> None:
        running = asyncio.current_task()
        assert running is not None
        self._running[tick.name] = running
        try:
            await self._once(tick)
            while tick.name in self._again and not self._stopped:  # what it has just read may be old
                self._again.discard(tick.name)
                await self._once(tick)
        finally:
            del self._running[tick.name]

    async def _once(self, tick: Tick) -> None:
        if not self._shift.on(Duty.CLOCK):
            return
        try:
            with self._shift.fenced(Duty.CLOCK), self._watch.metrics.ticking(tick.name, tick.seconds):
                if tick.tidies or not await self._paused():
                    await tick.work()
            self._watch.ticked()
        except NotOnDutyError:
            self._shift.relieve(Duty.CLOCK)
        except asyncio.CancelledError:
            if not self._stopped:
                raise
        except Exception as error:  # noqa: BLE001 - the next tick asks the database again
            if is_trouble(error):  # a new start would not mend the database
                self._watch.ticked()
            _log.error("tick failed", tick=tick.name, problem=repr(error), exc_info=not is_trouble(error))
