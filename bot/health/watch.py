"""The watch: when things last went well in this process, what it counts, and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.metrics import Metrics

SILENCE = 60.0
"""Seconds without a successful poll after which the process is unhealthy."""
_FOREVER = float("inf")


@dataclass(frozen=True)
class Limits:
    """How long what may last, in seconds, before it is said aloud; and how much of a disk must be free.

    `silence` without a successful poll, `still` without a tick, `stuck` with updates in hand and none that ends,
    `loop` without a sign of the event loop, `trouble` of the database. A second program is gone when none was noticed
    for `calm`. The guard looks every `look` seconds, Telegram is asked about its webhook every `webhook`.
    """

    silence: float = SILENCE
    still: float = 120.0
    stuck: float = 120.0
    loop: float = 60.0
    trouble: float = 60.0
    calm: float = 600.0
    look: float = 5.0
    webhook: float = 300.0
    free_share: float = 0.05
    free_bytes: int = 200 * 2**20
    dead_letters: int = 3


@dataclass
class Watch:
    """When things last went well, in seconds of the monotonic clock.

    A process that does not poll is not `listening`, one that runs no ticks not `ticking`: neither is missed there.
    `metrics` is what it counts, `rival` what Telegram said of another program that took what was meant for this one;
    nothing was `heard` before the first successful poll.
    """

    polled_at: float = field(default_factory=time.monotonic)
    ticked_at: float = field(default_factory=time.monotonic)
    listening: bool = True
    ticking: bool = True
    limits: Limits = field(default_factory=Limits)
    metrics: Metrics = field(default_factory=Metrics)
    heard: bool = False
    ticks: int = 0
    since: float = field(default_factory=time.monotonic)
    pulsed_at: float = field(default_factory=time.monotonic)
    worked_at: float = field(default_factory=time.monotonic)
    in_hand: int = 0
    rival: str | None = None
    rival_at: float = -_FOREVER

    def polled(self) -> None:
        self.heard, self.polled_at = True, time.monotonic()

    def ticked(self) -> None:
        self.ticks, self.ticked_at = self.ticks + 1, time.monotonic()

    def relieved(self, *, listening: bool, ticking: bool) -> None:
        """Note that this process has other duties than before; what was missed until now was another's."""
        self.listening, self.ticking, self.heard, self.ticks = listening, ticking, False, 0
        self.polled_at = self.ticked_at = self.since = time.monotonic()
        self.metrics.rest()

    def listens(self, *, on_duty: bool) -> None:
        """Note that this process begins to poll, or rests because that is another's now, or because nobody can tell."""
        if on_duty and not self.listening:
            self.heard, self.polled_at = False, time.monotonic()
        self.listening = on_duty

    @property
    def last_poll(self) -> float | None:
        """When this process last polled with success, if it does."""
        return self.polled_at if self.listening and self.heard else None

    @property
    def last_tick(self) -> float | None:
        """When a tick last ran here, if they do."""
        return self.ticked_at if self.ticking and self.ticks else None

    def pulsed(self) -> None:
        """Note that the event loop goes round. If it stood still, nothing could come or run, and nothing was missed."""
        now = time.monotonic()
        if now - self.pulsed_at >= self.limits.loop / 2:
            self.polled_at = self.ticked_at = self.worked_at = now
        self.pulsed_at = now

    def met_rival(self, told: str) -> None:
        """Note that another program took what was meant for this one; `told` is how Telegram words it."""
        self.rival, self.rival_at = told, time.monotonic()

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Note that an update is in hand until the block ends."""
        if self.in_hand == 0:
            self.worked_at = time.monotonic()
        self.in_hand += 1
        try:
            yield
        finally:
            self.in_hand -= 1
            self.worked_at = time.monotonic()

    def silent_for(self) -> float:
        """Return the seconds since the last successful poll; a process that does not poll is never silent."""
        return time.monotonic() - self.polled_at if self.listening else 0.0

    def still_for(self) -> float:
        """Return the seconds since the last tick; where none runs, none is missed."""
        return time.monotonic() - self.ticked_at if self.ticking else 0.0

    def stuck_for(self) -> float:
        """Return for how many seconds updates have been in hand and none has ended."""
        return time.monotonic() - self.worked_at if self.in_hand else 0.0

    def has_rival(self) -> bool | None:
        """Tell whether another program was noticed lately; None where this one has not listened for long enough."""
        now = time.monotonic()
        if now - self.rival_at < self.limits.calm:
            return True
        return None if now - self.since < self.limits.calm else False

    def problems(self) -> list[str]:
        """Return what is wrong, one sentence each."""
        limits = self.limits
        found = (
            (self.silent_for(), limits.silence, "Nothing has come from Telegram for {} seconds."),
            (self.still_for(), limits.still, "No tick has run for {} seconds."),
            (self.stuck_for(), limits.stuck, "Updates are in hand, and none has ended for {} seconds."),
            (time.monotonic() - self.pulsed_at, limits.loop, "The event loop has stood still for {} seconds."),
        )
        return [words.format(round(seconds)) for seconds, limit, words in found if seconds >= limit]

    @property
    def healthy(self) -> bool:
        return not self.problems()
