"""Fetching: what only this server can reach is never reached, and a hostile server costs little."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.addresses import inner, is_public, may_be_reached, networks, problem_of
from bot.config import ConfigError, load
from bot.fetching import GLIMPSE, Fetched, Fetcher, FetchFailed, FetchRefused, Outcome
from storage.database import Database

LOOPBACK = networks(["127.0.0.0/8"])
LARGEST = 200_000
NAMES = {
    "public.example": ["93.184.216.34"],
    "localhost": ["127.0.0.1", "::1"],
    "inside.example": ["10.0.0.5"],
    "mixed.example": ["93.184.216.34", "192.168.1.1"],
    "metadata.example": ["169.254.169.254"],
    "shared.example": ["100.64.0.1"],
    "mapped.example": ["::ffff:10.0.0.5"],
    "nat64.example": ["64:ff9b::a00:5"],
    "6to4.example": ["2002:a00:5::1"],
    "unique.example": ["fd00::1"],
    "here.example": ["127.0.0.1"],
}
REFUSED = [
    ("", "scheme"),
    ("example.org", "scheme"),
    ("ftp://public.example/", "scheme"),
    ("file:///etc/passwd", "scheme"),
    ("gopher://public.example/", "scheme"),
    ("javascript:alert(1)", "scheme"),
    ("data:text/plain,feed", "scheme"),
    ("//public.example/", "scheme"),
    ("http://", "host"),
    ("http:///path", "host"),
    ("https://user@public.example/", "credentials"),
    ("https://user:secret@public.example/", "credentials"),
    ("https://@public.example/", "credentials"),
    ("https://public.example@10.0.0.5/", "credentials"),
    ("http://public.example\\@10.0.0.5/", "url"),
    ("http://public.example/a b", "url"),
    ("http://public.example/\r\nHost: 10.0.0.5", "url"),
    ("http://public.example:99999/", "url"),
    ("http://public.example:x/", "url"),
    ("http://[::1/", "url"),
    (f"http://public.example/{'a' * 2000}", "url"),
    ("http://public.example:22/", "port"),
    ("http://public.example:25/", "port"),
    ("http://public.example:0/", "port"),
    ("http://public.example:6379/", "port"),
    ("http://public.example:5432/", "port"),
    ("http://2130706433/", "host"),
    ("http://0x7f000001/", "host"),
    ("http://0x7f.1/", "host"),
    ("http://017700000001/", "host"),
    ("http://0177.0.0.1/", "host"),
    ("http://127.1/", "host"),
    ("http://127.0.0.01/", "host"),
    ("http://１２７.１/", "host"),
    ("http://[fe80::1%25eth0]/", "host"),
    ("http://127.0.0.1/", "private"),
    ("http://①②⑦.⓪.⓪.①/", "private"),
    ("http://127.255.255.254:8080/", "private"),
    ("http://0.0.0.0/", "private"),
    ("http://10.0.0.5/", "private"),
    ("http://172.16.0.1/", "private"),
    ("http://192.168.1.1/", "private"),
    ("http://100.64.0.1/", "private"),
    ("http://169.254.169.254/latest/meta-data/", "private"),
    ("http://224.0.0.1/", "private"),
    ("http://240.0.0.1/", "private"),
    ("http://255.255.255.255/", "private"),
    ("http://192.0.2.1/", "private"),
    ("http://[::]/", "private"),
    ("http://[::1]/", "private"),
    ("http://[::ffff:127.0.0.1]/", "private"),
    ("http://[::ffff:a9fe:a9fe]/", "private"),
    ("http://[::7f00:1]/", "private"),
    ("http://[64:ff9b::7f00:1]/", "private"),
    ("http://[64:ff9b:1::a00:5]/", "private"),
    ("http://[2002:7f00:1::]/", "private"),
    ("http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "private"),
    ("http://[fd00::1]/", "private"),
    ("http://[fe80::1]/", "private"),
    ("http://[fec0::1]/", "private"),
    ("http://[ff02::1]/", "private"),
    ("http://[2001:db8::1]/", "private"),
    *((f"http://{name}/", "private") for name in NAMES if name != "public.example"),
]


async def lookup(host: str, _port: int) -> Sequence[str]:
    if host not in NAMES:
        raise OSError(f"no such name: {host}")
    return NAMES[host]


@pytest.mark.parametrize(("url", "reason"), REFUSED)
async def test_what_is_not_of_the_public_internet_is_not_reached(url: str, reason: str) -> None:
    assert await Fetcher(lookup=lookup).fetch(url) == FetchRefused(reason)


def test_an_encrypted_page_leads_to_no_plain_one() -> None:
    assert problem_of("http://public.example/", "https://public.example/") == "downgrade"
    assert problem_of("https://public.example/", "http://public.example/") is None
    assert problem_of("http://public.example/", "http://public.example/") is None


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_as_the_one_it_carries(address: IPv4Address) -> None:
    number = int(address)
    carriers = [
        IPv6Address(f"::ffff:{address}"),
        IPv6Address(int(IPv6Address("64:ff9b::")) + number),
        IPv6Address((0x2002 << 112) + (number << 80) + 1),
    ]
    assert {is_public(carrier) for carrier in carriers} == {is_public(address)}
    assert may_be_reached(str(carriers[0]), LOOPBACK) == may_be_reached(str(address), LOOPBACK)


@given(st.ip_addresses())
def test_what_is_public_is_nothing_else(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        meant = inner(address)
        kinds = ("private", "loopback", "link_local", "multicast", "unspecified", "reserved")
        assert [kind for kind in kinds if getattr(meant, f"is_{kind}")] == []


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_the_public_internet_is_reached(address: str) -> None:
    assert is_public(ip_address(address))


@dataclass
class Site:
    """A web site on this machine; `asked` holds the headers of each request."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)

    def at(self, name: str) -> str:
        return self.url.replace("127.0.0.1", name)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append({k.lower(): v for k, v in request.headers.items()})
        self.methods.append(request.method)
        return await getattr(self, request.match_info["what"])(request)  # type: ignore[no-any-return]

    async def page(self, request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        headers = {"ETag": '"1"', "Last-Modified": "Tue, 24 Nov 2026 00:00:00 GMT", "Set-Cookie": "who=you"}
        return web.Response(text="a page", headers=headers)

    async def to(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["url"]}, text="elsewhere")

    async def down(self, request: web.Request) -> web.Response:
        left = int(request.query["left"])
        return web.Response(status=301, headers={"Location": f"/down?left={left - 1}" if left > 1 else "/page"})

    async def round(self, _request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/round", "Set-Cookie": "who=you"})

    async def big(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        if request.query.get("told"):
            answer.content_length = LARGEST + 1
        await answer.prepare(request)
        for _ in range(LARGEST // 1000 + 1):
            await answer.write(b"a" * 1000)
        return answer

    async def bomb(self, _request: web.Request) -> web.Response:
        body = gzip.compress(b"\0" * 200_000_000, 9)
        assert len(body) < LARGEST
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    async def packed(self, request: web.Request) -> web.Response:
        how = request.query["how"]
        body = {"gzip": gzip.compress(b"a page"), "x-gzip": gzip.compress(b"a page"), "deflate": zlib.compress(b"")}
        return web.Response(body=body.get(how, b"?"), headers={"Content-Encoding": how})

    async def lies(self, _request: web.Request) -> web.Response:
        return web.Response(body=b"no archive", headers={"Content-Encoding": "gzip"})

    async def slow(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(1000):
            await answer.write(b"a")
            await asyncio.sleep(0.01)
        return answer

    async def stops(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.content_length = 1000
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return answer


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{what}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


async def fetches(url: str, patience: float = 20) -> Outcome:
    return await Fetcher(LOOPBACK, largest=LARGEST, patience=patience, lookup=lookup).fetch(url)


@settings(max_examples=150)
@given(st.text(max_size=40) | st.from_regex(r"https?://[^/]{0,20}[:/?#@\[\]\\]?.{0,20}"))
def test_whatever_is_written_for_an_address_reaches_nothing_inside(written: str) -> None:
    async def inside(_host: str, _port: int) -> Sequence[str]:
        return ["10.0.0.5"]

    fetcher = Fetcher(lookup=inside, patience=5)
    assert isinstance(asyncio.run(fetcher.fetch(written)), FetchRefused)


async def test_a_page_comes_whole_and_is_asked_for_as_by_a_stranger(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    got = await fetches(site.at("here.example") + "/page#part")

    assert isinstance(got, Fetched)
    assert (got.url, got.status, got.body) == (site.at("here.example") + "/page", 200, b"a page")
    assert (got.headers["etag"], got.headers["last-modified"]) == ('"1"', "Tue, 24 Nov 2026 00:00:00 GMT")
    assert set(site.asked[0]) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert site.asked[0]["host"].startswith("here.example:")


async def test_what_is_known_is_not_sent_again(site: Site) -> None:
    when = "Tue, 24 Nov 2026 00:00:00 GMT"
    got = await Fetcher(LOOPBACK).fetch(f"{site.url}/page", etag='"1"', modified=when)

    assert isinstance(got, Fetched)
    assert (got.status, got.body) == (304, b"")
    assert site.asked[0]["if-modified-since"] == when


async def test_redirects_are_followed_five_times_and_without_cookies(site: Site) -> None:
    got = await fetches(f"{site.url}/down?left=5")
    assert isinstance(got, Fetched)
    assert got.url == f"{site.url}/page"
    assert await fetches(f"{site.url}/down?left=6") == FetchRefused("redirects")
    site.asked.clear()
    assert await fetches(f"{site.url}/round") == FetchRefused("redirects")
    assert len(site.asked) == 6
    assert all("cookie" not in asked for asked in site.asked)


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "private"),
        ("http://[::ffff:10.0.0.5]/", "private"),
        ("http://inside.example/", "private"),
        ("//inside.example/", "private"),
        ("http://2130706433/", "host"),
        ("http://user:secret@here.example/", "credentials"),
        ("http://here.example:22/", "port"),
        ("file:///etc/passwd", "scheme"),
        ("ftp://here.example/", "scheme"),
    ],
)
async def test_each_redirect_is_looked_at_like_the_first_address(site: Site, there: str, reason: str) -> None:
    assert await fetches(f"{site.url}/to?url={there}") == FetchRefused(reason)


async def test_a_name_is_asked_for_once_and_what_was_checked_is_what_is_dialled(site: Site) -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    asked = []

    async def rebinds(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), 2) - 1]

    fetcher = Fetcher(LOOPBACK, lookup=rebinds)
    got = await fetcher.fetch(site.at("rebinds.example") + "/page")
    assert isinstance(got, Fetched)
    assert asked == ["rebinds.example"]
    asked.clear()
    again = await fetcher.fetch(site.at("rebinds.example") + "/to?url=/page")
    assert again == FetchRefused("private")
    assert len(site.asked) == 2


async def test_what_is_too_big_is_cut_off(site: Site) -> None:
    for what in ("big", "big?told=1", "bomb"):
        assert await fetches(f"{site.url}/{what}") == FetchRefused("big")


async def test_a_look_takes_little_and_knows_the_way(site: Site) -> None:
    async def looks(what: str) -> Fetched:
        got = await Fetcher(LOOPBACK, largest=10, patience=5, lookup=lookup).look(f"{site.url}/{what}")
        assert isinstance(got, Fetched)
        return got

    assert (await looks("page")).body == b""  # plain text: HEAD has told enough
    assert site.methods == ["HEAD"]
    for what, size in (("big", GLIMPSE), ("bomb", GLIMPSE), ("packed?how=br", 0), ("lies", 0), ("stops", 0)):
        assert len((await looks(what)).body) == size, what
    down = await looks("down?left=3")
    assert ([hop.status for hop in down.hops], down.url, down.moved) == ([301, 301, 301], f"{site.url}/page", True)
    there = await looks("to?url=/page")
    assert ([hop.url for hop in there.hops], there.moved) == ([f"{site.url}/to?url=/page"], False)
    asked = len(site.asked)
    assert await Fetcher(LOOPBACK, lookup=lookup).look(f"{site.url}/to?url=http://inside.example/") == FetchRefused(
        "private"
    )
    assert len(site.asked) == asked + 1  # what is refused is not tried with GET


async def test_compression_is_undone_or_refused(site: Site) -> None:
    for how in ("gzip", "x-gzip"):
        got = await fetches(f"{site.url}/packed?how={how}")
        assert isinstance(got, Fetched)
        assert got.body == b"a page"
    for what in ("packed?how=br", "packed?how=deflate", "packed?how=gzip,%20gzip", "lies"):
        assert await fetches(f"{site.url}/{what}") == FetchFailed("encoding")


async def test_whatever_fails_says_how(site: Site) -> None:
    assert await fetches("http://nowhere.example/") == FetchFailed("name")
    assert await fetches(f"{site.url}/slow", patience=0.2) == FetchFailed("silence")
    assert await fetches(f"{site.url}/stops") == FetchFailed("connection")
    assert await fetches("http://127.0.0.1:65535/") == FetchFailed("connection")
    assert await fetches(site.url.replace("http:", "https:")) == FetchFailed("certificate")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\xff garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: a\r\n" * 100_000 + b"\r\n",
    ],
)
async def test_a_server_that_speaks_no_http_is_no_accident(answer: bytes) -> None:
    assert await told(answer) == FetchFailed("connection")


