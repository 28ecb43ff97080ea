"""A newer version comes while the old one works: expand, both run, and the old one goes when it is told to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from newer import NEXT, Newer, stop
from record import told
from story import Stage, network_bot
from test_workers import until, working

from storage.outbox import Lane, Promise

pytestmark = pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)

DUTIES = "SELECT count(*), count(DISTINCT worker_id) FROM duty"


async def test_a_newer_version_migrates_and_works_beside_the_old_one(stage: Stage) -> None:
    stage.settings["delivery"] = {"lease_seconds": 5, "messages_per_second": 8}
    people = [await stage.joined(telegram_id) for telegram_id in range(100, 180)]
    await stage.promises(*(Promise(n, "application:approved", lane=Lane.BULK) for n in range(1, len(people) + 1)))
    newer = Newer.beside(stage)
    [old] = await working(stage, "all")
    await until(stage, "SELECT count(*) > 0 FROM outbox WHERE state = 'sent'", [(True,)])
    for person in people[:3]:
        await person.says("https://example.org/paper")
    async with watched(stage) as waits:
        assert await newer.migrates() == 0, stage.log()
    assert await stage.rows("SELECT version_num FROM alembic_version") == [(NEXT,)]
    for person in people[3:6]:
        await person.says("https://example.org/paper")
        await person.sees("Traffic Light Protocol")

    code, said = await network_bot("run", "--config", str(stage.config))
    assert (code, f"written by a newer version (schema {NEXT})" in said) == (1, True), said

    new = await newer.runs()
    await until(stage, "SELECT count(*) FROM worker", [(2,)], 40)
    for person in people[6:9]:
        await person.says("https://example.org/paper")
    assert await old.stop() == 0
    await until(stage, DUTIES, [(3, 1)])
    for person in people[9:12]:
        await person.says("https://example.org/paper")
    for person in people[6:12]:
        await person.sees("Traffic Light Protocol")
    assert {row[:2] for row in await stage.settled()} == {("sent", None)}
    assert await stop(new) == 0
    assert {await told(person, "Welcome to") for person in people} == {1}
    assert [await told(person, "Traffic Light Protocol") for person in people[:12]] == [1] * 12
    assert await stage.rows("SELECT DISTINCT state, attempts FROM inbox") == [("done", 0)]
    assert "Traceback" not in stage.log()
    assert max(waits) < 2, f"a migration held up a reader for {max(waits):.1f} s"


async def test_a_migration_gives_way_to_whoever_reads_and_holds_nobody_up_meanwhile(stage: Stage) -> None:
    person = await stage.joined(100)
    newer = Newer.beside(stage)
    [old] = await working(stage, "all")
    async with await psycopg.AsyncConnection.connect(stage.storage_url) as copying:
        await copying.execute("LOCK TABLE outbox IN ACCESS SHARE MODE")  # as a backup does
        migrating = asyncio.create_task(newer.migrates())
        async with watched(stage) as waits:
            await until(stage, _WANTS, [(True,)], 30)
            for words in ("/topics", "/library", "/help"):
                await person.says(words)
            await person.sees("What you can do here")
        assert not migrating.done()
        await copying.rollback()
    assert await migrating == 0, stage.log()
    assert max(waits) < 2, f"a migration held up a reader for {max(waits):.1f} s"
    assert await old.stop() == 0


_WANTS = "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'outbox'::regclass AND mode = 'AccessExclusiveLock'"


@asynccontextmanager
async def watched(stage: Stage) -> AsyncIterator[list[float]]:
    """Read the outbox again and again until the block ends; yield how long each reader waited, in seconds."""
    waits: list[float] = []

    async def read() -> None:
        async with await psycopg.AsyncConnection.connect(stage.storage_url, autocommit=True) as connection:
            while True:
                began = time.monotonic()
                await connection.execute("SELECT max(id) FROM outbox")
                waits.append(time.monotonic() - began)
                await asyncio.sleep(0.01)

    reading = asyncio.create_task(read())
    try:
        yield waits
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
