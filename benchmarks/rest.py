"""How soon a bot polls, and what memory it takes at rest and with a full outbox, beside the smallest bot there is.

Usage: python -m benchmarks.rest [--queued 100000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import networks
from benchmarks.networks import ENGINES, POSTGRES, Place
from benchmarks.processes import Telegram, running
from benchmarks.verdicts import Verdict, console

ROOT, INSTALLED = Path(__file__).parent.parent, ("bot", "handlers", "storage")
QUIET = 5.0
"""Seconds after its first poll that a bot is left alone before its memory is read."""
BUSY = 30.0
"""Seconds that a bot with a full outbox works before its memory is read."""
EMPTY, LATER, NOW = "an empty outbox", "{:,} due tomorrow", "{:,} due now, at 28/s"
BARE = "python-telegram-bot, bare"


@dataclass(frozen=True)
class Run:
    """One start: seconds to the first poll, by the clock and of the processor, MB when quiet, and messages sent."""

    started: float
    worked: float
    memory: float
    sent: int = 0


async def _start(telegram: Telegram, folder: Path, arguments: Sequence[str], seconds: float) -> Run:
    await telegram.ask("reset")
    began = time.perf_counter()
    async with running("-m", *arguments, log=folder / "log") as child:
        first = (await telegram.until("polls", 1, child))["first_poll"]
        worked = child.cpu()
        await asyncio.sleep(seconds)
        sent = (await telegram.ask("statistics"))["accepted"]
        return Run(first - began, worked, child.memory(), sent)


@dataclass
class Rest:
    """Our bot on one engine."""

    telegram: Telegram
    place: Place
    options: argparse.Namespace

    async def build(self) -> None:
        await networks.build(self.place, "empty", self.options.queued)
        for name, later in (("later", timedelta(days=1)), ("now", timedelta())):
            self.place.copy("empty", name)
            url = self.place.url(name)
            await networks.promise(url, datetime.now(UTC) + later)

    async def run(self, database: str, seconds: float) -> Run:
        self.place.copy(database, "round")
        url = self.place.url("round")
        config = networks.configure(self.place.folder, self.telegram.url, url)
        found = await _start(self.telegram, self.place.folder, ["bot", "run", "--config", str(config)], seconds)
        self.place.drop("round")
        return found

    def drop(self) -> None:
        for name in ("empty", "later", "now"):
            self.place.drop(name)


def median(runs: Sequence[Run]) -> Run:
    return Run(*(statistics.median(figures) for figures in zip(*map(astuple, runs), strict=True)))


async def rest(options: argparse.Namespace, to: Console) -> list[Verdict]:
    """Print the table and return what became of the targets."""
    for package in INSTALLED:
        compileall.compile_dir(ROOT / package, quiet=1)  # as an installation does; the peer's libraries are installed
    verdicts: list[Verdict] = []
    table = Table(title=f"Start and memory (median of {options.rounds})")
    for column in ("bot", "to the first poll", "CPU until then", "MB when quiet", "more than with an empty outbox"):
        table.add_column(column, justify="left" if column == "bot" else "right")
    with tempfile.TemporaryDirectory() as name:
        async with Telegram() as telegram:
            for engine in ENGINES:
                if options.engine in ("both", engine):
                    verdicts += await _ours(Rest(telegram, Place(engine, Path(name), options.postgres), options), table)
            facts = ["benchmarks.ptb_peer", "rest", json.dumps({"url": telegram.url})]
            bare = median([await _start(telegram, Path(name), facts, QUIET) for _ in range(options.rounds)])
    table.add_row(BARE, f"{bare.started:.2f} s", f"{bare.worked:.2f} s", f"{bare.memory:.0f}", "")
    to.print(table)
    return verdicts


async def _ours(work: Rest, table: Table) -> list[Verdict]:
    await work.build()
    name, queued = work.place.name, work.options.queued
    still = median([await work.run("empty", QUIET) for _ in range(work.options.rounds)])
    full = {LATER: await work.run("later", BUSY), NOW: await work.run("now", BUSY)}
    assert (full[LATER].sent, full[NOW].sent > 0) == (0, True)
    after = await work.run("empty", BUSY)
    table.add_row(
        f"ours, {name}, {EMPTY}", f"{still.started:.2f} s", f"{still.worked:.2f} s", f"{still.memory:.0f}", ""
    )
    for label, run in full.items():
        more = f"{run.memory - after.memory:+.0f} MB"
        table.add_row(
            f"ours, {name}, {label.format(queued)}",
            f"{run.started:.2f} s",
            f"{run.worked:.2f} s",
            f"{run.memory:.0f}",
            more,
        )
    work.drop()
    most = max(run.memory for run in full.values()) - after.memory
    return [
        Verdict(f"Start to the first poll, {name}", still.started, 2.5, " s", at_most=True),
        Verdict(f"Memory at rest, {name}", still.memory, 120, " MB", at_most=True),
        Verdict(f"More memory with {queued:,} queued, {name}", most, 40, " MB", at_most=True),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queued", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=["both", *ENGINES], default="both")
    parser.add_argument("--postgres", default=POSTGRES)
    asyncio.run(rest(parser.parse_args(), console()))


if __name__ == "__main__":
    main()
