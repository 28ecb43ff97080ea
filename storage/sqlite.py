"""SQLite without a thread between: a statement takes microseconds and is run where it is asked, a slow one elsewhere.

The usual adapter (aiosqlite) hands each step of each statement to a thread and back, which costs more than all the
work of SQLite itself (`python -m benchmarks.updates`). Here only what may take long goes to a thread: to wait for the
disk, and a statement that has been slow before. One that finds the database locked tries again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import URL, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, Pool
from sqlalchemy.util.concurrency import await_, in_greenlet

from storage import disk
from storage.disk import Disk

SAFE = (3, 51, 3)
"""SQLite before this version can corrupt a WAL database that has several connections."""
_SLOW_SECONDS = 0.005
"""A statement that takes longer is not let hold up the loop a second time."""
_MANY_CHANGES = 500
"""Rows that take a commit so long that the loop had better go on meanwhile."""
_PATIENCE_SECONDS = 10.0
_IMPATIENCE = 0.25
"""Seconds to wait for the lock after it was waited for in vain: who only reads waits behind whoever waits."""
_SHORTEST, _LONGEST = 0.001, 0.05
"""Seconds between two tries while another has the lock."""
_PRAGMAS = ("foreign_keys=ON", "journal_mode=WAL", "secure_delete=ON", *disk.PRAGMAS)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_FOR_WRITING = "BEGIN IMMEDIATE"

T = TypeVar("T")


def open_file(url: URL) -> AsyncEngine:
    """Return the engine of a database file; a URL of `sqlite+aiosqlite` is what operators write.

    Its execution option `disk` is what a transaction with the option `waited_for` has to be waited for, to be lasting.
    """
    under = Disk()
    registry.register("sqlite.aiosqlite", __name__, "Direct")
    pool = {"pool_size": 1, "max_overflow": 0} if sqlite3.sqlite_version_info < SAFE else {"pool_size": 4}
    engine = create_async_engine(url, hide_parameters=True, execution_options={"disk": under}, **pool)
    event.listen(engine.sync_engine, "connect", partial(_prepare, under))
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


class File(sqlite3.Connection):
    """A connection whose cursors run statements at once, and which lets go of the lock when it is closed."""

    slow: set[str]
    disk: Disk
    patience = _PATIENCE_SECONDS
    changed_before: int | None = None
    """How many rows had been changed when the transaction began that may write; None in one that only reads."""
    waited_for = False
    """Whether who opened the transaction waits for the disk, once the connection is free again."""

    def cursor(self, *_: Any, **__: Any) -> Any:
        """Return a cursor for the engine."""
        return Cursor(self)

    def raw(self) -> sqlite3.Cursor:
        """Return SQLite's own cursor."""
        return super().cursor()

    def commit(self) -> None:
        changed = 0 if self.changed_before is None else self.total_changes - self.changed_before
        self.changed_before = None
        if changed > _MANY_CHANGES and in_greenlet():
            _elsewhere(super().commit)
        else:
            super().commit()
        if changed:
            self.disk.committed()
            if not self.waited_for:
                self.disk.write()

    def rollback(self) -> None:
        super().rollback()
        self.changed_before = None

    def close(self) -> None:
        # A result that was cut off before its end would keep the lock otherwise.
        with suppress(sqlite3.Error):
            super().rollback()
        super().close()

    def run(self, statement: str, work: Callable[[], T]) -> T:
        """Do a statement's work here, or in a thread where it is slow or has to wait for a lock."""
        if not in_greenlet():
            return work()
        await_(_nothing())  # the engine takes a driver that never waits for one that cannot
        timed, until, pause = partial(self._timed, statement, work), time.monotonic() + self.patience, _SHORTEST
        while True:
            try:
                done = _elsewhere(timed) if statement in self.slow else timed()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _LOCKED:
                    raise
                if time.monotonic() > until:
                    self.patience = _IMPATIENCE
                    raise
            else:
                if statement == _FOR_WRITING:
                    self.patience = _PATIENCE_SECONDS
                return done
            # Not in a thread: whoever gives up waiting closes the connection, which nobody may use meanwhile.
            await_(asyncio.sleep(pause))
            pause = min(2 * pause, _LONGEST)

    def _timed(self, statement: str, work: Callable[[], T]) -> T:
        """Do it, and know from then on whether it is slow; that the machine was busy with others does not count."""
        began = time.thread_time()
        try:
            return work()
        finally:
            slow = time.thread_time() - began > _SLOW_SECONDS
            (self.slow.add if slow else self.slow.discard)(statement)


class Cursor:
    """The engine's cursor: all rows are there once the statement has been run."""

    arraysize = 1
    server_side = False

    def __init__(self, connection: File) -> None:
        self._connection = connection
        self._cursor = connection.raw()
        self._rows: deque[Any] = deque()

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    def execute(self, statement: str, parameters: Any = ()) -> Any:
        self._rows = self._connection.run(statement, partial(self._executed, statement, parameters))
        return self

    def executemany(self, statement: str, parameters: Sequence[Any]) -> Any:
        self._connection.run(statement, partial(self._cursor.executemany, statement, parameters))
        return self

    def _executed(self, statement: str, parameters: Any) -> deque[Any]:
        self._cursor.execute(statement, parameters)
        return deque(self._cursor.fetchall()) if self._cursor.description else deque()

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return [self._rows.popleft() for _ in range(min(size or self.arraysize, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        rows, self._rows = list(self._rows), deque()
        return rows

    def __iter__(self) -> Iterator[Any]:
        while self._rows:
            yield self._rows.popleft()

    def setinputsizes(self, *_: Any) -> None:
        """Do nothing: SQLite has no use for it."""

    def setoutputsize(self, *_: Any) -> None:
        """Do nothing: SQLite has no use for it."""

    async def _async_soft_close(self) -> None:
        """Do nothing: the engine asks it of its adapters when all rows are there, which they are."""

    def close(self) -> None:
        self._rows.clear()
        self._cursor.close()


class Direct(SQLiteDialect_pysqlite):
    """SQLAlchemy's dialect for it: asynchronous as far as the engine can see."""

    driver = "aiosqlite"
    is_async = True
    supports_statement_cache = True
    has_terminate = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:  # noqa: ARG003
        return AsyncAdaptedQueuePool

    def connect(self, *arguments: Any, **options: Any) -> DBAPIConnection:
        made: Any = _elsewhere(partial(sqlite3.connect, *arguments, **options, factory=File, timeout=0))
        made.slow = set()
        return made  # type: ignore[no-any-return]

    def do_terminate(self, dbapi_connection: DBAPIConnection) -> None:
        dbapi_connection.close()


async def _nothing() -> None:
    pass


def _elsewhere(work: Callable[[], T]) -> T:
    """Do something in a thread, and let the loop go on meanwhile."""
    return await_(_to_its_end(work))


async def _to_its_end(work: Callable[[], T]) -> T:
    """Do something in a thread; whoever is cancelled waits for its end, before the connection is closed under it."""
    done = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait({done})
        if not done.cancelled():
            done.exception()
        raise


def _prepare(disk: Disk, connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    raw: Any = connection
    raw.disk = disk
    raw.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA database_list")
    disk.path = cursor.fetchall()[0][2]
    cursor.close()


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another holds the lock.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else _FOR_WRITING)
    driver: Any = connection.connection.dbapi_connection
    driver.changed_before = None if reading else driver.total_changes
    driver.waited_for = connection.get_execution_options().get("waited_for", False)
