"""Intake: by poll or by webhook, what Telegram hands over is stored before it is acknowledged."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from typing import Any

import aiohttp
import psycopg
import pytest
from aiohttp import web
from story import TOKEN, Control, Stage, free_port

from bot.clock import Clock
from bot.health import Watch
from bot.intake import Polling, WebhookIntake
from bot.transport import Wire
from storage import inbox, migrations
from storage.database import Database

SECRET = "a-secret-of-the-webhook"
HOOK = "https://bot.example.org/hook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest.mark.parametrize("kind", ["401", "404", "429", "500", "502", "garbage", "reset"])
async def test_a_poll_that_fails_is_tried_again(control: Control, stage: Stage, kind: str) -> None:
    person = await stage.joined(100)
    await control.post("/faults", method="getUpdates", kind=kind, times=2, retry_after=1)
    async with stage.bot():
        await person.says("/help")
        await person.sees("What you can do here")


async def test_another_poller_is_named_in_the_log_and_takes_nothing(stage: Stage, control: Control) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    url = f"{control.url}/bot{TOKEN}/getUpdates"
    async with aiohttp.ClientSession() as session, session.post(url, json={"timeout": 0}) as answer:
        assert answer.status == 200
    await person.says("/help")
    await person.sees("What you can do here")

    assert await process.stop() == 0
    assert "another program polls with this token; stop it or revoke the token" in stage.log()


async def test_nothing_is_acknowledged_that_could_not_be_stored(stage: Stage, control: Control) -> None:
    person = await stage.joined(100)
    async with stage.bot():
        async with unusable(stage.storage_url):
            await person.says("/help")
            while await handed_over(control) < 2:
                await control.get("/calls", after=len(await control.get("/calls")), timeout=1)
        person.patience = 30
        await person.sees("What you can do here")

    assert await stage.rows("SELECT count(*) FROM inbox WHERE state = 'done'") == [(1,)]


async def handed_over(control: Control) -> int:
    """Return how many polls were answered with what the person wrote."""
    polls = [call for call in await control.get("/calls") if call["method"] == "getUpdates"]
    return sum("/help" in str(call["answer"]) for call in polls)


@asynccontextmanager
async def unusable(url: str) -> AsyncIterator[None]:
    """Let the database store nothing until the block ends."""
    if url.startswith("sqlite"):
        broken, mended = ["ALTER TABLE inbox RENAME TO hidden"], ["ALTER TABLE hidden RENAME TO inbox"]
        connect: Callable[[], Any] = partial(
            sqlite3.connect, url.partition("///")[2], isolation_level=None, check_same_thread=False
        )
    else:
        server, _, name = url.rpartition("/")
        ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
        broken = [f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false', ends]
        mended = [f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true']
        connect = partial(psycopg.connect, f"{server}/postgres", autocommit=True)
    with closing(connect()) as database:
        for statement in broken:
            await asyncio.to_thread(database.execute, statement)
        yield
        for statement in mended:
            await asyncio.to_thread(database.execute, statement)


def _hooked(stage: Stage) -> int:
    port = free_port()
    stage.settings["telegram"] = {"mode": "webhook"}
    stage.settings["webhook"] = {"public_url": HOOK, "listen": f"127.0.0.1:{port}", "secret_token": SECRET}
    return port


async def test_by_webhook_people_are_answered_as_by_poll(stage: Stage, control: Control) -> None:
    person = await stage.joined(100)
    port = _hooked(stage)
    await control.put("/webhook_route", **{HOOK: f"http://127.0.0.1:{port}/hook"})
    async with stage.bot():
        await person.says("/help")
        await person.sees("What you can do here")


async def test_from_webhook_to_poll_and_back_nothing_is_lost(stage: Stage, control: Control) -> None:
    person = await stage.joined(100)
    port = _hooked(stage)
    await control.put("/webhook_route", **{HOOK: f"http://127.0.0.1:{port}/hook"})
    async with stage.bot():
        await person.says("/help")
        await person.sees("What you can do here")
    await person.says("/topics")
    stage.settings["telegram"] = {"mode": "polling"}
    async with stage.bot():
        await person.sees("Topics.")
    await person.says("/library")
    stage.settings["telegram"] = {"mode": "webhook"}
    async with stage.bot():
        await person.sees("Library")


async def _posted(port: int, body: Any, headers: dict[str, str]) -> int:
    raw = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/hook", data=raw, headers=headers) as answer,
    ):
        return answer.status


async def test_the_webhook_takes_only_what_carries_the_secret_and_has_a_sane_size(storage_url: str) -> None:
    database = Database(storage_url)
    await migrations.upgrade(database)
    port = free_port()
    intake = WebhookIntake(f"127.0.0.1:{port}", SECRET, database, Clock())
    await intake.start()
    update = {"update_id": 5, "message": {"message_id": 1, "from": {"id": 7}}}
    try:
        statuses = [
            await _posted(port, update, {}),
            await _posted(port, update, {HEADER: "another"}),
            await _posted(port, update, {HEADER: SECRET}),
            await _posted(port, update, {HEADER: SECRET}),
            await _posted(port, b"no JSON", {HEADER: SECRET}),
            await _posted(port, b" " * 1_100_000, {HEADER: SECRET}),
            await _posted(port, b"[" * 100_000, {HEADER: SECRET}),
            await _posted(port, {**update, "update_id": 2**70}, {HEADER: SECRET}),
            await _posted(port, {"update_id": 7, "message": {"text": "\ud83d", "from": {"id": "x"}}}, {HEADER: SECRET}),
            await _posted_raw(port, HEADER.encode() + b": \xff\xfe"),
        ]
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE inbox")
        statuses.append(await _posted(port, {**update, "update_id": 6}, {HEADER: SECRET}))
    finally:
        await intake.stop()
        await database.close()

    assert statuses == [403, 403, 200, 200, 200, 413, 200, 200, 200, 403, 503]


async def _posted_raw(port: int, header: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /hook HTTP/1.1\r\nHost: bot\r\nContent-Length: 2\r\n" + header + b"\r\n\r\n{}")
    status = (await reader.readline()).split()[1]
    writer.close()
    await writer.wait_closed()
    return int(status)


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_a_poll_whose_answers_make_no_sense_goes_on_and_is_not_hurried(storage_url: str) -> None:
    good = {"update_id": 5, "message": {"message_id": 1, "from": {"id": 7}}}
    nonsense: list[Any] = [True, [None, [], {"update_id": "x"}, {"update_id": 2**70}], [good], [], []]
    asked: list[tuple[float, Any]] = []
    enough = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        asked.append((time.monotonic(), (await request.json()).get("offset")))
        if len(asked) == len(nonsense):
            enough.set()
        return web.json_response({"ok": True, "result": nonsense[min(len(asked), len(nonsense)) - 1]})

    async with polling(storage_url, answer) as database:
        async with asyncio.timeout(30):
            await enough.wait()
        async with database.reading() as tx:
            assert await inbox.counts(tx) == {"pending": 1}

    assert [offset for _, offset in asked] == [None] * 3 + [6, 6]
    assert asked[4][0] - asked[3][0] > 0.9


@asynccontextmanager
async def polling(storage_url: str, answer: Callable[[web.Request], Any]) -> AsyncIterator[Database]:
    """Poll a server of our own until the block ends."""
    database, port = Database(storage_url), free_port()
    await migrations.upgrade(database)
    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    wire = Wire(f"http://127.0.0.1:{port}", TOKEN, connections=1)
    await wire.start()
    running = asyncio.create_task(Polling(wire, database, Clock(), Watch()).run())
    try:
        yield database
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await wire.close()
        await runner.cleanup()
        await database.close()


async def test_an_end_while_the_database_is_in_trouble_is_quick_and_calm(stage: Stage) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    async with unusable(stage.storage_url):
        await person.says("/help")
        while "trouble" not in stage.log():
            await stage.control.get("/calls", after=len(await stage.control.get("/calls")), timeout=0.5)
        began = time.monotonic()
        assert await process.stop() == 0

    assert time.monotonic() - began < 8
    assert "Traceback" not in stage.log()
