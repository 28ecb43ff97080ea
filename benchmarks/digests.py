"""How many members' digests are composed and queued a second, beside asking the database for each member.

Usage: python -m benchmarks.digests [--members 1000,10000,100000] [--items 10000] [--fresh 1000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import make_url

from handlers.digests.pages import divide
from storage import digests, migrations
from storage import outbox as post
from storage.database import Database, Transaction
from storage.digests import Digest, DigestSchedule, DigestState, Findings, Terms
from storage.documents import Document, Kind, Stage
from storage.members import Member, MemberState
from storage.outbox import Lane, OutboxRow, Promise
from storage.posts import Post, PostState, Source
from storage.tlp import Label
from storage.topics import HEARING, Level, Policy, Subscription, Topic

MONDAY = datetime(2026, 12, 7, 4, tzinfo=UTC)
TOPICS, FOLLOWED = 500, 7
BATCH = 5000
SAMPLE = 500
"""How many members the slow ways are tried with."""
ZONES = ("Asia/Almaty", "Asia/Bishkek", "Asia/Dushanbe", "Asia/Ashgabat", "Asia/Tashkent", "Asia/Kabul", "Europe/Oslo")


@dataclass
class Watch:
    """What a run did to the process: the longest time that the loop stood still, and memory at its highest, in MB."""

    blocked: float = 0.0
    memory: float = 0.0

    async def watch(self) -> None:
        last = time.perf_counter()
        for n in count():
            await asyncio.sleep(0.002)
            now = time.perf_counter()
            self.blocked, last = max(self.blocked, now - last - 0.002), now
            if n % 10 == 0:
                self.memory = max(self.memory, resident())


def resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


async def build(database: Database, number: int, items: int, fresh: int) -> None:
    """Fill an empty database: members with their topics, documents and posts, one in ten of them new."""
    dice = random.Random(number)  # noqa: S311 - the same network in every run
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        await tx.execute(insert(Topic), [_topic(n) for n in range(1000, 1000 + TOPICS)])
        await tx.execute(insert(Document), [_document(n, dice, n <= fresh) for n in range(1, items + 1)])
        await tx.execute(insert(Post), [_post(n, dice) for n in range(1, fresh + 1)])
    for first in range(1, number + 1, BATCH):
        ids = range(first, min(first + BATCH, number + 1))
        async with database.transaction() as tx:
            await tx.execute(insert(Member), [_member(n) for n in ids])
            await tx.execute(insert(DigestSchedule), [_schedule(n) for n in ids])
            rows = [row for n in ids for row in _subscriptions(n, dice)]
            await tx.execute(insert(Subscription), rows)
    async with database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.exec_driver_sql("ANALYZE")


def _topic(n: int) -> dict[str, Any]:
    titles = {"en": f"Topic {n}", "ru": f"Тема {n}"}
    policy = Policy.REQUEST if n % 4 == 0 else Policy.OPEN
    common = {"code": f"t{n}", "emoji": "•", "titles": titles, "descriptions": titles, "pillar": "P1", "position": n}
    return common | {"id": n, "policy": policy, "label": Label.GREEN}


def _document(n: int, dice: random.Random, fresh: bool) -> dict[str, Any]:  # noqa: FBT001 - a fact of the row
    shared = MONDAY - (timedelta(hours=dice.randint(1, 160)) if fresh else timedelta(days=dice.randint(40, 900)))
    return {
        "id": n, "token": str(n), "title": f"A document about the borders of something, No. {n}", "titles": {},
        "publisher": "United Nations", "year": 2026, "languages": "en ru", "url": f"https://example.org/{n}",
        "topic_id": 1000 + dice.randrange(TOPICS), "label": dice.choice([Label.CLEAR, Label.GREEN]),
        "shared_at": shared, "kind": Kind.OTHER, "pillars": "", "stage": Stage.PUBLISHED,
    }  # fmt: skip


def _post(n: int, dice: random.Random) -> dict[str, Any]:
    return {
        "id": n, "topic_id": 1000 + dice.randrange(TOPICS), "source": Source.PRIVATE, "state": PostState.PUBLISHED,
        "label": Label.GREEN, "html": "Something that was said. " * 8, "kind": "text", "replies": dice.randrange(9),
        "reactions": dice.randrange(9), "at": MONDAY - timedelta(hours=dice.randint(1, 160)),
    }  # fmt: skip


def _member(n: int) -> dict[str, Any]:
    return {
        "id": n, "telegram_id": 10_000 + n, "state": MemberState.ACTIVE, "language": ("en", "ru")[n % 2],
        "language_chosen": True, "zone": ZONES[n % len(ZONES)], "created_at": MONDAY, "read_only": False,
    }  # fmt: skip


def _schedule(n: int) -> dict[str, Any]:
    due = MONDAY - timedelta(minutes=n % 60)
    return {"member_id": n, "weekday": 0, "at": "09:00", "next_due_at": due, "covered_until": due - timedelta(days=7)}


def _subscriptions(n: int, dice: random.Random) -> list[dict[str, Any]]:
    chosen = dice.sample(range(1000, 1000 + TOPICS), FOLLOWED)
    return [{"member_id": n, "topic_id": t, "level": Level.DIGEST, "since": MONDAY} for t in chosen]


async def again(database: Database) -> None:
    """Let every digest be due once more."""
    async with database.transaction() as tx:
        await tx.execute(delete(OutboxRow))
        await tx.execute(delete(Digest))
        due = {"next_due_at": MONDAY, "covered_until": MONDAY - timedelta(days=7)}
        await tx.execute(update(DigestSchedule).values(due))


async def ours(database: Database) -> int:
    """Run the digest tick's work; return how many members it was for."""
    terms = Terms(MONDAY, divide)
    async with database.reading() as tx:
        found = await digests.begin(tx, MONDAY)
    assert found is not None
    return sum(await asyncio.gather(*(portions(database, found, terms) for _ in range(database.writers))))


