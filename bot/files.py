"""Files that appear whole or not at all, and that only their owner may read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.start import Problem


@contextmanager
def beside(path: Path, *, force: bool) -> Iterator[Path]:
    """Give a new private file beside `path`; it takes that name when the block has ended well, else it is gone.

    Raises:
        Problem: there is such a file and no `force`, or none can be written there.
    """
    if path.exists() and not force:
        raise Problem(f"{path} exists already: --force replaces it.")
    try:
        with private(path.parent, path.name) as part:
            yield part
            _to_disk(part)
            part.replace(path)
            _to_disk(path.parent)
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror or error}.") from None


@contextmanager
def private(folder: Path, name: str) -> Iterator[Path]:
    """Give a new file that only its owner may read, until the block ends."""
    number, made = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
    os.close(number)
    try:
        yield Path(made)
    finally:
        for left in (made, f"{made}-wal", f"{made}-shm", f"{made}-journal"):
            Path(left).unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
