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
    """Sliding windows: so many messages a second overall and to one chat, so many a minute to a group."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self.enabled = False
        self.per_second, self.per_chat, self.per_group = 30, 1.0, 20
        self._all: Window = deque()
        self._chats: dict[int, Window] = {}
        self.refused = 0

    def set(self, order: dict[str, Any]) -> None:
        self.enabled = bool(order.get("enabled", True))
        self.per_second = int(order.get("per_second", self.per_second))
        self.per_chat = float(order.get("per_chat_per_second", self.per_chat))
        self.per_group = int(order.get("per_group_per_minute", self.per_group))

    def check(self, chat_id: int, messages: int = 1) -> None:
        """Count messages that go to a chat together.

        Raises:
            ApiError: 429 when a window is full.
        """
        if not self.enabled:
            return
        now = self._clock.now().timestamp()
        chat = self._chats.setdefault(chat_id, deque())
        span, most = (60.0, self.per_group) if chat_id < 0 else (BURST, int(BURST * self.per_chat))
        for window, length, room in ((self._all, 1.0, self.per_second), (chat, span, most)):
            _forget(window, now, length)
            if window and len(window) + messages > room:  # an album is not divided, however long
                self.refused += 1
                raise too_many(max(1, math.ceil(window[0] + length - now) if window else math.ceil(length)))
        self._all.extend([now] * messages)
        chat.extend([now] * messages)


def _forget(window: Window, now: float, length: float) -> None:
    while window and not now - length < window[0] <= now:  # the clock may also have been set back
        window.popleft()
