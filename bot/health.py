"""Whether the process does its work: the watchdog of the poll, and what monitoring may ask over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.serving import Served
from storage import inbox, outbox
from storage.database import Database

SILENCE = 60.0
"""Seconds without a successful poll after which the process is unhealthy."""

_PATIENCE = 3.0


@dataclass
class Watch:
    """When things last went well, in seconds of the monotonic clock."""

    polled_at: float = field(default_factory=time.monotonic)
    ticked_at: float = field(default_factory=time.monotonic)
    listening: bool = True

    def polled(self) -> None:
        self.polled_at = time.monotonic()

    def ticked(self) -> None:
        self.ticked_at = time.monotonic()

    def silent_for(self) -> float:
        """Return the seconds since the last successful poll; a process that does not poll is never silent."""
        return time.monotonic() - self.polled_at if self.listening else 0.0

    @property
    def healthy(self) -> bool:
        return self.silent_for() < SILENCE


async def counts(database: Database) -> dict[str, dict[str, int]]:
    """Return inbox and outbox by state."""
    async with database.reading() as tx:
        return {"inbox": await inbox.counts(tx), "outbox": await outbox.counts(tx)}


class HealthServer(Served):
    """Serves `/healthz` (is it alive), `/readyz` (can it reach its database) and `/metrics` (Prometheus)."""

    def __init__(self, listen: str, watch: Watch, database: Database) -> None:
        super().__init__(listen)
        self._watch = watch
        self._database = database

    def _app(self) -> web.Application:
        app = web.Application()
        routes: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            "/healthz": self._health,
            "/readyz": self._ready,
            "/metrics": self._metrics,
        }
        app.add_routes([web.get(path, handler) for path, handler in routes.items()])
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        silent = round(self._watch.silent_for(), 1)
        body = {"healthy": self._watch.healthy, "seconds_since_poll": silent}
        return web.json_response(body, status=200 if self._watch.healthy else 503)

    async def _ready(self, _request: web.Request) -> web.Response:
        try:
            found = await self._boxes()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the database, the answer is the same
            return web.json_response({"ready": False, "problem": type(error).__name__}, status=503)
        return web.json_response({"ready": True, **found})

    async def _metrics(self, _request: web.Request) -> web.Response:
        registry = CollectorRegistry()
        silence = Gauge("network_bot_seconds_since_poll", "Seconds since the last successful poll", registry=registry)
        silence.set(self._watch.silent_for())
        ticked = Gauge("network_bot_seconds_since_tick", "Seconds since the last tick", registry=registry)
        ticked.set(time.monotonic() - self._watch.ticked_at)
        for box, states in (await self._boxes_if_any()).items():
            gauge = Gauge(f"network_bot_{box}_rows", f"Rows of the {box} by state", ["state"], registry=registry)
            for state, number in states.items():
                gauge.labels(state).set(number)
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _boxes(self) -> dict[str, dict[str, int]]:
        async with asyncio.timeout(_PATIENCE):  # who monitors does not wait for a lock
            return await counts(self._database)

    async def _boxes_if_any(self) -> dict[str, dict[str, int]]:
        try:
            return await self._boxes()
        except Exception:  # noqa: BLE001 - without its database the process still has its own numbers to tell
            return {}
