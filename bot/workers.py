"""Workers: what runs as long as the process, and how it ends with everything in hand finished."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.logs import log
from storage.database import cause_of, is_trouble

STOP_SECONDS = 5.0
"""How long the process finishes what is in hand when it ends; whoever stops it often kills it after ten."""

PAUSE_IN_TROUBLE = 2.0
SILENCE_IN_TROUBLE = 60.0
"""How long a worker that fails again and again says nothing more of it."""

Worker = Callable[[], Awaitable[None]]

_log = log("bot")


class Unfinished(Protocol):
    """Something that has work in hand when its worker is cancelled."""

    async def drain(self, seconds: float) -> None:
        """Finish it within `seconds`, and leave the rest where it is found again."""


async def kept_working(worker: Worker) -> None:
    """Run a worker that never ends by itself; while the database is in trouble, begin again after a pause."""
    said = -SILENCE_IN_TROUBLE
    while True:
        try:
            await worker()
        except Exception as error:
            if not is_trouble(error):
                raise
            if time.monotonic() - said >= SILENCE_IN_TROUBLE:
                said = time.monotonic()
                _log.error("the database is in trouble", worker=_name(worker), problem=cause_of(error))
            await asyncio.sleep(PAUSE_IN_TROUBLE)


def _name(worker: Worker) -> str:
    return str(getattr(getattr(worker, "func", worker), "__qualname__", "a worker"))


async def drained(one: Unfinished) -> None:
    """Let one finish what is in hand; what the database cannot note now is taken up again after the lease."""
    try:
        await one.drain(STOP_SECONDS)
    except Exception as error:
        if not is_trouble(error):
            raise
        _log.error("the database is in trouble at the end", problem=cause_of(error))


async def finished(tasks: set[asyncio.Task[None]], seconds: float) -> None:
    """Wait up to `seconds` for tasks in hand, then cut short those that still run."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def until_cancelled(close: Callable[[], Awaitable[None]]) -> None:
    """Do nothing until cancelled, then close."""
    try:
        await asyncio.Event().wait()
    finally:
        await close()
