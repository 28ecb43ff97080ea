"""Pace: sends spread evenly over each second, so that Telegram need refuse none, and what rests where it did."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque

from storage.pace import ALL, PAID

_REMEMBERED = 10_000
_AFTER_ALBUM = 4
"""How many times longer a private chat rests after several messages at once."""
_TOGETHER = 2.0
"""Seconds within which a second chat's refusal means that Telegram means us, and no chat."""
_UNPAID = 60.0
_PEOPLE_FIRST = 1.0
"""Seconds for which newsletters stay quiet when answers to people leave again after a pause."""
_TAKES = {ALL: 30, PAID: 1000}
"""How many messages Telegram takes in any one second."""
_SECOND = 1.01
"""That second, and what the way of one message may take longer than that of another."""
_TICK = 0.001
"""What nobody waits for: the loop counts in milliseconds."""

Scope = str


class Pace:
    """Hands out moments to send. Newsletters wait for theirs; an answer to a person never does but is counted.

    `rate` is messages a second overall, `chat_rate` in one private chat, `group_rate` a minute in one group, and
    `paid_rate` messages a second of those that are paid for. Several `messages` that go together, an album, are counted
    one by one. All times are the loop's.
    """

    def __init__(self, rate: float, chat_rate: float, group_rate: float, paid_rate: float = 0) -> None:
        rates = {ALL: rate, PAID: paid_rate or rate}
        self._gaps = {scope: 1 / most for scope, most in rates.items()}
        self._chat_gap = 1 / chat_rate
        self._group_gap = 60 / group_rate
        self._next = {ALL: 0.0, PAID: 0.0}
        self._left = {scope: deque[float](maxlen=max(_TAKES[scope], math.ceil(most))) for scope, most in rates.items()}
        self._chats: OrderedDict[int, float] = OrderedDict()
        self._groups: set[int] = set()
        self._pauses: dict[Scope, float] = {}
        self._refused: tuple[Scope, float] = ("", -_TOGETHER)

    def delay(self, chat_id: int) -> float:
        """Return in how many seconds a chat may be written to, as far as it alone is concerned."""
        return max(0.0, self._chats.get(chat_id, 0.0) - _now(), self.paused(str(chat_id)))

    def resting(self) -> dict[int, float]:
        """Return the groups that may not be written to yet, and for how many seconds."""
        rests = {chat_id: seconds for chat_id in self._groups if (seconds := self.delay(chat_id)) > 0}
        self._groups = set(rests)
        return rests

    def leaves(self, chat_id: int, messages: int = 1, *, paid: bool = False) -> bool:
        """Take this moment, if it is free: then nothing has to wait."""
        scope, now = PAID if paid else ALL, _now()
        if self.delay(chat_id) > 0 or self._next[scope] - now > _TICK or self._room(scope, messages) > now:
            return False
        self._take(scope, chat_id, now, messages)
        self._leave(scope, messages)
        return True

    async def wait(self, chat_id: int, messages: int = 1, *, paid: bool = False) -> None:
        """Wait for the next free moment of all, once this chat may be written to."""
        scope = PAID if paid else ALL
        at = _now() + self.delay(chat_id)
        self._rest(chat_id, at, messages)
        await _until(at)
        at = max(_now(), self._next[scope])
        self._take(scope, chat_id, at, messages)
        await _until(at)
        while (at := self._room(scope, messages)) - _now() > _TICK:
            await _until(at)
        self._leave(scope, messages)

    def count(self, chat_id: int, messages: int = 1) -> None:
        """Count a send that did not wait."""
        self._take(ALL, chat_id, max(_now(), self._next[ALL]), messages)
        self._leave(ALL, messages)

    def gaps(self, messages: int) -> dict[Scope, float]:
        """Return for how long nothing else may leave, by scope, where so many messages do."""
        return {ALL: self._gaps[ALL] * messages}

    def follow(self, seconds: float) -> None:
        """Send nothing that has to wait before others have sent what they booked, in so many seconds."""
        self._next[ALL] = max(self._next[ALL], _now() + seconds)

    def refused(self, chat_id: int, seconds: float, *, paid: bool = False) -> Scope:
        """Pause what a refusal names, and return it: one chat or, where a second one is refused just then, all.

        What is paid for and refused means that there are no Stars: for a while nothing is paid.
        """
        if paid:
            self.pause(PAID, _UNPAID)
            return PAID
        scope, at = self._refused
        self._refused = (str(chat_id), _now())
        ours = scope not in ("", str(chat_id)) and _now() - at < _TOGETHER
        named = ALL if ours or self.paused(ALL) else str(chat_id)
        self.pause(named, seconds)
        return named

    def pause(self, scope: Scope, seconds: float) -> None:
        """Let nothing of a scope leave for a while."""
        self._pauses[scope] = max(self._pauses.get(scope, 0.0), _now() + seconds)

    def forget(self) -> None:
        """Forget all pauses."""
        self._pauses.clear()

    def paused(self, scope: Scope = ALL, *, newsletters: bool = False) -> float:
        """Return for how many seconds more nothing of a scope may leave; people are answered first after it."""
        until = self._pauses.get(scope)
        if until is None:
            return 0.0
        left = until + (_PEOPLE_FIRST if newsletters else 0.0) - _now()
        if left <= -_PEOPLE_FIRST:
            del self._pauses[scope]
        return max(0.0, left)

    def _take(self, scope: Scope, chat_id: int, at: float, messages: int) -> None:
        self._next[scope] = max(self._next[scope], at) + self._gaps[scope] * messages
        self._rest(chat_id, at, messages)

    def _leave(self, scope: Scope, messages: int) -> None:
        self._left[scope].extend([_now()] * messages)

    def _room(self, scope: Scope, messages: int) -> float:
        """Return when a second is over in which others left that were late, or would be with so many messages more."""
        left = self._left[scope]
        beyond = len(left) + messages - (left.maxlen or 0)
        return left[min(beyond, len(left)) - 1] + _SECOND if left and beyond > 0 else 0.0

    def _rest(self, chat_id: int, at: float, messages: int) -> None:
        rest = self._chat_gap * (_AFTER_ALBUM if messages > 1 else 1)
        if chat_id < 0:
            self._groups.add(chat_id)
        self._chats[chat_id] = at + (self._group_gap * messages if chat_id < 0 else rest)
        self._chats.move_to_end(chat_id)
        if len(self._chats) > _REMEMBERED:
            self._chats.popitem(last=False)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _until(at: float) -> None:
    if (seconds := at - _now()) > _TICK:
        await asyncio.sleep(seconds)
