"""Signs of trouble: each is looked at now and then, and tells whether something is wrong, or that it cannot tell."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from bot.clock import Clock
from bot.health import Watch
from bot.transport import Answer
from storage import inbox
from storage.alarms import AlarmKind
from storage.database import Database

_MINUTE = 60.0
_ROOM_AGAIN = 1.2
_MB = 2**20
_LONGEST = 200


@dataclass(frozen=True)
class Verdict:
    """Whether something is wrong, for how many seconds it has been, and what else is known of it."""

    wrong: bool
    seconds: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)


class Sign(Protocol):
    """Something to look at every so many seconds; None where this process cannot tell."""

    kind: AlarmKind
    every: float

    async def look(self) -> Verdict | None: ...


class Silence:
    """Nothing comes from Telegram, which only the process that polls can tell."""

    kind, every = AlarmKind.SILENCE, 0.0

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def look(self) -> Verdict | None:
        if not self._watch.listening:
            return None
        silent = self._watch.silent_for()
        if silent < self._watch.limits.silence:
            return Verdict(wrong=False) if self._watch.heard else None
        return Verdict(wrong=True, seconds=silent)


class Rival:
    """Another program uses the token: whoever takes updates is told so, or finds the webhook led elsewhere."""

    kind, every = AlarmKind.RIVAL, 0.0

    def __init__(self, watch: Watch, *, hooked: bool) -> None:
        self._watch = watch
        self._hooked = hooked

    async def look(self) -> Verdict | None:
        if not self._watch.listening and not self._hooked:
            return None
        wrong = self._watch.has_rival()
        if wrong is None:
            return None
        return Verdict(wrong, time.monotonic() - self._watch.rival_at if wrong else 0.0)


class Hook:
    """Telegram cannot deliver to our webhook: the moment of its last failure moves on."""

    kind = AlarmKind.WEBHOOK

    def __init__(self, ask: Callable[[], Awaitable[Answer]], url: str, watch: Watch) -> None:
        self.every = watch.limits.webhook
        self._ask = ask
        self._url = url
        self._watch = watch
        self._last: int | None = None
        self._wrong = False

    async def look(self) -> Verdict | None:
        answer = await self._ask()
        info = answer.body.get("result") if answer.ok else None
        if not isinstance(info, dict):
            return None
        if info.get("url") != self._url:
            self._watch.met_rival("the webhook leads elsewhere")
        last, self._last = self._last, int(info.get("last_error_date") or 0)
        if last is None:
            return None  # an old failure says nothing of now
        # Between two tries of Telegram's nothing moves, and still something waits.
        self._wrong = self._last > last or (self._wrong and bool(info.get("pending_update_count")))
        return Verdict(self._wrong, facts={"told": str(info.get("last_error_message", ""))[:_LONGEST]})


class DeadLetters:
    """Several updates became dead letters within an hour."""

    kind = AlarmKind.DEAD_LETTERS

    def __init__(self, database: Database, clock: Clock, watch: Watch) -> None:
        self._database = database
        self._clock = clock
        self.every = min(_MINUTE, 12 * watch.limits.look)
        self._most = watch.limits.dead_letters

    async def look(self) -> Verdict | None:
        hour_ago = self._clock.now() - timedelta(hours=1)
        async with self._database.reading() as tx:
            dead = await inbox.died_since(tx, hour_ago, self._most)
        return None if 0 < dead < self._most else Verdict(dead >= self._most)


class Disk:
    """The disk beside the SQLite file is nearly full."""

    kind = AlarmKind.DISK

    def __init__(self, file: Path, watch: Watch) -> None:
        self.every = min(_MINUTE, 12 * watch.limits.look)
        self._folder = file.parent
        self._limits = watch.limits

    async def look(self) -> Verdict | None:
        total, _, free = await asyncio.to_thread(shutil.disk_usage, self._folder)
        needed = max(self._limits.free_bytes, self._limits.free_share * total)
        if needed <= free < needed * _ROOM_AGAIN:
            return None
        return Verdict(free < needed, facts={"free": free // _MB})
