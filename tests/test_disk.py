"""What is committed to a file is on the disk before anybody goes on, and many wait for one write of it."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storage.database import Database, is_trouble

PEOPLE = 40


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'network.db'}")
    async with made.transaction() as tx:
        await tx.execute(text("CREATE TABLE note (n INTEGER PRIMARY KEY)"))
        await tx.execute(text("INSERT INTO note VALUES (0)"))
    yield made
    await made.close()


async def notes(database: Database, n: int) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("INSERT INTO note VALUES (:n)"), {"n": n})


async def test_nobody_goes_on_before_the_disk_has_what_they_wrote(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, safe, writes = os.fdatasync, set[int](), 0

    def watched(log: int) -> None:
        nonlocal writes
        with sqlite3.connect(tmp_path / "network.db") as other:
            there = {n for (n,) in other.execute("SELECT n FROM note")}
        other.close()
        really(log)
        safe.update(there)
        writes += 1

    monkeypatch.setattr(os, "fdatasync", watched)

    async def speaks(n: int) -> None:
        await notes(database, n)
        assert n in safe

    await asyncio.gather(*(speaks(n) for n in range(1, PEOPLE + 1)))
    assert safe >= set(range(1, PEOPLE + 1))
    assert 0 < writes < PEOPLE / 2


async def test_what_changes_nothing_waits_for_no_disk(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    monkeypatch.setattr(os, "fdatasync", writes.append)
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE note SET n = 7 WHERE n = 99"))
    async with database.reading() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM note")) == 1
    assert writes == []
    await notes(database, 1)
    assert len(writes) == 1


async def test_a_disk_that_fails_is_trouble_and_once_it_works_all_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_log: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fails)
        told = await asyncio.gather(notes(database, 1), notes(database, 2), return_exceptions=True)
    assert len(told) == 2
    for failure in told:
        assert isinstance(failure, sqlite3.OperationalError | OperationalError)
        assert is_trouble(failure)
    await notes(database, 3)


async def test_whoever_stops_waiting_holds_nobody_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    really, loop, begun, may_end = os.fdatasync, asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def takes_its_time(log: int) -> None:
        loop.call_soon_threadsafe(begun.set)
        may_end.wait()
        really(log)

    monkeypatch.setattr(os, "fdatasync", takes_its_time)
    waiting = [asyncio.create_task(notes(database, n)) for n in range(1, PEOPLE)]
    await begun.wait()
    for task in waiting[::2]:
        task.cancel()
    may_end.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert all(task.cancelled() or task.exception() is None for task in waiting)
    async with asyncio.timeout(5):
        await notes(database, PEOPLE)


async def test_the_log_stays_short_however_much_is_written(database: Database, tmp_path: Path) -> None:
    async def writes_much(first: int) -> None:
        for n in range(first, first + 400):
            await notes(database, n)

    await asyncio.gather(*(writes_much(1000 * k) for k in range(1, 6)))
    assert (tmp_path / "network.db-wal").stat().st_size < 6 * 1024 * 1024
    with sqlite3.connect(tmp_path / "network.db") as other:
        (_, kept, copied) = other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    other.close()
    assert kept == copied < 2500
