"""Sessions (PostgreSQL): while a worker's own session lasts it lives, and in it the worker hears what others commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from typing import Any

from sqlalchemy import exc as errors
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, Transaction
from storage.workers.roster import alive

_CHANNEL = "network_bot"
_TELL = text("SELECT pg_notify(:channel, :words)")


class Session:
    """A connection of its own that shows the others that this worker lives."""

    def __init__(self, database: Database, worker_id: str) -> None:
        self._database = database
        self._worker_id = worker_id
        self._connection: AsyncConnection | None = None

    async def open(self) -> None:
        """Connect, and begin to hear. Raises what the engine raises."""
        await self.close()
        connection = await self._database.engine.connect()
        self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(select(alive(self._worker_id)))
        await connection.exec_driver_sql(f"LISTEN {_CHANNEL}")

    async def close(self) -> None:
        """Disconnect: for the others this worker is gone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(errors.SQLAlchemyError, OSError):
                await connection.invalidate()
            await connection.close()

    async def heard(self) -> AsyncIterator[str]:
        """Yield what other workers' commits wake, until the connection is lost; then raise `ConnectionError`."""
        assert self._connection is not None
        driver: Any = (await self._connection.get_raw_connection()).driver_connection
        said = _by_psycopg(driver) if hasattr(driver, "notifies") else _by_asyncpg(driver)
        async for words in said:
            speaker, _, subject = words.partition(" ")
            if speaker != self._worker_id:
                yield subject
        raise ConnectionError("the session in which others are heard has ended")


async def pass_on(tx: Transaction, worker_id: str, subjects: Collection[str]) -> None:
    """Tell the other workers, once this transaction commits, whom it wakes."""
    for subject in sorted(subjects):
        await tx.execute(_TELL, {"channel": _CHANNEL, "words": f"{worker_id} {subject}"})


async def _by_psycopg(driver: Any) -> AsyncIterator[str]:
    from psycopg import Error  # loaded by the engine, where it is used at all

    with suppress(Error):
        async for notify in driver.notifies():
            yield notify.payload


async def _by_asyncpg(driver: Any) -> AsyncIterator[str]:
    said: asyncio.Queue[str | None] = asyncio.Queue()

    def hear(_connection: Any, _process: int, _channel: str, words: str) -> None:
        said.put_nowait(words)

    def end(_connection: Any) -> None:
        said.put_nowait(None)

    driver.add_termination_listener(end)
    await driver.add_listener(_CHANNEL, hear)
    while (words := await said.get()) is not None:
        yield words
