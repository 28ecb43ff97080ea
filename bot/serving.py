"""Serving: an address on which the process answers HTTP, from its start to its end."""

from __future__ import annotations

from abc import ABC, abstractmethod

from aiohttp import web

from bot.workers import STOP_SECONDS


class Served(ABC):
    """Something that answers HTTP on `listen` (`host:port`) between `start` and `stop`."""

    def __init__(self, listen: str) -> None:
        self._host, _, port = listen.rpartition(":")
        self._port = int(port)
        self._runner: web.AppRunner | None = None

    @abstractmethod
    def _app(self) -> web.Application:
        """Return what answers."""

    async def start(self) -> None:
        """Begin to listen. Raises `OSError` where the address cannot be had."""
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=STOP_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host or "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        """Finish what is being answered, and listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
