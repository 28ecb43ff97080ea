"""The bot's queue of updates: offsets, long polls that end one another, lifetimes."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox import schema
from bot.sandbox.failure import ApiError, too_many
from bot.sandbox.webhook import Webhook
from bot.sandbox.world import Json, World

KINDS_BY_DEFAULT_OFF = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
LONGEST_POLL, MOST = 50, 100
_LIFETIMES = {"callback_query": 150, "inline_query": 30, "chosen_inline_result": 600}
_DAY = 24 * 3600
_JOURNAL = 20_000
_ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
_OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Updates:
    """What waits for the bot. An update goes when a later offset confirms it or when its life is over."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._next = 2_000_001 + secrets.randbelow(900_000_000)
        self._queue: deque[tuple[Json, float]] = deque()
        self._allowed: frozenset[str] = frozenset()
        self.news = asyncio.Event()
        self._poll: asyncio.Future[None] | None = None
        self.polled_at: float | None = None
        self.journal: deque[Json] = deque(maxlen=_JOURNAL)
        self.webhook: Json | None = None
        self.trouble: Json = {}
        self._webhook_set_at = 0.0
        self._worker: Webhook | None = None
        world.tell = self.add

    @property
    def polling(self) -> bool:
        return self._poll is not None and not self._poll.done()

    def add(self, kind: str, body: Json) -> None:
        """Queue an update as things are now, unless the bot does not ask for its kind."""
        wanted = kind in self._allowed if self._allowed else kind not in KINDS_BY_DEFAULT_OFF
        if not wanted:
            return
        update: Json = {"update_id": self._next, kind: json.loads(json.dumps(body))}
        self._next += 1
        for problem in schema.shape(("Update",), update):
            self._world.violations.append(
                {"method": kind, "problem": f"the update departs from the Bot API: {problem}"}
            )
        self._queue.append((update, self._now() + _LIFETIMES.get(kind, _DAY)))
        entry: Json = {"n": len(self.journal) + 1, "at": self._world.clock.now().isoformat(), "update": update}
        self.journal.append(entry)
        for watcher in self._world.watchers:
            watcher("update", entry)
        self.news.set()

    def _now(self) -> float:
        return self._world.clock.now().timestamp()

    def waiting(self) -> int:
        return len(self.alive())

    def drop(self) -> None:
        """Forget all that waits."""
        self._queue.clear()

    def alive(self) -> list[Json]:
        """Return what waits, less what has waited too long."""
        now = self._now()
        if any(dies <= now for _, dies in self._queue):
            self._queue = deque(pair for pair in self._queue if pair[1] > now)
        return [update for update, _ in self._queue]

    def done(self, update_id: int) -> None:
        """Forget an update that a webhook took."""
        self._queue = deque(pair for pair in self._queue if pair[0]["update_id"] != update_id)

    # -- polling

    async def get(self, offset: int, limit: int, timeout: int, allowed: list[str] | None) -> list[Json]:  # noqa: ASYNC109
        """Answer `getUpdates`.

        Raises:
            ApiError: 409 while a webhook is set, or when a newer poll ends this one.
        """
        if self.webhook is not None:
            raise ApiError(409, _ACTIVE)
        if allowed is not None:
            self._allowed = frozenset(allowed)
        self.conflict(_OTHER)
        self._confirm(offset)
        self.polled_at = asyncio.get_running_loop().time()
        if not self.alive() and timeout > 0:
            await self._wait(min(timeout, LONGEST_POLL))
        return self.alive()[: min(max(limit, 1), MOST)]

    def conflict(self, words: str) -> None:
        """End the poll that waits, if any."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(ApiError(409, words))

    async def _wait(self, seconds: float) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._poll = mine
        self.news.clear()
        news = asyncio.ensure_future(self.news.wait())
        try:
            waiting: list[asyncio.Future[Any]] = [mine, news]
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if mine.done():
                mine.result()
        finally:
            news.cancel()
            if not mine.done():
                mine.cancel()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self._queue) > -offset:
                self._queue.popleft()
        while self._queue and offset > 0 and self._queue[0][0]["update_id"] < offset:
            self._queue.popleft()

    # -- webhook

    def webhook_flood(self) -> None:
        """Refuse a webhook set less than a second after another."""
        if 0 <= self._now() - self._webhook_set_at < 1:
            raise too_many(1)
        self._webhook_set_at = self._now()

    def set_webhook(self, facts: Json, perform: Callable[[Json], Awaitable[None]]) -> None:
        """Deliver to a URL from now on; `perform` executes a method call in the answer's body."""
        self.stop()
        self.webhook = facts
        if facts.get("allowed_updates") is not None:
            self._allowed = frozenset(facts["allowed_updates"])
        if facts.get("drop_pending_updates"):
            self.drop()
        self._worker = Webhook(self._world, self, facts, perform)

    def stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
        self.webhook = self._worker = None
        self.trouble = {}
