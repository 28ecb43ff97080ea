"""A site on this machine that publishes feeds, for the stories of those who read them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from aiohttp import web

FIRST = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class News:
    """An item as a site writes it; `day` is the day after the first of November on which it appears there."""

    title: str
    url: str = ""
    guid: str = ""
    summary: str = ""
    day: int = 0

    @property
    def link(self) -> str:
        return self.url or f"https://news.example.org/{self.title.replace(' ', '-')}"

    def rss(self) -> str:
        date = format_datetime(FIRST + timedelta(days=self.day))
        guid = f"<guid>{escape(self.guid or self.link)}</guid>"
        about = f"<description>{escape(self.summary)}</description>"
        return (
            f"<item><title>{escape(self.title)}</title><link>{escape(self.link)}</link>{guid}{about}"
            f"<pubDate>{date}</pubDate></item>"
        )


def rss(title: str, news: Sequence[News]) -> str:
    items = "".join(one.rss() for one in news)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{escape(title)}</title>{items}</channel></rss>'


@dataclass
class FeedSite:
    """What is published at which path, and how often it was asked for; a number is answered as a status."""

    url: str = ""
    pages: dict[str, str | int] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def publishes(self, name: str, title: str, *news: News) -> str:
        """Publish a feed and return its address."""
        self.pages[name] = rss(title, news)
        return f"{self.url}/{name}"

    async def is_asked(self, name: str, times: int) -> None:
        """Wait until a path was asked for so often."""
        async with self._news:
            await self._news.wait_for(lambda: self.asked[name] >= times)

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        page = self.pages.get(name, 404)
        async with self._news:
            self.asked[name] += 1
            self._news.notify_all()
        if isinstance(page, int):
            return web.Response(status=page)
        if page.startswith("http"):
            return web.Response(status=302, headers={"Location": page})
        etag = f'"{hash(page)}"'
        if request.headers.get("If-None-Match") == etag:
            self.unchanged[name] += 1
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=page, content_type="application/rss+xml", headers={"ETag": etag})


@asynccontextmanager
async def feed_site() -> AsyncIterator[FeedSite]:
    """Open the site until the block ends."""
    site = FeedSite()
    app = web.Application()
    app.router.add_get("/{name}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()
