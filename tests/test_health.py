"""Health: what monitoring is told of a bot that works, and of one that does not."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert
from story import ROOT, Stage, free_port

from bot.clock import Clock
from bot.health import SILENCE, HealthServer, Limits, Watch
from bot.schedule import Schedule, Tick
from bot.shift import Role, Shift
from storage import migrations
from storage.database import Database
from storage.outbox import Lane, OutboxRow, OutboxState, Promise
from storage.workers import Duty


async def asked(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return answer.status, await answer.text()


async def test_a_working_bot_says_that_it_is_healthy_and_ready_and_counts_its_boxes(stage: Stage) -> None:
    person = await stage.joined(100)
    port = free_port()
    stage.settings["health"] = {"listen": f"127.0.0.1:{port}"}
    async with stage.bot():
        await person.says("/help")
        await person.sees("What you can do here")
        alive, ready, measured = [await asked(port, path) for path in ("/healthz", "/readyz", "/metrics")]
        heads = [await asked(port, path, "HEAD") for path in ("/healthz", "/readyz", "/metrics")]

    assert alive[0] == ready[0] == measured[0] == 200
    assert '"healthy": true' in alive[1]
    assert '"inbox": {' in ready[1]
    assert heads == [(200, "")] * 3
    for name in (
        'network_bot_inbox_rows{state="',
        "network_bot_seconds_since_poll ",
        "network_bot_seconds_since_tick ",
    ):
        assert name in measured[1]


@asynccontextmanager
async def serving(watch: Watch, database: Database) -> AsyncIterator[int]:
    """Serve what monitoring asks until the block ends; hand out the port."""
    port = free_port()
    server = HealthServer(f"127.0.0.1:{port}", watch, database, Clock())
    await server.start()
    try:
        yield port
    finally:
        await server.stop()


async def served(watch: Watch, database: Database, path: str) -> tuple[int, str]:
    async with serving(watch, database) as port:
        return await asked(port, path)


def long_ago(seconds: float) -> float:
    return time.monotonic() - seconds - 1


async def test_a_minute_without_a_successful_poll_is_unhealthy(storage_url: str) -> None:
    database = Database(storage_url)
    silent: dict[str, Any] = {"polled_at": long_ago(SILENCE)}

    assert (await served(Watch(), database, "/healthz"))[0] == 200
    assert (await served(Watch(**silent), database, "/healthz"))[0] == 503
    assert (await served(Watch(**silent, listening=False), database, "/healthz"))[0] == 200
    await database.close()


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_whatever_stands_still_is_named(database: Database) -> None:
    limits = Limits()
    no_tick: dict[str, Any] = {"ticked_at": long_ago(limits.still)}
    stuck: dict[str, Any] = {"worked_at": long_ago(limits.stuck)}
    for facts, words in (
        ({"polled_at": long_ago(limits.silence)}, "Nothing has come from Telegram for 61 seconds."),
        (no_tick, "No tick has run for 121 seconds."),
        ({**stuck, "in_hand": 1}, "Updates are in hand, and none has ended for 121 seconds."),
        ({"pulsed_at": long_ago(limits.loop)}, "The event loop has stood still for 61 seconds."),
    ):
        status, said = await served(Watch(**facts), database, "/healthz")
        assert (status, json.loads(said)["problems"]) == (503, [words])
    assert (await served(Watch(**no_tick, ticking=False), database, "/healthz"))[0] == 200
    assert (await served(Watch(**stuck), database, "/healthz"))[0] == 200


async def test_a_bot_without_a_usable_database_is_not_ready(empty_url: str) -> None:
    database = Database(empty_url)

    status, said = await served(Watch(), database, "/readyz")
    assert status == 503
    assert "the schema is at nothing, and this version needs" in said
    status, measured = await served(Watch(), database, "/metrics")
    assert status == 200
    assert "network_bot_seconds_since_poll " in measured
    await migrations.upgrade(database)
    assert (await served(Watch(), database, "/readyz"))[0] == 200
    await database.close()


async def test_who_monitors_a_locked_database_is_answered_in_three_seconds(storage_url: str) -> None:
    database = Database(storage_url)
    with locked(storage_url):
        async with serving(Watch(), database) as port:
            began = time.monotonic()
            status, said = await asked(port, "/readyz")
            assert time.monotonic() - began < 3
            assert (status, json.loads(said)) == (503, {"ready": False, "problem": "the database does not answer"})
            assert (await asked(port, "/healthz"))[0] == 200
            measured = numbers((await asked(port, "/metrics"))[1])
            assert measured["network_bot_ready", ""] == 0
    assert (await served(Watch(), database, "/readyz"))[0] == 200
    await database.close()


def locked(url: str) -> Any:
    """Let nobody read the database until the block ends."""
    if url.startswith("sqlite"):
        connection: Any = sqlite3.connect(url.partition("///")[2], isolation_level=None)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("UPDATE alembic_version SET version_num = version_num")
    else:
        connection = psycopg.connect(url)
        connection.execute("LOCK TABLE outbox, alembic_version IN ACCESS EXCLUSIVE MODE")
    return closing(connection)


def numbers(measured: str) -> dict[tuple[str, str], float]:
    """Return what was measured, by name and labels."""
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(measured)
        for sample in family.samples
    }


async def test_each_update_each_send_and_each_tick_is_counted(stage: Stage) -> None:
    person = await stage.joined(100)
    await stage.receives({"update_id": 7, "message": {"message_id": 1, "from": {"id": 5}}})
    await stage.promises(Promise(1, "application:approved", lane=Lane.BULK))
    port = free_port()
    stage.settings["health"] = {"listen": f"127.0.0.1:{port}"}
    async with stage.bot():
        for _ in range(3):
            await person.says("/help")
            await person.sees("What you can do here")
        await person.says("https://example.org/paper")
        await person.sees("Traffic Light Protocol")
        await stage.settled()
        while (found := numbers((await asked(port, "/metrics"))[1])).get(("network_bot_inbox_rows", "dead")) != 1:
            await stage.control.get("/calls", after=len(await stage.control.get("/calls")), timeout=0.5)

    assert found["network_bot_updates_dead_total", ""] == 1
    assert found["network_bot_updates_received_total", ""] == 4
    assert found["network_bot_updates_handled_total", ""] == found["network_bot_update_seconds_count", ""] == 4
    assert found["network_bot_update_seconds_sum", ""] < 40
    assert found["network_bot_sends_total", "bulk,sent"] == 1
    assert found["network_bot_outbox_rows", "sent"] >= 1
    assert found["network_bot_inbox_oldest_seconds", ""] == 0
    assert found["network_bot_outbox_oldest_seconds", "live"] == 0
    assert found["network_bot_tick_delay_seconds", "removals"] < 5
    assert found["network_bot_paused", ""] == 0
    assert found["network_bot_healthy", ""] == found["network_bot_ready", ""] == 1
    assert found["network_bot_process_resident_memory_bytes", ""] > 2**20
    assert found["network_bot_database_errors_total", ""] == 0


async def test_every_metric_is_in_the_readme_and_has_our_prefix(database: Database) -> None:
    explained = set(re.findall(r"`(network_bot_\w+)`", (ROOT / "README.md").read_text()))
    watch = Watch()
    watch.metrics.sent(Lane.LIVE, OutboxState.SENT)
    watch.metrics.judged("silence", wrong=False)
    with watch.metrics.ticking("digest", 5):
        pass
    _, measured = await served(watch, database, "/metrics")
    names = set(re.findall(r"^# TYPE (\S+)", measured, re.MULTILINE))

    assert names
    for name in names:
        known = name.startswith("network_bot_process_") or name.endswith("_created") or name in explained
        assert known, name
    assert explained <= names, explained - names


async def test_a_tick_that_fails_or_hangs_can_be_seen(database: Database) -> None:
    failed, hung = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        failed.set()
        raise RuntimeError("broken")

    async def hang() -> None:
        hung.set()
        await asyncio.Event().wait()

    async def no() -> bool:
        return False

    watch = Watch()
    ticks = [Tick("broken", 3600, fail), Tick("hung", 0.2, hang)]
    shift = Shift(database, watch, Role.ALL, {Duty.CLOCK}, 60)
    await shift.begin()
    schedule = Schedule(ticks, watch, shift, no)
    schedule.start()
    try:
        await asyncio.gather(failed.wait(), hung.wait())
        await asyncio.sleep(0.7)  # it should have run three times more
        found = numbers((await served(watch, database, "/metrics"))[1])
    finally:
        await schedule.stop()
        await shift.end()

    assert found["network_bot_tick_delay_seconds", "hung"] >= 0.5
    assert found["network_bot_tick_failures_total", "broken"] == 1
    assert found["network_bot_tick_delay_seconds", "broken"] == 0


async def test_errors_of_the_database_are_counted(empty_url: str) -> None:
    wrong = "sqlite+aiosqlite:////nowhere/network.db"
    database = Database(wrong if empty_url.startswith("sqlite") else f"{empty_url}_that_is_not_there")
    watch = Watch()
    watch.metrics.follow(database)
    async with serving(watch, database) as port:
        assert (await asked(port, "/readyz"))[0] == 503
        found = numbers((await asked(port, "/metrics"))[1])

    assert found["network_bot_database_errors_total", ""] >= 1
    await database.close()


async def test_the_ages_tell_since_when_somebody_waits(stage: Stage, database: Database) -> None:
    await stage.joined(1)
    now = datetime.now(UTC)
    for lane, minutes in ((Lane.LIVE, 5), (Lane.LIVE, 3), (Lane.MAIL, -5)):
        await stage.promises(Promise(1, "x", lane=lane, due_at=now - timedelta(minutes=minutes)))
    found = numbers((await served(Watch(), database, "/metrics"))[1])

    assert 300 <= found["network_bot_outbox_oldest_seconds", "live"] < 310
    assert found["network_bot_outbox_oldest_seconds", "mail"] == found["network_bot_outbox_oldest_seconds", "bulk"] == 0


async def test_measuring_a_hundred_thousand_messages_holds_nobody_up(database: Database) -> None:
    now = datetime.now(UTC)
    facts = {"notice": "announcement:sent", "facts": {}, "due_at": now, "created_at": now, "attempts": 0}
    rows = [{**facts, "lane": n % 4, "state": OutboxState.QUEUED if n % 10 == 0 else OutboxState.SENT, "silent": False}
            for n in range(100_000)]  # fmt: skip
    async with database.transaction() as tx:
        await tx.execute(insert(OutboxRow), rows)
    took, deadline = [1.0], time.monotonic() + 20
    while min(took) > 0.05 and time.monotonic() < deadline:  # it may be held up by who else works on this machine
        async with serving(Watch(), database) as port:  # a new server counts again
            began = time.monotonic()
            status, measured = await asked(port, "/metrics")
            took.append(time.monotonic() - began)
            assert status == 200

    assert 'network_bot_outbox_rows{state="sent"} 90000' in measured
    assert min(took) <= 0.05
