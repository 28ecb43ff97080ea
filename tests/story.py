"""The stage of a story: a sandbox, a database, people, and bots that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from people import Control, Person, buttons, written
from processes import ROOT, Process, environment, free_port, network_bot
from sqlalchemy import event, text

from bot.health import Watch
from bot.intake import raw_update
from storage import inbox, members, topics
from storage.consents import TERMS_VERSION
from storage.database import Database, Transaction
from storage.members import Category, MemberState
from storage.outbox import Promise, promise

PLAIN_REVIEW = {"vouches": 0, "other_organisation": 0, "objection_days": 0}
"""Stories that are not about vouching admit people by review alone."""
TOKEN = "1000001:AAtestTokenOfTheSandbox"
__all__ = [
    "ROOT", "TOKEN", "Control", "Person", "Process", "Stage", "buttons", "environment", "free_port", "network_bot",
    "written",
]  # fmt: skip


@dataclass
class Stage:
    """A sandbox, a database and a configuration; people come on, bots come and go."""

    control: Control
    folder: Path
    storage_url: str
    administrators: tuple[int, ...] = (1, 2)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    interlude: Callable[[], Awaitable[None]] | None = None
    processes: list[Process] = field(default_factory=list)
    _databases: dict[str, Database] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """Write the configuration and return its path."""
        tables: dict[str, dict[str, Any]] = {
            "telegram": {"token": TOKEN, "api_url": self.control.url},
            "storage": {"url": self.storage_url},
            "network": {"name": "Test network", "administrators": list(self.administrators)},
            "admission": dict(PLAIN_REVIEW),
        }
        for name, table in self.settings.items():
            tables.setdefault(name, {}).update(table)
        path = self.folder / "config.toml"
        path.write_text("\n".join(_toml(name, table) for name, table in tables.items()), encoding="utf-8")
        return path

    async def person(self, telegram_id: int, name: str = "Guest", language: str = "en") -> Person:
        """Bring somebody on stage; the same person again if they are there already."""
        if telegram_id not in self.people:
            await self.control.post("/users", id=telegram_id, first_name=name, language_code=language)
            self.people[telegram_id] = Person(self.control, telegram_id, self.interlude)
        return self.people[telegram_id]

    async def now(self) -> datetime:
        """Return the moment at which the clock of the network stands."""
        return datetime.fromisoformat((await self.control.get("/clock"))["now"])

    async def joined(self, telegram_id: int, name: str = "Saltanat Demo", **facts: Any) -> Person:
        """Bring somebody on stage who is a member already; call it before the bot comes.

        `facts` are columns of the member (`state`, `country`, `zone`, `language` …), and `organisation`, `topics`
        (codes that are followed) and `roles` (or offices, with their reach).
        """
        language = facts.get("language", "en")
        now = await self.now()
        async with self.beside() as database, database.transaction() as tx:
            await _joins(tx, telegram_id, {"name": name, **facts}, now)
        person = await self.person(telegram_id, name, language)
        await self.control.post("/users", id=telegram_id, first_name=name, language_code=language, started=True)
        return person

    async def promises(self, *promised: Promise) -> None:
        """Promise messages as a feature would; call it before the bot comes."""
        now = await self.now()
        async with self.beside() as database, database.transaction() as tx:
            await promise(tx, promised, now)

    async def receives(self, *updates: dict[str, Any]) -> None:
        """Put raw updates into the inbox, as if Telegram had handed them over; call it before the bot comes."""
        now = await self.now()
        async with self.beside() as database, database.transaction() as tx:
            for update in updates:
                await inbox.receive(tx, [row for row in [raw_update(update)] if row], now)

    async def settled(self, where: str = "TRUE") -> list[Any]:
        """Wait until no promised message waits any more; return state, reason and number of copies sent by row."""
        waiting = f"SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased') AND {where}"  # noqa: S608
        last = 0
        while (await self.rows(waiting))[0][0]:
            last = max([last, *(c["n"] for c in await self.control.get("/calls", after=last, timeout=0.5))])
        return await self.rows(f"SELECT state, reason, attempts FROM outbox WHERE {where} ORDER BY id")  # noqa: S608

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """Ask the database itself, beside the bot."""
        async with self.beside() as database, database.reading() as tx:
            return [tuple(row) for row in await tx.execute(text(statement), values)]

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[Database]:
        """Open the database beside the bot; a session of a server waits for the next question, a file is let go."""
        if self.storage_url not in self._databases:
            self._databases[self.storage_url] = Database(self.storage_url)
            inner = self._databases[self.storage_url].engine.sync_engine
            if inner.dialect.name != "sqlite":
                event.listen(inner, "connect", _is_no_bot)
        database = self._databases[self.storage_url]
        try:
            yield database
        finally:
            if database.engine.dialect.name == "sqlite":
                await database.close()

    @asynccontextmanager
    async def bot(self, watch: Watch | None = None) -> AsyncIterator[None]:
        """Run the real application in this process until the block ends; `watch` may have other limits than usual."""
        from bot import logs
        from bot.application import Bot
        from bot.clock import FollowedClock
        from bot.config import load

        logs.set_up((TOKEN,), json=True)
        clock = FollowedClock(f"{self.control.url}/sandbox/clock")
        await clock.start()
        bot = Bot(load(self.config), clock, watch=watch)
        running = asyncio.create_task(bot.run())
        try:
            await self._until_it_works(running)
            yield
        finally:
            bot.stop()
            await running

    async def process(self, *, follows_sandbox: bool = True) -> Process:
        """Start the bot as a process of its own, by the sandbox's clock or the machine's; wait until it works."""
        process = self.launch(follows_sandbox=follows_sandbox)
        await self._until_it_works(asyncio.create_task(process.wait()))
        return process

    def launch(self, *, follows_sandbox: bool = True, role: str = "all") -> Process:
        """Start the bot, or one of its roles, as a process of its own, without waiting for it."""
        clock = ["--clock", f"{self.control.url}/sandbox/clock"] if follows_sandbox else []
        arguments = ["run", "--config", str(self.config), "--role", role, *clock]
        process = Process(arguments, self.folder / "bot.log")
        self.processes.append(process)
        return process

    async def clear(self) -> None:
        """Let no process outlive its story, and no log have told the token."""
        for process in self.processes:
            await process.kill()
        for database in self._databases.values():
            await database.close()
        assert TOKEN not in self.log()

    async def _until_it_works(self, ended: asyncio.Task[Any]) -> None:
        seen = 0
        while True:
            calls = await self.control.get("/calls", after=seen, timeout=0.5)
            if any(c["method"] == "getUpdates" and c["status"] is None for c in calls):
                return
            told = await self.control.get("/bot")
            if told["polling"] or told["webhook"]:
                return
            if ended.done():
                ended.result()
                raise AssertionError(f"the bot ended:\n{self.log()}")
            seen = max([seen, *(c["n"] for c in calls)])

    def log(self) -> str:
        path = self.folder / "bot.log"
        return path.read_text() if path.exists() else ""


def _is_no_bot(connection: Any, _entry: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SET application_name = 'story'")
    cursor.close()
    connection.commit()


async def _joins(tx: Transaction, telegram_id: int, facts: dict[str, Any], now: datetime) -> None:
    member = await members.welcome(tx, telegram_id, "en", "Asia/Almaty", now)
    member.state, member.joined_at, member.language_chosen = MemberState.ACTIVE, now, True
    member.category, member.country, member.terms_version = Category.ACADEMIA, "KZ", TERMS_VERSION
    member.state_since = member.validated_at = member.vouches_from = member.last_seen_at = now
    member.organisation_id = (await members.organisation(tx, facts.pop("organisation", "Demo Institute"))).id
    for role in facts.pop("roles", ()):
        await members.give_role(tx, member.id, role, now)
    codes = {topic.code: topic.id for topic in await topics.everything(tx)}
    await topics.subscribe(tx, member.id, [codes[code] for code in facts.pop("topics", ())], now)
    for column, value in facts.items():
        setattr(member, column, value)


def _toml(name: str, table: dict[str, Any]) -> str:
    import json

    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""])
