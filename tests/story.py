"""People who type and tap in the sandbox, and the bot that answers them: the front door of every story."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import text

from bot.intake import raw_update
from storage import inbox, members, migrations, topics
from storage.database import Database, Transaction
from storage.members import Category, MemberState
from storage.outbox import Promise, promise

TOKEN = "1000001:AAtestTokenOfTheSandbox"
PATIENCE = 15.0
ROOT = Path(__file__).parent.parent


class Control:
    """The sandbox's control API."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def get(self, path: str, **query: Any) -> Any:
        async with self._session.get(f"{self.url}/sandbox{path}", params=query) as answer:
            return await self._read(answer)

    async def post(self, path: str, **body: Any) -> Any:
        async with self._session.post(f"{self.url}/sandbox{path}", json=body) as answer:
            return await self._read(answer)

    async def put(self, path: str, **body: Any) -> Any:
        async with self._session.put(f"{self.url}/sandbox{path}", json=body) as answer:
            return await self._read(answer)

    async def delete(self, path: str) -> Any:
        async with self._session.delete(f"{self.url}/sandbox{path}") as answer:
            return await self._read(answer)

    async def _read(self, answer: aiohttp.ClientResponse) -> Any:
        body = await answer.json()
        assert answer.status == 200, f"{answer.url.path}: {answer.status} {body}"
        return body


@dataclass
class Person:
    """Somebody with a Telegram account; `chat` is where they look and type (their private chat at first).

    `interlude` is what happens to the bot after each deed, before it is looked at.
    """

    control: Control
    id: int
    interlude: Callable[[], Awaitable[None]] | None = None
    patience: float = PATIENCE
    since: int = 0
    chat: int = 0
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chat = self.chat or self.id

    async def starts(self, payload: str | None = None) -> None:
        await self._look()
        await self._does("start", **({"payload": payload} if payload else {}))

    async def says(self, text: str) -> dict[str, Any]:
        await self._look()
        return await self._does("send", chat=self.chat, text=text)

    async def sends(self, **content: Any) -> dict[str, Any]:
        await self._look()
        return await self._does("send", chat=self.chat, **content)

    async def taps(self, label: str, *, on: str = "") -> None:
        """Press the newest button whose label contains `label`, on a message that contains `on`, once it is there."""
        deadline = asyncio.get_running_loop().time() + self.patience
        after = await self._look()
        while (pressed := self._button(label, on)) is None:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise AssertionError(f"no button {label!r} in:\n{self.transcript()}")
            after = await self._look(after=after, timeout=left)
        await self._look()
        await self._does("press", chat=self.chat, **pressed)

    def _button(self, label: str, on: str) -> dict[str, Any] | None:
        for message in sorted(self.seen.values(), key=lambda m: -m["change"]):
            for button in (b for row in message.get("reply_markup", {}).get("inline_keyboard", []) for b in row):
                if label in button["text"] and on in written(message) and "callback_data" in button:
                    return {"message_id": message["message_id"], "data": button["callback_data"]}
        return None

    async def sees(self, *fragments: str) -> dict[str, Any]:
        """Wait for a message of the bot, new or edited since the last deed, that contains all fragments."""
        deadline = asyncio.get_running_loop().time() + self.patience
        after = self.since
        while True:
            for message in self.seen.values():
                if message["change"] > self.since and self._answers(message, fragments):
                    return message
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise AssertionError(f"{fragments} not seen in:\n{self.transcript()}")
            after = await self._look(after=after, timeout=left)

    async def sees_toast(self, fragment: str) -> None:
        """Wait for a short note over the chat that answers a pressed button."""
        deadline = asyncio.get_running_loop().time() + self.patience
        after = self.since
        while asyncio.get_running_loop().time() < deadline:
            path = f"/users/{self.id}/chats/{self.chat}/messages"
            found = await self.control.get(path, after=after, timeout=1)
            if any(fragment in (a.get("text") or "") for a in found["callback_answers"]):
                return
            after = max(after, found["change"])
        raise AssertionError(f"no note {fragment!r}")

    async def does(self, deed: str, **facts: Any) -> Any:
        await self._look()
        return await self._does(deed, **facts)

    def transcript(self) -> str:
        """Return what the person sees, for a failure's message."""
        rows = []
        for message in sorted(self.seen.values(), key=lambda m: m["message_id"]):
            buttons = [b["text"] for r in message.get("reply_markup", {}).get("inline_keyboard", []) for b in r]
            rows.append(f"#{message['message_id']} ~{message['change']} {written(message)!r} {buttons}")
        return "\n".join(rows)

    def _answers(self, message: dict[str, Any], fragments: tuple[str, ...]) -> bool:
        return message["from"]["is_bot"] and all(f in written(message) for f in fragments)

    async def _does(self, deed: str, **facts: Any) -> Any:
        done = await self.control.post(f"/users/{self.id}/{deed}", **facts)
        if self.interlude is not None:
            await self.interlude()
        return done

    async def _look(self, after: int | None = None, timeout: float = 0) -> int:  # noqa: ASYNC109 - the server waits
        path = f"/users/{self.id}/chats/{self.chat}/messages"
        found = await self.control.get(path, after=self.since if after is None else after, timeout=timeout)
        for message in found["messages"]:
            if message.get("deleted"):
                self.seen.pop(message["message_id"], None)
            else:
                self.seen[message["message_id"]] = message
        if after is None:
            self.since = found["change"]
        return int(found["change"])


