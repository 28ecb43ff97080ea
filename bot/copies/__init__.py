"""A copy of the whole network while the bot runs, and the way back from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from bot.config import Loaded
from bot.copies import postgresql, sqlite
from bot.copies.remembering import Restored
from bot.files import beside
from bot.start import Problem, opened
from storage.database import normal_url

__all__ = ["Restored", "back_up", "restore"]


async def back_up(loaded: Loaded, file: Path, *, force: bool) -> None:
    """Write a consistent copy of the database to `file`; it appears whole and checked, or not at all.

    Raises:
        Problem: it exists already, cannot be written, or the database cannot be copied.
    """
    async with opened(loaded) as database:
        with beside(file, force=force) as part:
            if database.engine.dialect.name == "sqlite":
                await sqlite.copy(database, part)
                sqlite.examine(part, file)
            else:
                await postgresql.copy(loaded.storage_url, part)
                await postgresql.examine(part, file)


async def restore(loaded: Loaded, file: Path, now: datetime, *, force: bool) -> Restored:
    """Replace the database by the copy in `file`, paused, and with what was erased since erased again.

    Raises:
        Problem: a bot runs on the database, it holds a network and there is no `force`, or the file is no copy.
    """
    _require_file(file)
    if make_url(normal_url(loaded.storage_url)).get_backend_name() == "sqlite":
        return await sqlite.restore(loaded.storage_url, file, now, force=force)
    return await postgresql.restore(loaded.storage_url, file, now, force=force)


def _require_file(file: Path) -> None:
    if not file.is_file():
        raise Problem(f"{file} does not exist.")
