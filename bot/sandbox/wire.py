"""The HTTP side of the Bot API: reads a call in any of its four forms, plays it, and writes the journal."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections import deque
from itertools import takewhile
from typing import Any

from aiohttp import web

from bot.sandbox import answers, schema
from bot.sandbox.failure import ApiError
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.methods import METHODS, queries, shapes
from bot.sandbox.methods.call import Call
from bot.sandbox.updates import Updates
from bot.sandbox.world import Json, World

UPLOAD_LIMIT = 50 * 1024 * 1024
BODY_LIMIT = UPLOAD_LIMIT + 1024 * 1024
TOKEN_LIMIT = 80
JOURNAL = 20_000
_WEBHOOK_WORDS = frozenset({"setWebhook", "deleteWebhook"})
_NOT_IN_ANSWERS = _WEBHOOK_WORDS | {"close", "logOut"}
_THREAD = "message_thread_id"
_DROP = object()


class BotApi:
    """Answers `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

    def __init__(self, world: World, updates: Updates) -> None:
        self._world = world
        self._updates = updates
        self.faults = Faults()
        self.limits = world.limits
        self.calls: deque[Json] = deque(maxlen=JOURNAL)
        self.count = self._accepted = 0
        self.violations = world.violations
        self.called = asyncio.Condition()
        self._methods = {**METHODS, "setWebhook": queries.set_webhook(self.perform)}
        self._notifying: set[asyncio.Task[None]] = set()

    def since(self, after: int, reached: str) -> list[Json]:
        """Return the calls after a number that were `begun`, `accepted` (by Telegram, answered or not) or `answered`.

        Raises:
            KeyError: `reached` is none of these.
        """
        told = {"begun": "n", "accepted": "accepted", "answered": "status"}[reached]
        newest = takewhile(lambda call: call["n"] > after, reversed(self.calls))
        return [call for call in newest if call[told] is not None][::-1]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        token, name = request.match_info["token"], request.match_info["method"]
        if token != self._world.token:
            well_formed = ":" in token and len(token) <= TOKEN_LIMIT and not token.startswith("0")
            words = "Unauthorized" if well_formed else "Unauthorized: invalid token specified"
            return _answer(ApiError(401, words).body(), 401)
        method = schema.canonical(name)
        if method is None:
            return _answer(ApiError(404, "Not Found: method not found").body(), 404)
        try:
            parameters, files = await _read(request, method)
        except web.HTTPRequestEntityTooLarge:
            return _answer(ApiError(413, "Request Entity Too Large").body(), 413)
        except ValueError as error:
            return _answer(ApiError(400, str(error)).body(), 400)
        entry = self._enter(method, parameters)
        body = await self._through_faults(request, method, parameters, files, entry)
        return self._leave(request, entry, body)

    async def nowhere(self, _request: web.Request) -> web.StreamResponse:
        """Answer what is no path of the Bot API."""
        return _answer(ApiError(404, "Not Found").body(), 404)

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send a file's content."""
        known = self._world.files.get(request.match_info["path"].rpartition("/")[2])
        if request.match_info["token"] != self._world.token or known is None:
            return _answer(ApiError(404, "Not Found").body(), 404)
        return web.Response(body=known["content"], content_type="application/octet-stream")

    async def perform(self, call: Json) -> None:
        """Play a call that came in the answer to a webhook; some methods are not for that."""
        method = schema.canonical(str(call["method"]))
        if method is None or method in _NOT_IN_ANSWERS or method.startswith("get"):
            return
        parameters = {key: value for key, value in call.items() if key != "method"}
        entry = self._enter(method, parameters)
        self._leave(None, entry, await self._play(method, parameters, {}, entry))

    async def _through_faults(
        self, request: web.Request, method: str, parameters: Json, files: dict[str, Any], entry: Json
    ) -> Any:
        fault = self.faults.next(method, parameters)
        if fault is None:
            return await self._play(method, parameters, files, entry)
        entry["fault"] = fault.kind
        if fault.kind in {"hang", "reset"}:
            return await self._silence(request, fault)
        if fault.kind in {"late", "thread_ignored"} or fault.kind.startswith("accepted"):
            return await self._accept(request, method, parameters, files, entry, fault)
        if fault.kind == "garbage":
            return "<html>upstream error</html>"
        return fault.error().body()

    async def _accept(
        self, request: web.Request, method: str, parameters: Json, files: dict[str, Any], entry: Json, fault: Fault
    ) -> Any:
        if fault.kind == "thread_ignored":  # as once befell what was sent into threads that were gone
            parameters = {key: value for key, value in parameters.items() if key != _THREAD}
        await asyncio.sleep(fault.seconds if fault.kind == "late" else 0)  # cut short where the caller has gone
        answer = await self._play(method, parameters, files, entry)
        self._notify(entry)
        if fault.kind in {"accepted_no_answer", "accepted_reset"}:
            return await self._silence(request, fault)
        await asyncio.sleep(fault.seconds if fault.kind == "accepted_late" else 0)
        return answer

    async def _silence(self, request: web.Request, fault: Fault) -> object:
        if fault.kind in {"hang", "accepted_no_answer"}:
            await asyncio.sleep(fault.seconds)
        if request.transport is not None:
            request.transport.abort()
        return _DROP

    async def _play(self, method: str, parameters: Json, files: dict[str, Any], entry: Json) -> Json:
        found = schema.problems(method, parameters, files)
        if method not in self._methods:
            found = [f"method not modelled: {method}"]
        if found:
            self._violated(entry, found)
            if method not in self._methods:
                return ApiError(501, f"[sandbox] method not modelled: {method}").body()
            known = shapes.refusal(parameters)
            return (known or ApiError(400, f"[sandbox] spec violation: {entry['violation']}")).body()
        self._world.pardon()
        try:
            result = self._methods[method](Call(self._world, self._updates, method, parameters, files))
            if inspect.isawaitable(result):
                result = await result
        except ApiError as error:
            return error.body()
        except Exception as error:
            self._violated(entry, [f"the sandbox itself failed: {error!r}"])
            raise
        self._accepted += 1
        entry["accepted"] = self._accepted
        if method in _WEBHOOK_WORDS:
            return {"ok": True, "result": True, "description": result}
        departures = answers.problems(method, result)
        if departures:
            self._violated(entry, [f"the answer departs from the Bot API: {one}" for one in departures])
        return {"ok": True, "result": result}

    def _violated(self, entry: Json, found: list[str]) -> None:
        entry["violation"] = "; ".join(found)
        self.violations.append({"n": entry["n"], "method": entry["method"], "problem": entry["violation"]})

    def _enter(self, method: str, parameters: Json) -> Json:
        self.count += 1
        entry: Json = {"n": self.count, "at": self._world.clock.now().isoformat(), "method": method}
        entry |= {"parameters": parameters, "accepted": None, "status": None, "answer": None, "ms": None}
        entry["started"] = time.monotonic()
        self.calls.append(entry)
        self._notify(entry)
        return entry

    def _leave(self, request: web.Request | None, entry: Json, body: Any) -> web.StreamResponse:
        status = body.get("error_code", 200) if isinstance(body, dict) else 502
        raw = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False) if body is not _DROP else ""
        entry["status"] = 0 if body is _DROP else status
        entry["answer"] = raw if len(raw) < 4000 else raw[:4000] + "…"  # noqa: PLR2004 - the journal is for reading
        entry["ms"] = round((time.monotonic() - entry.pop("started")) * 1000, 1)
        self._notify(entry)
        if body is _DROP and request is not None:
            return web.Response(status=502)  # the connection is gone: nobody reads this
        retry = body.get("parameters", {}).get("retry_after") if isinstance(body, dict) else None
        headers = {"Retry-After": str(retry)} if retry else {}
        kind = "application/json" if isinstance(body, dict) else "text/html"
        return web.Response(text=raw, status=status, content_type=kind, headers=headers)

    def _notify(self, entry: Json) -> None:
        shown = {key: value for key, value in entry.items() if key != "started"}
        for watcher in self._world.watchers:
            watcher("call", shown)

        async def notify() -> None:
            async with self.called:
                self.called.notify_all()

        task = asyncio.get_running_loop().create_task(notify())
        self._notifying.add(task)
        task.add_done_callback(self._notifying.discard)


async def _read(request: web.Request, method: str) -> tuple[Json, dict[str, tuple[str, bytes, str]]]:
    raw: dict[str, str] = dict(request.query)
    files: dict[str, tuple[str, bytes, str]] = {}
    if request.content_type == "application/json":
        return {**schema.decode(method, raw), **_object(method, await request.text())}, files
    if request.method == "POST":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[name] = (value.filename, value.file.read(), value.content_type)
            else:
                raw[name] = value.decode() if isinstance(value, bytes | bytearray) else str(value)
    return schema.decode(method, raw), files


def _object(method: str, text: str) -> Json:
    """Return the parameters of a JSON body; a string in it is read as it would be in a form."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ValueError("Bad Request: can't parse JSON object")  # noqa: TRY004 - it is Telegram's refusal
    written = schema.decode(method, {key: value for key, value in body.items() if isinstance(value, str)})
    return {key: value for key, value in body.items() if not isinstance(value, str)} | written


def _answer(body: Json, status: int) -> web.Response:
    return web.json_response(body, status=status)
