"""A sandbox to call as a bot would, over plain HTTP, and to act in as people would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
from story import TOKEN, Control

from bot.sandbox.server import Sandbox

ANN, BORIS, OWNER = 10, 20, 30
BOT = 1000001
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


@dataclass(frozen=True)
class Answer:
    """What the Bot API answered."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def result(self) -> Any:
        assert self.body["ok"], self.body
        return self.body["result"]

    @property
    def refusal(self) -> tuple[int, str]:
        assert not self.body["ok"], self.body
        assert self.status == self.body["error_code"]
        return self.status, self.body["description"]


class LocalTelegram:
    """One sandbox with three people: Ann and Boris, who may start the bot, and an owner of groups."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox, self.world, self.session = sandbox, sandbox.world, session
        self.control = Control(sandbox.url, session)

    def address(self, method: str) -> str:
        return f"{self.sandbox.url}/bot{TOKEN}/{method}"

    async def call(self, method: str, files: dict[str, tuple[str, bytes]] | None = None, **parameters: Any) -> Answer:
        """Call as JSON, or as a multipart form where files go along."""
        given: dict[str, Any] = {"json": parameters}
        if files:
            form = aiohttp.FormData(quote_fields=False)
            for name, value in parameters.items():
                form.add_field(name, value if isinstance(value, str) else aiohttp.payload.JsonPayload(value))
            for name, (file_name, content) in files.items():
                form.add_field(name, BytesIO(content), filename=file_name)
            given = {"data": form}
        async with self.session.post(self.address(method), **given) as answer:
            return Answer(answer.status, await answer.json(content_type=None), dict(answer.headers))

    async def ok(self, method: str, files: dict[str, tuple[str, bytes]] | None = None, **parameters: Any) -> Any:
        return (await self.call(method, files, **parameters)).result

    async def says(self, user: int, text: str, **facts: Any) -> dict[str, Any]:
        return dict(await self.does(user, "send", text=text, **facts))

    async def does(self, person: int, deed: str, **facts: Any) -> Any:
        return await self.control.post(f"/users/{person}/{deed}", **facts)

    async def cannot(self, person: int, deed: str, **facts: Any) -> str:
        """Return why a Telegram app would not let somebody do something."""
        async with self.session.post(f"{self.sandbox.url}/sandbox/users/{person}/{deed}", json=facts) as answer:
            assert answer.status == 400, f"{deed} was possible"
            return str((await answer.json())["error"])

    async def updates(self, **parameters: Any) -> list[dict[str, Any]]:
        return list(await self.ok("getUpdates", **parameters))

    async def kinds(self) -> list[str]:
        """Return the kinds of what waits for the bot, and confirm it."""
        return [kind for kind, _ in await self.told()]

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what waits for the bot, each with its kind, and confirm it."""
        found = await self.updates()
        if found:
            await self.updates(offset=found[-1]["update_id"] + 1)
        return [next((kind, body) for kind, body in update.items() if kind != "update_id") for update in found]

    async def group(self, kind: str = "supergroup", bot: str | None = "administrator", **facts: Any) -> int:
        facts = {"title": "Group", "owner": OWNER, "members": [ANN], **facts}
        chat = await self.control.post("/chats", type=kind, **({"bot": bot} if bot else {}), **facts)
        return int(chat["id"])

    async def steps(self, seconds: float) -> None:
        """Let the sandbox's clock jump."""
        await self.control.post("/clock", advance=seconds)

    def forgiven(self) -> list[dict[str, Any]]:
        """Return the violations so far and forget them."""
        found = list(self.world.violations)
        self.world.violations.clear()
        return found


@asynccontextmanager
async def playing() -> AsyncIterator[LocalTelegram]:
    """Start a sandbox with people in it; a violation that the test does not forgive fails it."""
    sandbox = Sandbox(token=TOKEN, username="network_test_bot", name="Test network")
    await sandbox.start()
    try:
        async with aiohttp.ClientSession() as session:
            telegram = LocalTelegram(sandbox, session)
            for user, name in ((ANN, "Ann"), (BORIS, "Boris"), (OWNER, "Olga")):
                await telegram.control.post("/users", id=user, first_name=name, language_code="en")
            yield telegram
        assert not sandbox.world.violations, sandbox.world.violations
    finally:
        await sandbox.stop()


@dataclass(frozen=True)
class Scene:
    """Chats of every kind, where the bot is now an administrator and now a member, and a message in some."""

    telegram: LocalTelegram
    group: int
    joined: int
    basic: int
    forum: int
    joined_forum: int
    channel: int
    joined_channel: int
    heard: int
    said: int
    document: int
    keyed: int
    topic: int

    async def ok(self, method: str, **parameters: Any) -> Any:
        return await self.telegram.ok(method, **parameters)

    async def does(self, person: int, deed: str, **facts: Any) -> Any:
        return await self.telegram.does(person, deed, **facts)


async def scene(telegram: LocalTelegram) -> Scene:
    """Set the scene: Ann has started the bot, Boris is only known from a group, the owner owns."""
    await telegram.does(ANN, "start")
    heard = await telegram.says(ANN, "hello")
    said = await telegram.ok("sendMessage", chat_id=ANN, text="said")
    document = await telegram.ok("sendDocument", {"document": ("a.txt", b"text")}, chat_id=ANN, caption="a")
    keyed = await telegram.ok("sendMessage", chat_id=ANN, text="keys", reply_markup={"keyboard": [[{"text": "k"}]]})
    forum = await telegram.group(is_forum=True)
    topic = await telegram.ok("createForumTopic", chat_id=forum, name="Topic")
    return Scene(
        telegram,
        group=await telegram.group(members=[ANN, BORIS]),
        joined=await telegram.group(bot="member"),
        basic=await telegram.group("group"),
        forum=forum,
        joined_forum=await telegram.group(bot="member", is_forum=True),
        channel=await telegram.group("channel"),
        joined_channel=await telegram.group("channel", bot="member"),
        heard=heard["message_id"],
        said=said["message_id"],
        document=document["message_id"],
        keyed=keyed["message_id"],
        topic=topic["message_thread_id"],
    )
