"""The pages that links in mails open: each asks with one button, and only the press does anything."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.clock import Clock
from bot.holiday import working_days
from bot.logs import log
from bot.serving import Served
from handlers.context import Policy
from handlers.language import Say
from handlers.mail import pages, words
from handlers.mail.pages import Page
from handlers.mails import STYLE, document, light_of, light_paragraphs, plain_of
from handlers.terms import accepted
from storage import by_mail, mail
from storage.database import Database, Transaction, is_trouble
from storage.mail import Purpose
from storage.members import Member
from storage.refusals import Refusal

_MOST_BYTES = 4096
_NOT_FOUND, _UNAVAILABLE = 404, 503
_STYLE = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = log("bot.mail")


class MailPages(Served):
    """Serves `/stop/<token>`, `/join/<token>` and `/take/<token>` behind the operator's reverse proxy.

    A token that is not ours, of another purpose or for an address that was changed is answered like any other page
    that does not exist. `POST /stop/<token>` is also what a mail program sends for its reader (RFC 8058).
    """

    def __init__(self, listen: str, database: Database, clock: Clock, policy: Policy) -> None:
        super().__init__(listen)
        self._database = database
        self._clock = clock
        self._policy = policy

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=_MOST_BYTES, middlewares=[self._answered])
        for purpose in Purpose:
            app.router.add_get(f"/{purpose}/{{token}}", self._asking(purpose))
            app.router.add_post(f"/{purpose}/{{token}}", self._doing(purpose))
        return app

    @web.middleware
    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer whatever goes wrong, and tell nobody outside what it was."""
        try:
            return await handler(request)
        except (Refusal, web.HTTPNotFound, web.HTTPMethodNotAllowed):
            return _shown(pages.nowhere(self._policy), self._policy.default_language, status=_NOT_FOUND)
        except web.HTTPException as error:
            return web.Response(status=error.status, headers=_HEADERS)
        except Exception as error:  # noqa: BLE001 - whoever presses again later is served then
            _log.error("a page of a mail could not be served", exc_info=not is_trouble(error) and error)
            return web.Response(status=_UNAVAILABLE, headers={**_HEADERS, "Retry-After": "60"})

    def _asking(self, purpose: Purpose) -> Handler:
        async def ask(request: web.Request) -> web.StreamResponse:
            async with self._database.reading() as tx:
                member, _ = await mail.holder(tx, purpose, request.match_info["token"])
            say = Say(member.language, member.zone)
            return _shown(pages.asking(purpose, say, self._policy), member.language)

        return ask

    def _doing(self, purpose: Purpose) -> Handler:
        async def do(request: web.Request) -> web.StreamResponse:
            await request.read()  # what else is said there says nothing: the address says it all
            async with self._database.transaction() as tx:
                member = await self._do(tx, purpose, request.match_info["token"])
            say, there = Say(member.language, member.zone), member.telegram_id is not None
            return _shown(pages.done(purpose, say, self._policy, in_telegram=there), member.language)

        return do

    async def _do(self, tx: Transaction, purpose: Purpose, token: str) -> Member:
        now = self._clock.now()
        if purpose is Purpose.STOP:
            return await by_mail.stop(tx, token, now)
        member, _ = await mail.holder(tx, purpose, token)
        say, policy = Say(member.language, member.zone), self._policy
        if purpose is Purpose.TAKE:
            return await by_mail.take(tx, token, words.told(say), now)
        working = working_days(skip_holidays=policy.skip_holidays)
        rhythm = (policy.digest_weekday, policy.digest_time)
        return await by_mail.join(tx, token, accepted(say, policy), words.told(say), *rhythm, now, working)


def _shown(page: Page, language: str, *, status: int = 200) -> web.Response:
    form = f'\n<form method="post"><button>{page.button}</button></form>' if page.button else ""
    body = f"<h1>{light_of(page.title)}</h1>\n{light_paragraphs(page.paragraphs)}{form}"
    html = document(plain_of(page.title), body, language)
    return web.Response(text=html, content_type="text/html", status=status, headers=_HEADERS)
