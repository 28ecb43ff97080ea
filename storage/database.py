"""The engine, the transaction, and the column types that every table shares."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Enum,
    Executable,
    MetaData,
    any_,
    bindparam,
    event,
    make_url,
    text,
)
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from storage import server
from storage.transaction import Transaction as Transaction  # noqa: PLC0414 - found here as well
from storage.transaction import committed
from storage.trouble import cause_of as cause_of  # noqa: PLC0414
from storage.trouble import is_damaged
from storage.trouble import is_gone as is_gone  # noqa: PLC0414
from storage.trouble import is_trouble as is_trouble  # noqa: PLC0414

if TYPE_CHECKING:
    from storage.disk import Disk


Fence = Callable[[Transaction], Awaitable[None]]
"""Asked at the beginning of a writing transaction; what it raises keeps the rest from happening."""

_open: ContextVar[bool] = ContextVar("open_transaction", default=False)
_fence: ContextVar[Fence | None] = ContextVar("fence", default=None)
_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables; constraints are named so that migrations can find them again.

    What is one engine's own is said by the migrations alone, as which rows an index holds: it would load that engine.
    """

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


def inside_transaction() -> bool:
    """Tell whether the running task holds an open transaction; nothing may wait for the network then."""
    return _open.get()


@contextmanager
def fenced(fence: Fence) -> Iterator[None]:
    """Let `fence` be asked in each writing transaction of the block, and of the tasks that it starts."""
    token = _fence.set(fence)
    try:
        yield
    finally:
        _fence.reset(token)


class Database:
    """One engine; hands out transactions and tells listeners what was committed.

    `url` is an SQLAlchemy URL: `sqlite+aiosqlite:///file`, `postgresql://…` (psycopg 3) or `postgresql+asyncpg://…`.
    """

    def __init__(self, url: str) -> None:
        self._own = own = _engine(url)
        whole: dict[str, str] = {} if own.dialect.name == "sqlite" else {"isolation_level": server.WHOLE}
        self.engine: AsyncEngine = own.execution_options(**whole)
        """For who works without `Transaction`s: one of its transactions is begun and ended as SQLAlchemy says."""
        self._disk: Disk | None = own.get_execution_options().get("disk")
        self._write = own.execution_options(waited_for=True, told=self._failed)
        self._read = own.execution_options(reading=True)
        self._on_error: list[Callable[[BaseException], None]] = []
        event.listen(own.sync_engine, "handle_error", self._hears)
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self.pass_on: Callable[[Transaction, Collection[str]], Awaitable[None]] | None = None
        """Told, before each commit that wakes somebody, whom it wakes: where other processes have listeners too."""
        self.on_damage: Callable[[BaseException], None] | None = None
        """Told when the file turns out to be damaged, whoever met it: nothing should be written to it any more."""

    @property
    def has_server(self) -> bool:
        """Whether the database is a server, which several processes may share, and not a file of ours alone."""
        return self.engine.dialect.name != "sqlite"

    @property
    def writers(self) -> int:
        """How many transactions may usefully write at once: one on SQLite; a server works while one waits for it."""
        return 2 if self.has_server else 1

    def on_commit(self, subject: str, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit in which `wake(tx, subject)` was said."""
        self._listeners.setdefault(subject, []).append(listener)

    @asynccontextmanager
    async def transaction(self, first: str = "") -> AsyncIterator[Transaction]:
        """Open a writing transaction; it commits at the end of the block and rolls back on any exception.

        On a server it can begin with a statement without parameters, which costs no question of its own:
        `Transaction.touched` tells of how many rows.
        """
        assert self.has_server or not first
        async with self._exclusive(), committed(self._write, first if self.has_server else None) as tx:
            if (fence := _fence.get()) is not None:
                await fence(tx)
            yield tx
            if self.pass_on is not None and "wake" in tx.info:
                await self.pass_on(tx, tx.info["wake"])
        if self._disk is not None:
            await self._disk.written()
        for subject in tx.info.get("wake", ()):
            self.tell(subject)

    def on_error(self, listener: Callable[[BaseException], None]) -> None:
        """Call `listener` with each error of a statement."""
        self._on_error.append(listener)

    def _hears(self, context: ExceptionContext) -> None:
        self._failed(context.sqlalchemy_exception or context.original_exception)

    def _failed(self, error: BaseException) -> None:
        for listener in self._on_error:
            listener(error)

    def tell(self, subject: str | None = None) -> None:
        """Wake the listeners of a subject, or all of them."""
        for known in [subject] if subject is not None else list(self._listeners):
            for listener in self._listeners.get(known, ()):
                listener()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a transaction that only reads."""
        async with self._exclusive(), committed(self._read) as tx:
            yield tx

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        if _open.get():
            raise RuntimeError("a transaction is already open in this task: pass it down instead")
        token = _open.set(True)
        try:
            yield
        except Exception as error:
            if self.on_damage is not None and is_damaged(error):
                self.on_damage(error)
            raise
        finally:
            _open.reset(token)

    async def unsound(self) -> str | None:
        """Read a whole SQLite file through and return what is wrong with it first; a server looks after itself."""
        if self.has_server:
            return None
        async with self.reading() as tx:
            found = str(await tx.scalar(text("PRAGMA quick_check(1)")))
        return None if found == "ok" else found.splitlines()[-1]

    async def close(self) -> None:
        await self.engine.dispose()


def has_server(tx: Transaction) -> bool:
    """Tell whether the database is a server, which several processes may share, and not a file of ours alone."""
    return tx.get_bind().dialect.name != "sqlite"


def among(column: Any, name: str, *, server: bool) -> ColumnElement[bool]:
    """Return that a column of numbers is one of the list bound as `name`: one array, with one plan, on a server."""
    if server:
        return cast("ColumnElement[bool]", column == any_(bindparam(name, type_=ARRAY(column.type))))
    return cast("ColumnElement[bool]", column.in_(bindparam(name, expanding=True)))


def insert(tx: Transaction, table: Any) -> Any:
    """Return the engine's own INSERT into `table`, which knows ON CONFLICT; both engines spell it alike."""
    if has_server(tx):
        from sqlalchemy.dialects import postgresql as engine  # what the other engine needs takes 2 MB
    else:
        from sqlalchemy.dialects import sqlite as engine  # type: ignore[no-redef]
    return engine.insert(table)


async def execute(tx: Transaction, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement about tables and not about objects: past the session, which costs less where it is often done."""
    return await tx.link.run_sync(Connection.execute, statement, parameters)


def wake(tx: Transaction, subject: str) -> None:
    """Tell the listeners of `subject` once this transaction has committed."""
    tx.info.setdefault("wake", set()).add(subject)


def normal_url(url: str) -> str:
    """Return `url` with the driver this product uses where the operator named none."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def _engine(url: str) -> AsyncEngine:
    parsed = make_url(normal_url(url))
    if parsed.get_backend_name() == "sqlite":
        from storage.sqlite import open_file

        return open_file(parsed)
    return server.open_server(parsed)
