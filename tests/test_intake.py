"""Intake: by poll or by webhook, what Telegram hands over is stored before it is acknowledged."""

from __future__ import annotations

import asyncio
import io
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from databases import unusable
from sqlalchemy import select
from story import TOKEN, Control, Stage, free_port

from bot.clock import Clock
from bot.health import Watch
from bot.intake import ALLOWED, Polling, WebhookIntake
from bot.shift import Role, Shift
from bot.transport import Wire
from storage import inbox, migrations
from storage.database import Database
from storage.inbox import InboxRow
from storage.workers import Duty

SECRET = "a-secret-of-the-webhook"
HOOK = "https://bot.example.org/hook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest.mark.parametrize("kind", ["401", "404", "429", "500", "502", "garbage", "reset"])
async def test_a_poll_that_fails_is_tried_again(control: Control, stage: Stage, kind: str) -> None:
    person = await stage.joined(100)
    await control.post("/faults", method="getUpdates", kind=kind, times=2, retry_after=1)
    async with stage.bot():
        await person.says("/help")
        await person.sees("What you can do here")


async def test_another_poller_is_named_in_the_log_and_takes_nothing(stage: Stage, control: Control) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    url = f"{control.url}/bot{TOKEN}/getUpdates"
    async with aiohttp.ClientSession() as session, session.post(url, json={"timeout": 0}) as answer:
        assert answer.status == 200
    await person.says("/help")
    await person.sees("What you can do here")

    assert await process.stop() == 0
    assert "another program polls with this token; stop it or revoke the token" in stage.log()


async def test_nothing_is_acknowledged_that_could_not_be_stored(stage: Stage, control: Control) -> None:
    person = await stage.joined(100)
    async with stage.bot():
        async with unusable(stage.storage_url):
            await person.says("/help")
            while await handed_over(control) < 2:
                await control.get("/calls", after=len(await control.get("/calls")), timeout=1)
        person.patience = 30
        await person.sees("What you can do here")

    assert await stage.rows("SELECT count(*) FROM inbox WHERE state = 'done'") == [(1,)]


async def handed_over(control: Control) -> int:
    """Return how many polls were answered with what the person wrote."""
    polls = [call for call in await control.get("/calls") if call["method"] == "getUpdates"]
    return sum("/help" in str(call["answer"]) for call in polls)


def _hooked(stage: Stage) -> int:
    port = free_port()
    stage.settings["telegram"] = {"mode": "webhook"}
    stage.settings["webhook"] = {"public_url": HOOK, "listen": f"127.0.0.1:{port}", "secret_token": SECRET}
    return port


async def test_by_webhook_people_are_answered_as_by_poll(stage: Stage, control: Control) -> None:
    person = await stage.joined(100)
    port = _hooked(stage)
    await control.put("/webhook_route", **{HOOK: f"http://127.0.0.1:{port}/hook"})
    async with stage.bot():
        await person.says("/help")
        await person.sees("What you can do here")


async def test_from_poll_to_webhook_and_back_nothing_is_lost_and_nothing_handled_twice(
    stage: Stage, control: Control
) -> None:
    people = [await stage.joined(telegram_id) for telegram_id in range(100, 108)]
    port = _hooked(stage)
    hooked = stage.settings.pop("telegram")
    await control.put("/webhook_route", **{HOOK: f"http://127.0.0.1:{port}/hook"})
    for words, shown, mode in (
        ("/help", "What you can do here", {}),
        ("/topics", "Topics.", hooked),
        ("/library", "Library", {"mode": "polling"}),
        ("/events", "Events", hooked),
    ):
        await asyncio.gather(*(person.says(words) for person in people))  # they wait while nobody listens
        stage.settings["telegram"] = mode
        async with stage.bot():
            await asyncio.gather(*(person.sees(shown) for person in people))
            await asyncio.gather(*(person.says("/menu") for person in people))
            await asyncio.gather(*(person.sees("Test network") for person in people))
            await asyncio.gather(*(person.says("/help") for person in people))  # some are in hand at the end
    info = await _called(control, "getWebhookInfo")
    stage.settings["telegram"] = {"mode": "polling"}
    async with stage.bot():
        await stage.settled()
        await _until(stage, "SELECT state, count(*) FROM inbox GROUP BY state", [("done", 3 * 4 * len(people))])

    assert (info["url"], info["max_connections"]) == (HOOK, 40)
    assert set(info["allowed_updates"]) == set(ALLOWED)
    for call in await control.get("/calls"):
        assert not call.get("parameters", {}).get("drop_pending_updates")
    for person in people:
        found = await control.get(f"/users/{person.id}/chats/{person.id}/messages")
        assert sum(message["from"]["is_bot"] for message in found["messages"]) == 3 * 4


async def _called(control: Control, method: str) -> Any:
    async with aiohttp.ClientSession() as session, session.post(f"{control.url}/bot{TOKEN}/{method}") as answer:
        return (await answer.json())["result"]


