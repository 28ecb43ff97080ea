"""Lines: answers arrive however a server cuts and frames them, and what keeps one from coming is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from story import free_port

from bot.lines import Lines

Pieces = Sequence[bytes]
FRAMES = ("length", "chunks", "end")


@asynccontextmanager
async def server(answers: Callable[[int], Awaitable[Pieces | None]]) -> AsyncIterator[tuple[Lines, list[int]]]:
    """Answer each request with pieces; None closes the connection. Yield lines to it, and how many asked by each."""
    asked: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(0)
        mine = len(asked) - 1
        while head := await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"":
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            asked[mine] += 1
            pieces = await answers(sum(asked))
            for piece in pieces or ():
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if pieces is None or b"".join(pieces).lower().find(b"connection: close") >= 0:
                break

    serving: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    listening = await asyncio.start_server(guarded, "127.0.0.1", 0)
    lines = Lines(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", 2, 1)
    try:
        yield lines, asked
    finally:
        await lines.close()
        listening.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


def framed(body: bytes, how: str, sizes: Sequence[int]) -> bytes:
    if how == "length":
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    if how == "end":
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
    rest, chunks = body, []
    for size in sizes:
        chunk, rest = rest[:size], rest[size:]
        chunks += [b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk)] if chunk else []
    chunks += [b"%X\r\n%b\r\n" % (len(rest), rest)] if rest else []
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(chunks) + b"0\r\nX: y\r\n\r\n"


def cut(whole: bytes, places: Sequence[int]) -> list[bytes]:
    at = sorted({min(place, len(whole)) for place in places})
    return [whole[begin:end] for begin, end in zip([0, *at], [*at, len(whole)], strict=True)]


@given(
    body=st.binary(max_size=300),
    how=st.sampled_from(FRAMES),
    sizes=st.lists(st.integers(1, 90), max_size=5),
    places=st.lists(st.integers(0, 500), max_size=6),
    interim=st.booleans(),
)
def test_an_answer_is_whole_however_it_is_framed_and_cut(
    body: bytes, how: str, sizes: list[int], places: list[int], *, interim: bool
) -> None:
    whole = (b"HTTP/1.1 100 Continue\r\n\r\n" if interim else b"") + framed(body, how, sizes)

    async def answers(_number: int) -> Pieces:
        return cut(whole, places)

    async def ask() -> None:
        async with server(answers) as (lines, asked):
            assert [await lines.post("/x", b"{}", 5) for _ in range(3)] == [(200, body)] * 3
            assert len(asked) == (3 if how == "end" else 1), "a line is kept unless the server closes it"

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        (None, aiohttp.ServerDisconnectedError),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf"], aiohttp.ServerDisconnectedError),
        ([b"nonsense\r\n\r\n"], aiohttp.ClientPayloadError),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"], aiohttp.ClientPayloadError),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"], aiohttp.ClientPayloadError),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000], aiohttp.ClientPayloadError),
        ([], TimeoutError),
    ],
)
async def test_what_keeps_an_answer_from_coming_is_named_and_the_next_call_succeeds(
    pieces: Pieces | None, error: type[Exception]
) -> None:
    async def answers(number: int) -> Pieces | None:
        return pieces if number == 1 else [framed(b"{}", "length", ())]

    async with server(answers) as (lines, _):
        with pytest.raises(error):
            await lines.post("/x", b"{}", 0.3)
        assert await lines.post("/x", b"{}", 5) == (200, b"{}")


async def test_nothing_was_sent_where_nobody_listens() -> None:
    lines = Lines(f"http://127.0.0.1:{free_port()}", 1, 1)
    with pytest.raises(aiohttp.ClientConnectorError, match="Cannot connect to host 127"):
        await lines.post("/x", b"{}", 5)


async def test_more_calls_than_lines_wait_for_one_and_a_cancelled_call_gives_its_line_up() -> None:
    asked, going = asyncio.Event(), asyncio.Event()

    async def answers(number: int) -> Pieces:
        if number == 2:
            asked.set()
        await going.wait()
        return [framed(b"%d" % number, "length", ())]

    async with server(answers) as (lines, by_line):
        calls = [asyncio.create_task(lines.post("/x", b"{}", 5)) for _ in range(4)]
        await asked.wait()
        calls[0].cancel()
        going.set()
        found = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(found[0], asyncio.CancelledError)
    assert all(isinstance(one, tuple) and one[0] == 200 for one in found[1:])
    assert len(by_line) <= 3
