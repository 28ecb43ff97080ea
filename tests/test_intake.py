"""Intake: by poll or by webhook, what Telegram hands over is stored before it is acknowledged."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any

import aiohttp
import psycopg
import pytest
from story import TOKEN, Control, Stage, free_port

from bot.clock import Clock
from bot.intake import WebhookIntake
from storage import migrations
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
        ]
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE inbox")
        statuses.append(await _posted(port, {**update, "update_id": 6}, {HEADER: SECRET}))
    finally:
        await intake.stop()
        await database.close()

    assert statuses == [403, 403, 200, 200, 200, 413, 503]
