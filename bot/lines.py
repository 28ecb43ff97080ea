"""Lines: kept HTTP/1.1 connections to one server, for short calls with a JSON body.

A newsletter is thousands of such calls, and aiohttp takes six times as long for each (`python -m benchmarks.delivery`).
What can go wrong is raised as aiohttp would raise it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import cast
from urllib.parse import urlsplit

import aiohttp
from aiohappyeyeballs import start_connection
from aiohttp.client_reqrep import ConnectionKey

_IDLE_SECONDS = 15.0
"""A server closes what is idle: a call on such a line could get lost, and nobody would know whether it arrived."""
_NEXT_ADDRESS = 0.25
"""Seconds after which a server's next address is tried beside the one that has not answered (RFC 8305)."""
_LONGEST_HEAD = 64 * 1024
_LONGEST_BODY = 64 * 1024 * 1024
_NO_BODY = (204, 304)
_FIRST_FINAL = 200


class Lines:
    """At most `connections` calls at once to the server of `url`; more wait for a free line."""

    def __init__(self, url: str, connections: int, connect_seconds: float) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or (443 if secure else 80)
        self._tls = ssl.create_default_context() if secure else None
        host = parts.netloc.rpartition("@")[2]
        named = host.encode("ascii" if host.isascii() else "idna")
        self._head = b" HTTP/1.1\r\nHost: " + named + b"\r\nContent-Type: application/json\r\nContent-Length: "
        self._connect_seconds = connect_seconds
        self._free = asyncio.Semaphore(connections)
        self._idle: list[_Line] = []
        self._closed = False

    async def post(self, target: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        """Send a JSON body to a path of the server; return status and body of the answer, within `seconds`.

        Raises:
            aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError: nothing was sent.
            aiohttp.ClientError, TimeoutError: it may have been.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        async with self._free:
            line = self._kept(loop.time()) or await self._connected(min(seconds, self._connect_seconds))
            request = b"POST " + target.encode("ascii") + self._head + b"%d\r\n\r\n" % len(body) + body
            answer = await line.ask(request, until - loop.time())
            if line.usable and not self._closed:
                line.idle_since = loop.time()
                self._idle.append(line)
            else:
                line.close()
            return answer

    def _kept(self, now: float) -> _Line | None:
        """Return the line that was used last, if it still is one."""
        while self._idle:
            line = self._idle.pop()
            if line.usable and now - line.idle_since < _IDLE_SECONDS:
                return line
            line.close()
        return None

    async def _connected(self, seconds: float) -> _Line:
        loop = asyncio.get_running_loop()
        named = self._host if self._tls else None
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
                connected = await start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS, loop=loop)
                _, line = await loop.create_connection(_Line, sock=connected, ssl=self._tls, server_hostname=named)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(f"no connection to {self._host} in time") from error
        except ssl.SSLCertVerificationError as error:
            raise aiohttp.ClientConnectorCertificateError(self._key(), error) from error
        except OSError as error:
            raise aiohttp.ClientConnectorError(self._key(), error) from error
        return line

    def _key(self) -> ConnectionKey:
        return ConnectionKey(self._host, self._port, self._tls is not None, True, None, None, None)  # noqa: FBT003

    async def close(self) -> None:
        """Close all lines that are idle; one in use is closed once it has its answer."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # they are closed by the loop, in its next turn


class _Line(asyncio.Protocol):
    """One connection: a request goes out, and what comes in is its answer."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._received = bytearray()
        self._closes = False

    @property
    def usable(self) -> bool:
        """Whether another request can go out here."""
        return self._transport is not None and not self._transport.is_closing() and not self._closes

    async def ask(self, request: bytes, seconds: float) -> tuple[int, bytes]:
        """Send a request and wait for its answer; whatever keeps it from coming closes the line."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[int, bytes]] = loop.create_future()
        self._answer = answer
        patience = loop.call_later(seconds, self._fail, TimeoutError())
        self._transport.write(request)
        try:
            return await answer
        except BaseException:
            self.close()
            raise
        finally:
            patience.cancel()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done() and self._received:
            self._read(ended=True)
        lost = aiohttp.ServerDisconnectedError() if error is None else aiohttp.ClientOSError(*error.args)
        self._fail(lost)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked
            return
        self._received += data
        self._read(ended=False)

    def _read(self, *, ended: bool) -> None:
        try:
            found = _answer(self._received, ended=ended)
        except ValueError as error:
            self._fail(aiohttp.ClientPayloadError(str(error)))
            return
        if found is not None and self._answer is not None:
            status, body, self._closes = found
            self._received = bytearray()
            self._answer.set_result((status, body))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _answer(received: bytearray, *, ended: bool) -> tuple[int, bytes, bool] | None:
    """Return status, body and whether the server closes the connection; None where more has to come (RFC 9112)."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        if len(received) > _LONGEST_HEAD:
            raise ValueError("an endless head")
        return None
    first, *lines = bytes(received[:end]).split(b"\r\n")
    status = _status(first)
    if status < _FIRST_FINAL:  # 100 Continue, say: the answer itself follows
        del received[: end + 4]
        return _answer(received, ended=ended)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    closes = headers.get(b"connection", b"").lower() == b"close" or first.startswith(b"HTTP/1.0")
    body = _body(received, end + 4, status, headers, ended=ended)
    return None if body is None else (status, body, closes or ended)


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise ValueError("no answer in HTTP/1.1")
    return int(rest[:3])


def _body(received: bytearray, at: int, status: int, headers: dict[bytes, bytes], *, ended: bool) -> bytes | None:
    if status in _NO_BODY:
        return b""
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        return _chunks(received, at)
    length = headers.get(b"content-length")
    if length is None:
        return bytes(received[at:]) if ended else None
    if not length.isdigit() or int(length) > _LONGEST_BODY:
        raise ValueError("an impossible length")
    until = at + int(length)
    return bytes(received[at:until]) if len(received) >= until else None


def _chunks(received: bytearray, at: int) -> bytes | None:
    body = bytearray()
    while (end := received.find(b"\r\n", at)) >= 0:
        size = int(bytes(received[at:end]).partition(b";")[0], 16)
        if size < 0 or size + len(body) > _LONGEST_BODY:
            raise ValueError("an impossible length")
        if size == 0:  # what may follow the last chunk is nothing to us
            return bytes(body) if received.find(b"\r\n\r\n", end) >= 0 else None
        if len(received) < end + size + 4:
            return None
        body += received[end + 2 : end + 2 + size]
        at = end + size + 4
    return None
