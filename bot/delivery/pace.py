"""Pace: sends spread evenly over each second, so that Telegram never has to refuse one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

_REMEMBERED = 10_000
_AFTER_ALBUM = 4
"""How many times longer a private chat rests after several messages at once."""


class Pace:
    """Hands out moments to send. Newsletters wait for theirs; an answer to a person never does but is counted.

    `rate` is messages a second overall, `chat_rate` in one private chat, `group_rate` a minute in one group. Several
    `messages` that go together, an album, are counted one by one.
    """

    def __init__(self, rate: float, chat_rate: float, group_rate: float) -> None:
        self._gap = 1 / rate
        self._chat_gap = 1 / chat_rate
        self._group_gap = 60 / group_rate
        self._next = 0.0
        self._chats: OrderedDict[int, float] = OrderedDict()

    async def wait(self, chat_id: int, messages: int = 1) -> None:
        """Wait until this chat may be written to, and only then for the next free moment of all."""
        time = asyncio.get_running_loop().time
        at = max(time(), self._chats.get(chat_id, 0.0))
        self._book(chat_id, at, messages)
        await asyncio.sleep(at - time())
        at = max(time(), self._next)
        self._take(chat_id, at, messages)
        await asyncio.sleep(at - time())

    def count(self, chat_id: int, messages: int = 1) -> None:
        """Count a send that did not wait."""
        self._take(chat_id, max(asyncio.get_running_loop().time(), self._next), messages)

    def pause(self, seconds: float) -> None:
        """Send no newsletters for a while: Telegram asked for it."""
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)

    def _take(self, chat_id: int, at: float, messages: int) -> None:
        self._next = max(self._next, at) + self._gap * messages
        self._book(chat_id, at, messages)

    def _book(self, chat_id: int, at: float, messages: int) -> None:
        rest = self._chat_gap * (_AFTER_ALBUM if messages > 1 else 1)
        self._chats[chat_id] = at + (self._group_gap * messages if chat_id < 0 else rest)
        self._chats.move_to_end(chat_id)
        if len(self._chats) > _REMEMBERED:
            self._chats.popitem(last=False)