async def test_a_redirect_to_what_is_no_text_is_refused() -> None:
    for there in (
        b"http://\xff\xfe/",
        b"http://here.example/\x85",
        b"http://here.example/\x00",
        b"http://[::1",
        b"//[",
    ):
        answer = await told(b"HTTP/1.1 302 Found\r\nLocation: " + there + b"\r\nContent-Length: 0\r\n\r\n")
        assert answer in {FetchRefused("url"), FetchFailed("connection")}


async def told(answer: bytes) -> Outcome:
    """Return what comes of a server that answers just so."""

    async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(speaks, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await fetches(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_nothing_is_fetched_inside_a_transaction(database: Database) -> None:
    async with database.reading():
        with pytest.raises(RuntimeError, match="inside a transaction"):
            await Fetcher().fetch("http://public.example/")


async def test_a_lookup_that_never_ends_is_given_up() -> None:
    async def hangs(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    assert await Fetcher(patience=0.1, lookup=hangs).fetch("http://public.example/") == FetchFailed("silence")


async def test_the_system_knows_the_name_of_this_machine_and_nobody_is_sent_there(site: Site) -> None:
    port = site.url.rpartition(":")[2]
    assert await Fetcher().fetch(f"http://localhost:{port}/page") == FetchRefused("private")
    assert isinstance(
        await Fetcher(networks(["127.0.0.0/8", "::1/128"])).fetch(f"http://localhost:{port}/page"), Fetched
    )


@pytest.mark.parametrize("written", ["10.0.0.0/33", "10.0.0.5/8", "intranet", "10.0.0.0-10.0.0.9", ""])
def test_a_network_that_is_none_is_a_mistake_in_the_configuration(tmp_path: Path, written: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[telegram]\ntoken = "1:a"\n[fetch]\nprivate_networks = ["10.0.0.0/8", "{written}"]\n')
    with pytest.raises(ConfigError, match=r"fetch\.private_networks\.1: .* is no network in CIDR notation"):
        load(path)