def written(message: dict[str, Any]) -> str:
    return str(message.get("text") or message.get("caption") or "")


def buttons(message: dict[str, Any]) -> list[str]:
    return [b["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for b in row]


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

    @property
    def config(self) -> Path:
        """Write the configuration and return its path."""
        tables: dict[str, dict[str, Any]] = {
            "telegram": {"token": TOKEN, "api_url": self.control.url},
            "storage": {"url": self.storage_url},
            "network": {"name": "Test network", "administrators": list(self.administrators)},
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

    async def joined(self, telegram_id: int, name: str = "Saltanat Demo", **facts: Any) -> Person:
        """Bring somebody on stage who is a member already; call it before the bot comes.

        `facts` are columns of the member (`state`, `country`, `zone`, `language` …), and `organisation`, `topics`
        (codes that are followed) and `roles`.
        """
        language = facts.get("language", "en")
        database = Database(self.storage_url)
        try:
            await migrations.upgrade(database)
            async with database.transaction() as tx:
                await _joins(tx, telegram_id, {"name": name, **facts})
        finally:
            await database.close()
        person = await self.person(telegram_id, name, language)
        await self.control.post("/users", id=telegram_id, first_name=name, language_code=language, started=True)
        return person

    async def promises(self, *promised: Promise) -> None:
        """Promise messages as a feature would; call it before the bot comes."""
        database = Database(self.storage_url)
        try:
            async with database.transaction() as tx:
                await promise(tx, promised, datetime.now(UTC))
        finally:
            await database.close()

    async def receives(self, *updates: dict[str, Any]) -> None:
        """Put raw updates into the inbox, as if Telegram had handed them over; call it before the bot comes."""
        database = Database(self.storage_url)
        try:
            async with database.transaction() as tx:
                for update in updates:
                    await inbox.receive(tx, [row for row in [raw_update(update)] if row], datetime.now(UTC))
        finally:
            await database.close()

    async def settled(self, where: str = "TRUE") -> list[Any]:
        """Wait until no promised message waits any more; return state, reason and number of copies sent by row."""
        waiting = f"SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased') AND {where}"  # noqa: S608
        last = 0
        while (await self.rows(waiting))[0][0]:
            last = max([last, *(c["n"] for c in await self.control.get("/calls", after=last, timeout=0.5))])
        return await self.rows(f"SELECT state, reason, attempts FROM outbox WHERE {where} ORDER BY id")  # noqa: S608

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """Ask the database itself, beside the bot."""
        database = Database(self.storage_url)
        try:
            async with database.reading() as tx:
                return [tuple(row) for row in await tx.execute(text(statement), values)]
        finally:
            await database.close()

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[None]:
        """Run the real application in this process until the block ends."""
        from bot import logs
        from bot.application import Bot
        from bot.clock import FollowedClock
        from bot.config import load

        logs.set_up((TOKEN,), json=True)
        clock = FollowedClock(f"{self.control.url}/sandbox/clock")
        await clock.start()
        bot = Bot(load(self.config), clock)
        running = asyncio.create_task(bot.run())
        try:
            await self._until_it_works(running)
            yield
        finally:
            bot.stop()
            await running

    async def process(self, *, follows_sandbox: bool = True) -> Process:
        """Start the bot as a process of its own, by the sandbox's clock or the machine's; wait until it works."""
        command = [sys.executable, "-m", "bot", "run", "--config", str(self.config)]
        command += ["--clock", f"{self.control.url}/sandbox/clock"] if follows_sandbox else []
        log = (self.folder / "bot.log").open("ab")
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=log, stdout=log, env=environment())
        log.close()
        started = Process(process)
        self.processes.append(started)
        await self._until_it_works(asyncio.create_task(process.wait()))
        return started

    async def clear(self) -> None:
        """Let no process outlive its story, and no log have told the token."""
        for process in self.processes:
            await process.kill()
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


@dataclass
class Process:
    """The bot as a process of its own."""

    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """End it as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


async def _joins(tx: Transaction, telegram_id: int, facts: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    member = await members.welcome(tx, telegram_id, "en", "Asia/Almaty", now)
    member.state, member.joined_at, member.language_chosen = MemberState.ACTIVE, now, True
    member.category, member.country = Category.ACADEMIA, "KZ"
    member.organisation_id = (await members.organisation(tx, facts.pop("organisation", "Demo Institute"))).id
    for role in facts.pop("roles", ()):
        await members.give_role(tx, member.id, role)
    codes = {topic.code: topic.id for topic in await topics.catalogue(tx)}
    await topics.subscribe(tx, member.id, [codes[code] for code in facts.pop("topics", ())], now)
    for column, value in facts.items():
        setattr(member, column, value)


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("NETWORK_BOT_")} | {"PYTHONPATH": str(ROOT)}


def _toml(name: str, table: dict[str, Any]) -> str:
    import json

    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""])
