"""Troubles of a database, made from outside: locked, full, read-only, for as long as a block lasts."""

from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

import psycopg
from story import Process, Stage

Trouble = Callable[[Stage, Process], AbstractAsyncContextManager[None]]


def file_of(stage: Stage) -> Path:
    return Path(stage.storage_url.partition("///")[2])


@asynccontextmanager
async def locked_file(stage: Stage, _process: Process) -> AsyncIterator[None]:
    """Let another program hold the lock of whoever writes."""
    with closing(sqlite3.connect(file_of(stage), isolation_level=None, check_same_thread=False)) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield


def damage(file: Path) -> None:
    """Overwrite all pages of a file but the first, as a failing disk or a careless copy would."""
    with closing(sqlite3.connect(file)) as other:
        for zone in ("UTC", "Asia/Almaty"):  # whoever has pages in memory reads them again after a change
            other.execute("UPDATE member SET zone = ?", [zone])
            other.commit()
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = file.stat().st_size
        with file.open("r+b") as pages:
            pages.seek(4096)
            pages.write(b"\xa5" * (size - 4096))


@asynccontextmanager
async def write_protected(_stage: Stage, process: Process) -> AsyncIterator[None]:
    """Let the process write nothing further: each write fails, as on a disk that was mounted anew read-only."""
    pid = process._process.pid or 0
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(stage: Stage) -> Iterator[bool]:
    """Let the database lie on a disk of its own with little room; tell whether this machine lets us have one."""
    place = stage.folder / "disk"
    place.mkdir()
    size = file_of(stage).stat().st_size + 3_000_000
    mounted = _runs("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        if mounted:
            shutil.copy(file_of(stage), place / "network.db")
            stage.storage_url = f"sqlite+aiosqlite:///{place / 'network.db'}"
        yield mounted
    finally:
        if mounted:
            _runs("umount", "-l", str(place))


def _runs(*command: str) -> bool:
    program = shutil.which(command[0])
    return program is not None and not subprocess.run([program, *command[1:]], check=False).returncode


@asynccontextmanager
async def full_disk(stage: Stage, process: Process) -> AsyncIterator[None]:
    """Fill the small disk; where there is none, let the process write nothing further."""
    if file_of(stage).parent.name != "disk":
        async with write_protected(stage, process):
            yield
        return
    ballast = file_of(stage).parent / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as filled:
        while True:
            filled.write(bytes(4096))
    yield
    ballast.unlink()


@asynccontextmanager
async def locked_tables(stage: Stage, _process: Process) -> AsyncIterator[None]:
    """Let another session hold tables that can be read, and not written."""
    async with await psycopg.AsyncConnection.connect(stage.storage_url) as other:
        await other.execute("LOCK TABLE inbox, outbox, dialogue IN EXCLUSIVE MODE")
        yield
        await other.rollback()


_FULL = """
CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$
"""
_ALL = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> %s"


@asynccontextmanager
async def full_server(stage: Stage, _process: Process, spared: str = "") -> AsyncIterator[None]:
    """Let nothing be added or changed but in one table, and say what a server says whose disk is full."""
    async with await psycopg.AsyncConnection.connect(stage.storage_url, autocommit=True) as other:
        await other.execute(_FULL)
        tables = [table for (table,) in await (await other.execute(_ALL, [spared])).fetchall()]
        for table in tables:
            made = f'CREATE TRIGGER is_full BEFORE INSERT OR UPDATE ON "{table}" EXECUTE FUNCTION is_full()'
            await other.execute(made.encode())
        try:
            yield
        finally:
            for table in tables:  # one after the other: who holds several at once and the bot would wait for each other
                await other.execute(f'DROP TRIGGER is_full ON "{table}"'.encode())
            await other.execute("DROP FUNCTION is_full()")


_ENDS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND application_name <> 'story'
"""


@asynccontextmanager
async def read_only_server(stage: Stage, _process: Process) -> AsyncIterator[None]:
    """Let the database take no writes, as a standby that was taken for the first."""
    server, _, name = stage.storage_url.rpartition("/")
    async with await psycopg.AsyncConnection.connect(f"{server}/postgres", autocommit=True) as other:

        async def turns(switch: str) -> None:
            async with away(stage):  # a session of either kind must not work beside one of the other
                await other.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {switch}'.encode())

        await turns("on")
        try:
            yield
        finally:
            await turns("off")


@asynccontextmanager
async def away(stage: Stage) -> AsyncIterator[None]:
    """Let the server end all sessions and take no new ones, as while it is started again."""
    server, _, name = stage.storage_url.rpartition("/")
    async with await psycopg.AsyncConnection.connect(f"{server}/postgres", autocommit=True) as other:
        await other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        await other.execute(_ENDS, [name])
        try:
            yield
        finally:
            await other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
