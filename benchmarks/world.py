"""What the lean Bot API knows: what has arrived and when, what it allows, and what it hands out."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from typing import Any, Protocol

USERNAME = "benchmark_bot"
_CHAT = re.compile(rb'chat_id(?:=|": ?"?|"\r\n(?:[^\r]+\r\n)*\r\n)(-?\d+)')
_QUERY = re.compile(rb'callback_query_id(?:=|": ?"?|"\r\n(?:[^\r]+\r\n)*\r\n)(\d+)')
_FIELD = rb'%b(?:=|": ?"?|"\r\n(?:[^\r]+\r\n)*\r\n)(\d+)'
_OFFSET, _LIMIT, _TIMEOUT = (re.compile(_FIELD % name) for name in (b"offset", b"limit", b"timeout"))
TRUE = b'{"ok":true,"result":true}'
_MESSAGE = (
    b'{"ok":true,"result":{"message_id":%d,"from":{"id":7000001,"is_bot":true,"first_name":"Benchmark",'
    b'"username":"benchmark_bot"},"chat":{"id":%d,"first_name":"A member","username":"member_of_the_network",'
    b'"type":"private"},"date":%d,"text":"A meeting of the network takes place on Tuesday at ten. Please reply by '
    b'Friday.","entities":[{"offset":0,"length":9,"type":"bold"}]}}'
)
_TOO_MANY = (
    b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}'
)
FIXED: dict[bytes, bytes] = {
    b"getMe": b'{"id":7000001,"is_bot":true,"first_name":"Benchmark","username":"benchmark_bot",'
    b'"can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false}',
    b"getMyCommands": b"[]",
    b"getMyDescription": b'{"description":""}',
    b"getMyShortDescription": b'{"short_description":""}',
    b"getMyName": b'{"name":"Benchmark"}',
    b"getChatMenuButton": b'{"type":"commands"}',
    b"getMyDefaultAdministratorRights": b"{}",
    b"getWebhookInfo": b'{"url":"","has_custom_certificate":false,"pending_update_count":0}',
}
FIXED = {name: b'{"ok":true,"result":%b}' % result for name, result in FIXED.items()}


class Listener(Protocol):
    """Who is told an answer later."""

    def say(self, body: bytes) -> None: ...


class Limits:
    """Telegram's own: strictly `rate` messages in any second overall, and one a second in each chat."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._taken: deque[float] = deque()
        self._chats: dict[int, float] = {}

    def refuse(self, chat: int, now: float) -> bool:
        """Tell whether a message is one too many; it is counted where it is not."""
        taken = self._taken
        while taken and taken[0] <= now - 1:
            taken.popleft()
        if self._rate and (len(taken) >= self._rate or self._chats.get(chat, 0.0) > now - 1):
            return True
        if self._rate:
            taken.append(now)
            self._chats[chat] = now
        return False


