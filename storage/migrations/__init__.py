"""The history of the schema, and the way to bring a database to its newest state."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage import tables  # noqa: F401 - who opens a database knows all of its tables
from storage.database import Database
from storage.refusals import Refusal

_LOCK = 7_305_081
"""Any number that nobody else who uses this database would take."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision.

    Raises:
        Refusal: `database:newer` when a newer version of the program wrote this database.
    """
    await _run(database, lambda c: command.upgrade(_config(c), "head"))


async def downgrade(database: Database, revision: str = "base") -> None:
    """Take the schema back to `revision`."""
    await _run(database, lambda c: command.downgrade(_config(c), revision))


async def revision(database: Database) -> str | None:
    """Return the revision that the database is at, or None if it is empty."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_current)


def newest() -> str:
    """Return the newest revision that this program knows."""
    return _known()[0]


@cache
def _known() -> list[str]:
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


async def check(database: Database) -> None:
    """Refuse with `database:newer` a schema that this program does not know."""
    current = await revision(database)
    if current is not None:
        require_known(current)


def require_known(revision: str) -> None:
    """Refuse with `database:newer` a revision that this program does not know."""
    if revision not in _known():
        raise Refusal("database:newer", revision=revision)


def keep_alone(connection: Connection) -> None:
    """Let nobody else migrate, and so no bot start, until this connection is closed (PostgreSQL)."""
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def _run(database: Database, work: Callable[[Connection], None]) -> None:
    await check(database)
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
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _foreign_keys(connection: Connection, switch: str) -> None:
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys={switch}")
        cursor.close()
