"""The disk: what is committed to an SQLite file becomes lasting, for all who wait for it by one wait of the disk.

SQLite waits for the disk within each commit (`synchronous=FULL`), with its lock held, and that takes longer than all
the rest of a short transaction. Here a commit only writes (`synchronous=NORMAL`), and whoever made it waits until the
log is on the disk, after the connection has been given to the next: as lasting as before, by fewer writes.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing, suppress

PRAGMAS = ("synchronous=NORMAL", "wal_autocheckpoint=0")
"""What leaves to us what SQLite would do in each commit."""
_SELDOM, _OFTEN = 500, 50
"""After so many commits the log is copied into the file and begun anew: after the smaller number where it is long."""
_LONG = 4 * 1024 * 1024
_PATIENCE_SECONDS = 0.1


class Disk:
    """The write-ahead log of one file; `path` is the file's, empty where it is in memory only."""

    def __init__(self) -> None:
        self.path = ""
        self._made = self._written = self._copied = 0
        self._under_way: asyncio.Task[None] | None = None

    def committed(self) -> None:
        """Know that something has been committed that is not yet on the disk."""
        self._made += 1

    async def written(self) -> None:
        """Wait until all that is committed by now is on the disk. Raises sqlite3.OperationalError."""
        mine = self._made
        while self._written < mine:
            if self._under_way is None or self._under_way.done():
                self._under_way = asyncio.ensure_future(asyncio.to_thread(self.write))
            await asyncio.shield(self._under_way)

    def write(self) -> None:
        """Let the disk write the log, and keep the log short. Raises sqlite3.OperationalError."""
        made = self._made
        try:
            log = os.open(f"{self.path}-wal", os.O_RDWR)
        except FileNotFoundError:  # in memory; or the last connection was closed, by which all came into the file
            self._written = made
            return
        try:
            os.fdatasync(log)
            length = os.fstat(log).st_size
        except OSError as error:
            failure = sqlite3.OperationalError("disk I/O error")
            failure.sqlite_errorcode, failure.sqlite_errorname = sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"
            raise failure from error
        finally:
            os.close(log)
        self._written = made
        if made - self._copied >= (_OFTEN if length >= _LONG else _SELDOM):
            self._begin_anew()
            self._copied = made

    def _begin_anew(self) -> None:
        """Copy the log into the file: most of it while others write, the rest while they wait for a moment."""
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.path, timeout=_PATIENCE_SECONDS)) as connection:
            for pragma in (*PRAGMAS, "wal_checkpoint(PASSIVE)", "wal_checkpoint(TRUNCATE)"):
                connection.execute(f"PRAGMA {pragma}")
