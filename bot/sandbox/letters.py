"""The letters that came by mail, as the page and the tests read them."""

from __future__ import annotations

from collections import deque
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiohttp import web

from bot.sandbox.world import Json, World

KEPT = 1000
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""A letter loads nothing and runs nothing, whatever stands in it."""
_ELSEWHERE = '<base target="_blank">\n'
"""Its links open beside it, as in any mail program."""


class Letters:
    """What the mailbox took, the newest last; the watchers of the world hear of each."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._letters: deque[Json] = deque(maxlen=KEPT)
        self._count = 0

    def keep(self, to: str, content: bytes) -> None:
        """Keep a letter that was sent to an address."""
        self._count += 1
        facts = {"n": self._count, "at": self._world.clock.now().isoformat(), "to": to}
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self._letters.append(facts | _facts(letter))
        for watcher in self._world.watchers:
            watcher("mail", self._letters[-1])

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/sandbox/mails", self._listed), web.get("/sandbox/mails/{n}", self._shown)]

    async def _listed(self, _request: web.Request) -> web.Response:
        return web.json_response(list(self._letters))

    async def _shown(self, request: web.Request) -> web.Response:
        found = next((one for one in self._letters if str(one["n"]) == request.match_info["n"]), None)
        if found is None or not found["html"]:
            return web.json_response({"error": "there is no such letter"}, status=404)
        return web.Response(text=_ELSEWHERE + found["html"], content_type="text/html", headers=_HEADERS)


def _facts(letter: EmailMessage) -> Json:
    """Return what a reader sees, and the headers by which the bot says how such letters are stopped."""
    named = {"subject": "Subject", "from": "From", "id": "Message-ID", "stop": "List-Unsubscribe"}
    return {
        **{key: str(letter[name] or "") for key, name in named.items()},
        "text": _body(letter, "plain"),
        "html": _body(letter, "html"),
    }


def _body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
