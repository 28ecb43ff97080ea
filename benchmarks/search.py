"""How long a search takes, beside plain LIKE and the index's own ranking, on both engines.

Usage: python -m benchmarks.search [--sizes 10000,100000,1000000] [--postgres postgresql://…] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url

from storage import documents, members, migrations, topics
from storage.access import Viewer
from storage.database import Database, Transaction
from storage.documents import Document, DocumentWords, Kind, Stage, spelling, words
from storage.documents.tables import DocumentTerm
from storage.members import MemberState
from storage.tlp import Label

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BATCH = 2000
QUERIES = 30
"""For each class of queries and each round."""
SYLLABLES = (
    "bor der se cur i ty pri son law right po li cy train ing re port me di a vic tim plan ac tion",
    "гра ни ца без о пас ность тюрь ма за кон пра во по ли ти ка о бу че ние от чёт план дей стви е",
    "ше ка ра қау іп сіз дік түр ме заң құ қық са я сат о қу е сеп жос пар іс қи мыл",
    "che ga ra xav fsiz lik qa moq qo nun hu quq si yo sat o ʻquv he so bot re ja ha ra kat",
)
"""English, Russian, Kazakh and Uzbek ones."""


@dataclass(frozen=True)
class Corpus:
    """Words by how common they are, the most common first."""

    vocabulary: list[str]
    shares: list[float]

    def some(self, dice: random.Random, number: int) -> list[str]:
        return dice.choices(self.vocabulary, cum_weights=self.shares, k=number)


def corpus(dice: random.Random, size: int = 20_000) -> Corpus:
    """Invent words of four languages, as unevenly common as those of real ones (Zipf)."""
    found: dict[str, None] = {}
    languages = [syllables.split() for syllables in SYLLABLES]
    while len(found) < size:
        found["".join(dice.choices(dice.choice(languages), k=dice.randint(2, 4)))] = None
    total, shares = 0.0, []
    for rank in range(size):
        total += 1 / (rank + 10)
        shares.append(total)
    return Corpus(list(found), shares)


def rows(
    dice: random.Random, known: Corpus, first: int, number: int, topic: int, house: int
) -> Iterator[dict[str, Any]]:
    """Yield documents: titles of 3–8 words, descriptions of 10–25, one in ten for another house only."""
    for n in range(first, first + number):
        title, rest = known.some(dice, dice.randint(3, 8)), known.some(dice, dice.randint(10, 25))
        yield {
            "id": n, "token": str(n), "title": " ".join(title)[:200], "titles": {}, "description": " ".join(rest),
            "url": f"https://example.org/{n}", "url_key": f"example.org/{n}", "topic_id": topic,
            "label": Label.AMBER if dice.random() < 0.1 else Label.GREEN, "organisation_id": house, "shared_at": NOW,
            "kind": Kind.OTHER, "pillars": "", "stage": Stage.PUBLISHED, "year": dice.randint(2001, 2026),
        }  # fmt: skip


async def build(database: Database, dice: random.Random, known: Corpus, size: int) -> Viewer:
    """Fill an empty database; return a member who reads in it."""
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        member = await members.welcome(tx, 50, "en", "UTC", NOW)
        house, other = [(await members.organisation(tx, name)).id for name in ("Mine", "Another")]
        topic = (await topics.everything(tx))[0].id
        terms = {spelling.forms(word).key[:60] for word in known.vocabulary if word.isalpha()}
        await tx.execute(insert(DocumentTerm), [{"term": term, "size": len(term)} for term in sorted(terms)])
    for first in range(1, size + 1, BATCH):
        batch = list(rows(dice, known, first, min(BATCH, size + 1 - first), topic, other))
        async with database.transaction() as tx:
            await tx.execute(insert(Document), batch)
            await tx.execute(insert(DocumentWords), [_folded(row) for row in batch])
    async with database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("ANALYZE"))
    return Viewer(member.id, MemberState.ACTIVE, frozenset(), house, "en", "UTC")


def _folded(row: dict[str, Any]) -> dict[str, Any]:
    rest = f"{spelling.indexed(row['description'])} {row['year']}"
    title = spelling.indexed(row["title"])
    return {"document_id": row["id"], "title": title, "rest": rest, "body": "", "text": None, "version": words.VERSION}


def queries(dice: random.Random, known: Corpus) -> dict[str, list[str]]:
    """Return what is asked, by class."""

    def among(first: int, last: int) -> list[str]:
        return dice.sample(known.vocabulary[first:last], QUERIES)

    def slipped(word: str) -> str:
        at = dice.randrange(1, len(word) - 1)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return {
        "common word": among(0, 60),
        "middling word": among(300, 1500),
        "rare word": among(10_000, 19_000),
        "two words": [f"{a} {b}" for a, b in zip(among(0, 60), among(60, 400), strict=True)],
        "three letters": [word[:3] for word in among(0, 2000)],
        "a slip": [slipped(word) for word in [w for w in known.vocabulary[200:4000] if len(w) > 7][:QUERIES]],
    }


Ask = Callable[[Transaction, str], Awaitable[Any]]


def ways(viewer: Viewer, database: Database) -> dict[str, Ask]:
    """Return the ways to search: ours, the substring search, and the index with its own ranking."""
    sqlite = database.engine.dialect.name == "sqlite"

    async def ours(tx: Transaction, asked: str) -> Any:
        return await documents.search(tx, viewer, asked)

    async def like(tx: Transaction, asked: str) -> Any:
        each = [f"%{word}%" for word in asked.split()]
        hit = " AND ".join(f"(title LIKE :w{n} OR description LIKE :w{n})" for n in range(len(each)))
        sql = f"SELECT * FROM document WHERE label = 'TLP:GREEN' AND {hit} ORDER BY id DESC LIMIT 10"
        return (await tx.execute(text(sql), {f"w{n}": word for n, word in enumerate(each)})).all()

    async def ranked(tx: Transaction, asked: str) -> Any:
        keys = [spelling.forms(word).key for word in spelling.words(asked)]
        if sqlite:
            hit = "document_index MATCH :asked ORDER BY bm25(document_index) LIMIT 10"
            sql, match = f"SELECT rowid FROM document_index WHERE {hit}", " AND ".join(f'"{key}" *' for key in keys)
        else:
            hit = "words @@ CAST(:asked AS tsquery) ORDER BY ts_rank(words, CAST(:asked AS tsquery)) DESC LIMIT 10"
            sql, match = f"SELECT document_id FROM document_index WHERE {hit}", " & ".join(f"'{key}':*" for key in keys)
        return (await tx.execute(text(sql), {"asked": match})).all()

    return {"ours": ours, "LIKE": like, "ranked by the index": ranked}


async def measure(database: Database, ask: Ask, asked: list[str]) -> list[float]:
    """Return milliseconds, one for each query."""
    taken = []
    async with database.reading() as tx:
        for words_asked in asked:
            began = time.perf_counter()
            await ask(tx, words_asked)
            taken.append((time.perf_counter() - began) * 1000)
    return taken


def share(taken: list[float], part: float) -> float:
    return sorted(taken)[min(int(len(taken) * part), len(taken) - 1)]


async def run(database: Database, name: str, size: int, rounds: int, console: Console) -> None:
    """Build one library and print its table."""
    dice = random.Random(size)  # noqa: S311 - the same library in every run
    known = corpus(dice)
    began = time.perf_counter()
    viewer = await build(database, dice, known, size)
    built = time.perf_counter() - began
    table = Table(title=f"{name}, {size:,} documents (built in {built:.0f} s): milliseconds p50 / p95")
    for column in ("query", *ways(viewer, database), "LIKE ÷ ours (p95)"):
        table.add_column(column, justify="right")
    everything: list[float] = []
    for kind, asked in queries(dice, known).items():
        cells, tails = [kind], []
        for way, ask in ways(viewer, database).items():
            few = asked if way == "ours" or size < 1_000_000 else asked[:5]
            await measure(database, ask, few[:3])  # warm
            taken = [ms for _ in range(rounds if way == "ours" else 1) for ms in await measure(database, ask, few)]
            everything += taken if way == "ours" else []
            cells.append(f"{statistics.median(taken):.1f} / {share(taken, 0.95):.1f}")
            tails.append(share(taken, 0.95))
        table.add_row(*cells, f"{tails[1] / tails[0]:.1f}×")
    table.add_row("all of them", f"{statistics.median(everything):.1f} / {share(everything, 0.95):.1f}", "", "", "")
    console.print(table)
    await database.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", default="postgresql://root@127.0.0.1:5432/postgres")
    parser.add_argument("--engine", choices=["both", "sqlite", "postgresql"], default="both")
    options = parser.parse_args()
    console = Console()
    for size in map(int, options.sizes.split(",")):
        if options.engine != "postgresql":
            with tempfile.TemporaryDirectory() as folder:
                await run(
                    Database(f"sqlite+aiosqlite:///{Path(folder) / 'search.db'}"),
                    "SQLite",
                    size,
                    options.rounds,
                    console,
                )
        if options.engine != "sqlite":
            with psycopg.connect(options.postgres, autocommit=True) as server:
                server.execute("DROP DATABASE IF EXISTS benchmark_search")
                server.execute("CREATE DATABASE benchmark_search")
                url = make_url(options.postgres).set(database="benchmark_search").render_as_string(hide_password=False)
                await run(Database(url), "PostgreSQL", size, options.rounds, console)
                server.execute("DROP DATABASE benchmark_search")


if __name__ == "__main__":
    asyncio.run(main())
