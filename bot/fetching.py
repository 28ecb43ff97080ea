"""Fetching what a stranger's address names, without ever reaching what only this server can reach."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from urllib.parse import urldefrag, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bot import __version__
from bot.addresses import Network, may_be_reached, problem_of, serves_pages
from bot.fetched import Fetched, FetchFailed, FetchRefused, Hop, Outcome
from storage.database import inside_transaction

__all__ = ["FetchFailed", "FetchRefused", "Fetched", "Fetcher", "Hop", "Outcome", "Turn"]

LARGEST = 2 * 1024 * 1024
"""Bytes of a body, as sent and as decompressed."""
PATIENCE = 20.0
"""Seconds for everything: names, redirects and body."""
MOST_REDIRECTS = 5
GLIMPSE = 64 * 1024
"""Bytes of a body that a mere look takes of it."""
_PIECE = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TELLING = frozenset({401, 429, 503})
"""What an answer to HEAD need not be asked again with GET for: who is busy is asked no second time."""
_WELL = range(200, 300)
_PLAIN, _GZIP = ("", "identity"), ("gzip", "x-gzip")
_NO_LARGER: Mapping[str, int] = {}


Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the numeric addresses of a name; raises OSError where there are none."""
Turn = Callable[[str], AbstractAsyncContextManager[object]]
"""Waits until a host may be asked, and keeps others from asking it meanwhile."""


@dataclass(frozen=True)
class _Way:
    """How a page is asked for; with `cut` the beginning of its body is enough, and a longer one no offence."""

    method: str
    headers: Mapping[str, str]
    cut: int | None = None
    turn: Turn = nullcontext


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
    differently the second time is not asked a second time. No proxy, no cookies, no credentials.
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
        headers = {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": modified} if modified else {}
        return await self._ended(url, _Way("GET", _asking(accept, headers)), self._patience)

    async def look(self, url: str, turn: Turn = nullcontext) -> Outcome:
        """Return how `url` is answered: by HEAD, or by GET, of which only the beginning is read.

        GET follows where HEAD is refused or fails, and where a web page stands, which may be one that asks who comes.
        Each hop waits for its host's `turn`, and may take as long as else everything.
        """
        way = _Way("HEAD", _asking("*/*"), 0, turn)
        told = await self._ended(url, way)
        if isinstance(told, FetchRefused) or (isinstance(told, Fetched) and _tells_enough(told)):
            return told
        before = told if isinstance(told, Fetched) and told.status in _WELL else None
        told = await self._ended(before.url if before else url, replace(way, method="GET", cut=GLIMPSE))
        if before is not None and isinstance(told, Fetched):
            return replace(told, hops=(*before.hops, *told.hops))
        return told

    async def _ended(self, url: str, way: _Way, patience: float | None = None) -> Outcome:
        """Return how it ended; `patience` is for everything, besides that for each hop."""
        if inside_transaction():
            raise RuntimeError("nothing may wait for another site inside a transaction")
        try:
            async with asyncio.timeout(patience), self._session() as session:
                return await self._follow(session, url, way)
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

    async def _follow(self, session: aiohttp.ClientSession, url: str, way: _Way) -> Fetched:
        here = _checked(url)
        hops: list[Hop] = []
        for _ in range(MOST_REDIRECTS + 1):
            async with way.turn(urlsplit(here).hostname or ""), asyncio.timeout(self._patience):
                found = await self._ask(session, here, way)
            there = found.headers.get("location")
            if found.status not in _REDIRECTS or there is None:
                return replace(found, hops=tuple(hops))
            hops.append(Hop(here, found.status))
            here = _checked(urljoin(here, there), here)
        raise _EndedError(FetchRefused("redirects"))

    async def _ask(self, session: aiohttp.ClientSession, here: str, way: _Way) -> Fetched:
        asking = session.request(way.method, here, headers=way.headers, allow_redirects=False)
        async with asking as answer:
            leads_on = answer.status in _REDIRECTS and "Location" in answer.headers
            body = b"" if leads_on else await self._body(answer, way.cut)
            answer.close()  # whatever more would come is not waited for
            return Fetched(here, answer.status, body, {k.lower(): v for k, v in answer.headers.items()})

    async def _body(self, answer: aiohttp.ClientResponse, cut: int | None) -> bytes:
        if cut is None:
            return await self._read(answer, None)
        try:
            return await self._read(answer, cut) if cut else b""
        except (_EndedError, aiohttp.ClientError):  # the site has answered, and that is what a look is about
            return b""

    async def _read(self, answer: aiohttp.ClientResponse, cut: int | None) -> bytes:
        largest = self._larger.get(answer.content_type, self._largest)
        _require(cut is not None or (answer.content_length or 0) <= largest, "big")
        reader = _Body(answer.headers.get("Content-Encoding", "").strip().lower(), cut or largest)
        async for piece in answer.content.iter_chunked(_PIECE):
            if not reader.take(piece):
                _require(cut is not None, "big")
                break
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

    def take(self, piece: bytes) -> bool:
        """Add a piece; return whether there was room for all of it."""
        room = self._largest - len(self.body)
        if self._inflater is not None:
            try:
                piece = self._inflater.decompress(piece, room + 1)
            except zlib.error:
                raise _EndedError(FetchFailed("encoding")) from None
        self.body += piece[:room]
        return len(piece) <= room


def _asking(accept: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    named = {"User-Agent": f"network-bot/{__version__}", "Accept": accept, "Accept-Encoding": "gzip"}
    return {**named, **(more or {})}


def _tells_enough(told: Fetched) -> bool:
    said = "content-type" in told.headers and not told.hypertext
    return told.status in _TELLING or (told.status in _WELL and said)


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
