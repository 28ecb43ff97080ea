"""Delivery to a webhook: in order within a chat, in parallel between chats, and again after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from bot.sandbox.world import Json, World

CONNECTIONS = 40
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
LONGEST_WAIT = 60.0
LONGEST_RETRY_AFTER = 3600.0
SUCCESS, GONE = 2, 410
GONE_SECONDS = 23 * 3600
ANSWER_SECONDS = 60


class Queue(Protocol):
    """The updates that wait."""

    trouble: Json
    news: asyncio.Event

    def alive(self) -> list[Json]: ...
    def done(self, update_id: int) -> None: ...
    def stop(self) -> None: ...


class Webhook:
    """One webhook, from its setting to its end."""

    def __init__(self, world: World, queue: Queue, facts: Json, perform: Callable[[Json], Awaitable[None]]) -> None:
        self._world, self._queue, self._perform = world, queue, perform
        self._url = world.webhook_routes.get(facts["url"]) or str(facts["url"])
        secret = facts.get("secret_token")
        self._headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        self._room = int(facts.get("max_connections") or CONNECTIONS)
        self._gone_since: float | None = None
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._freed = asyncio.Event()
        self._worker = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Give up every delivery that is under way."""
        for task in (self._worker, *self._lanes.values()):
            task.cancel()

    async def _run(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as session:
            while True:
                self._queue.news.clear()
                self._freed.clear()
                self._begin(session)
                signals = [asyncio.ensure_future(event.wait()) for event in (self._queue.news, self._freed)]
                try:
                    await asyncio.wait(signals, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for signal in signals:
                        signal.cancel()

    def _begin(self, session: aiohttp.ClientSession) -> None:
        for update in self._queue.alive():
            lane = _lane(update)
            if len(self._lanes) < self._room and lane not in self._lanes:
                task = asyncio.get_running_loop().create_task(self._deliver(session, update))
                self._lanes[lane] = task
                task.add_done_callback(partial(self._end, lane))

    def _end(self, lane: str, _task: asyncio.Task[None]) -> None:
        del self._lanes[lane]
        self._freed.set()

    async def _deliver(self, session: aiohttp.ClientSession, update: Json) -> None:
        """Offer an update until it is taken or its life is over."""
        failures = 0
        while update in self._queue.alive():
            wait = await self._offer(session, update)
            if wait is None:
                self._queue.done(update["update_id"])
                return
            failures += 1
            await self._pause(wait or (min(2.0 ** (failures - 1), LONGEST_WAIT) if failures > 1 else 0.0))

    async def _pause(self, seconds: float) -> None:
        until = self._world.clock.now().timestamp() + seconds
        while (left := until - self._world.clock.now().timestamp()) > 0:
            await self._world.clock.jump_after(self._world.clock.version, left)

    async def _offer(self, session: aiohttp.ClientSession, update: Json) -> float | None:
        """Post an update; return how long the receiver asks to wait after a failure, or None when it was taken."""
        if urlsplit(self._url).hostname not in LOCAL:  # the sandbox never leaves this machine
            self._note("the sandbox knows no way to this address: tell it by PUT /sandbox/webhook_route")
            return 0.0
        try:
            async with session.post(self._url, json=update, headers=self._headers) as answer:
                self._refuse(answer.status)
                if answer.status // 100 != SUCCESS:
                    self._note(f"Wrong response from the webhook: {answer.status} {answer.reason}")
                    return min(float(answer.headers.get("Retry-After", 0)), LONGEST_RETRY_AFTER)
                body = await answer.json(content_type=None) if answer.content_length else None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self._note(str(error) or type(error).__name__)
            return 0.0
        if isinstance(body, dict) and "method" in body:
            await self._perform(body)
        return None

    def _refuse(self, status: int) -> None:
        """Give the webhook up for good when its owner has said for 23 hours that it is gone."""
        now = self._world.clock.now().timestamp()
        self._gone_since = (self._gone_since or now) if status == GONE else None
        if self._gone_since is not None and now - self._gone_since >= GONE_SECONDS:
            self._queue.stop()

    def _note(self, words: str) -> None:
        self._queue.trouble = {"last_error_date": self._world.clock.stamp(), "last_error_message": words}


def _lane(update: Json) -> str:
    """Return what keeps its order: a person's presses and queries, or what happens in one chat."""
    kind = next(key for key in update if key != "update_id")
    body = update[kind]
    if kind in {"callback_query", "inline_query", "chosen_inline_result"}:
        return f"{kind} {body['from']['id']}"
    return f"chat {body['chat']['id']}" if "chat" in body else kind
