"""Fetching what a stranger's address names, without ever reaching what only this server can reach."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bot import __version__
from bot.addresses import Network, may_be_reached, problem_of, serves_pages
from storage.database import inside_transaction

LARGEST = 2 * 1024 * 1024
"""Bytes of a body, as sent and as decompressed."""
PATIENCE = 20.0
"""Seconds for everything: names, redirects and body."""
MOST_REDIRECTS = 5
_PIECE = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_PLAIN, _GZIP = ("", "identity"), ("gzip", "x-gzip")
_NO_LARGER: Mapping[str, int] = {}


@dataclass(frozen=True)
class Fetched:
    """What came: `url` is where redirects ended, header names are lower case. 304 has no body.

    `moved` is where permanent redirects led, before the first one that is not; None where there was none.
    """

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    moved: str | None = None


@dataclass(frozen=True)
class FetchRefused:
    """We do not go there, now or ever.

    `url`, `scheme`, `credentials`, `host`, `port`, `private`, `downgrade` (from https to http), `redirects`, `big`.
    """

    reason: str


@dataclass(frozen=True)
class FetchFailed:
    """It did not work this time: `name` (unknown), `connection`, `certificate`, `silence`, `encoding`."""

    reason: str


Outcome = Fetched | FetchRefused | FetchFailed
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the numeric addresses of a name; raises OSError where there are none."""


class _EndedError(Exception):
    def __init__(self, outcome: FetchRefused | FetchFailed) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class _ForbiddenError(OSError):
    """What is about to be dialled may not be."""


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Fetcher:
    """Fetches public pages with GET; `private_networks` are reachable besides.

    A name is resolved once a hop, and one forbidden address among its addresses refuses it. The connection goes to
    the addresses that were checked, and the very address that is dialled is checked again: a name that answers
    differently the second time is not asked a second time. No proxy, no cookies, no credentials. `larger` are bytes
    of a body by its media type, where they may be more.
    """

    def __init__(
        self,
        private_networks: Sequence[Network] = (),
        *,
        largest: int = LARGEST,
        patience: float = PATIENCE,
        lookup: Lookup = system_lookup,
        larger: Mapping[str, int] = _NO_LARGER,
    ) -> None:
        self._networks = tuple(private_networks)
        self._largest = largest
        self._larger = dict(larger)
        self._patience = patience
        self._lookup = lookup

    async def fetch(
        self, url: str, *, etag: str | None = None, modified: str | None = None, accept: str = "*/*"
    ) -> Outcome:
        """Return what `url` names; `etag` and `modified` of an earlier answer ask only for what is newer (304)."""
        if inside_transaction():
            raise RuntimeError("nothing may wait for another site inside a transaction")
        headers = {"User-Agent": f"network-bot/{__version__}", "Accept": accept, "Accept-Encoding": "gzip"}
        headers |= {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": modified} if modified else {}
        try:
            async with asyncio.timeout(self._patience), self._session() as session:
                return await self._follow(session, url, headers)
        except _EndedError as ended:
            return ended.outcome
        except TimeoutError:
            return FetchFailed("silence")
        except ValueError:  # what aiohttp, or the joining of a redirect, takes for no address
            return FetchRefused("url")
        except (aiohttp.ClientError, OSError) as error:
            return _failure(error)

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_Checked(self._lookup, self._may_be_reached), use_dns_cache=False, force_close=True,
            socket_factory=self._socket,
        )  # fmt: skip
        return aiohttp.ClientSession(
            connector=connector, trust_env=False, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        )  # fmt: skip

    def _may_be_reached(self, address: str) -> bool:
        return may_be_reached(address, self._networks)

    def _socket(self, dialled: tuple[int | socket.AddressFamily, int, int, str, tuple[object, ...]]) -> socket.socket:
        family, kind, protocol, _, (address, port, *_) = dialled
        if not self._may_be_reached(str(address)) or not (isinstance(port, int) and serves_pages(port)):
            raise _ForbiddenError(f"{address} {port}")
        return socket.socket(family, kind, protocol)

    async def _follow(self, session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> Fetched:
        here, moved, for_good = _checked(url), None, True
        for _ in range(MOST_REDIRECTS + 1):
            async with session.get(here, headers=headers, allow_redirects=False) as answer:
                there = answer.headers.get("Location")
                if answer.status not in _REDIRECTS or there is None:
                    body = await self._read(answer)
                    told = {k.lower(): v for k, v in answer.headers.items()}
                    return Fetched(here, answer.status, body, told, moved)
            here = _checked(urljoin(here, there), here)
            for_good = for_good and answer.status in _FOR_GOOD
            moved = here if for_good else moved
        raise _EndedError(FetchRefused("redirects"))

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        largest = self._larger.get(answer.content_type, self._largest)
        _require((answer.content_length or 0) <= largest, "big")
        reader = _Body(answer.headers.get("Content-Encoding", "").strip().lower(), largest)
        async for piece in answer.content.iter_chunked(_PIECE):
            reader.take(piece)
        return bytes(reader.body)


class _Checked(AbstractResolver):
    """Resolves a name for one connection, and refuses it where one of its addresses is not to be reached."""

    def __init__(self, lookup: Lookup, may_be_reached: Callable[[str], bool]) -> None:
        self._lookup = lookup
        self._may_be_reached = may_be_reached

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        del family
        found = await self._lookup(host, port)
        if not found:
            raise OSError(f"no address: {host}")
        _require(all(self._may_be_reached(address) for address in found), "private")
        return [_dialled(host, address, port) for address in found]

    async def close(self) -> None:
        """Hold nothing."""


def _dialled(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=socket.IPPROTO_TCP, flags=socket.AI_NUMERICHOST
    )


class _Body:
    """A body as it comes in, decompressed no further than it may grow."""

    def __init__(self, encoding: str, largest: int) -> None:
        self.body = bytearray()
        self._largest = largest
        if encoding not in (*_PLAIN, *_GZIP):
            raise _EndedError(FetchFailed("encoding"))
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding in _GZIP else None

    def take(self, piece: bytes) -> None:
        room = self._largest - len(self.body)
        if self._inflater is not None:
            try:
                piece = self._inflater.decompress(piece, room + 1)
            except zlib.error:
                raise _EndedError(FetchFailed("encoding")) from None
        _require(len(piece) <= room, "big")
        self.body += piece


def _checked(url: str, before: str | None = None) -> str:
    problem = problem_of(url, before)
    if problem is not None:
        raise _EndedError(FetchRefused(problem))
    return urldefrag(url).url


def _require(holds: bool, reason: str) -> None:  # noqa: FBT001 - a condition and what its absence is called
    if not holds:
        raise _EndedError(FetchRefused(reason))


def _failure(error: Exception) -> FetchRefused | FetchFailed:
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _ForbiddenError):
        return FetchRefused("private")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchFailed("name")
    if isinstance(error, aiohttp.ClientSSLError):
        return FetchFailed("certificate")
    return FetchFailed("connection")
