"""The one way out to Telegram, for our own calls and under python-telegram-bot's `BaseRequest`: lines and aiohttp."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.lines import Lines
from bot.logs import redacted
from storage.database import inside_transaction

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
TOO_MANY = 429
LONGEST_WAIT = 7 * 86_400.0
_LONGEST_DESCRIPTION = 500
_INSIDE = "no call to Telegram inside a transaction"


@dataclass(frozen=True)
class Answer:
    """What Telegram answered: the HTTP status, and the body if it was a JSON object."""

    status: int
    body: dict[str, Any]

    @property
    def ok(self) -> bool:
        return self.body.get("ok") is True and "result" in self.body

    @property
    def parameters(self) -> dict[str, Any]:
        found = self.body.get("parameters")
        return found if isinstance(found, dict) else {}

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before the call may be tried again, where Telegram says 429; else None."""
        if self.status != TOO_MANY:
            return None
        asked = self.parameters.get("retry_after")
        return float(min(asked, LONGEST_WAIT)) if isinstance(asked, int | float) and asked > 0 else 1.0

    @property
    def description(self) -> str:
        """What Telegram says of a refusal, as text that every database can keep."""
        told = str(self.body.get("description", f"HTTP {self.status}"))[:_LONGEST_DESCRIPTION]
        return told.encode(errors="replace").decode().replace("\0", "")


def begun(parameters: dict[str, Any]) -> bytes:
    """Return parameters as the beginning of a JSON body, to which more of them are added."""
    return json.dumps(parameters)[:-1].encode() + b", "


class Wire:
    """A pool of connections to one Bot API. Polling, people and newsletters each have their own."""

    def __init__(self, api_url: str, token: str, *, connections: int, proxy_url: str | None = None) -> None:
        self._base = f"{api_url}/bot{token}/"
        self._connections = connections
        socks = proxy_url is not None and proxy_url.startswith("socks")
        self._proxy = None if socks else proxy_url
        self._socks = proxy_url if socks else None
        self._root = f"{urlsplit(api_url).path}/bot{token}/"
        self._lines = Lines(api_url, connections, CONNECT_SECONDS) if proxy_url is None else None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        if self._session is None:
            connector = self._connector()
            timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS)
            self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False)

    def _connector(self) -> aiohttp.BaseConnector:
        if self._socks is not None:
            return ProxyConnector.from_url(self._socks, limit=self._connections, rdns=True)
        return aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300)

    async def close(self) -> None:
        if self._lines is not None:
            await self._lines.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(self, method: str, url: str, *, read_seconds: float, **body: Any) -> tuple[int, bytes]:
        """Send a request and return the status and the body of its answer; raises what aiohttp raises.

        Raises:
            RuntimeError: inside a database transaction, where nothing may wait for the network.
        """
        if inside_transaction():
            raise RuntimeError(_INSIDE)
        assert self._session is not None
        timeout = aiohttp.ClientTimeout(total=CONNECT_SECONDS + read_seconds, connect=CONNECT_SECONDS)
        async with self._session.request(method, url, timeout=timeout, proxy=self._proxy, **body) as answer:
            return answer.status, await answer.read()

    async def post(self, url: str, body: bytes, *, read_seconds: float) -> tuple[int, bytes]:
        """Send a JSON body, on a kept line where it is our server and no proxy stands between; raises as `request`."""
        if self._lines is None or not url.startswith(self._base):
            headers = {"Content-Type": "application/json"}
            return await self.request("POST", url, read_seconds=read_seconds, data=body, headers=headers)
        if inside_transaction():
            raise RuntimeError(_INSIDE)
        target = self._root + url.removeprefix(self._base)
        return await self._lines.post(target, body, CONNECT_SECONDS + read_seconds)

    async def call(
        self, method: str, parameters: dict[str, Any], *, read_seconds: float = READ_SECONDS, beginning: bytes = b"{"
    ) -> Answer:
        """Call a Bot API method with plain JSON values; any HTTP status is an answer.

        Parameters that many calls share can be written once, by `begun`, and be the `beginning` of each.

        Raises:
            aiohttp.ClientError, TimeoutError: there was no answer.
        """
        body = beginning + json.dumps(parameters)[1:].encode()
        status, raw = await self.post(self._base + method, body, read_seconds=read_seconds)
        try:
            told = json.loads(raw)
        except (ValueError, RecursionError):
            told = None
        return Answer(status, told if isinstance(told, dict) else {})


Patience = DefaultValue[float] | float | DefaultValue[None] | None


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's requests over our wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def read_timeout(self) -> float | None:
        return READ_SECONDS

    async def initialize(self) -> None:
        await self._wire.start()

    async def shutdown(self) -> None:
        await self._wire.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Patience = BaseRequest.DEFAULT_NONE,
        write_timeout: Patience = BaseRequest.DEFAULT_NONE,
        connect_timeout: Patience = BaseRequest.DEFAULT_NONE,
        pool_timeout: Patience = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        del write_timeout, connect_timeout, pool_timeout
        seconds = READ_SECONDS if isinstance(read_timeout, DefaultValue) or read_timeout is None else read_timeout
        try:
            if request_data is not None and not request_data.contains_files and method == "POST":
                body = json.dumps(request_data.parameters).encode()
                return await self._wire.post(url, body, read_seconds=seconds)
            return await self._wire.request(method, url, read_seconds=seconds, data=_form(request_data))
        except TimeoutError as error:
            raise TimedOut from error
        except NO_ANSWER as error:
            raise NetworkError(redacted(f"{type(error).__name__}: {error}")) from error


def _form(data: RequestData | None) -> aiohttp.FormData | None:
    if data is None:
        return None
    form = aiohttp.FormData(data.json_parameters, quote_fields=False)  # a file's name arrives as it is written
    for name, (file_name, content, mime) in (data.multipart_data or {}).items():
        body = BytesIO(content) if isinstance(content, bytes) else content  # as a stream it does not hold up the loop
        form.add_field(name, body, filename=file_name, content_type=mime)
    return form


_SOCKS = (ProxyError, ProxyConnectionError, ProxyTimeoutError)
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientProxyConnectionError, *_SOCKS)
"""Failures before a byte of the request left: the message was certainly not delivered."""

NO_ANSWER = (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, *_SOCKS)
"""Any failure to get an answer; unless it is also `NOT_SENT`, Telegram may have accepted the message."""
