"""The way out to Telegram: uploads, failures as the framework names them, and proxies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from story import TOKEN, Control, free_port
from telegram import Bot
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TimedOut

from bot.transport import AiohttpRequest, Wire


@asynccontextmanager
async def framework(url: str, proxy_url: str | None = None) -> AsyncIterator[Bot]:
    """python-telegram-bot's own client over our wire."""
    wire = Wire(url, TOKEN, connections=4, proxy_url=proxy_url)
    bot = Bot(
        TOKEN,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=AiohttpRequest(wire),
        get_updates_request=AiohttpRequest(wire),
    )
    async with bot:
        yield bot


async def test_a_file_arrives_as_it_was_sent_and_can_be_fetched_again(control: Control) -> None:
    await control.post("/users", id=100, first_name="Guest", started=True)
    async with framework(control.url) as bot:
        sent = await bot.send_document(100, b"%PDF-1.7 \x00\xff", filename="отчёт.pdf", caption="<b>Report</b>")
        assert sent.document is not None
        fetched = await (await sent.document.get_file()).download_as_bytearray()

    assert bytes(fetched) == b"%PDF-1.7 \x00\xff"
    assert sent.document.file_name == "отчёт.pdf"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "403"}, Forbidden),
        ({"kind": "400"}, BadRequest),
        ({"kind": "429", "retry_after": 3}, RetryAfter),
        ({"kind": "500"}, NetworkError),
        ({"kind": "reset"}, NetworkError),
        ({"kind": "hang", "seconds": 30}, TimedOut),
    ],
)
async def test_each_failure_is_named_as_the_framework_names_it(
    control: Control, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object], error: type[Exception]
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    await control.post("/users", id=100, first_name="Guest", started=True)
    await control.post("/faults", method="sendMessage", **fault)
    async with framework(control.url) as bot:
        with pytest.raises(error) as caught:
            await bot.send_message(100, "Hello", read_timeout=-9.5)  # the patience to connect is 10 s

    assert TOKEN not in str(caught.value)


async def test_through_a_socks_proxy_telegram_is_reached(control: Control) -> None:
    port, asked = free_port(), []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await _greeted(reader, writer))
        there = await asyncio.open_connection(*asked[-1])
        await asyncio.gather(_piped(reader, there[1]), _piped(there[0], writer))

    proxy = await asyncio.start_server(relay, "127.0.0.1", port)
    async with proxy, framework(control.url, f"socks5://127.0.0.1:{port}") as bot:
        me = await bot.get_me()

    assert me.username == "network_test_bot"
    assert {host for host, _ in asked} == {"127.0.0.1"}


async def _greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Play the server's side of SOCKS 5 (RFC 1928) without a password; return where to."""
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(b"\x05\x00")
    _, _, _, kind = await reader.readexactly(4)
    length = 4 if kind == 1 else (await reader.readexactly(1))[0]
    raw = await reader.readexactly(length)
    port = int.from_bytes(await reader.readexactly(2))
    writer.write(b"\x05\x00\x00\x01" + bytes(6))
    return ".".join(map(str, raw)) if kind == 1 else raw.decode(), port


async def _piped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
    writer.close()
