"""The history of the schema, and the way to bring a database to its newest state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from storage import tables  # noqa: F401 - who opens a database knows all of its tables
from storage.database import Database
from storage.refusals import Refusal
from storage.trouble import is_locked

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 7_305_081
"""Any number that nobody else who uses this database would take."""
_PATIENCE = "300ms"
"""How long a migration waits for a table: whoever comes after it for the same table waits as long."""
_PAUSE, _ATTEMPTS = 0.7, 60
_LONGEST_MIGRATION = "90s"
"""How long one waits for another that migrates."""


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database, to: str = "head") -> None:
    """Bring the schema to a revision, the newest by default.

    Raises:
        Refusal: `database:newer` when a newer version of the program wrote this database.
    """
    if to == "head" and await revision(database) == newest():
        return  # what migrates need not even be loaded
    from alembic import command

    await _run(database, lambda c: command.upgrade(_config(c), to))


async def downgrade(database: Database, revision: str = "base") -> None:
    """Take the schema back to `revision`."""
    from alembic import command

    await _run(database, lambda c: command.downgrade(_config(c), revision))


async def revision(database: Database) -> str | None:
    """Return the revision that the database is at, or None if it is empty."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_current)


def newest() -> str:
    """Return the newest revision that this program knows."""
    return known()[0]


@cache
def known() -> list[str]:
    """Return the revisions that this program knows, the newest first: a file is named after the one that it brings."""
    scripts = (Path(__file__).parent / "versions").glob("[0-9]*_*.py")
    return sorted((script.name.partition("_")[0] for script in scripts), reverse=True)


async def check(database: Database) -> None:
    """Refuse with `database:newer` a schema that this program does not know."""
    current = await revision(database)
    if current is not None:
        require_known(current)


def require_known(revision: str) -> None:
    """Refuse with `database:newer` a revision that this program does not know."""
    if revision not in known():
        raise Refusal("database:newer", revision=revision)


def keep_alone(connection: Connection) -> None:
    """Let nobody else migrate, and so no bot start, until this connection is closed (PostgreSQL)."""
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


async def _run(database: Database, work: Callable[[Connection], None]) -> None:
    """Do the work in one transaction; where others hold what it needs, give way to them and begin again."""
    await check(database)
    for attempt in count(1):
        try:
            await _once(database, work)
        except DBAPIError as error:
            if not is_locked(error) or attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(_PAUSE)  # who waited behind it goes first
        else:
            return


async def _once(database: Database, work: Callable[[Connection], None]) -> None:
    async with database.engine.connect() as connection:
        # A rebuilt table would otherwise take its children with it; the pragma is ignored inside a transaction.
        await connection.run_sync(_foreign_keys, "OFF")
        await connection.run_sync(_alone)
        await connection.run_sync(work)
        await connection.commit()
        await connection.run_sync(_foreign_keys, "ON")


def _alone(connection: Connection) -> None:
    # Two processes that start at once: SQLite makes the second wait by itself.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LONGEST_MIGRATION}'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")


def _foreign_keys(connection: Connection, switch: str) -> None:
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys={switch}")
        cursor.close()
