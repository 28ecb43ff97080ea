"""Networks to measure with: databases with many members, on both engines, each made once and copied for every round."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import insert, select
from sqlalchemy.engine import make_url

from benchmarks.processes import TOKEN
from storage import access, announcements, members, migrations, outbox
from storage.announcements import BOUND, EVERYBODY
from storage.consents import TERMS_VERSION
from storage.database import Database
from storage.members import Member, MemberState, Role
from storage.outbox import Lane, Promise
from storage.tlp import Label

POSTGRES = os.environ.get("TEST_POSTGRES_URL") or "postgresql://root@127.0.0.1:5432/postgres"
ENGINES = ("SQLite", "PostgreSQL")
FIRST = 9_000_000
"""The first member's number in Telegram; the others follow."""
TITLE = "The annual meeting"
TEXT = (
    "The annual meeting of the network takes place on <b>Tuesday at ten</b>. Please tell the secretariat by Friday "
    "whether you take part, and who comes in your place."
)
BATCH = 5000


@dataclass(frozen=True)
class Place:
    """Where one engine keeps databases for measuring; `name` is the engine's."""

    name: str
    folder: Path
    server: str

    def url(self, database: str, driver: str = "psycopg") -> str:
        """Return a database's URL; `driver` is a server's."""
        if self.name == "SQLite":
            return f"sqlite+aiosqlite:///{self.folder / database}.db"
        url = make_url(self.server).set(database=f"benchmark_{database}", drivername=f"postgresql+{driver}")
        return url.render_as_string(hide_password=False)

    def drop(self, database: str) -> None:
        if self.name == "SQLite":
            for path in self.folder.glob(f"{database}.db*"):
                path.unlink()
        else:
            self._administer(f"DROP DATABASE IF EXISTS benchmark_{database} WITH (FORCE)")

    def create(self, database: str) -> None:
        self.drop(database)
        if self.name == "PostgreSQL":
            self._administer(f"CREATE DATABASE benchmark_{database}")

    def copy(self, source: str, database: str) -> None:
        """Copy a database that nobody uses."""
        self.drop(database)
        if self.name == "SQLite":
            shutil.copy(self.folder / f"{source}.db", self.folder / f"{database}.db")
        else:
            self._administer(f"CREATE DATABASE benchmark_{database} TEMPLATE benchmark_{source}")

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as server:
            server.execute(statement)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def build(place: Place, database: str, number: int) -> None:
    """Make a network of so many members; the first is an administrator, and nobody sleeps."""
    place.create(database)
    now = datetime.now(UTC)
    async with opened(place.url(database)) as made:
        await migrations.upgrade(made)
        for first in range(0, number, BATCH):
            rows = [_member(n, now) for n in range(first, min(first + BATCH, number))]
            async with made.transaction() as tx:
                await tx.execute(insert(Member), rows)
        async with made.transaction() as tx:
            author = await members.by_telegram(tx, FIRST)
            assert author is not None
            await members.give_role(tx, author.id, Role.ADMINISTRATOR, now)


def _member(n: int, now: datetime) -> dict[str, Any]:
    return {
        "telegram_id": FIRST + n, "state": MemberState.ACTIVE, "language": "en", "language_chosen": True,
        "name": f"Member {n}", "country": "KZ", "zone": "Asia/Almaty", "joined_at": now, "state_since": now,
        "validated_at": now, "vouches_from": now, "last_seen_at": now, "terms_version": TERMS_VERSION,
        "created_at": now, "quiet_from": "08:00", "quiet_until": "08:00",
    }  # fmt: skip


async def announce(url: str, now: datetime) -> None:
    """Send an announcement to everybody, as its author does; the first copy leaves when it can no longer be undone."""
    async with opened(url) as database, database.transaction() as tx:
        author = await members.by_telegram(tx, FIRST)
        assert author is not None
        viewer = await access.viewer(tx, author.id)
        row = await announcements.begin(tx, viewer, "en", TITLE, TEXT, Label.GREEN, now)
        row.audience = EVERYBODY.facts()
        reach = await announcements.reach(tx, row.meant, row.label, now)
        digest = announcements.digest_of(row, reach.recipients)[:BOUND]
        await announcements.submit(tx, viewer, row.id, digest, 10**9, now)


async def promise(url: str, due: datetime, notice: str = "terms:approved") -> None:
    """Promise a short notice to every member, as a newsletter."""
    async with opened(url) as database, database.transaction() as tx:
        everybody = await tx.scalars(select(Member.id))
        letters = [Promise(n, notice, {}, Lane.BULK, key=f"benchmark:{n}", due_at=due) for n in everybody]
        await outbox.promise(tx, letters, due)


def configure(folder: Path, telegram: str, database: str, **delivery: float) -> Path:
    """Write the configuration of a bot and return its path."""
    path = folder / "config.toml"
    terms = "\n".join(f"{name} = {value}" for name, value in delivery.items())
    path.write_text(
        f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{telegram}"\n[storage]\nurl = "{database}"\n[delivery]\n{terms}\n',
        encoding="utf-8",
    )
    return path
