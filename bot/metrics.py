"""Metrics: what this process counts while it works, for Prometheus; made once and handed down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from bot import __version__
from storage.database import Database, is_trouble
from storage.outbox import Lane, OutboxState

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """Counters and gauges of one process in a `registry` of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(namespace="network_bot", registry=self.registry)
        info = Gauge("network_bot_info", "The version that runs", ["version"], registry=self.registry)
        info.labels(__version__).set(1)
        self._received = self._counter("updates_received", "Updates that Telegram handed over")
        self._handled = self._counter("updates_handled", "Updates whose effect is settled")
        self._dead = self._counter("updates_dead", "Updates that became dead letters")
        self._seconds = Histogram(
            "network_bot_update_seconds",
            "Seconds from an update's arrival to its settlement",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._sends = self._counter("sends", "Attempts to send, by lane and outcome", "lane", "outcome")
        self._failures = self._counter("tick_failures", "Ticks that failed", "tick")
        self._database = self._counter("database_errors", "Errors of the database itself: gone, full, locked")
        self._late = Gauge("network_bot_tick_delay_seconds", "How late a tick is", ["tick"], registry=self.registry)
        self._took = Gauge("network_bot_tick_seconds", "How long a tick took", ["tick"], registry=self.registry)
        self._alarms = Gauge("network_bot_alarm", "1 while something is wrong", ["kind"], registry=self.registry)
        self.database_errors = 0
        self._due: dict[str, float] = {}

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"network_bot_{name}", words, labels, registry=self.registry)

    def received(self, number: int = 1) -> None:
        """Count updates that came from Telegram and are stored."""
        self._received.inc(number)

    def handled(self, seconds: float) -> None:
        """Count an update that is settled, `seconds` after it came."""
        self._handled.inc()
        self._seconds.observe(max(0.0, seconds))

    def dead(self) -> None:
        """Count an update that became a dead letter."""
        self._dead.inc()

    def sent(self, lane: int, outcome: OutboxState) -> None:
        """Count an attempt to send; `queued` is one that will be repeated."""
        self._sends.labels(Lane(lane).name.lower(), outcome.value).inc()

    @contextmanager
    def ticking(self, tick: str, seconds: float) -> Iterator[None]:
        """Measure one run of a tick that is due every `seconds`; an exception counts as its failure."""
        began = time.monotonic()
        self._late.labels(tick).set(max(0.0, began - self._due.get(tick, began)))
        self._due[tick] = began + seconds
        try:
            yield
        except Exception:
            self._failures.labels(tick).inc()
            raise
        finally:
            self._took.labels(tick).set(time.monotonic() - began)

    def judged(self, kind: str, *, wrong: bool) -> None:
        """Note whether a sign of trouble is there."""
        self._alarms.labels(kind.replace(" ", "_")).set(wrong)

    def rest(self) -> None:
        """Expect no tick any more: another process runs them."""
        for tick in self._due:
            self._late.labels(tick).set(0)
        self._due.clear()

    def note_overdue(self) -> None:
        """Bring the delay of ticks up to now: one that hangs is later every second."""
        now = time.monotonic()
        for tick, due in self._due.items():
            if now > due:
                self._late.labels(tick).set(now - due)

    def follow(self, database: Database) -> None:
        """Count the errors of a database from now on."""

        def failed(error: BaseException) -> None:
            if is_trouble(error):
                self.database_errors += 1
                self._database.inc()

        database.on_error(failed)