async def _until(stage: Stage, statement: str, wanted: list[Any]) -> None:
    """Wait until the database says so."""
    async with asyncio.timeout(30):
        while await stage.rows(statement) != wanted:
            await stage.control.get("/calls", after=10**9, timeout=0.1)


@pytest.mark.parametrize("posts", [80])
async def test_what_was_acknowledged_is_stored_though_the_process_is_killed(stage: Stage, posts: int) -> None:
    port = _hooked(stage)
    for telegram_id in range(100, 108):
        await stage.joined(telegram_id)
    updates = [_said(5000 + n, 100 + n % 8) for n in range(posts)]
    taken: set[int] = set()
    for wanted in (posts // 4, posts // 2, posts):
        process = await stage.process()
        enough = asyncio.Event()
        posting = [asyncio.create_task(_delivered(port, u, taken, wanted, enough)) for u in updates]
        await enough.wait()
        if wanted < posts:
            await process.kill()
            for task in posting:
                task.cancel()
        await asyncio.gather(*posting, return_exceptions=True)
        stored = {number for (number,) in await stage.rows("SELECT update_id FROM inbox WHERE update_id >= 5000")}
        assert taken <= stored
    await _until(stage, "SELECT state, count(*) FROM inbox GROUP BY state", [("done", posts)])

    assert await process.stop() == 0


def _said(update_id: int, person: int) -> dict[str, Any]:
    user = {"id": person, "is_bot": False, "first_name": "Guest"}
    chat = {"id": person, "type": "private", "first_name": "Guest"}
    message = {"message_id": update_id, "date": 1_795_000_000, "chat": chat, "from": user, "text": "/help"}
    message["entities"] = [{"type": "bot_command", "offset": 0, "length": 5}]
    return {"update_id": update_id, "message": message}


async def _delivered(port: int, update: dict[str, Any], taken: set[int], wanted: int, enough: asyncio.Event) -> None:
    """Post an update as Telegram does, again and again until it is taken."""
    while True:
        try:
            status = await _posted(port, update, {HEADER: SECRET})
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)  # nobody listens yet
            continue
        if status == 200:
            taken.add(update["update_id"])
            if len(taken) >= wanted:
                enough.set()
            return


async def test_while_the_database_is_in_trouble_telegram_is_told_to_come_again(stage: Stage, control: Control) -> None:
    person = await stage.joined(100)
    port = _hooked(stage)
    await control.put("/webhook_route", **{HOOK: f"http://127.0.0.1:{port}/hook"})
    async with stage.bot():
        async with unusable(stage.storage_url):
            await person.says("/help")
            while "503" not in (await _called(control, "getWebhookInfo")).get("last_error_message", ""):
                await control.get("/calls", after=10**9, timeout=0.1)
        person.patience = 30
        await person.sees("What you can do here")
        await _until(stage, "SELECT state, count(*) FROM inbox GROUP BY state", [("done", 1)])

    found = await control.get(f"/users/{person.id}/chats/{person.id}/messages")
    assert sum(message["from"]["is_bot"] for message in found["messages"]) == 1


async def _posted(port: int, body: Any, headers: dict[str, str], method: str = "POST") -> int:
    raw = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}/hook", data=raw, headers=headers) as answer,
    ):
        return answer.status


@asynccontextmanager
async def hooking(database: Database) -> AsyncIterator[int]:
    """Listen for updates until the block ends; hand out the port."""
    await migrations.upgrade(database)
    port = free_port()
    intake = WebhookIntake(f"127.0.0.1:{port}", SECRET, database, Clock(), Watch())
    await intake.start()
    try:
        yield port
    finally:
        await intake.stop()


async def test_the_webhook_takes_only_what_carries_the_secret_and_has_a_sane_size(database: Database) -> None:
    update = {"update_id": 5, "message": {"message_id": 1, "from": {"id": 7}}}
    async with hooking(database) as port:
        statuses = [
            await _posted(port, update, {}),
            await _posted(port, update, {HEADER: "another"}),
            await _posted(port, update, {HEADER: SECRET[:-1]}),
            await _posted(port, update, {HEADER: SECRET}),
            await _posted(port, update, {HEADER: SECRET}),
            await _posted(port, b" " * 1_100_000, {HEADER: SECRET}),
            await _posted(port, {"update_id": 7, "message": {"text": "\ud83d", "from": {"id": "x"}}}, {HEADER: SECRET}),
            await _posted_raw(port, HEADER.encode() + b": \xff\xfe"),
        ]
        methods = [await _posted(port, update, {HEADER: SECRET}, method) for method in ("GET", "HEAD", "PUT", "DELETE")]
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE inbox")
        statuses.append(await _posted(port, {**update, "update_id": 6}, {HEADER: SECRET}))

    assert statuses == [403, 403, 403, 200, 200, 413, 200, 403, 503]
    assert methods == [405] * 4


