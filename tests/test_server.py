"""A server: whatever cuts a transaction off, nothing of it stays, and the next one works, by both drivers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import psycopg
import pytest
from databases import end_sessions
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from storage import inbox, members
from storage.database import Database, Transaction, is_gone
from storage.inbox import AlreadyHandledError, InboxRow, RawUpdate
from storage.listening import Connection
from storage.members import Member

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)


@pytest.fixture(params=["postgresql", "postgresql+asyncpg"])
async def database(request: pytest.FixtureRequest, storage_url: str) -> AsyncIterator[Database]:
    found = Database(storage_url.replace("postgresql", request.param, 1))
    yield found
    await found.close()


async def known(database: Database) -> list[int | None]:
    async with database.reading() as tx:
        return sorted(await tx.scalars(select(Member.telegram_id)), key=lambda account: account or 0)


async def many_at_once(database: Database, first: int) -> None:
    """Use every connection there is."""

    async def welcome(account: int) -> None:
        async with database.transaction() as tx:
            await members.welcome(tx, account, "en", "UTC", NOW)

    await asyncio.gather(*(welcome(first + n) for n in range(40)))


async def test_who_gives_up_waiting_for_a_lock_takes_everything_back(database: Database, storage_url: str) -> None:
    async with database.transaction() as tx:
        member = await members.welcome(tx, 1, "en", "UTC", NOW)

    async def changes() -> None:
        async with asyncio.timeout(0.3), database.transaction() as tx:
            await members.welcome(tx, 2, "en", "UTC", NOW)
            await members.by_id(tx, member.id, lock=True)

    async with await psycopg.AsyncConnection.connect(storage_url) as other:
        await other.execute("UPDATE member SET zone = 'Asia/Almaty'")
        with pytest.raises(TimeoutError):
            await changes()

    assert await known(database) == [1]
    await many_at_once(database, 10)
    assert await known(database) == [1, *range(10, 50)]


async def test_a_session_that_ends_in_the_middle_takes_everything_back(database: Database, storage_url: str) -> None:
    async def changes(*, then_asks: bool) -> None:
        async with database.transaction() as tx:
            await members.welcome(tx, 2, "en", "UTC", NOW)
            await tx.flush()
            await end_sessions(storage_url)
            if then_asks:
                await tx.execute(text("SELECT 1"))

    for then_asks in (True, False):
        with pytest.raises(DBAPIError) as told:
            await changes(then_asks=then_asks)
        assert is_gone(told.value)
    assert await known(database) == []
    await many_at_once(database, 10)
    assert await known(database) == list(range(10, 50))


async def test_a_session_that_the_server_ended_is_not_used_again(database: Database, storage_url: str) -> None:
    together = asyncio.Barrier(4)

    async def read() -> None:
        async with database.reading() as tx:
            await members.by_telegram(tx, 1)
            await together.wait()

    await asyncio.gather(*(read() for _ in range(together.parties)))
    assert await end_sessions(storage_url) == together.parties
    for number in range(together.parties):
        async with database.transaction() as tx:
            await members.welcome(tx, number, "en", "UTC", NOW)


async def test_a_transaction_that_stands_still_too_long_is_ended_and_its_connection_gone(database: Database) -> None:
    told: list[BaseException] = []
    database.on_error(told.append)

    async def stands_still() -> None:
        async with database.transaction() as tx:
            await members.welcome(tx, 2, "en", "UTC", NOW)
            await tx.execute(text("SET idle_in_transaction_session_timeout = '50ms'"))
            time.sleep(0.5)  # noqa: ASYNC251 - the whole process stands still

    with pytest.raises(DBAPIError) as ended:
        await stands_still()
    assert is_gone(ended.value)
    assert told == [ended.value]
    assert await known(database) == []


async def test_a_mistake_takes_everything_back_and_the_connection_goes_on(database: Database) -> None:
    async def is_mistaken() -> None:
        async with database.transaction() as tx:
            await members.welcome(tx, 2, "en", "UTC", NOW)
            await tx.flush()
            await tx.execute(text("SELECT no_such_column"))

    for _ in range(30):
        with pytest.raises(DBAPIError):
            await is_mistaken()
    assert await known(database) == []


async def test_a_mistake_that_was_overlooked_is_told_and_wakes_nobody(database: Database) -> None:
    woken: list[str] = []
    database.on_commit("inbox", lambda: woken.append("inbox"))

    async def asks_in_vain(tx: Transaction) -> None:
        await tx.execute(text("SELECT no_such_column"))

    async def writes_in_vain(tx: Transaction) -> None:
        tx.add(InboxRow(id=1, update_id=1, lane="u1", received_at=NOW))
        tx.add(InboxRow(id=2, update_id=1, lane="u1", received_at=NOW))
        await tx.flush()

    async def overlooks(mistake: Callable[[Transaction], Awaitable[None]], *, goes_on: bool) -> None:
        async with database.transaction() as tx:
            await inbox.receive(tx, [RawUpdate(1, "u1", "{}")], NOW)
            with suppress(DBAPIError):
                await mistake(tx)
            if goes_on:
                await inbox.receive(tx, [RawUpdate(2, "u1", "{}")], NOW)

    for mistake in (asks_in_vain, writes_in_vain):
        with pytest.raises(InvalidRequestError):
            await overlooks(mistake, goes_on=False)
        with pytest.raises(DBAPIError):
            await overlooks(mistake, goes_on=True)
    assert woken == []
    async with database.reading() as tx:
        assert await inbox.pending(tx, (), 5) == []


async def test_what_follows_something_taken_back_is_one_transaction_again(database: Database) -> None:
    async def thinks_again(*, fails: bool) -> None:
        async with database.transaction() as tx:
            await members.welcome(tx, 1, "en", "UTC", NOW)
            await tx.flush()
            await tx.rollback()
            await members.welcome(tx, 2, "en", "UTC", NOW)
            await tx.flush()
            if fails:
                await tx.execute(text("SELECT no_such_column"))

    with pytest.raises(DBAPIError):
        await thinks_again(fails=True)
    assert await known(database) == []
    await thinks_again(fails=False)
    assert await known(database) == [2]


async def test_an_update_is_handled_once_by_whoever_has_it_in_hand(database: Database) -> None:
    async with database.transaction() as tx:
        await inbox.receive(tx, [RawUpdate(1, "u1", "{}")], NOW)
        [mine] = await inbox.lease(tx, "it's me", (), 5)
    for lease in (None, "another"):
        with pytest.raises(AlreadyHandledError):
            async with inbox.settling(database, mine.id, NOW, lease):
                pytest.fail("another's update was handled")
    async with inbox.settling(database, mine.id, NOW, "it's me") as tx:
        await members.welcome(tx, 1, "en", "UTC", NOW)
    with pytest.raises(AlreadyHandledError):
        async with inbox.settling(database, mine.id, NOW, "it's me"):
            pytest.fail("it was handled twice")
    async with database.reading() as tx:
        row = await tx.get(InboxRow, mine.id)
    assert row is not None
    assert (row.state, row.settled_at, row.payload, row.lease) == (inbox.InboxState.DONE, NOW, None, None)
    assert await known(database) == [1]


async def test_what_is_larger_than_the_wire_holds_comes_and_goes(database: Database) -> None:
    long = "x" * 20_000_000
    async with database.transaction() as tx:
        await inbox.receive(tx, [RawUpdate(1, "u1", long)], NOW)
    async with database.reading() as tx:
        [found] = await inbox.pending(tx, (), 5)
    assert found.payload == long


async def test_who_waits_for_a_connection_that_is_closed_is_told(storage_url: str) -> None:
    connection = await Connection.connect(storage_url, autocommit=True)
    asked, _ = await asyncio.gather(
        connection.execute("SELECT pg_sleep(60)"), connection.close(), return_exceptions=True
    )
    assert isinstance(asked, psycopg.OperationalError)
    assert "closed" in str(asked)
