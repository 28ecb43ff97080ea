"""How much of the allowed rate is used against a strict limit, and how often Telegram has to refuse.

Usage: python -m benchmarks.pacing [--paced 3000] [--peer 300] [--rate 29.5] [--delay 0.05]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import networks
from benchmarks.delivery import SAMPLE, SETTLED
from benchmarks.networks import FIRST, POSTGRES, Place
from benchmarks.processes import Telegram, running
from benchmarks.verdicts import Verdict, console
from storage.announcements.sending import UNDO

ALLOWED = 30
"""Messages that are accepted in any one second."""
PEER = "python-telegram-bot, AIORateLimiter {rate}/1, {retries} retries"


@dataclass(frozen=True)
class Run:
    """One way: messages that arrived, edits beside them (the author of an announcement sees how far it is), the share
    of the allowed rate that both used, refusals, and messages lost.
    """

    sent: int
    edits: int
    share: float
    refused: int
    lost: int = 0


def _run(found: dict[str, Any], lost: int = 0) -> Run:
    share = (found["chats"] - 1 + found["edits"]) / (found["fresh"] - found["first"]) / ALLOWED
    return Run(found["chats"], found["edits"], share, found["refused"], lost)


async def ours(telegram: Telegram, folder: Path, options: argparse.Namespace) -> Run:
    """Send an announcement at the recommended rate."""
    place = Place(options.engine, folder, options.postgres)
    await networks.build(place, "round", options.paced)
    await telegram.ask("reset", rate=ALLOWED, delay=options.delay)
    url = place.url("round")
    config = networks.configure(folder, telegram.url, url, messages_per_second=options.rate)
    now = datetime.now(UTC)
    await networks.announce(url, now)
    async with running("-m", "bot", "run", "--config", str(config), log=folder / "bot.log") as bot:
        await asyncio.sleep((now + UNDO - timedelta(seconds=0.3) - datetime.now(UTC)).total_seconds())
        await telegram.ask("begin")  # its author has been told already that it leaves
        found = await telegram.until("chats", options.paced, bot)
    place.drop("round")
    return _run(found)


async def peer(telegram: Telegram, folder: Path, options: argparse.Namespace, retries: int) -> Run:
    """Send to a list through the library's own limiter."""
    await telegram.ask("reset", rate=ALLOWED, delay=options.delay)
    facts = {
        "url": telegram.url, "first": FIRST, "count": options.peer, "workers": 32, "sample": SAMPLE, "rate": ALLOWED,
        "retries": retries,
    }  # fmt: skip
    async with running("-m", "benchmarks.ptb_peer", "broadcast", json.dumps(facts), log=folder / "peer.log") as child:
        assert await child.line() == "ready"
        await asyncio.sleep(SETTLED)
        child.go()
        lost = int((await child.line()).removeprefix("done, lost "))
        return _run(await telegram.ask("statistics"), lost)


async def pacing(options: argparse.Namespace, to: Console) -> list[Verdict]:
    """Print the table and return what became of the targets."""
    with tempfile.TemporaryDirectory() as name:
        async with Telegram() as telegram:
            mine = await ours(telegram, Path(name), options)
            theirs = {retries: await peer(telegram, Path(name), options, retries) for retries in (5, 0)}
    table = Table(
        title=f"Pacing: {ALLOWED} messages in any second are allowed, answers take {options.delay * 1000:.0f} ms"
    )
    for column in ("way", "messages", "edits", "of the allowed rate", "refusals (429)", "lost"):
        table.add_column(column, justify="right")
    rows = {f"ours at {options.rate}/s, {options.engine}": mine}
    rows |= {PEER.format(rate=ALLOWED, retries=retries): run for retries, run in theirs.items()}
    for label, run in rows.items():
        table.add_row(label, f"{run.sent:,}", f"{run.edits:,}", f"{run.share:.1%}", f"{run.refused:,}", f"{run.lost:,}")
    to.print(table)
    return [
        Verdict("Share of the allowed 30 messages/s", mine.share * 100, 98, " %"),
        Verdict("Refusals on the way", mine.refused, 0, at_most=True),
    ]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--paced", type=int, default=3000, help="messages of ours")
    parser.add_argument("--peer", type=int, default=300, help="messages of the library")
    parser.add_argument("--rate", type=float, default=29.5, help="delivery.messages_per_second")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds that an answer takes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    parser.add_argument("--engine", default="SQLite")
    parser.add_argument("--postgres", default=POSTGRES)
    asyncio.run(pacing(parser.parse_args(), console()))


if __name__ == "__main__":
    main()
