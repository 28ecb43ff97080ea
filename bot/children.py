"""Child processes that answer one question: they find no secrets, and none outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_KEPT = ("LD_LIBRARY_PATH", "SYSTEMROOT")
"""What an interpreter may need to start."""


@dataclass(frozen=True)
class Told:
    """What a child wrote, what it complained of, and how it ended."""

    written: bytes
    complaint: bytes | None
    code: int | None


async def ask(
    script: Path, *arguments: str, given: bytes, variables: Mapping[str, str] | None = None, listens: bool = False
) -> Told:
    """Run a script of ours on `given`, without secrets in its environment; whoever stops waiting ends it.

    What it complains of is kept only by who `listens`: a hostile file could make it say anything, without end.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-B", str(script), *arguments, stdin=pipe, stdout=pipe,
        stderr=pipe if listens else nowhere, env={**kept, **(variables or {})}, start_new_session=True,
    )  # fmt: skip
    try:
        written, complaint = await child.communicate(given)
    finally:
        await _ended(child)
    return Told(written, complaint, child.returncode)


async def _ended(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await asyncio.shield(child.wait())
