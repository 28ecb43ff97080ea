"""PostgreSQL: its connections, and transactions that are begun and ended by as few questions as there can be.

A driver asks the server to begin before it asks anything else. Here the engine leaves transactions alone, so that a
statement that only reads is one question, and what a transaction begins with is asked together with its beginning
(`python -m benchmarks.updates`).
"""

from __future__ import annotations

import select
import time
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import URL, Dialect, event
from sqlalchemy import exc as errors
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

_DRIVERS = ("psycopg", "asyncpg")
APPLICATION = "network-bot"
"""What our sessions are called in PostgreSQL."""
BY_STATEMENT, WHOLE = "AUTOCOMMIT", "READ COMMITTED"
"""How the engine works unless it is told, and as others do: each transaction begun and ended by the driver."""
_PATIENCE_FOR_LOCKS = "10s"
_LONGEST_IDLE = "4s"
"""How long a transaction may stand still: a process that is stopped in one holds nobody up, and writes nothing late."""
_CONNECTIONS = 18
"""A process's share of a server; to connect costs more than dozens of statements, so that all of them are kept."""
_RESTED_SECONDS = 2.0
"""A connection that nobody used for so long is tried before it is used: the server may have restarted."""


def open_server(url: URL) -> AsyncEngine:
    """Return the engine of a server's database, by psycopg or asyncpg."""
    own: dict[str, Any] = {}
    if url.drivername.endswith("psycopg"):
        from storage.listening import Connection  # loads a driver, which is not there for the other

        own["connect_args"] = {"async_creator_fn": Connection.connect}
    # What a failing statement carried is somebody's words, and none of the log's business.
    engine = create_async_engine(
        url, isolation_level=BY_STATEMENT, pool_size=_CONNECTIONS, max_overflow=0, hide_parameters=True, **own
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "checkin", _rests)
    event.listen(engine.sync_engine, "checkout", partial(_try, engine.dialect))
    return engine


async def begin(link: AsyncConnection, first: str) -> int:
    """Begin a transaction by a statement without parameters; return how many rows it touched."""
    _keep(link, begun=True)
    said = await _ask(link, f"BEGIN; {first}")
    return int(said.split()[-1]) if first else 0


async def commit(link: AsyncConnection) -> None:
    """Commit what was begun.

    Raises:
        InvalidRequestError: something had failed, which somebody overlooked: the server has taken everything back.
        OperationalError: whatever the driver raised.
    """
    if link.invalidated or await _ask(link, "COMMIT") != "COMMIT":
        raise errors.InvalidRequestError("a statement of this transaction had failed")
    _keep(link, begun=False)


async def roll_back(link: AsyncConnection, *, goes_on: bool = False) -> None:
    """Take back what was begun, and begin again where it `goes_on`.

    A connection that cannot is not used again, and the server takes it back alone.
    """
    if link.invalidated:
        return
    if not _is_lost(_driver(link)):
        with suppress(errors.DBAPIError):
            await _ask(link, "ROLLBACK AND CHAIN" if goes_on else "ROLLBACK")
            _keep(link, begun=goes_on)
            return
    await link.invalidate()


async def _ask(link: AsyncConnection, words: str) -> str:
    """Say something to the server, past the engine, and return how it names what it did last.

    Raises:
        OperationalError: whatever the driver raised; who is to be `told` of errors hears of it.
    """
    driver = _driver(link)
    try:
        answer = await driver.execute(words)
        if isinstance(answer, str):  # asyncpg
            return answer
        while answer.nextset():
            pass
        return str(answer.statusmessage)
    except Exception as error:
        if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in _DRIVERS:
            raise
        lost = _is_lost(driver)
        trouble = errors.OperationalError(words, None, error, hide_parameters=True, connection_invalidated=lost)
        assert link.sync_connection is not None
        link.sync_connection.get_execution_options()["told"](trouble)
        raise trouble from error


def _is_lost(driver: Any) -> bool:
    return bool(driver.is_closed() if hasattr(driver, "is_closed") else driver.closed)


def _driver(link: AsyncConnection) -> Any:
    assert link.sync_connection is not None
    return link.sync_connection.connection.driver_connection


def _keep(link: AsyncConnection, *, begun: bool) -> None:
    """Let nobody else end what is begun here: SQLAlchemy would, where an object could not be written."""
    driver = _driver(link)
    if hasattr(driver, "begun"):  # asyncpg ends only what it began
        driver.begun = begun


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # A session that somebody forgot would otherwise hold the whole bot for ever, and silently.
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{_PATIENCE_FOR_LOCKS}'")
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{_LONGEST_IDLE}'")
    cursor.execute(f"SET application_name = '{APPLICATION}'")  # a restore asks whether a bot runs
    cursor.close()
    connection.commit()


def _rests(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["rests"] = time.monotonic()


def _try(dialect: Dialect, connection: DBAPIConnection, entry: ConnectionPoolEntry, _used: Any) -> None:
    """See that a connection still lives; the pool makes another where it does not."""
    if _is_told_something(entry.driver_connection):
        raise errors.DisconnectionError
    if time.monotonic() - entry.info.get("rests", time.monotonic()) < _RESTED_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except Exception as error:
        raise errors.DisconnectionError from error


def _is_told_something(connection: Any) -> bool:
    """Tell whether the server has spoken unasked, as it does when it ends a session: a look that asks nothing of it."""
    if hasattr(connection, "is_closed"):  # asyncpg listens all the time
        return bool(connection.is_closed())
    heard = select.poll()
    heard.register(connection.fileno(), select.POLLIN)
    return bool(heard.poll(0))
