"""How many messages a second leave, beside the libraries' own ways, which forget what they promised when they end.

Usage: python -m benchmarks.delivery [--recipients 5000] [--rounds 3] [--only SQLite,psycopg,asyncpg,aiogram,PTB]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import networks
from benchmarks.ceiling import ceiling
from benchmarks.networks import ENGINES, FIRST, POSTGRES, Place
from benchmarks.processes import Child, Telegram, running
from benchmarks.verdicts import Verdict, console
from storage.announcements.sending import UNDO

OURS = {"SQLite": ("SQLite", ""), "psycopg": ("PostgreSQL", "psycopg"), "asyncpg": ("PostgreSQL", "asyncpg")}
"""The engine and the driver of each of our ways."""
WAYS = (*OURS, "aiogram", "PTB")
SETTLED = 2.0
"""Seconds that a bot gets to come to rest before it is measured."""
SAMPLE = {"text": networks.TEXT, "parse_mode": "HTML"}


@dataclass
class Run:
    """One round of one way: how many a second, and microseconds of processor time for each."""

    rate: float
    cost: float


Rounds = dict[str, list[Run]]
"""The rounds of each way, in the order in which they took turns."""


@dataclass
class Broadcast:
    """A broadcast without limits, sent in several ways."""

    telegram: Telegram
    folder: Path
    options: argparse.Namespace
    sample: dict[str, Any] = field(default_factory=lambda: dict(SAMPLE))

    async def build(self) -> None:
        """Make the networks once."""
        for engine in ENGINES:
            if any(OURS[way][0] == engine for way in self.options.only & set(OURS)):
                await networks.build(self._place(engine), "template", self.options.recipients)

    def _place(self, engine: str) -> Place:
        return Place(engine, self.folder, self.options.postgres)

    async def ours(self, way: str) -> Run:
        """Send an announcement to everybody from the database."""
        engine, driver = OURS[way]
        place = self._place(engine)
        place.copy("template", "round")
        database = place.url("round", driver)
        await self.telegram.ask("reset")
        config = networks.configure(
            self.folder, self.telegram.url, database, messages_per_second=self.options.rate,
            in_flight=self.options.in_flight,
        )  # fmt: skip
        now = datetime.now(UTC)
        if self.options.notice:
            await networks.promise(database, now + UNDO, self.options.notice)
        else:
            await networks.announce(database, now)
        async with running("-m", "bot", "run", "--config", str(config), log=self.folder / "bot.log") as bot:
            await self.telegram.until("polls", 1, bot)
            await asyncio.sleep((now + UNDO - timedelta(seconds=0.3) - datetime.now(UTC)).total_seconds())
            await self.telegram.ask("begin")  # its author has been told already that it leaves
            run = await self._measured(bot)
        place.drop("round")
        return run

    async def peer(self, library: str) -> Run:
        """Send the same message to a list."""
        await self.telegram.ask("reset")
        module = {"aiogram": "benchmarks.aiogram_peer", "PTB": "benchmarks.ptb_peer"}[library]
        facts = {
            "url": self.telegram.url, "first": FIRST, "count": self.options.recipients, "workers": 32,
            "sample": self.sample,
        }  # fmt: skip
        async with running("-m", module, "broadcast", json.dumps(facts), log=self.folder / "peer.log") as child:
            assert await child.line() == "ready"
            await asyncio.sleep(SETTLED)
            child.go()
            return await self._measured(child)

    async def _measured(self, child: Child) -> Run:
        count, before = self.options.recipients, child.cpu()
        found = await self.telegram.until("chats", count, child)
        used = child.cpu() - before
        if found["sample"].startswith("{"):  # as we send it; the libraries then send the same
            said = json.loads(found["sample"])
            self.sample = {name: value for name, value in said.items() if name != "chat_id"}
        return Run((count - 1) / (found["fresh"] - found["first"]), used / count * 1e6)


async def broadcast(options: argparse.Namespace, to: Console) -> list[Verdict]:
    """Print the table and return what became of the targets."""
    rounds: Rounds = {way: [] for way in WAYS if way in options.only}
    most = await ceiling()
    with tempfile.TemporaryDirectory() as name:
        async with Telegram() as telegram:
            work = Broadcast(telegram, Path(name), options)
            await work.build()
            for _ in range(options.rounds):
                for way, done in rounds.items():
                    done.append(await (work.ours if way in OURS else work.peer)(way))
            if options.only & {"psycopg", "asyncpg"}:
                Place("PostgreSQL", Path(name), options.postgres).drop("template")
    to.print(_table(rounds, options, most))
    return _verdicts(rounds)


def middle(rounds: Rounds, way: str) -> Run:
    return Run(statistics.median(r.rate for r in rounds[way]), statistics.median(r.cost for r in rounds[way]))


def ratio(rounds: Rounds, way: str, peer: str) -> Run | None:
    """Return how many times as fast a way is, and how many times as cheap: the middle of what each round says."""
    if peer not in rounds:
        return None
    pairs = list(zip(rounds[way], rounds[peer], strict=True))
    return Run(
        statistics.median(mine.rate / other.rate for mine, other in pairs),
        statistics.median(other.cost / mine.cost for mine, other in pairs),
    )


def _verdicts(rounds: Rounds) -> list[Verdict]:
    found: list[Verdict] = []
    for way in (one for one in OURS if one in rounds):
        found.append(Verdict(f"Broadcast, {way}", middle(rounds, way).rate, 1000, "/s"))
        for peer, factor in (("aiogram", 1.5), ("PTB", 6.0)):
            if than := ratio(rounds, way, peer):
                found.append(Verdict(f"Broadcast, {way} ÷ {peer}", than.rate, factor, "×"))
    return found


LABELS = {
    "SQLite": "ours, durable, SQLite",
    "psycopg": "ours, durable, PostgreSQL over psycopg",
    "asyncpg": "ours, durable, PostgreSQL over asyncpg",
    "aiogram": "aiogram, 32 workers, a list",
    "PTB": "PTB with AIORateLimiter, 32 workers, a list",
}


def _table(rounds: Rounds, options: argparse.Namespace, most: float) -> Table:
    table = Table(title=f"Broadcast to {options.recipients:,}, no limits (median of {options.rounds})")
    for column in ("way", "messages/s", "÷ aiogram", "÷ PTB", "CPU µs a message", "aiogram's ÷ it", "PTB's ÷ it"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way in rounds:
        run, than = middle(rounds, way), [ratio(rounds, way, peer) for peer in ("aiogram", "PTB")]
        faster, cheaper = ([f"{getattr(r, name):.2f}×" if r else "" for r in than] for name in ("rate", "cost"))
        table.add_row(LABELS[way], f"{run.rate:,.0f}", *faster, f"{run.cost:,.0f}", *cheaper)
    table.caption = f"The Bot API of this measurement takes {most:,.0f} messages/s. CPU is the sender's own process."
    return table


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=100_000, help="delivery.messages_per_second")
    parser.add_argument("--in-flight", type=int, default=200, help="delivery.in_flight")
    parser.add_argument("--notice", default="", help="promise this notice instead of an announcement")
    parser.add_argument("--only", type=lambda text: set(text.split(",")), default=set(WAYS))
    parser.add_argument("--postgres", default=POSTGRES)
    return parser


def main() -> None:
    asyncio.run(broadcast(parser().parse_args(), console()))


if __name__ == "__main__":
    main()
