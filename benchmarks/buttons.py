"""How long a person waits for a button while a long announcement goes out at the allowed rate.

Usage: python -m benchmarks.buttons [--letters 10000] [--seconds 60] [--rate 29.5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import networks
from benchmarks.networks import FIRST, POSTGRES, Place
from benchmarks.pacing import ALLOWED
from benchmarks.processes import Telegram, running
from benchmarks.verdicts import Verdict, console
from handlers.presses import Home
from storage.announcements.sending import UNDO

EVERY = 0.5
"""Seconds between two presses."""
RUNNING_IN = 10.0
"""Seconds that a broadcast is under way before the first press."""
LATE = 20.0
"""Seconds that the last press is waited for."""
MARKUP = {"inline_keyboard": [[{"text": "Menu", "callback_data": Home().pack()}]]}
SAMPLE = {"text": networks.TEXT, "parse_mode": "HTML", "reply_markup": MARKUP}
PEERS = {
    "PTB, one after the other": ("benchmarks.ptb_peer", 1),
    "PTB, all at once": ("benchmarks.ptb_peer", 0),
    "aiogram, one after the other": ("benchmarks.aiogram_peer", 1),
}


@dataclass(frozen=True)
class Run:
    """Seconds until the press was answered, and until its message was redrawn; `open` presses were still waiting."""

    answers: Sequence[float]
    redrawn: Sequence[float]
    open: int
    sent: float

    @property
    def p95(self) -> float:
        return _share(self.redrawn, 0.95)

    @property
    def queues(self) -> bool:
        """Whether presses wait behind the broadcast: longer than its messages are apart, and half a second more."""
        return self.p95 > 1 / ALLOWED + 0.5


def _share(taken: Sequence[float], part: float) -> float:
    return sorted(taken)[min(int(len(taken) * part), len(taken) - 1)]


async def pressed(telegram: Telegram, options: argparse.Namespace) -> Run:
    """Press a button again and again while messages go out."""
    await asyncio.sleep(RUNNING_IN)
    before = await telegram.ask("statistics")
    loop = asyncio.get_running_loop()
    began, number = loop.time(), int(options.seconds / EVERY)
    for n in range(number):
        await asyncio.sleep(began + n * EVERY - loop.time())
        await telegram.ask("fill", data=Home().pack(), people=[FIRST + 1])
    after = await telegram.ask("statistics")
    try:
        await telegram.until("replies", number, seconds=LATE)
        await telegram.until("answers", number, seconds=LATE)
    except TimeoutError:
        pass
    found = await telegram.ask("latencies")
    sent = (after["accepted"] - before["accepted"]) / (options.seconds - EVERY)
    return Run(found["answers"], found["replies"], found["open"], sent)


async def ours(telegram: Telegram, folder: Path, options: argparse.Namespace) -> Run:
    place = Place(options.engine, folder, options.postgres)
    await networks.build(place, "round", options.letters)
    await telegram.ask("reset", rate=ALLOWED)
    url, now = place.url("round"), datetime.now(UTC)
    config = networks.configure(folder, telegram.url, url, messages_per_second=options.rate)
    await networks.announce(url, now)
    async with running("-m", "bot", "run", "--config", str(config), log=folder / "bot.log"):
        await asyncio.sleep((now + UNDO - datetime.now(UTC)).total_seconds())
        run = await pressed(telegram, options)
    place.drop("round")
    return run


async def peer(telegram: Telegram, folder: Path, options: argparse.Namespace, module: str, workers: int) -> Run:
    await telegram.ask("reset", rate=ALLOWED)
    facts = {
        "url": telegram.url, "first": FIRST, "count": options.letters, "workers": workers, "sample": SAMPLE,
        "rate": ALLOWED, "retries": 5,
    }  # fmt: skip
    async with running("-m", module, "buttons", json.dumps(facts), log=folder / "peer.log") as child:
        assert await child.line() == "ready"
        await telegram.until("polls", 1, child)
        child.go()
        return await pressed(telegram, options)


async def buttons(options: argparse.Namespace, to: Console) -> list[Verdict]:
    """Print the table and return what became of the targets."""
    runs: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as name:
        async with Telegram() as telegram:
            runs[f"ours, {options.engine}"] = mine = await ours(telegram, Path(name), options)
            for label, (module, workers) in PEERS.items():
                runs[label] = await peer(telegram, Path(name), options, module, workers)
    to.print(_table(runs, options))
    verdicts = [Verdict("Button during a broadcast, p95", mine.p95, 0.3, " s", at_most=True)]
    behind = (label for label in PEERS if runs[label].queues)
    return verdicts + [Verdict(f"… {label} ÷ ours", runs[label].p95 / mine.p95, 20, "×") for label in behind]


def _table(runs: dict[str, Run], options: argparse.Namespace) -> Table:
    table = Table(
        title=f"A button every {EVERY} s for {options.seconds:.0f} s while {options.letters:,} messages go out"
    )
    for column in ("way", "answered p50", "p95", "redrawn p50", "p95", "never", "messages/s", "queues behind it"):
        table.add_column(column, justify="right")
    for label, run in runs.items():
        figures: list[Any] = [
            *(f"{ms(taken, part):,.0f} ms" for taken in (run.answers, run.redrawn) for part in (0.5, 0.95)),
            run.open, f"{run.sent:.1f}", "yes" if run.queues else "no",
        ]  # fmt: skip
        table.add_row(label, *map(str, figures))
    table.caption = f"A press that was never answered counts with what it waited until {LATE:.0f} s after the last one."
    return table


def ms(taken: Sequence[float], part: float) -> float:
    return (statistics.median(taken) if part == 0.5 else _share(taken, part)) * 1000


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--letters", type=int, default=10_000, help="messages that go out meanwhile")
    parser.add_argument("--seconds", type=float, default=60, help="how long buttons are pressed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    parser.add_argument("--rate", type=float, default=29.5, help="delivery.messages_per_second")
    parser.add_argument("--engine", default="SQLite")
    parser.add_argument("--postgres", default=POSTGRES)
    asyncio.run(buttons(parser.parse_args(), console()))


if __name__ == "__main__":
    main()
