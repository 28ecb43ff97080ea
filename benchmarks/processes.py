"""The processes of a measurement: the Bot API on a core of its own, and whoever talks to it, with what they cost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

ROOT = Path(__file__).parent.parent
TOKEN = "7000001:benchmark-token-of-nobody"  # noqa: S105 - nobody's
_TICKS = os.sysconf("SC_CLK_TCK")


def cores() -> tuple[set[int], set[int]]:
    """Return the cores for those who are measured, and those for the Bot API: one, where there are several."""
    found = sorted(os.sched_getaffinity(0))
    return set(found), {found[-1]}


class EndedError(Exception):
    """A process has ended before its time; the message is the end of what it said."""


@dataclass
class Child:
    """A process of ours, and what it has used."""

    process: asyncio.subprocess.Process
    log: Path | None = None

    @classmethod
    async def start(cls, *arguments: str, on: set[int] | None = None, log: Path | None = None) -> Self:
        """Start Python with some arguments, on some cores; what it complains of goes into a file."""
        pin: Callable[[], None] | None = None if on is None else (lambda: os.sched_setaffinity(0, on))
        with (log or Path(os.devnull)).open("ab") as complaints:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, cwd=ROOT, preexec_fn=pin, env=_environment(),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=complaints,
            )  # fmt: skip
        return cls(process, log)

    def cpu(self) -> float:
        """Return the seconds of processor time it has used, in all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Return its resident memory in MB."""
        said = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(said.partition("VmRSS:")[2].split()[0]) / 1024

    def said(self) -> str:
        """Return the end of what it complained of."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:] if self.log else ""

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().strip()

    def go(self) -> None:
        """Tell it to begin."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")

    async def stop(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(20):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NETWORK_BOT_")}
    return kept | {"PYTHONPATH": str(ROOT), "PTB_TIMEDELTA": "1"}


class Telegram:
    """The Bot API of `benchmarks.telegram` as a process, and what can be asked of it."""

    async def __aenter__(self) -> Self:
        self._child = await Child.start("-m", "benchmarks.telegram", on=cores()[1])
        self.url = f"http://127.0.0.1:{int(await self._child.line())}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._child.stop()

    def cpu(self) -> float:
        return self._child.cpu()

    async def ask(self, name: str, **facts: Any) -> dict[str, Any]:
        """Control it: `reset`, `fill`, `statistics`, `latencies`."""
        async with self._session.post(f"{self.url}/control/{name}", json=facts) as answer:
            found: dict[str, Any] = await answer.json(content_type=None)
        return found

    async def until(self, figure: str, number: int, child: Child | None = None, seconds: float = 600) -> dict[str, Any]:
        """Wait until a figure reaches a number, and return the statistics of that moment.

        Raises:
            EndedError: the process from which it is to come has ended.
            TimeoutError: it has not come in time.
        """
        asking = asyncio.ensure_future(self.ask("wait", figure=figure, number=number))
        ending = asyncio.ensure_future(child.process.wait() if child else asyncio.Event().wait())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait([asking, ending], return_when=asyncio.FIRST_COMPLETED)
            if child is not None and not asking.done():
                raise EndedError(child.said())
            return await asking
        finally:
            asking.cancel()
            ending.cancel()


@asynccontextmanager
async def running(*arguments: str, log: Path | None = None) -> AsyncIterator[Child]:
    """Run a process for as long as the block takes."""
    child = await Child.start(*arguments, log=log)
    try:
        yield child
    finally:
        await child.stop()


def same_letter(
    sample: Mapping[str, Any], markup: Callable[[Any], object], preview: Callable[[Any], object]
) -> dict[str, Any]:
    """Return the message that we send as a library takes it, which reads buttons and the preview in its own way."""
    buttons, page = sample.get("reply_markup"), sample.get("link_preview_options")
    return {
        "text": sample["text"],
        "parse_mode": sample.get("parse_mode"),
        "protect_content": sample.get("protect_content"),
        "reply_markup": markup(buttons) if buttons else None,
        "link_preview_options": preview(page) if page else None,
    }


async def told_to_go() -> None:
    """Say that this process is ready, and wait until it is told to go."""
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
