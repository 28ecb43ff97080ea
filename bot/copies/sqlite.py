"""Copies of an SQLite database: one file, made by SQLite's own online backup."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from bot.copies.remembering import Restored, Since, people_in, settle, since
from bot.files import private
from bot.start import Problem, naming_trouble, written_by_a_newer
from storage.database import Database
from storage.refusals import Refusal

_RUNS = "A bot, or another program, uses this database: stop it first."
_PATIENCE = 2
"""Seconds for whoever has the database for a moment only."""


async def copy(database: Database, part: Path) -> None:
    """Copy what is committed at this moment, while others write."""
    async with database.engine.connect() as connection:
        source: Any = (await connection.get_raw_connection()).driver_connection
        with closing(sqlite3.connect(part, check_same_thread=False)) as target:
            await asyncio.to_thread(source.backup, target)
            _as_one_file(target)


def examine(part: Path, file: Path) -> None:
    """See that a copy is whole. `file` is what it is called.

    Raises:
        Problem: it is damaged, or is no copy of a network at all.
    """
    try:
        with closing(sqlite3.connect(part)) as copied:
            _as_one_file(copied)
            found = copied.execute("PRAGMA integrity_check").fetchone()[0]
            copied.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise Problem(f"{file} is no copy of a network on SQLite: {error}.") from None
    if found != "ok":
        raise Problem(f"{file} is damaged: {found.splitlines()[0]}.")


def _as_one_file(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=DELETE")


async def restore(url: str, file: Path, now: datetime, *, force: bool) -> Restored:
    """Replace the database by a copy of it; see `bot.copies.restore`."""
    path = _path(url)
    try:
        with private(path.parent, path.name) as part:
            shutil.copyfile(file, part)
            examine(part, file)
            there = path.exists()
            sound = not there or await _is_sound(url, path, force=force)
            aside = None if sound else _put_aside(path)
            known = await _known(url, part) if there and sound else None
            restored = await _prepare(part, known, now)
            with _alone(path) as target, closing(sqlite3.connect(part)) as source:
                _as_one_file(source)
                source.backup(target, progress=_refuse_to_wait)
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror or error}.") from None
    return replace(restored, aside=aside)


def _path(url: str) -> Path:
    name = make_url(url).database
    if not name or name == ":memory:" or name.startswith("file:"):
        raise Problem("storage.url names no plain file: nothing can be restored there.")
    return Path(name)


async def _is_sound(url: str, path: Path, *, force: bool) -> bool:
    """Tell whether the database may be replaced in place; False if it is damaged and may be put aside."""
    database = Database(url)
    try:
        async with database.engine.connect() as connection:
            people = await people_in(connection)
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.OperationalError):  # it may be locked, or out of reach: not damaged
            raise Problem(f"{path} cannot be read: {error.orig}.") from None
        if not force:
            raise Problem(f"{path} is damaged ({error.orig}): --force puts it aside.") from None
        return False
    finally:
        await database.close()
    if people and not force:
        raise Problem(f"{path} holds a network already ({people} people): --force replaces it.")
    return True


def _put_aside(path: Path) -> str:
    target = path.with_name(f"{path.name}.damaged")
    for ending in ("", "-wal", "-shm"):
        left = Path(f"{path}{ending}")
        if left.exists():
            left.replace(f"{target}{ending}")
    return str(target)


async def _known(url: str, part: Path) -> Since | None:
    before, copied = Database(url), Database(f"sqlite+aiosqlite:///{part}")
    try:
        async with before.engine.connect() as old, copied.engine.connect() as new:
            return await since(new, old)
    except DBAPIError:  # an empty database, or one of another time: it has nothing to tell
        return None
    finally:
        await before.close()
        await copied.close()


async def _prepare(part: Path, known: Since | None, now: datetime) -> Restored:
    database = Database(f"sqlite+aiosqlite:///{part}")
    try:
        with naming_trouble(database):
            return await settle(database, known, now)
    except Refusal as refusal:
        raise Problem(written_by_a_newer(refusal)) from None
    finally:
        await database.close()


@contextmanager
def _alone(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that nobody else has open, and keep everybody out until the block ends."""
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as connection:
        _wait_for_all_others(connection)
        yield connection


def _wait_for_all_others(connection: sqlite3.Connection) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            _as_one_file(connection)  # SQLite allows it only to the one connection that there is, and does not wait
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise Problem(_RUNS) from None
            time.sleep(0.05)
        else:
            return


def _refuse_to_wait(state: int, _left: int, _all: int) -> None:
    if state in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise Problem(_RUNS)