async def test_what_cannot_be_read_is_kept_for_the_operator_and_acknowledged(database: Database) -> None:
    update = {"update_id": 2**70, "message": {"message_id": 1}}
    bodies: list[Any] = [b"no JSON", b"no JSON", b"\x00\xff", b"[" * 100_000, update, b"", b"[]"]
    async with hooking(database) as port:
        for body in bodies:
            assert await _posted(port, body, {HEADER: SECRET}) == 200
        async with database.reading() as tx:
            rows = (await tx.scalars(select(InboxRow).order_by(InboxRow.id))).all()
            assert await inbox.counts(tx) == {"dead": 6}

    assert [row.payload for row in rows] == [
        "no JSON", "\ufffd\ufffd", "[" * 100_000, json.dumps(update), "", "[]",
    ]  # fmt: skip
    assert {(row.problem, row.lane, row.update_id < 0) for row in rows} == {("unreadable", "x", True)}


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_who_hangs_up_in_mid_sentence_is_no_news(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    async with hooking(database) as port:
        for _ in range(3):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST /hook HTTP/1.1\r\nHost: bot\r\nContent-Length: 1000\r\n{HEADER}: {SECRET}\r\n\r\n"
            writer.write(head.encode() + b'{"update_id":')
            await writer.drain()
            assert await _posted(port, {"update_id": 5}, {HEADER: SECRET}) == 200
            writer.transport.abort()
            assert await _posted(port, {"update_id": 6}, {HEADER: SECRET}) == 200
        async with database.reading() as tx:
            assert await inbox.counts(tx) == {"pending": 2}

    assert not caplog.records


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("secret", "status"), [(SECRET, 413), ("another", 403)])
async def test_a_body_without_end_does_not_fill_the_memory(database: Database, secret: str, status: int) -> None:
    piece, sent = b" " * 65_536, 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(4096):  # a quarter of a gigabyte, in chunks
            sent += len(piece)
            yield piece

    async with hooking(database) as port:
        tracemalloc.start()
        try:
            async with aiohttp.ClientSession() as session:
                url, headers = f"http://127.0.0.1:{port}/hook", {HEADER: secret}
                with suppress(aiohttp.ClientError):  # the connection may be closed before all is said
                    async with session.post(url, data=endless(), headers=headers) as answer:
                        assert answer.status == status
            assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
        finally:
            tracemalloc.stop()
        assert await _posted(port, {"update_id": 5}, {HEADER: SECRET}) == 200


async def _posted_raw(port: int, header: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /hook HTTP/1.1\r\nHost: bot\r\nContent-Length: 2\r\n" + header + b"\r\n\r\n{}")
    status = (await reader.readline()).split()[1]
    writer.close()
    await writer.wait_closed()
    return int(status)


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_a_poll_whose_answers_make_no_sense_goes_on_and_is_not_hurried(storage_url: str) -> None:
    good = {"update_id": 5, "message": {"message_id": 1, "from": {"id": 7}}}
    nonsense: list[Any] = [True, [None, [], {"update_id": "x"}, {"update_id": 2**70}], [good], [], []]
    asked: list[tuple[float, Any]] = []
    enough = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        asked.append((time.monotonic(), (await request.json()).get("offset")))
        if len(asked) == len(nonsense):
            enough.set()
        return web.json_response({"ok": True, "result": nonsense[min(len(asked), len(nonsense)) - 1]})

    async with polling(storage_url, answer) as database:
        async with asyncio.timeout(30):
            await enough.wait()
        async with database.reading() as tx:
            assert await inbox.counts(tx) == {"pending": 1}

    assert [offset for _, offset in asked] == [None] * 3 + [6, 6]
    assert asked[4][0] - asked[3][0] > 0.9


@asynccontextmanager
async def polling(storage_url: str, answer: Callable[[web.Request], Any]) -> AsyncIterator[Database]:
    """Poll a server of our own until the block ends."""
    database, port = Database(storage_url), free_port()
    await migrations.upgrade(database)
    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    wire = Wire(f"http://127.0.0.1:{port}", TOKEN, connections=1)
    await wire.start()
    watch = Watch()
    shift = Shift(database, watch, Role.ALL, {Duty.POLL}, 60)
    await shift.begin()
    running = asyncio.create_task(Polling(wire, database, Clock(), watch, shift).run())
    try:
        yield database
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await wire.close()
        await runner.cleanup()
        await shift.end()
        await database.close()


async def test_an_end_while_the_database_is_in_trouble_is_quick_and_calm(stage: Stage) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    async with unusable(stage.storage_url):
        await person.says("/help")
        while "trouble" not in stage.log():
            await stage.control.get("/calls", after=len(await stage.control.get("/calls")), timeout=0.5)
        began = time.monotonic()
        assert await process.stop() == 0

    assert time.monotonic() - began < 8
    assert "Traceback" not in stage.log()
