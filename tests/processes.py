"""Bot processes: each is forked from one that has imported the program already, so that a story can start dozens."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["bot.application", "bot.cli", "bot.copies", "bot.doctor", "bot.ledger", "bot.roster", "bot.seed"]
)


class Process:
    """`network-bot` with some arguments, as a process of its own; what it says is appended to a file."""

    def __init__(self, arguments: Sequence[str], output: Path, variables: Mapping[str, str] | None = None) -> None:
        facts = (tuple(arguments), str(output), environment() | dict(variables or {}))
        self._process = _FORKS.Process(target=_become_network_bot, args=facts, daemon=True)
        self._process.start()
        self._ended: asyncio.Future[int] | None = None

    @property
    def ended(self) -> bool:
        """Whether it runs no more."""
        return self._process.exitcode is not None

    async def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        await self.wait()

    async def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.signal(signal.SIGTERM)
        return await self.wait()

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._process.pid or 0, number)

    async def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        if self._ended is None:
            self._ended = asyncio.ensure_future(self._end())
        return await asyncio.shield(self._ended)

    async def _end(self) -> int:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode


async def network_bot(*arguments: str, **variables: str) -> tuple[int, str]:
    """Run the command line to its end; return its exit code and everything it said."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "said"
        code = await Process(arguments, output, variables).wait()
        said = output.read_text(encoding="utf-8")
    assert "Traceback" not in said
    return code, said


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """Return this environment without what would configure a bot."""
    return {k: v for k, v in os.environ.items() if not k.startswith("NETWORK_BOT_")} | {"PYTHONPATH": str(ROOT)}


def _become_network_bot(arguments: tuple[str, ...], output: str, variables: dict[str, str]) -> None:
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["network-bot", *arguments]
    from bot.cli import main

    main()
