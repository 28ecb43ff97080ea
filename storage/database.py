"""The engine, the transaction, and the column types that every table shares."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import DateTime, Dialect, Enum, MetaData, event, make_url
from sqlalchemy import exc as errors
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

Transaction = AsyncSession
"""What a storage function works in. It never commits: the block that opened it does."""

_open: ContextVar[bool] = ContextVar("open_transaction", default=False)
_SAFE_SQLITE = (3, 51, 3)
_TROUBLE = ("08", "25006", "3D", "40", "53", "55", "57", "58")
"""What SQLSTATE begins with where the statement is not to blame; the two drivers raise different exceptions for it."""
_GONE = ("08", "25006", "53", "57P")
_PATIENCE_FOR_LOCKS = "10s"
APPLICATION = "network-bot"
"""What our sessions are called in PostgreSQL."""
_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables; constraints are named so that migrations can find them again."""

    metadata = MetaData(naming_convention=_CONVENTION)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime: a naive one is refused, and what comes back is aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a datetime without a zone cannot be stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


E_ = TypeVar("E_", bound=StrEnum)


def one_of(kind: type[E_]) -> Enum:
    """Return a column type that stores a member of `kind` as its value, as plain text on both engines."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda k: [str(m.value) for m in k])


def is_trouble(error: BaseException) -> bool:
    """Tell whether the database itself is in trouble: gone, full, locked, read-only. Later the same may succeed."""
    if is_gone(error) or _state_of(error).startswith(_TROUBLE):
        return True
    return isinstance(error, (errors.OperationalError, errors.InterfaceError, errors.TimeoutError, OSError))


def is_gone(error: BaseException) -> bool:
    """Tell whether the database certainly took no work at all just then: no statement can be to blame."""
    if isinstance(error, errors.DBAPIError) and (error.connection_invalidated or _says_the_driver_alone(error)):
        return True
    return _state_of(error).startswith(_GONE)


def _says_the_driver_alone(error: errors.DBAPIError) -> bool:
    """Tell whether a server's driver lost its connection, even while it was made: such an error has no SQLSTATE."""
    lost = isinstance(error, (errors.OperationalError, errors.InternalError)) and _state_of(error) == "None"
    return lost and not isinstance(error.orig, sqlite3.Error)


def _state_of(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None))


def cause_of(error: BaseException) -> str:
    """Return the first line of what the database itself said, without SQL and without values."""
    told = str(getattr(error, "orig", error)).strip()
    return told.splitlines()[0] if told else type(error).__name__


def inside_transaction() -> bool:
    """Tell whether the running task holds an open transaction; nothing may wait for the network then."""
    return _open.get()


class Database:
    """One engine; hands out transactions and tells listeners what was committed.

    `url` is an SQLAlchemy URL: `sqlite+aiosqlite:///file`, `postgresql://…` (psycopg 3) or `postgresql+asyncpg://…`.
    """

    def __init__(self, url: str) -> None:
        self.engine: AsyncEngine = _engine(url)
        self._write = async_sessionmaker(self.engine, expire_on_commit=False)
        reading = self.engine.execution_options(reading=True)
        self._read = async_sessionmaker(reading, expire_on_commit=False)
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    @property
    def writers(self) -> int:
        """How many transactions may usefully write at once: one on SQLite; a server works while one waits for it."""
        return 1 if self.engine.dialect.name == "sqlite" else 2

    def on_commit(self, subject: str, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit in which `wake(tx, subject)` was said."""
        self._listeners.setdefault(subject, []).append(listener)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a writing transaction; it commits at the end of the block and rolls back on any exception."""
        async with self._exclusive(), self._write() as tx, tx.begin():
            yield tx
        for subject in tx.info.get("wake", ()):
            for listener in self._listeners.get(subject, ()):
                listener()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a transaction that only reads."""
        async with self._exclusive(), self._read() as tx, tx.begin():
            yield tx

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        if _open.get():
            raise RuntimeError("a transaction is already open in this task: pass it down instead")
        token = _open.set(True)
        try:
            yield
        finally:
            _open.reset(token)

    async def close(self) -> None:
        await self.engine.dispose()


def insert(tx: Transaction, table: Any) -> Any:
    """Return the engine's own INSERT into `table`, which knows ON CONFLICT; both engines spell it alike."""
    return sqlite_insert(table) if tx.get_bind().dialect.name == "sqlite" else postgresql_insert(table)


def wake(tx: Transaction, subject: str) -> None:
    """Tell the listeners of `subject` once this transaction has committed."""
    tx.info.setdefault("wake", set()).add(subject)


def normal_url(url: str) -> str:
    """Return `url` with the driver this product uses where the operator named none."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def _engine(url: str) -> AsyncEngine:
    parsed = make_url(normal_url(url))
    if parsed.get_backend_name() != "sqlite":
        # What a failing statement carried is somebody's words, and none of the log's business.
        engine = create_async_engine(parsed, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare_postgresql)
        return engine
    # SQLite before 3.51.3 can corrupt a WAL database that has several connections.
    pool = {"pool_size": 1, "max_overflow": 0} if sqlite3.sqlite_version_info < _SAFE_SQLITE else {"pool_size": 4}
    engine = create_async_engine(
        parsed,
        connect_args={"timeout": 10, "async_creator_fn": _open_sqlite, "factory": _Releasing},
        hide_parameters=True,
        **pool,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


class _Releasing(sqlite3.Connection):
    """Lets go of the lock when it is closed: a result that was cut off before its end would keep it otherwise."""

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()


async def _open_sqlite(*where: Any, **how: Any) -> aiosqlite.Connection:
    connection = aiosqlite.connect(*where, **how)
    thread = connection._thread  # noqa: SLF001 - as SQLAlchemy reaches for it
    thread.daemon = True
    try:
        return await connection
    except sqlite3.Error:
        await asyncio.to_thread(thread.join)  # or it would speak to a loop that has closed since
        raise


def _prepare_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # A session that somebody forgot would otherwise hold the whole bot for ever, and silently.
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{_PATIENCE_FOR_LOCKS}'")
    cursor.execute(f"SET application_name = '{APPLICATION}'")  # a restore asks whether a bot runs
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    raw: Any = connection
    raw.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another holds the lock.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
