"""The database: transactions that do not lose, do not wait for the network, and do not forget a zone."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from story import TOKEN

from bot.transport import Wire
from storage import members
from storage.database import Database
from storage.members import Member

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


async def test_three_hundred_increments_at_once_all_count(database: Database) -> None:
    async with database.transaction() as tx:
        member = await members.welcome(tx, 0, "en", "UTC", NOW)

    async def increment() -> None:
        async with database.transaction() as tx:
            row = await members.by_id(tx, member.id, lock=True)
            assert row is not None
            row.telegram_id = (row.telegram_id or 0) + 1

    await asyncio.gather(*(increment() for _ in range(300)))

    async with database.reading() as tx:
        assert await tx.scalar(select(Member.telegram_id)) == 300


async def test_inside_a_transaction_nothing_may_call_telegram(database: Database) -> None:
    wire = Wire("http://127.0.0.1:1", TOKEN, connections=1)
    await wire.start()
    async with database.transaction():
        with pytest.raises(RuntimeError, match="inside a transaction"):
            await wire.call("getMe", {})
    await wire.close()


async def test_a_transaction_opens_no_second_one(database: Database) -> None:
    async with database.transaction():
        with pytest.raises(RuntimeError, match="already open"):
            async with database.reading():
                pass


async def test_a_failure_takes_everything_back_and_wakes_nobody(database: Database) -> None:
    woken: list[str] = []
    database.on_commit("staff", lambda: woken.append("staff"))

    async def fails() -> None:
        async with database.transaction() as tx:
            member = await members.welcome(tx, 1, "en", "UTC", NOW)
            await members.choose_language(tx, member.id, "ru")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()

    async with database.reading() as tx:
        assert list(await tx.scalars(select(Member))) == []
    assert woken == []


async def test_a_moment_keeps_its_instant_and_one_without_a_zone_is_refused(database: Database) -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=4, minutes=30)))
    async with database.transaction() as tx:
        await members.welcome(tx, 1, "en", "UTC", noon)
    async with database.reading() as tx:
        kept = await tx.scalar(select(Member.created_at))

    assert kept == noon
    assert kept.tzinfo == UTC
    with pytest.raises(StatementError, match="without a zone"):
        async with database.transaction() as tx:
            await members.welcome(tx, 2, "en", "UTC", noon.replace(tzinfo=None))


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_result_that_is_cut_off_does_not_keep_the_lock(database: Database, storage_url: str) -> None:
    async with database.transaction() as tx:
        await members.welcome(tx, 1, "en", "UTC", NOW)
    other = Database(storage_url)
    async with database.engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        raw.execute("BEGIN IMMEDIATE")
        unread = raw.raw().execute("UPDATE member SET telegram_id = 2 RETURNING id")
        await connection.invalidate()
        async with other.transaction() as tx:
            await members.welcome(tx, 3, "en", "UTC", NOW)

    async with other.reading() as tx:
        assert sorted(await tx.scalars(select(Member.telegram_id))) == [1, 3]
    await other.close()
    del unread


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_who_gives_up_waiting_for_a_lock_leaves_the_database_usable(database: Database, storage_url: str) -> None:
    with closing(sqlite3.connect(storage_url.partition("///")[2], isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE alembic_version SET version_num = version_num")
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3), database.reading() as tx:
                    await members.by_telegram(tx, 1)
    async with database.transaction() as tx:
        assert await members.by_telegram(tx, 1) is None
