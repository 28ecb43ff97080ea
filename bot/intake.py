"""Intake: raw updates from Telegram into the inbox, and only then the acknowledgement."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.health import SILENCE, Watch
from bot.logs import log
from bot.serving import Served
from bot.transport import NO_ANSWER, Answer, Wire
from storage import inbox
from storage.database import Database, is_trouble
from storage.inbox import LANE, RawUpdate

ALLOWED = [
    "message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "chat_join_request",
    "chat_member", "my_chat_member", "message_reaction", "message_reaction_count",
]  # fmt: skip
INLINE = "inline_query"
POLL_SECONDS = 30
BODY_LIMIT = 1024 * 1024
CONFLICT = 409
LONGEST_PAUSE = 15.0
_ID_BITS = 63
_SHORTEST_POLL = 1.0
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name, not its value

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
        self, wire: Wire, database: Database, clock: Clock, watch: Watch, asks_for: Sequence[str] = ALLOWED
    ) -> None:
        self._wire = wire
        self._asks_for = list(asks_for)
        self._database = database
        self._clock = clock
        self._watch = watch
        self._offset: int | None = None
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled. Whatever goes wrong is waited out; the watchdog tells when it lasts."""
        while True:
            began = time.monotonic()
            try:
                answer = await self._poll()
            except NO_ANSWER as error:
                await self._wait(f"no answer: {type(error).__name__}")
                continue
            if not answer.ok:
                await self._wait(answer.description, answer)
            elif not await self._store(answer.body["result"]):  # if it fails, the same updates come again
                await self._wait("an answer without a readable update")
            elif not answer.body["result"]:  # a long poll that does not wait would keep both sides busy
                await asyncio.sleep(max(0, began + _SHORTEST_POLL - time.monotonic()))

    async def _poll(self) -> Answer:
        parameters: dict[str, Any] = {"timeout": POLL_SECONDS, "limit": 100, "allowed_updates": self._asks_for}
        if self._offset is not None:
            parameters["offset"] = self._offset
        return await self._wire.call("getUpdates", parameters, read_seconds=POLL_SECONDS + 10)

    async def _store(self, updates: Any) -> bool:
        """Store what can be; return False where the answer makes no sense and would only come again."""
        rows = [row for row in map(raw_update, updates) if row is not None] if isinstance(updates, list) else []
        if rows:
            async with self._database.transaction() as tx:
                await inbox.receive(tx, rows, self._clock.now())
            self._offset = rows[-1].update_id + 1
        elif updates != []:
            return False
        self._failures = 0
        self._watch.polled()
        return True

    async def _wait(self, problem: str, answer: Answer | None = None) -> None:
        self._failures += 1
        if answer is not None and answer.status == CONFLICT:
            problem = f"another program polls with this token; stop it or revoke the token ({problem})"
        silent = self._watch.silent_for()
        _log.log(40 if silent > SILENCE else 30, "poll failed", problem=problem, silent_seconds=round(silent))
        asked = answer.retry_after if answer else None
        await asyncio.sleep(asked or min(0.25 * 2 ** min(self._failures, 10), LONGEST_PAUSE))


class WebhookIntake(Served):
    """Our own endpoint: the secret is compared in constant time, the update stored before the 200."""

    def __init__(self, listen: str, secret: str, database: Database, clock: Clock) -> None:
        super().__init__(listen)
        self._secret = secret
        self._database = database
        self._clock = clock

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_post("/{path:.*}", self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.Response:
        given = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._secret.encode()):
            return web.Response(status=403)
        body = await request.read()
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            update = None
        row = raw_update(update)
        if row is None:
            _log.error("unreadable update from the webhook", bytes=len(body))
            return web.Response()
        try:
            async with self._database.transaction() as tx:
                await inbox.receive(tx, [row], self._clock.now())
        except Exception as error:  # noqa: BLE001 - Telegram brings it again, whatever was wrong
            unexpected = not is_trouble(error) and error
            _log.error("an update could not be stored; Telegram will bring it again", exc_info=unexpected)
            return web.Response(status=503)
        return web.Response()
