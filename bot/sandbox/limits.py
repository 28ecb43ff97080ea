"""Telegram's rate limits: strict, off until asked for, and counted by the sandbox's clock."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from bot.sandbox.failure import too_many
from bot.sandbox.time import SandboxClock

BURST = 3.0
"""How many seconds' worth of messages a private chat takes at once."""

Window = deque[float]


class Limits:
    """Sliding windows: so many messages a second overall and to one chat, so many a minute to a group.

    What a bot allows to be paid for passes beyond the first of them while its Stars last. What was paid for takes no
    room among what is free. Telegram says nothing of a bot without Stars: it is told to wait, as if it paid nothing.
    """

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self.enabled = False
        self.per_second, self.per_chat, self.per_group = 30, 1.0, 20
        self.paid_per_second = 1000
        self._free: Window = deque()
        self._paid: Window = deque()
        self._chats: dict[int, Window] = {}
        self._stars = self._bought = 0  # in tenths, so that they add up
        self.refused = 0

    def set(self, order: dict[str, Any]) -> None:
        self.enabled = bool(order.get("enabled", True))
        self.per_second = int(order.get("per_second", self.per_second))
        self.per_chat = float(order.get("per_chat_per_second", self.per_chat))
        self.per_group = int(order.get("per_group_per_minute", self.per_group))
        self.paid_per_second = int(order.get("paid_per_second", self.paid_per_second))
        if "stars" in order:
            self._stars = round(float(order["stars"]) * 10)

    def facts(self) -> dict[str, Any]:
        """Return whether they hold, how much they refused, and what Stars the bot has left and has spent."""
        spent = {"stars": self._stars / 10, "stars_spent": self._bought / 10}
        return {"enabled": self.enabled, "refused": self.refused, **spent}

    def check(self, chat_id: int, messages: int = 1, *, paid: bool = False) -> None:
        """Count messages that go to a chat together, and take Stars for those beyond the free ones if they are `paid`.

        Raises:
            ApiError: 429 when a window is full.
        """
        if not self.enabled:
            return
        now = self._clock.now().timestamp()
        chat = self._chats.setdefault(chat_id, deque())
        span, most = (60.0, self.per_group) if chat_id < 0 else (BURST, int(BURST * self.per_chat))
        bought = self._beyond(messages, now) if paid else 0
        most_bought = self.paid_per_second - self.per_second
        everywhere, room, counted = (
            (self._paid, most_bought, bought) if bought else (self._free, self.per_second, messages)
        )
        for window, length, limit, number in ((everywhere, 1.0, room, counted), (chat, span, most, messages)):
            self._room(window, length, limit, number, now)
        self._stars, self._bought = self._stars - bought, self._bought + bought
        self._paid.extend([now] * bought)
        self._free.extend([now] * (messages - bought))
        chat.extend([now] * messages)

    def _beyond(self, messages: int, now: float) -> int:
        """Return how many of messages are not free, if the bot has the Stars for them; 0 if it has not."""
        _forget(self._free, now, 1.0)
        beyond = min(messages, max(0, len(self._free) + messages - self.per_second))
        return beyond if beyond <= self._stars else 0

    def _room(self, window: Window, length: float, room: int, messages: int, now: float) -> None:
        _forget(window, now, length)
        if window and len(window) + messages > room:  # an album is not divided, however long
            self.refused += 1
            raise too_many(max(1, math.ceil(window[0] + length - now)))


def _forget(window: Window, now: float, length: float) -> None:
    while window and not now - length < window[0] <= now:  # the clock may also have been set back
        window.popleft()