async def portions(database: Database, found: Findings, terms: Terms) -> int:
    made, claimed = 0, digests.PORTION
    while claimed == digests.PORTION:
        async with database.transaction() as tx:
            claimed = await digests.run(tx, found, terms)
        made += claimed
    return made


async def a_query_a_member(database: Database) -> int:
    """Ask for each member's documents and posts with one query each, as one would write it first, with Core."""
    return await _each(database, _two_queries)


async def a_query_a_topic(database: Database) -> int:
    """Ask for each topic that a member follows."""
    return await _each(database, _by_topic)


async def _each(database: Database, ask: Callable[[Transaction, int], Awaitable[list[int]]]) -> int:
    async with database.reading() as tx:
        ids = list(await tx.scalars(select(DigestSchedule.member_id).order_by(DigestSchedule.member_id).limit(SAMPLE)))
    for first in range(0, len(ids), digests.PORTION):
        async with database.transaction() as tx:
            for member_id in ids[first : first + digests.PORTION]:
                await _queue(tx, member_id, await ask(tx, member_id))
    return len(ids)


async def _two_queries(tx: Transaction, member_id: int) -> list[int]:
    since = MONDAY - timedelta(days=7)
    mine = (Subscription.member_id == member_id, Subscription.level.in_(HEARING))
    papers = select(Document.id).join(Subscription, Subscription.topic_id == Document.topic_id)
    said = select(Post.id).join(Subscription, Subscription.topic_id == Post.topic_id)
    found = await tx.scalars(papers.where(*mine, Document.shared_at >= since, Document.shared_at < MONDAY))
    talk = await tx.scalars(said.where(*mine, Post.at >= since, Post.at < MONDAY).limit(5))
    return [*found, *talk]


async def _by_topic(tx: Transaction, member_id: int) -> list[int]:
    since, found = MONDAY - timedelta(days=7), []
    for topic_id in await tx.scalars(select(Subscription.topic_id).where(Subscription.member_id == member_id)):
        papers = select(Document.id).where(Document.topic_id == topic_id, Document.shared_at >= since)
        found += list(await tx.scalars(papers))
        found += list(await tx.scalars(select(Post.id).where(Post.topic_id == topic_id, Post.at >= since)))
    return found


