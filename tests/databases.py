"""Databases for stories: each empty and at the newest schema, without migrating one for every story."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

import storage.database
from storage import migrations
from storage.database import Database

_SHAPE = """
    SELECT (SELECT string_agg(oid::regclass::text, ' ' ORDER BY oid) FROM pg_class WHERE oid > 16383),
        (SELECT string_agg(oid::regnamespace::text, ' ' ORDER BY oid) FROM pg_namespace),
        (SELECT string_agg(version_num, ' ') FROM alembic_version),
        (SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
            WHERE datname = current_database())
"""
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
_SEQUENCES = "SELECT sequencename, coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences"


@dataclass
class Files:
    """SQLite files, copied from one that was migrated when the first was wanted."""

    folder: Path

    async def copy(self, path: Path) -> None:
        """Put a database at `path`."""
        template = self.folder / "template.db"
        if not template.exists():
            await _migrate(f"sqlite+aiosqlite:///{template}")
        shutil.copy(template, path)


@dataclass
class Server:
    """Databases of a PostgreSQL server; what a story leaves is taken out, and one that it spoiled is dropped."""

    url: str
    _free: list[Pristine] = field(default_factory=list)

    async def take(self) -> Pristine:
        """Return a database in which nobody has been."""
        return self._free.pop() if self._free else await self._migrated()

    def give_back(self, database: Pristine) -> None:
        self._administer(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", database.name
        )
        if database.emptied():
            self._free.append(database)
        else:
            self.drop(database.name)

    def create(self) -> str:
        """Make an empty database and return its name."""
        name = f"network_test_{uuid.uuid4().hex[:12]}"
        self._administer(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def clear(self) -> None:
        """Drop what is left over."""
        while self._free:
            self.drop(self._free.pop().name)

    def address(self, name: str) -> str:
        """Return the URL of a database."""
        return f"{self.url.rpartition('/')[0]}/{name}"

    async def _migrated(self) -> Pristine:
        name = self.create()
        await _migrate(self.address(name))
        return Pristine(name, self.address(name))

    def _administer(self, statement: str, *values: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement, values)  # type: ignore[call-overload]


@dataclass
class Pristine:
    """A database on the server, and what stood in it when it was new."""

    name: str
    url: str
    _shape: Any = None
    _rows: dict[str, bytes] = field(default_factory=dict)
    _numbers: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with psycopg.connect(self.url) as connection:
            self._shape = connection.execute(_SHAPE).fetchone()
            for (table,) in connection.execute(_TABLES).fetchall():
                out = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
                with connection.cursor().copy(out) as rows:
                    self._rows[table] = b"".join(rows)
            self._numbers = connection.execute(_SEQUENCES).fetchall()

    def emptied(self) -> bool:
        """Put everything back as it was; return whether that was possible."""
        try:
            with psycopg.connect(self.url, options="-c session_replication_role=replica") as connection:
                if connection.execute(_SHAPE).fetchone() != self._shape:
                    return False
                tables = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in self._rows]
                connection.execute(sql.SQL(";").join(tables))
                for table, rows in self._rows.items():
                    if rows:
                        into = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
                        with connection.cursor().copy(into) as copy:
                            copy.write(rows)
                for number in self._numbers:
                    connection.execute("SELECT setval(%s::text::regclass, %s, %s)", number)
        except psycopg.Error:
            return False
        return True


def share_statements() -> None:
    """Let the engines of this process share what they compiled: a story opens its database a dozen times."""
    make, known = storage.database._engine, dict[tuple[str, str], tuple[Any, Any]]()

    def engine(url: str) -> AsyncEngine:
        made = make(url)
        inner = made.sync_engine
        kind = (inner.dialect.name, inner.dialect.driver)
        if kind in known:
            inner.dialect, inner._compiled_cache = known[kind]
            inner.pool._dialect = inner.dialect
        else:
            event.listen(
                inner, "engine_connect", lambda _: known.setdefault(kind, (inner.dialect, inner._compiled_cache))
            )
        return made

    storage.database._engine = engine


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrations.upgrade(database)
    await database.close()


async def end_sessions(url: str) -> int:
    """Let a server end the sessions of a database, as its restart does; return how many there were."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
        ended = await other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(await ended.fetchall())


@asynccontextmanager
async def unusable(url: str) -> AsyncIterator[None]:
    """Let the database store nothing until the block ends."""
    if url.startswith("sqlite"):
        broken, mended = ["ALTER TABLE inbox RENAME TO hidden"], ["ALTER TABLE hidden RENAME TO inbox"]
        connect: Callable[[], Any] = partial(
            sqlite3.connect, url.partition("///")[2], isolation_level=None, check_same_thread=False
        )
    else:
        server, _, name = url.rpartition("/")
        ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
        broken = [f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false', ends]
        mended = [f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true']
        connect = partial(psycopg.connect, f"{server}/postgres", autocommit=True)
    with closing(connect()) as database:
        for statement in broken:
            await asyncio.to_thread(database.execute, statement)
        yield
        for statement in mended:
            await asyncio.to_thread(database.execute, statement)
