"""Health: what monitoring is told of a bot that works, and of one that does not."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
from story import Stage, free_port

from bot.health import SILENCE, HealthServer, Watch
from storage import migrations
from storage.database import Database


async def asked(port: int, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_a_working_bot_says_that_it_is_healthy_and_ready_and_counts_its_boxes(stage: Stage) -> None:
    person = await stage.joined(100)
    port = free_port()
    stage.settings["health"] = {"listen": f"127.0.0.1:{port}"}
    async with stage.bot():
        await person.says("/help")
        await person.sees("What you can do here")
        alive, ready, measured = [await asked(port, path) for path in ("/healthz", "/readyz", "/metrics")]

    assert alive[0] == ready[0] == measured[0] == 200
    assert '"healthy": true' in alive[1]
    assert '"inbox": {' in ready[1]
    for name in (
        'network_bot_inbox_rows{state="',
        "network_bot_seconds_since_poll ",
        "network_bot_seconds_since_tick ",
    ):
        assert name in measured[1]


async def served(watch: Watch, database: Database, path: str) -> tuple[int, str]:
    port = free_port()
    server = HealthServer(f"127.0.0.1:{port}", watch, database)
    await server.start()
    try:
        return await asked(port, path)
    finally:
        await server.stop()


async def test_a_minute_without_a_successful_poll_is_unhealthy(storage_url: str) -> None:
    database = Database(storage_url)
    silent: dict[str, Any] = {"polled_at": time.monotonic() - SILENCE - 1}

    assert (await served(Watch(), database, "/healthz"))[0] == 200
    assert (await served(Watch(**silent), database, "/healthz"))[0] == 503
    assert (await served(Watch(**silent, listening=False), database, "/healthz"))[0] == 200
    await database.close()


async def test_a_bot_without_a_usable_database_is_not_ready(empty_url: str) -> None:
    database = Database(empty_url)

    assert (await served(Watch(), database, "/readyz"))[0] == 503
    status, measured = await served(Watch(), database, "/metrics")
    assert status == 200
    assert "network_bot_seconds_since_poll " in measured
    await migrations.upgrade(database)
    assert (await served(Watch(), database, "/readyz"))[0] == 200
    await database.close()
