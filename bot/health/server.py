"""What monitoring may ask over HTTP: is it alive, can it work, and what does it measure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from bot.clock import Clock
from bot.health.boxes import Boxes, Tally, unready
from bot.health.watch import Watch
from bot.serving import Served
from storage.database import Database

_PATIENCE = 2.5
"""Seconds: who monitors does not wait for a lock, and is answered within three."""


class HealthServer(Served):
    """Serves `/healthz` (is it alive), `/readyz` (can it reach its database) and `/metrics` (Prometheus)."""

    def __init__(self, listen: str, watch: Watch, database: Database, clock: Clock) -> None:
        super().__init__(listen)
        self._watch = watch
        self._database = database
        self._clock = clock
        self._tally = Tally()
        self._asking: asyncio.Task[Boxes | str] | None = None

    def _app(self) -> web.Application:
        app = web.Application()
        routes: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            "/healthz": self._health,
            "/readyz": self._ready,
            "/metrics": self._measured,
        }
        app.add_routes([web.get(path, handler) for path, handler in routes.items()])
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        watch, problems = self._watch, self._watch.problems()
        body: dict[str, Any] = {"healthy": not problems, "problems": problems}
        body |= {"seconds_since_poll": round(watch.silent_for(), 1), "seconds_since_tick": round(watch.still_for(), 1)}
        return web.json_response(body, status=503 if problems else 200)

    async def _ready(self, _request: web.Request) -> web.Response:
        found = await self._asked()
        if isinstance(found, str):
            return web.json_response({"ready": False, "problem": found}, status=503)
        return web.json_response({"ready": True, **found.rows})

    async def _measured(self, _request: web.Request) -> web.Response:
        self._watch.metrics.note_overdue()
        found = await self._asked()
        registry = CollectorRegistry()
        registry.register(_Now(self._watch, None if isinstance(found, str) else found, self._clock.now()))
        body = generate_latest(self._watch.metrics.registry) + generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _asked(self) -> Boxes | str:
        """Return what the database says of its boxes, or why it can say nothing: no address and no name of anybody.

        Whoever asks meanwhile waits for the same answer, and a question that hangs is not asked again.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._asking}, timeout=_PATIENCE)  # to cancel it could take as long as it hangs
        return self._asking.result() if done else "the database does not answer"

    async def _ask(self) -> Boxes | str:
        try:
            return await unready(self._database) or await Boxes.of(self._database, self._clock.now(), self._tally)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the database, the answer is the same
            return f"the database cannot be used: {type(error).__name__}"

    async def stop(self) -> None:
        await super().stop()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)


class _Now(Collector):
    """What holds at this moment: since when nothing came or ran, and the boxes where the database tells of them."""

    def __init__(self, watch: Watch, boxes: Boxes | None, now: datetime) -> None:
        self._watch = watch
        self._boxes = boxes
        self._now = now

    def collect(self) -> Iterable[Metric]:
        watch, boxes = self._watch, self._boxes
        yield _gauge("healthy", "1 while /healthz says so", float(watch.healthy))
        yield _gauge("ready", "1 while the database answers", float(boxes is not None))
        yield _gauge("seconds_since_poll", "Seconds since the last successful poll", watch.silent_for())
        yield _gauge("seconds_since_tick", "Seconds since the last tick", watch.still_for())
        yield _gauge("updates_in_hand", "Updates that are being handled", float(watch.in_hand))
        loop = time.monotonic() - watch.pulsed_at
        yield _gauge("seconds_since_pulse", "Seconds since the last sign of the event loop", loop)
        if boxes is not None:
            yield from self._of_boxes(boxes)

    def _of_boxes(self, boxes: Boxes) -> Iterable[Metric]:
        yield _gauge("paused", "1 while the network is paused after a restore", float(boxes.paused is not None))
        yield _gauge("inbox_oldest_seconds", "Age of the oldest update that waits", self._age(boxes.pending_since))
        ages = Gauge("network_bot_outbox_oldest_seconds", "How long the oldest due message waits", labels=["lane"])
        for lane, since in boxes.due_since.items():
            ages.add_metric([lane.name.lower()], self._age(since))
        yield ages
        for box, states in boxes.rows.items():
            rows = Gauge(f"network_bot_{box}_rows", f"Rows of the {box} by state", labels=["state"])
            for state, number in states.items():
                rows.add_metric([state], number)
            yield rows

    def _age(self, since: datetime | None) -> float:
        return 0.0 if since is None else max(0.0, (self._now - since).total_seconds())


def _gauge(name: str, words: str, value: float) -> Metric:
    return Gauge(f"network_bot_{name}", words, value=value)
