"""The bot's queue of updates: offsets, long polls that end one another, lifetimes, webhook."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp

from bot.sandbox.failure import ApiError
from bot.sandbox.world import Json, World

KINDS_BY_DEFAULT_OFF = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_LIFETIMES = {"callback_query": 150, "inline_query": 30, "chosen_inline_result": 600}
_DAY = 24 * 3600
_JOURNAL = 20_000


class Updates:
    """What waits for the bot. An update goes when a later offset confirms it or when its life is over."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._next = 2_000_001 + secrets.randbelow(900_000_000)
        self._queue: deque[tuple[Json, float]] = deque()
        self._allowed: frozenset[str] | None = None
        self._news = asyncio.Event()
        self._poll: asyncio.Future[None] | None = None
        self.polled_at: float | None = None
        self.journal: deque[Json] = deque(maxlen=_JOURNAL)
        self.webhook: Json | None = None
        self._worker: asyncio.Task[None] | None = None
        world.tell = self.add

    @property
    def polling(self) -> bool:
        return self._poll is not None and not self._poll.done()

    def add(self, kind: str, body: Json) -> None:
        """Queue an update, unless the bot does not ask for its kind."""
        wanted = kind not in KINDS_BY_DEFAULT_OFF if not self._allowed else kind in self._allowed
        if not wanted:
            return
        update = {"update_id": self._next, kind: body}
        self._next += 1
        dies = self._world.clock.now().timestamp() + _LIFETIMES.get(kind, _DAY)
        self._queue.append((update, dies))
        entry: Json = {"n": len(self.journal) + 1, "at": self._world.clock.now().isoformat(), "update": update}
        self.journal.append(entry)
        for watcher in self._world.watchers:
            watcher("update", entry)
        self._news.set()

    def waiting(self) -> int:
        return len(self._queue)

    async def get(self, offset: int, limit: int, timeout: int, allowed: list[str] | None) -> list[Json]:  # noqa: ASYNC109
        """Answer `getUpdates`.

        Raises:
            ApiError: 409 while a webhook is set, or when a newer poll ends this one.
        """
        if self.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
                "webhook first",
            )
        if allowed is not None:
            self._allowed = frozenset(allowed)
        self.conflict(
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )
        self._confirm(offset)
        self.polled_at = asyncio.get_running_loop().time()
        if not self._alive() and timeout > 0:
            await self._wait(min(timeout, 50))
        return [update for update, _ in list(self._alive())[: min(max(limit, 1), 100)]]

    def conflict(self, words: str) -> None:
        """End the poll that waits, if any."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(ApiError(409, words))

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        self._poll = mine
        self._news.clear()
        news = asyncio.ensure_future(self._news.wait())
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

    def _alive(self) -> deque[tuple[Json, float]]:
        now = self._world.clock.now().timestamp()
        if any(dies <= now for _, dies in self._queue):
            self._queue = deque(pair for pair in self._queue if pair[1] > now)
        return self._queue

    # -- webhook

    def set_webhook(self, facts: Json, perform: Callable[[Json], Any]) -> None:
        """Deliver to a URL from now on; `perform` executes a method call in the answer's body."""
        self.stop()
        self.webhook = facts
        if facts.get("allowed_updates") is not None:
            self._allowed = frozenset(facts["allowed_updates"])
        self._worker = asyncio.get_running_loop().create_task(self._deliver(facts, perform))

    def stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self.webhook = self._worker = None

    async def _deliver(self, facts: Json, perform: Callable[[Json], Any]) -> None:
        url = self._world.webhook_routes.get(facts["url"]) or str(facts["url"])
        headers = {"X-Telegram-Bot-Api-Secret-Token": facts["secret_token"]} if facts.get("secret_token") else {}
        failures = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            while True:
                if not self._alive():
                    self._news.clear()
                    await self._news.wait()
                    continue
                update = self._queue[0][0]
                wait = await self._offer(session, url, headers, update, perform)
                if wait is None:
                    self._queue.popleft()
                    failures = 0
                else:
                    failures += 1
                    await asyncio.sleep(wait or min(2.0 ** (failures - 1) if failures > 1 else 0.0, 60))

    async def _offer(
        self,
        session: aiohttp.ClientSession,
        url: str,
        headers: dict[str, str],
        update: Json,
        perform: Callable[[Json], Any],
    ) -> float | None:
        try:
            async with session.post(url, json=update, headers=headers) as answer:
                if answer.status // 100 != 2:  # noqa: PLR2004 - any success
                    return min(float(answer.headers.get("Retry-After", 0)), 3600)
                body = await answer.json(content_type=None) if answer.content_length else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0.0
        if isinstance(body, dict) and "method" in body:
            await perform(body)
        return None
