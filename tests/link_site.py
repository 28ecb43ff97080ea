"""A site on this machine whose pages come, go, move and close, and which counts who asks at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

PAGE = "<html><head><title>A paper</title></head><body>" + "<p>What it says.</p>" * 20 + "</body></html>"
LOGIN = '<form><label>Name</label><input name="n"><input type="password" name="p"></form>'
ASKS = "<html><head><title>Drive</title></head><body><h2>You need access</h2><a>Request access</a></body></html>"


@dataclass
class Page:
    """How a path is answered; without `head` only GET is."""

    status: int = 200
    body: str = PAGE
    headers: dict[str, str] = field(default_factory=dict)
    head: int | None = None
    waits: bool = False
    hangs_up: bool = False


@dataclass
class LinkSite:
    """Pages by path, and what was asked for: `asked` by method and path, `most` the most at once by host."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    now: Counter[str] = field(default_factory=Counter)
    agents: set[str] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        host = request.url.host or ""
        self.asked[request.method, request.path] += 1
        self.agents.add(request.headers["User-Agent"])
        for name in (host, "all"):
            self.now[name] += 1
            self.most[name] = max(self.most[name], self.now[name])
        try:
            return await self._answer(request)
        finally:
            for name in (host, "all"):
                self.now[name] -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        page = self.pages.get(request.path, Page(404))
        if page.waits:
            await self.over.wait()
        if page.hangs_up:
            assert request.transport is not None
            request.transport.abort()
        await asyncio.sleep(0.01)  # two at once would meet here
        if request.method == "HEAD" and page.head is not None:
            return web.Response(status=page.head)
        return web.Response(status=page.status, text=page.body, content_type="text/html", headers=page.headers)


@asynccontextmanager
async def link_site(address: str = "127.0.0.1") -> AsyncIterator[LinkSite]:
    """Open the site until the block ends."""
    site = LinkSite()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, address, 0).start()
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        site.over.set()
        await runner.cleanup()
