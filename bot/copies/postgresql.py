"""Copies of a PostgreSQL database, made by its own `pg_dump` and taken back by `pg_restore`."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.copies.remembering import Restored, Since, people_in, settle, since
from bot.start import Problem, naming_trouble, written_by_a_newer
from storage import migrations
from storage.database import Database, normal_url
from storage.refusals import Refusal
from storage.server import APPLICATION

_BEFORE = "before_restore"
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = :name AND pid <> pg_backend_pid()"
)


async def copy(url: str, part: Path) -> None:
    """Write a dump of one moment, while others write.

    Raises:
        Problem: `pg_dump` is missing or fails.
    """
    await _tool(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")


async def examine(part: Path, file: Path) -> str:
    """See that a dump can be read to its end and holds a network; return its schema. `file` is what it is called.

    Raises:
        Problem: it is damaged, or is no dump of a network.
    """
    try:
        await _run("pg_restore", "--file=/dev/null", str(part))
        told = await _run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(part))
    except _FailedError as error:
        raise Problem(f"{file} is no copy of a network on PostgreSQL: {error}.") from None
    lines = told.splitlines()
    begins = next((n for n, line in enumerate(lines) if line.startswith("COPY ")), None)
    if begins is None:
        raise Problem(f"{file} is no copy of a network on PostgreSQL: it names no schema.")
    return lines[begins + 1]


async def restore(url: str, file: Path, now: datetime, *, force: bool) -> Restored:
    """Replace the database by a copy of it; see `bot.copies.restore`."""
    try:
        migrations.require_known(await examine(file, file))
    except Refusal as refusal:
        raise Problem(written_by_a_newer(refusal)) from None
    database = Database(url)
    try:
        with naming_trouble(database):
            await _lock(database)
            await _may_be_replaced(database, force=force)
            async with _put_aside(database):
                await _tool(url, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", str(file))
                return await settle(database, await _known(database), now)
    finally:
        await database.close()


async def _lock(database: Database) -> None:
    """Keep bots that start meanwhile from getting beyond their migrations.

    The lock belongs to the one connection that the pool then has; the migrations here, on the same one, pass.
    """
    async with database.engine.connect() as connection:
        await connection.run_sync(migrations.keep_alone)
        if (await connection.execute(_OTHERS, {"name": APPLICATION})).scalar_one():
            raise Problem("A bot, or another command, uses this database: stop it first.")


async def _may_be_replaced(database: Database, *, force: bool) -> None:
    async with database.engine.connect() as connection:
        people = await people_in(connection)
        left = (await connection.execute(text("SELECT to_regnamespace(:name)::text"), {"name": _BEFORE})).scalar()
    if left:
        told = f"A restore was cut off here: what it was to replace is in the schema {_BEFORE}."
        raise Problem(f"{told} Rename it back, or drop it, first.")
    if people and not force:
        raise Problem(f"The database holds a network already ({people} people): --force replaces it.")


@asynccontextmanager
async def _put_aside(database: Database) -> AsyncIterator[None]:
    """Move everything into another schema; drop it when the block has ended well, else move it back."""
    async with database.engine.begin() as connection:
        schema = (await connection.execute(text("SELECT quote_ident(current_schema())"))).scalar_one()
        await _schemas(connection, f"ALTER SCHEMA {schema} RENAME TO {_BEFORE}", f"CREATE SCHEMA {schema}")
    try:
        yield
    except BaseException:
        async with database.engine.begin() as connection:
            undone = (f"DROP SCHEMA {schema} CASCADE", f"ALTER SCHEMA {_BEFORE} RENAME TO {schema}")
            await _schemas(connection, *undone)
        raise
    async with database.engine.begin() as connection:
        await _schemas(connection, f"DROP SCHEMA {_BEFORE} CASCADE")


async def _schemas(connection: AsyncConnection, *statements: str) -> None:
    for statement in statements:
        await connection.exec_driver_sql(statement)


async def _known(database: Database) -> Since | None:
    async with database.engine.connect() as connection:
        try:
            return await since(connection, connection, f"{_BEFORE}.")
        except DBAPIError:  # an empty database, or one of another time: it has nothing to tell
            return None


class _FailedError(Exception):
    """A tool of PostgreSQL ended badly; the message is the first line of what it said."""


async def _tool(url: str, name: str, *arguments: str) -> None:
    parsed = make_url(normal_url(url)).set(drivername="postgresql")
    where = _without_password(parsed)
    try:
        await _run(name, f"--dbname={where}", *arguments, password=parsed.password)
    except _FailedError as error:
        raise Problem(f"{name} fails: {error}.") from None


def _without_password(url: URL) -> str:
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query).render_as_string(
        hide_password=False
    )


async def _run(name: str, *arguments: str, password: str | None = None) -> str:
    program = shutil.which(name)
    if program is None:
        raise Problem(f"{name} is not installed here: install PostgreSQL's client programs.")
    secret = {} if password is None else {"PGPASSWORD": password}  # an argument could be read by everybody here
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=pipe, stderr=pipe, env={**os.environ, **secret}
    )
    said, problem = await process.communicate()
    if process.returncode:
        lines = problem.decode(errors="replace").strip().splitlines()
        raise _FailedError(lines[0].removeprefix(f"{name}: ") if lines else f"exit code {process.returncode}")
    return said.decode(errors="replace")
