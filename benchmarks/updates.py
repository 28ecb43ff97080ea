"""How many updates a second are answered, each with one read and one write, beside aiogram with SQLAlchemy's ORM.

Usage: python -m benchmarks.updates [--updates 5000] [--people 1000] [--rounds 3] [--engine both|SQLite|PostgreSQL]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import networks
from benchmarks.delivery import Rounds, Run, middle, ratio
from benchmarks.networks import ENGINES, FIRST, POSTGRES, Place
from benchmarks.processes import Child, Telegram, running
from benchmarks.verdicts import Verdict, console

SETTLED = 5.0
"""Seconds that a bot gets to come to rest before it is measured: ours writes its public face first."""
FACTORS = {"SQLite": 2.0, "PostgreSQL": 1.5}
"""How many times as many as aiogram answers over the same driver."""
OURS, PEER = "ours, with inbox, over {}", "aiogram, ORM over {}"
"""What the two ways over a driver are called."""
DRIVERS = {"SQLite": ("aiosqlite",), "PostgreSQL": ("asyncpg", "psycopg")}


@dataclass
class Intake:
    """Commands of many people, answered in several ways on one engine."""

    telegram: Telegram
    place: Place
    options: argparse.Namespace

    async def build(self) -> None:
        await networks.build(self.place, "template", self.options.people)
        self.place.create("plain")
        url = self.place.url("plain", DRIVERS[self.place.name][0])
        making = await Child.start("-m", "benchmarks.orm", url, str(FIRST), str(self.options.people))
        assert await making.process.wait() == 0

    async def ours(self, driver: str) -> Run:
        self.place.copy("template", "round")
        config = networks.configure(self.place.folder, self.telegram.url, self.place.url("round", driver))
        run = await self._run("benchmarks.touching", str(config))
        self.place.drop("round")
        return run

    async def peer(self, driver: str) -> Run:
        facts = {"url": self.telegram.url, "database": self.place.url("plain", driver)}
        return await self._run("benchmarks.aiogram_peer", "updates", json.dumps(facts))

    async def _run(self, *arguments: str) -> Run:
        await self.telegram.ask("reset")
        async with running("-m", *arguments, log=self.place.folder / "log") as child:
            await self.telegram.until("polls", 1, child)
            await asyncio.sleep(SETTLED)
            await self._some(100, child)  # warm
            return await self._measured(child)

    async def _some(self, number: int, child: Child) -> None:
        people = [FIRST + n % self.options.people for n in range(number)]
        answered = (await self.telegram.ask("statistics"))["replies"]
        await self.telegram.ask("fill", text="/touch", people=people)
        await self.telegram.until("replies", answered + number, child, 300)

    async def _measured(self, child: Child) -> Run:
        number = self.options.updates
        await self.telegram.ask("begin")
        before = child.cpu()
        await self._some(number, child)
        used, found = child.cpu() - before, await self.telegram.ask("statistics")
        return Run(number / (found["last"] - found["handed_at"]), used / number * 1e6)


async def updates(engine: str, options: argparse.Namespace, to: Console) -> list[Verdict]:
    """Print one engine's table and return what became of the targets."""
    with tempfile.TemporaryDirectory() as name:
        place = Place(engine, Path(name), options.postgres)
        async with Telegram() as telegram:
            work = Intake(telegram, place, options)
            await work.build()
            drivers = options.driver or DRIVERS[engine]
            rounds: Rounds = {}
            for _ in range(options.rounds):
                for driver in drivers:
                    rounds.setdefault(OURS.format(driver), []).append(await work.ours(driver))
                    if not options.alone:
                        rounds.setdefault(PEER.format(driver), []).append(await work.peer(driver))
        for database in ("template", "plain"):
            place.drop(database)
    to.print(_table(engine, rounds, drivers, options))
    found = [(driver, ratio(rounds, OURS.format(driver), PEER.format(driver))) for driver in drivers]
    return [
        Verdict(f"Updates, {engine} ÷ aiogram with an ORM, {driver}", than.rate, FACTORS[engine], "×")
        for driver, than in found
        if than is not None
    ]


def _table(engine: str, rounds: Rounds, drivers: Sequence[str], options: argparse.Namespace) -> Table:
    title = f"{engine}: {options.updates:,} updates of {options.people:,} people, one read and one write each"
    table = Table(title=f"{title} (median of {options.rounds})")
    for column in ("way", "updates/s", "÷ aiogram", "CPU µs an update", "aiogram's ÷ it"):
        table.add_column(column, justify="left" if column == "way" else "right")
    pairs = [(name.format(driver), PEER.format(driver)) for driver in drivers for name in (OURS, PEER)]
    for way, peer in pairs:
        if way in rounds:
            run, than = middle(rounds, way), ratio(rounds, way, peer)
            ratios = [f"{than.rate:.2f}×", f"{than.cost:.2f}×"] if than else ["", ""]
            table.add_row(way, f"{run.rate:,.0f}", ratios[0], f"{run.cost:,.0f}", ratios[1])
    return table


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=5000)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="ours only")
    parser.add_argument("--driver", nargs="*", help="only over these")
    parser.add_argument("--engine", choices=["both", *ENGINES], default="both")
    parser.add_argument("--postgres", default=POSTGRES)
    return parser


async def main() -> None:
    options = parser().parse_args()
    for engine in ENGINES:
        if options.engine in ("both", engine):
            await updates(engine, options, console())


if __name__ == "__main__":
    asyncio.run(main())
