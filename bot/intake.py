"""Intake: raw updates from Telegram into the inbox, and only then the acknowledgement."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.health import Watch
from bot.logs import log
from bot.serving import Served
from bot.shift import Shift
from bot.transport import NO_ANSWER, Answer, Wire
from storage import inbox
from storage.database import Database, is_trouble
from storage.inbox import LANE, RawUpdate
from storage.workers import Duty, NotOnDutyError

ALLOWED = [
    "message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "chat_join_request",
    "chat_member", "my_chat_member", "message_reaction", "message_reaction_count",
]  # fmt: skip
INLINE = "inline_query"
POLL_SECONDS = 30
BODY_LIMIT = 1024 * 1024
CONFLICT = 409
LONGEST_PAUSE = 15.0
UNREADABLE = "unreadable"
"""Why an update is a dead letter that has never been tried."""
_ID_BITS = 63
_NUMBER_BYTES = 7
_BODY_SECONDS = 20.0
_SHORTEST_POLL = 1.0
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name, not its value

Unstored = Callable[[Sequence[Any], Exception], Awaitable[None]]
"""Told of updates that could not be stored, and why; they come again."""

_log = log("bot.intake")


def allowed(*, inline: bool) -> list[str]:
    """Return the kinds of updates that are asked for; `inline` is what is typed in other chats."""
    return [*ALLOWED, INLINE] if inline else ALLOWED


def raw_update(update: Any) -> RawUpdate | None:
    """Return an update ready to store, or None if it has no id that could be acknowledged."""
    update_id = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(update_id, int) or update_id.bit_length() > _ID_BITS:
        return None
    written = json.dumps(update, ensure_ascii=False, separators=(",", ":"))
    sound = written.encode(errors="replace").decode()  # half a character can be read from JSON and not be stored
    return RawUpdate(update_id, _lane(update), sound)


def _lane(update: dict[str, Any]) -> str:
    for event in update.values():
        if isinstance(event, dict):
            for key, letter in (("from", "u"), ("chat", "c")):
                speaker = event.get(key)
                if isinstance(speaker, dict) and isinstance(speaker.get("id"), int):
                    return f"{letter}{speaker['id']}"[:LANE]
    return f"x{update['update_id']}"


class Polling:
    """Our own long poll over raw JSON: the offset moves only after the commit."""

    def __init__(
        self,
        wire: Wire,
        database: Database,
        clock: Clock,
        watch: Watch,
        shift: Shift,
        asks_for: Sequence[str] = ALLOWED,
        unstored: Unstored | None = None,
    ) -> None:
        self._wire = wire
        self._shift = shift
        self._asks_for = list(asks_for)
        self._database = database
        self._clock = clock
        self._watch = watch
        self._unstored = unstored
        self._offset: int | None = None
        self._failures = 0

    async def run(self) -> None:
        """Poll while it is ours, until cancelled. What goes wrong is waited out; the watchdog tells when it lasts."""
        while True:
            if not self._shift.on(Duty.POLL):
                self._watch.listens(on_duty=False)
                await self._shift.until_on(Duty.POLL)
            self._watch.listens(on_duty=True)
            began = time.monotonic()
            try:
                answer = await self._poll()
            except NO_ANSWER as error:
                await self._wait(f"no answer: {type(error).__name__}")
                continue
            if not answer.ok:
                await self._wait(answer.description, answer)
            elif not await self._stored(answer.body["result"]):
                await self._wait("an answer without a readable update")
            elif not answer.body["result"]:  # a long poll that does not wait would keep both sides busy
                await asyncio.sleep(max(0, began + _SHORTEST_POLL - time.monotonic()))

    async def _poll(self) -> Answer:
        seconds = int(min(POLL_SECONDS, self._watch.limits.silence / 2))  # a quiet hour is no silence
        parameters: dict[str, Any] = {"timeout": seconds, "limit": 100, "allowed_updates": self._asks_for}
        if self._offset is not None:
            parameters["offset"] = self._offset
        return await self._wire.call("getUpdates", parameters, read_seconds=POLL_SECONDS + 10)

    async def _stored(self, updates: Any) -> bool:
        try:
            with self._shift.fenced(Duty.POLL):
                return await self._store(updates)  # if it fails, the same updates come again
        except NotOnDutyError:
            self._shift.relieve(Duty.POLL)
            self._offset = None  # whoever polls now confirms what is stored
            return True
        except Exception as error:
            if self._unstored is not None:
                await self._unstored(updates, error)
            raise

    async def _store(self, updates: Any) -> bool:
        """Store what can be; return False where the answer makes no sense and would only come again."""
        rows = [row for row in map(raw_update, updates) if row is not None] if isinstance(updates, list) else []
        if not rows and updates != []:
            return False
        self._watch.polled()  # whatever the database says to it, Telegram is there
        if rows:
            async with self._database.transaction() as tx:
                await inbox.receive(tx, rows, self._clock.now())
            self._offset = rows[-1].update_id + 1
        self._failures = 0
        self._watch.metrics.received(len(rows))
        return True

    async def _wait(self, problem: str, answer: Answer | None = None) -> None:
        self._failures += 1
        if answer is not None and answer.status == CONFLICT:
            if self._shift.on(Duty.POLL):  # or a process of ours has taken over
                self._watch.met_rival(problem)
            problem = f"another program polls with this token; stop it or revoke the token ({problem})"
        silent = self._watch.silent_for()
        level = logging.ERROR if silent > self._watch.limits.silence else logging.WARNING
        _log.log(level, "poll failed", problem=problem, silent_seconds=round(silent))
        asked = answer.retry_after if answer else None
        await asyncio.sleep(asked or min(0.25 * 2 ** min(self._failures, 10), LONGEST_PAUSE))


class WebhookIntake(Served):
    """Our own endpoint: the secret is compared in constant time, the update stored before the 200."""

    def __init__(
        self,
        listen: str,
        secret: str,
        database: Database,
        clock: Clock,
        watch: Watch,
        unstored: Unstored | None = None,
    ) -> None:
        super().__init__(listen)
        self._unstored = unstored
        self._secret = _digest(secret.encode())
        self._database = database
        self._clock = clock
        self._watch = watch

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_post("/{path:.*}", self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.Response:
        given = request.headers.get(_SECRET_HEADER, "").encode(errors="surrogateescape")
        # Of two digests nobody can tell by the time how much of a secret, or how long a one, was right.
        if not hmac.compare_digest(_digest(given), self._secret):
            return web.Response(status=403)
        if (request.content_length or 0) > BODY_LIMIT:
            return web.Response(status=413)
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        except ConnectionError:  # who hung up in mid-sentence hears no answer, and is no news
            return web.Response(status=400)
        return web.Response(status=200 if await self._stored(body) else 503)

    async def _stored(self, body: bytes) -> bool:
        """Store an update, or what can be read by nobody as a dead letter; return False in trouble of the database."""
        row = _read(body)
        try:
            async with self._database.transaction() as tx:
                if row is None:
                    await inbox.set_down(tx, *_unreadable(body), UNREADABLE, self._clock.now())
                else:
                    await inbox.receive(tx, [row], self._clock.now())
        except Exception as error:  # noqa: BLE001 - Telegram brings it again, whatever was wrong
            unexpected = not is_trouble(error) and error
            _log.error("an update could not be stored; Telegram will bring it again", exc_info=unexpected)
            if row is not None and self._unstored is not None:
                await self._unstored([json.loads(body)], error)
            return False
        self._watch.metrics.received()
        if row is None:
            self._watch.metrics.dead()
            _log.error("unreadable update from the webhook, put aside as a dead letter", bytes=len(body))
        return True


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _read(body: bytes) -> RawUpdate | None:
    try:
        return raw_update(json.loads(body))
    except (ValueError, RecursionError):
        return None


def _unreadable(body: bytes) -> tuple[int, str]:
    """Return a number for what has none of its own, below all of Telegram's and the same each time, and its text."""
    number = -1 - int.from_bytes(_digest(body)[:_NUMBER_BYTES])
    return number, body.decode(errors="replace").replace("\0", "\ufffd")