async def _queue(tx: Transaction, member_id: int, found: list[int]) -> None:
    row = {"member_id": member_id, "number": 1, "iso_year": 2026, "iso_week": 50, "iso_day": 1, "slot": 0}
    period = {"period_start": MONDAY - timedelta(days=7), "period_end": MONDAY, "created_at": MONDAY}
    made = {"state": DigestState.QUEUED, "items": {"documents": found}, "breaks": [0]}
    await tx.execute(insert(Digest).values(row | period | made))
    facts = {"week": [2026, 50], "slot": 0, "part": 1}
    await post.promise(tx, [Promise(member_id, digests.ISSUE, facts, Lane.BULK, key=f"{member_id}")], MONDAY)
    mine = update(DigestSchedule).where(DigestSchedule.member_id == member_id)
    await tx.execute(mine.values(next_due_at=MONDAY + timedelta(days=7), covered_until=MONDAY))


async def measured(database: Database, way: Callable[[Database], Awaitable[int]]) -> tuple[float, float, float]:
    """Return members a second, the longest block of the loop in ms, and how much memory grew, in MB."""
    await again(database)
    watch, before = Watch(), resident()
    watching = asyncio.create_task(watch.watch())
    await asyncio.sleep(0.01)
    began = time.perf_counter()
    made = await way(database)
    taken = time.perf_counter() - began
    watching.cancel()
    return made / taken, watch.blocked * 1000, watch.memory - before


async def run(database: Database, name: str, number: int, options: argparse.Namespace, console: Console) -> None:
    """Build one network and print its table."""
    await build(database, number, options.items, options.fresh)
    cold = await measured(database, ours)
    gc.collect()
    gc.freeze()  # as the bot does when it starts
    table = Table(title=f"{name}: {number:,} members, {options.items:,} documents, {options.fresh:,} of them new")
    for column in ("way", "members/s", "µs a member", "longest block, ms", "memory, MB", "ours is"):
        table.add_column(column, justify="right")
    best: float | None = None
    for way in (ours, a_query_a_member, a_query_a_topic):
        rounds = [await measured(database, way) for _ in range(options.rounds if way is ours else 1)]
        speed = statistics.median(r[0] for r in rounds)
        best = best or speed
        blocked, grown = max(r[1] for r in rounds), cold[2] if way is ours else rounds[0][2]
        label = way.__name__.replace("_", " ")
        table.add_row(label, f"{speed:,.0f}", f"{1e6 / speed:,.0f}", f"{blocked:.0f}", f"{grown:+.0f}",
                      "" if way is ours else f"{best / speed:.1f}×")  # fmt: skip
        if way is ours:
            async with database.reading() as tx:
                letters = await tx.scalar(select(func.count()).select_from(OutboxRow))
                some = [row.items for row in await tx.scalars(select(Digest).limit(500))]
            lines = statistics.mean(sum(len(v) for v in items.values() if isinstance(v, list)) for items in some)
            table.caption = f"{letters:,} messages queued, {lines:.0f} lines a digest"
    console.print(table)
    await database.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", default="1000,10000,100000")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--fresh", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", default="postgresql://root@127.0.0.1:5432/postgres")
    parser.add_argument("--engine", choices=["both", "sqlite", "postgresql"], default="both")
    options = parser.parse_args()
    console = Console()
    for number in map(int, options.members.split(",")):
        if options.engine != "postgresql":
            with tempfile.TemporaryDirectory() as folder:
                await run(
                    Database(f"sqlite+aiosqlite:///{Path(folder) / 'digests.db'}"), "SQLite", number, options, console
                )
        if options.engine != "sqlite":
            with psycopg.connect(options.postgres, autocommit=True) as server:
                server.execute("DROP DATABASE IF EXISTS benchmark_digests")
                server.execute("CREATE DATABASE benchmark_digests")
                url = make_url(options.postgres).set(database="benchmark_digests").render_as_string(hide_password=False)
                await run(Database(url), "PostgreSQL", number, options, console)
                server.execute("DROP DATABASE benchmark_digests")


if __name__ == "__main__":
    asyncio.run(main())
