"""The only place where the time of day is read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp


class Clock:
    """The system's clock, in aware UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def follow(self, moved: Callable[[], None]) -> None:
        """Call `moved` whenever the time jumps, and never return; the system's clock does not jump."""
        del moved
        await asyncio.Event().wait()


class FollowedClock(Clock):
    """A clock that follows the sandbox's, so that a demonstration can jump to next Monday.

    `url` is the sandbox's `/sandbox/clock`; jumps arrive by long poll.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._offset = timedelta()
        self._frozen_at: datetime | None = None
        self._version = -1

    def now(self) -> datetime:
        return self._frozen_at or datetime.now(UTC) + self._offset

    async def follow(self, moved: Callable[[], None]) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)) as session:
            while True:
                try:
                    await self._read(session)
                    moved()
                except (aiohttp.ClientError, TimeoutError, ValueError):
                    await asyncio.sleep(1)  # the sandbox is restarting

    async def start(self) -> None:
        """Read the time once before anything is done with it."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with aiohttp.ClientSession() as session:
                await self._read(session)

    async def _read(self, session: aiohttp.ClientSession) -> None:
        waiting = {"after": str(self._version), "timeout": "25"} if self._version >= 0 else {}
        async with session.get(self._url, params=waiting) as answer:
            told = await answer.json()
        self._version = told["version"]
        self._frozen_at = datetime.fromisoformat(told["now"]) if told["frozen"] else None
        self._offset = timedelta(seconds=told["offset"])