class World:
    """What has arrived and what is to be handed out."""

    def __init__(self) -> None:
        self.update_id = 1
        self.reset({})

    def reset(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Forget everything. `rate` messages a second are allowed (0: any number), each answered after `delay` s."""
        self.limits = Limits(int(asked.get("rate", 0)))
        self.delay = float(asked.get("delay", 0))
        self.message_id = 1000
        self.begin({})
        self.polls = 0
        self.first_poll = 0.0
        self.pending: deque[tuple[int, int, str, bytes]] = deque()
        self.given: set[int] = set()
        self.pressed: dict[str, float] = {}
        self.asked: dict[int, deque[float]] = {}
        self.answers: list[float] = []
        self.replies: list[float] = []
        self.wanted: tuple[str, int, Listener] | None = None
        self.polling: tuple[Listener, int] | None = None
        return {}

    def begin(self, _asked: dict[str, Any]) -> dict[str, Any]:
        """Begin to count messages anew."""
        self.first = self.last = self.fresh = self.handed_at = 0.0
        self.accepted = self.refused = self.edits = 0
        self.chats: dict[int, int] = {}
        self.sample = b""
        return {}

    def message(self, body: bytes) -> bytes:
        """Take a message, or refuse it."""
        now = time.perf_counter()
        found = _CHAT.search(body)
        chat = int(found[1]) if found else 0
        if self.limits.refuse(chat, now):
            self.refused += 1
            return _TOO_MANY
        self.message_id += 1
        self.accepted += 1
        self.last = now
        if not self.first:
            self.first, self.sample = now, bytes(body)
        if chat in self.chats:
            self.chats[chat] += 1
        else:
            self.chats[chat] = 1
            self.fresh = now
        if chat in self.asked:
            self._replied(chat, now)
        self.look()
        return _MESSAGE % (self.message_id, chat, 1_790_000_000)

    def edit(self, body: bytes) -> bytes:
        self.edits += 1
        now = time.perf_counter()
        found = _CHAT.search(body)
        chat = int(found[1]) if found else 0
        if chat in self.asked:
            self._replied(chat, now)
            self.look()
        return _MESSAGE % (1000, chat, 1_790_000_000)

    def answer(self, body: bytes) -> bytes:
        found = _QUERY.search(body)
        at = self.pressed.pop(found[1].decode(), None) if found else None
        if at is not None:
            self.answers.append(time.perf_counter() - at)
            self.look()
        return TRUE

    def _replied(self, chat: int, now: float) -> None:
        waiting = self.asked[chat]
        if waiting:
            self.replies.append(now - waiting.popleft())

    def look(self) -> None:
        """Tell who waits for a number that it is reached."""
        if self.wanted is not None and self.figures()[self.wanted[0]] >= self.wanted[1]:
            connection, self.wanted = self.wanted[2], None
            connection.say(json.dumps(self.statistics({})).encode())

    def figures(self) -> dict[str, int]:
        return {
            "accepted": self.accepted,
            "chats": len(self.chats),
            "answers": len(self.answers),
            "replies": len(self.replies),
            "polls": self.polls,
            "refused": self.refused,
            "edits": self.edits,
        }

    def statistics(self, _asked: dict[str, Any]) -> dict[str, Any]:
        """Return all counts and moments; moments are seconds of this machine's monotonic clock."""
        return {
            **self.figures(),
            "first": self.first,
            "last": self.last,
            "fresh": self.fresh,
            "sample": self.sample.decode(errors="replace"),
            "first_poll": self.first_poll,
            "handed_at": self.handed_at,
            "waiting": len(self.pending),
        }

    def latencies(self, _asked: dict[str, Any]) -> dict[str, Any]:
        """Return the seconds that updates waited; those that wait still count with what they have waited until now."""
        now = time.perf_counter()
        unanswered = [now - at for at in self.pressed.values()]
        open_ones = [now - at for waiting in self.asked.values() for at in waiting]
        return {"answers": self.answers + unanswered, "replies": self.replies + open_ones, "open": len(open_ones)}

    def fill(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Queue updates: `text` is typed, or the button `data` of message `message_id` pressed, by each of `people`."""
        make = _press if "data" in asked else _typed
        made = [make(self.update_id + n, person, asked) for n, person in enumerate(asked["people"])]
        kind = "press" if "data" in asked else "text"
        for person, update in zip(asked["people"], made, strict=True):
            self.pending.append((self.update_id, person, kind, update))
            self.update_id += 1
        if self.polling is not None:
            (connection, limit), self.polling = self.polling, None
            connection.say(self._hand_out(limit))
        return {}

    def poll(self, body: bytes, connection: Listener) -> bytes | None:
        """Hand out what waits, or keep the connection until something does."""
        self.polls += 1
        self.first_poll = self.first_poll or time.perf_counter()
        offset, limit, patience = (
            int(found[1]) if (found := pattern.search(body)) else usual
            for pattern, usual in ((_OFFSET, 0), (_LIMIT, 100), (_TIMEOUT, 0))
        )
        while self.pending and self.pending[0][0] < offset:
            self.given.discard(self.pending.popleft()[0])
        if self.pending:
            return self._hand_out(limit)
        if not patience:
            return b'{"ok":true,"result":[]}'
        self.polling = (connection, limit)
        asyncio.get_running_loop().call_later(patience, self._give_up, connection)
        self.look()
        return None

    def _give_up(self, connection: Listener) -> None:
        if self.polling is not None and self.polling[0] is connection:
            self.polling = None
            connection.say(b'{"ok":true,"result":[]}')

    def _hand_out(self, limit: int) -> bytes:
        now = time.perf_counter()
        self.handed_at = self.handed_at or now
        batch = [self.pending[n] for n in range(min(limit, len(self.pending)))]
        for number, person, kind, _ in batch:
            if number not in self.given:
                self.given.add(number)
                self.asked.setdefault(person, deque()).append(now)
                if kind == "press":
                    self.pressed[str(number)] = now
        return b'{"ok":true,"result":[%b]}' % b",".join(update for *_, update in batch)


def _person(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "is_bot": False,
        "first_name": "A member",
        "username": f"member{number}",
        "language_code": "en",
    }


def _chat_of(number: int) -> dict[str, Any]:
    return {"id": number, "first_name": "A member", "username": f"member{number}", "type": "private"}


def _typed(number: int, person: int, asked: dict[str, Any]) -> bytes:
    text = asked["text"]
    message: dict[str, Any] = {
        "message_id": number, "from": _person(person), "chat": _chat_of(person), "date": 1_790_000_000, "text": text,
    }  # fmt: skip
    if text.startswith("/"):
        message["entities"] = [{"offset": 0, "length": len(text.split()[0]), "type": "bot_command"}]
    return json.dumps({"update_id": number, "message": message}).encode()


def _press(number: int, person: int, asked: dict[str, Any]) -> bytes:
    shown = {
        "message_id": asked.get("message_id", 1000),
        "from": {"id": 7000001, "is_bot": True, "first_name": "Benchmark", "username": USERNAME},
        "chat": _chat_of(person),
        "date": 1_790_000_000,
        "text": "Menu",
    }
    query = {
        "id": str(number), "from": _person(person), "message": shown, "chat_instance": "1", "data": asked["data"],
    }  # fmt: skip
    return json.dumps({"update_id": number, "callback_query": query}).encode()
