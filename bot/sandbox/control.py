"""The control API: what tests, the demonstration and the chat page ask of the sandbox."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.failure import NotPossible
from bot.sandbox.methods import invites
from bot.sandbox.methods.settings import resolved
from bot.sandbox.people import People
from bot.sandbox.sight import Sight
from bot.sandbox.updates import Updates
from bot.sandbox.wire import BotApi
from bot.sandbox.world import Json, World

LONGEST_WAIT = 60.0
ONLINE_SECONDS = 10.0
CAST = ("role", "zone")
"""What the page shows of a person and Telegram does not know: their part in the network, and their clock."""

Handler = Callable[[web.Request], Awaitable[Any]]


class Control:
    """The routes under `/sandbox`; every refusal is a 400 with a clear sentence."""

    def __init__(self, world: World, updates: Updates, api: BotApi) -> None:
        self._world, self._updates, self._api = world, updates, api
        self._people, self._sight = People(world, updates), Sight(world)
        self._cast: dict[int, Json] = {}
        self._born = secrets.token_hex(8)

    def routes(self) -> list[web.RouteDef]:
        table: list[tuple[str, str, Handler]] = [
            ("POST", "/users", self._add_user),
            ("GET", "/users", self._users),
            ("POST", "/chats", self._add_chat),
            ("GET", "/chats", self._chats),
            ("GET", "/users/{user}/chats", self._seen_chats),
            ("GET", "/users/{user}/chats/{chat}/messages", self._messages),
            ("GET", "/users/{user}/doors", self._doors),
            ("POST", "/users/{user}/read", self._read),
            ("POST", "/users/{user}/{deed}", self._deed),
            ("GET", "/calls", self._calls),
            ("GET", "/updates", self._journal),
            ("GET", "/violations", self._violations),
            ("DELETE", "/violations", self._forgive),
            ("POST", "/faults", self._arrange),
            ("GET", "/faults", self._armed),
            ("DELETE", "/faults", self._clear),
            ("PUT", "/limits", self._limit),
            ("GET", "/limits", self._limits),
            ("PUT", "/webhook_route", self._route),
            ("GET", "/clock", self._clock),
            ("POST", "/clock", self._set_clock),
            ("GET", "/commands", self._commands),
            ("GET", "/bot", self._bot),
        ]
        routes = [web.route(method, f"/sandbox{path}", _plain(handler)) for method, path, handler in table]
        return [*routes, web.get("/sandbox/events", self._events), web.get("/sandbox/files/{file}", self._file)]

    async def _add_user(self, request: web.Request) -> Json:
        facts = await request.json()
        user = self._world.add_user(facts)
        self._cast[user["id"]] = {key: facts[key] for key in CAST if facts.get(key)}
        self._tell("people", user)
        return user

    async def _users(self, _request: web.Request) -> list[Json]:
        return [{**user, **self._cast.get(user["id"], {})} for user in self._world.users.values()]

    async def _add_chat(self, request: web.Request) -> Json:
        facts = await request.json()
        chat = self._world.add_chat(facts)
        if facts.get("link"):
            owner = self._world.user(int(facts["owner"]))
            invites.made(chat, invites.fresh(owner, asks=facts["link"] == "request"))
        self._world.touch(chat)
        return self._world.described(chat)

    async def _chats(self, _request: web.Request) -> list[Json]:
        return [self._world.described(chat) for chat in self._world.chats.values()]

    async def _seen_chats(self, request: web.Request) -> list[Json]:
        return self._sight.chats(int(request.match_info["user"]))

    async def _doors(self, request: web.Request) -> list[Json]:
        return self._sight.doors(int(request.match_info["user"]))

    async def _read(self, request: web.Request) -> Json:
        return self._sight.read(int(request.match_info["user"]), await request.json())

    async def _messages(self, request: web.Request) -> Json:
        chat = self._world.chat(int(request.match_info["chat"]))
        user_id = int(request.match_info["user"])
        if chat.private and chat.id != user_id:
            raise NotPossible("this is somebody else's private chat")
        after = int(request.query.get("after", 0))
        await self._until(lambda: chat.change > after, float(request.query.get("timeout", 0)))
        messages = [
            {**sent.body, "change": sent.change, "deleted": sent.deleted, "silent": sent.silent}
            for sent in chat.messages.values()
            if sent.change > after and (after or not sent.deleted)
        ]
        notes = [note for note in chat.notes if note["change"] > after and note["user"] == user_id]
        actions = [action for action in chat.actions if action["change"] > after]
        return {
            "change": chat.change,
            "messages": messages,
            "callback_answers": notes,
            "actions": actions,
            "keyboard": chat.reply_keyboard,
            "blocked": chat.blocked,
        }

    async def _deed(self, request: web.Request) -> Any:
        facts = await request.json() if request.can_read_body else {}
        return await self._people.do(int(request.match_info["user"]), request.match_info["deed"], facts)

    def _tell(self, kind: str, body: Json) -> None:
        for watcher in self._world.watchers:
            watcher(kind, body)

    async def _calls(self, request: web.Request) -> list[Json]:
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 1000))
        found = partial(self._api.since, after, request.query.get("reached", "begun"))
        if "timeout" in request.query:
            await _waited(self._api.called, lambda: bool(found()), float(request.query["timeout"]))
        return [{k: v for k, v in call.items() if k != "started"} for call in found()[-limit:]]

    async def _journal(self, request: web.Request) -> list[Json]:
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 20_000))
        return [entry for entry in self._updates.journal if entry["n"] > after][-limit:]

    async def _violations(self, _request: web.Request) -> list[Json]:
        return self._api.violations

    async def _forgive(self, _request: web.Request) -> Json:
        self._api.violations.clear()
        return {}

    async def _arrange(self, request: web.Request) -> Json:
        return {"id": self._api.faults.arrange(await request.json())}

    async def _armed(self, _request: web.Request) -> list[Json]:
        return self._api.faults.armed()

    async def _clear(self, _request: web.Request) -> Json:
        self._api.faults.clear()
        return {}

    async def _limit(self, request: web.Request) -> Json:
        self._api.limits.set(await request.json())
        return self._api.limits.facts()

    async def _limits(self, _request: web.Request) -> Json:
        return self._api.limits.facts()

    async def _route(self, request: web.Request) -> Json:
        self._world.webhook_routes.update(await request.json())
        return {}

    async def _clock(self, request: web.Request) -> Json:
        if "after" in request.query:
            patience = min(float(request.query.get("timeout", 0)), LONGEST_WAIT)
            await self._world.clock.jump_after(int(request.query["after"]), patience)
        return self._world.clock.facts()

    async def _set_clock(self, request: web.Request) -> Json:
        await self._world.clock.change(await request.json())
        self._tell("clock", self._world.clock.facts())
        return self._world.clock.facts()

    async def _commands(self, request: web.Request) -> Json:
        user_id = int(request.query["user"])
        chat_id = int(request.query.get("chat", user_id))
        language = self._world.user(user_id).get("language_code", "")[:2]
        return {"commands": resolved(self._world, user_id, chat_id, language)}

    async def _bot(self, _request: web.Request) -> Json:
        polled = self._updates.polled_at
        recent = polled is not None and asyncio.get_running_loop().time() - polled < ONLINE_SECONDS
        facts = {
            "born": self._born,
            "descriptions": self._world.settings["descriptions"],
            "id": self._world.bot_id,
            "username": self._world.bot["username"],
            "name": self._world.bot["first_name"],
        }
        polling = self._updates.polling
        return {
            **facts,
            "polling": polling,
            "online": polling or recent or bool(self._updates.webhook),
            "webhook": bool(self._updates.webhook),
        }

    async def _file(self, request: web.Request) -> web.Response:
        known = self._world.files.get(request.match_info["file"])
        if known is None:
            return web.json_response({"error": "there is no such file"}, status=404)
        name = quote(known["file_name"] or "photo.jpg")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return web.Response(body=known["content"], content_type="application/octet-stream", headers=headers)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        queue: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()

        def watch(kind: str, body: Json) -> None:
            queue.put_nowait((kind, body))

        self._world.watchers.append(watch)
        try:
            while True:
                kind, body = await queue.get()
                await response.write(f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode())
        except ConnectionError:
            return response
        finally:
            self._world.watchers.remove(watch)

    async def _until(self, ready: Callable[[], bool], seconds: float) -> None:
        if not ready() and seconds > 0:
            await _waited(self._world.changed, ready, seconds)


async def _waited(condition: asyncio.Condition, ready: Callable[[], bool], seconds: float) -> None:
    try:
        async with asyncio.timeout(min(seconds, LONGEST_WAIT)), condition:
            await condition.wait_for(ready)
    except TimeoutError:
        return


def _plain(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(request))
        except NotPossible as error:
            return web.json_response({"error": str(error)}, status=400)
        except (KeyError, ValueError, TypeError) as error:
            return web.json_response({"error": f"the request is incomplete: {error!r}"}, status=400)

    return answer
