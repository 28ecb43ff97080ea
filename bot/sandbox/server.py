"""The server: the Bot API, the control API and the chat page on one address, and a mailbox on another."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.sandbox.control import Control
from bot.sandbox.letters import Letters
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.updates import Updates
from bot.sandbox.wire import BODY_LIMIT, BotApi
from bot.sandbox.world import World

PAGE = Path(__file__).parent / "page"


class Sandbox:
    """A local Telegram for one bot, on 127.0.0.1 only; `mailbox` takes its mails once it is started as well."""

    def __init__(self, token: str, username: str, name: str) -> None:
        self.world = World(token, username, name)
        self.updates = Updates(self.world)
        self.api = BotApi(self.world, self.updates)
        self._letters = Letters(self.world)
        self.mailbox = Mailbox(self._letters.keep)
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on `port`; 0 picks a free one, and `url` tells which."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.add_routes(Control(self.world, self.updates, self.api).routes())
        app.add_routes(self._letters.routes())
        app.router.add_route("*", "/bot{token}/{method}", self.api.handle)
        app.router.add_route("*", "/bot{path:.*}", self.api.nowhere)
        app.router.add_get("/file/bot{token}/{path:.*}", self.api.download)
        app.router.add_get("/", _index)
        app.router.add_static("/page/", PAGE)
        app.on_response_prepare.append(_asked_again)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection and end the webhook's deliveries."""
        self.updates.stop()
        self.mailbox.stop()
        if self._runner is not None:
            await self._runner.cleanup()


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-store"})


async def _asked_again(request: web.Request, response: web.StreamResponse) -> None:
    """Let a browser ask for the page's files each time, lest it mix those of two versions."""
    if request.path.startswith("/page/"):
        response.headers["Cache-Control"] = "no-cache"
