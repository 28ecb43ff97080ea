"""Alarms: when the service itself is in trouble its administrators learn it, once, and learn when it is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cast import alters
from databases import unusable
from mail_server import MailServer, mailed, plain
from story import TOKEN, Control, Person, Stage, free_port, written

from bot.health import Limits, Watch
from storage import alarms, audit, outbox
from storage.alarms import AlarmKind, Ways
from storage.database import Database
from storage.members import Role

ON_SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
OPERATOR = "operator@example.org"
SILENT = "Nothing has come from Telegram since"
HEARD = "Telegram is heard again"


def quick(**limits: Any) -> Watch:
    """Return a watch that looks often, and is not as patient as usual."""
    return Watch(limits=Limits(**{"look": 0.2, **limits}))


async def administrators(stage: Stage) -> tuple[Person, Person]:
    first = await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    return first, await stage.joined(2, "Daniyar Demo", roles=[Role.ADMINISTRATOR], language="ru")


async def deaf(control: Control, **fault: Any) -> None:
    await control.post("/faults", method="getUpdates", times=None, **{"kind": "500", **fault})


async def told(person: Person, words: str) -> int:
    """Return how many messages with these words somebody has."""
    await person.looks()
    return sum(words in written(message) for message in person.seen.values())


async def events(stage: Stage) -> list[Any]:
    return [event for (event,) in await stage.rows("SELECT event FROM audit WHERE event LIKE 'alarm:%' ORDER BY id")]


async def test_administrators_are_told_once_that_nothing_comes_and_once_that_it_comes_again(
    stage: Stage, control: Control, posts: MailServer
) -> None:
    maral, daniyar = await administrators(stage)
    member = await stage.joined(100)
    await mailed(stage, 1, "maral@example.org")
    stage.settings["health"] = {"alert_addresses": [OPERATOR]}
    async with stage.bot(quick(silence=4)):
        await deaf(control)
        await maral.sees(SILENT, "“network-bot check” names what is wrong", "24 hours")
        await daniyar.sees("из Telegram ничего не приходит")
        for address in ("maral@example.org", OPERATOR):
            letter = await posts.receives(address)
            assert letter["Subject"] == "Test network: the bot is in trouble"
            assert SILENT in plain(letter)
            assert letter["List-Unsubscribe"] is None
        await control.delete("/faults")
        await maral.sees(HEARD)
        await daniyar.sees("Связь с Telegram восстановлена")
        for address in ("maral@example.org", OPERATOR):
            assert HEARD in plain(await posts.receives(address, 2))

    assert [await told(maral, words) for words in (SILENT, HEARD)] == [1, 1]
    assert await told(member, "Telegram") == 0
    assert await events(stage) == ["alarm:raised", "alarm:over"]


async def test_who_could_not_be_told_in_time_is_not_told_of_an_alarm_that_is_over(
    stage: Stage, control: Control, posts: MailServer
) -> None:
    maral, _ = await administrators(stage)
    stage.settings["health"] = {"alert_addresses": [OPERATOR]}
    async with stage.bot(quick(silence=4)):
        await control.post("/faults", method="sendMessage", kind="429", times=None, retry_after=1)
        await control.post("/faults", method="getUpdates", kind="500", times=5)
        assert SILENT in plain(await posts.receives(OPERATOR))
        assert HEARD in plain(await posts.receives(OPERATOR, 2))
        await control.delete("/faults")
        await maral.sees(HEARD)

    assert await told(maral, SILENT) == 0


async def test_a_restart_does_not_raise_the_same_alarm_again(stage: Stage, control: Control) -> None:
    maral, _ = await administrators(stage)
    async with stage.bot(quick(silence=4)):
        await deaf(control, kind="hang", seconds=600)
        await maral.sees(SILENT)
    async with stage.bot(second := quick(silence=4)):
        while not second.metrics.registry.get_sample_value("network_bot_alarm", {"kind": "silence"}):
            await control.get("/calls", after=len(await control.get("/calls")), timeout=0.2)
        await stage.settled()
    await control.delete("/faults")
    async with stage.bot(quick(silence=4)):
        await maral.sees(HEARD)

    assert [await told(maral, words) for words in (SILENT, HEARD)] == [1, 1]
    assert await events(stage) == ["alarm:raised", "alarm:over"]


async def test_another_poller_means_that_the_token_may_have_leaked(stage: Stage, control: Control) -> None:
    maral, daniyar = await administrators(stage)
    url = f"{control.url}/bot{TOKEN}/getUpdates"
    async with stage.bot(quick(calm=3)):
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.post(url, json={"timeout": 0}) as answer:
                    assert answer.status == 200
        await maral.sees("Another program uses the bot's token", "revoke it at @BotFather at once")
        await daniyar.sees("Токен бота использует другая программа")
        await maral.sees("No other program was noticed")

    assert await told(maral, "Another program") == 1
    assert TOKEN not in str(await stage.rows("SELECT * FROM alarm"))
    assert await events(stage) == ["alarm:raised", "alarm:over"]


@asynccontextmanager
async def gateway(port: int) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Stand before the bot's webhook as a reverse proxy does: broken until the event is set."""
    mended = asyncio.Event()

    async def pass_on(request: web.Request) -> web.Response:
        if not mended.is_set():
            return web.Response(status=502)
        headers = {name: value for name, value in request.headers.items() if name.startswith("X-Telegram")}
        body = await request.read()
        async with session.post(f"http://127.0.0.1:{port}/hook", data=body, headers=headers) as answer:
            return web.Response(status=answer.status)

    app = web.Application()
    app.router.add_post("/{path:.*}", pass_on)
    runner, listens = web.AppRunner(app, shutdown_timeout=0.1), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", listens).start()
    async with aiohttp.ClientSession() as session:
        yield f"http://127.0.0.1:{listens}/hook", mended
    await runner.cleanup()


@ON_SQLITE
async def test_a_webhook_that_telegram_cannot_reach_is_noticed(stage: Stage, control: Control) -> None:
    maral, _ = await administrators(stage)
    port, hook = free_port(), "https://bot.example.org/hook"
    stage.settings["telegram"] = {"mode": "webhook"}
    stage.settings["webhook"] = {"public_url": hook, "listen": f"127.0.0.1:{port}", "secret_token": "s"}
    async with gateway(port) as (url, mended):
        await control.put("/webhook_route", **{hook: url})
        async with stage.bot(quick(webhook=0.3, calm=2)):
            while not [call for call in await control.get("/calls") if call["method"] == "getWebhookInfo"]:
                await control.get("/calls", after=len(await control.get("/calls")), timeout=0.2)
            await maral.says("/help")
            await maral.sees("Telegram could not deliver", "502", "reverse proxy")
            mended.set()
            await maral.sees("What you can do here")
            await maral.sees("Telegram delivers to the webhook again")
            async with aiohttp.ClientSession() as session:
                await session.post(f"{control.url}/bot{TOKEN}/setWebhook", json={"url": "https://thief.example.org/"})
            await maral.sees("Another program uses the bot's token")

    assert await told(maral, "could not deliver") == 1


async def test_messages_that_are_put_aside_one_after_the_other_are_noticed(stage: Stage, control: Control) -> None:
    maral, _ = await administrators(stage)
    for number in (7, 8):
        await stage.receives({"update_id": number, "message": {"message_id": 1, "from": {"id": number}}})
    async with stage.bot(quick(dead_letters=2)):
        await maral.sees("Several messages could not be handled", "update failed")
        await control.post("/clock", advance=3700)
        await maral.sees("No message was put aside in the last hour")


@ON_SQLITE
async def test_a_disk_that_is_nearly_full_is_noticed(stage: Stage) -> None:
    maral, _ = await administrators(stage)
    async with stage.bot(quick(free_bytes=2**60)):
        await maral.sees("The disk of the database is nearly full", "MB are free")
    async with stage.bot(quick()):
        await maral.sees("has room again")


async def test_a_database_in_trouble_leaves_the_mail_and_is_told_in_telegram_afterwards(
    stage: Stage, posts: MailServer
) -> None:
    maral, _ = await administrators(stage)
    await mailed(stage, 1, "maral@example.org")
    stage.settings["health"] = {"alert_addresses": [OPERATOR]}
    async with stage.bot(quick(trouble=1, silence=4)):
        await maral.says("/help")
        await maral.sees("What you can do here")
        async with unusable(stage.storage_url):
            for address in (OPERATOR, "maral@example.org"):
                assert "The database has not worked since" in plain(await posts.receives(address))
        await maral.sees("The database works again")
        for address in (OPERATOR, "maral@example.org"):
            assert "The database works again" in plain(await posts.receives(address, 2))

    assert len(posts.sent(OPERATOR)) == len(posts.sent("maral@example.org")) == 2
    assert await told(maral, "has not worked") == 0
    assert await events(stage) == ["alarm:raised", "alarm:over"]


@ON_SQLITE
async def test_a_database_that_is_full_is_noticed_though_it_can_be_read(stage: Stage, posts: MailServer) -> None:
    maral, _ = await administrators(stage)
    stage.settings["health"] = {"alert_addresses": [OPERATOR]}
    full = "CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN INSERT INTO nowhere VALUES (1); END"
    async with stage.bot(quick(trouble=4, look=2, silence=6)):
        await alters(stage, full)
        await maral.says("/help")
        assert "The database has not worked since" in plain(await posts.receives(OPERATOR))
        await alters(stage, "DROP TRIGGER full")
        await maral.sees("What you can do here")
        await maral.sees("The database works again")

    assert await told(maral, SILENT) == 0


@ON_SQLITE
async def test_a_process_that_stood_still_has_missed_nothing(stage: Stage, control: Control) -> None:
    await administrators(stage)
    async with stage.bot(quick(silence=4, loop=4)):
        time.sleep(6)  # noqa: ASYNC251 - the loop stands still
        last = await control.get("/calls")
        for _ in range(10):
            last = await control.get("/calls", after=last[-1]["n"], timeout=0.5) or last
    assert await events(stage) == []


async def test_of_several_who_notice_only_one_raises_the_alarm(stage: Stage, database: Database) -> None:
    await administrators(stage)
    now = datetime.now(UTC)

    async def notice(*, over: bool) -> bool:
        async with database.transaction() as tx:
            if over:
                return await alarms.end(tx, AlarmKind.DISK, now, Ways())
            return await alarms.begin(tx, AlarmKind.DISK, {"free": 5}, now, now, Ways())

    for over in (False, True):
        assert sum(await asyncio.gather(*(notice(over=over) for _ in range(6)))) == 1
    async with database.reading() as tx:
        assert await audit.first_broken(tx) is None
        assert (await outbox.counts(tx))["queued"] == 4


@ON_SQLITE
async def test_alarms_by_mail_need_a_mail_server(stage: Stage) -> None:
    from bot.config import ConfigError, load

    stage.settings["health"] = {"alert_addresses": [OPERATOR, "nobody"]}
    with pytest.raises(ConfigError, match=r"health\.alert_addresses\.1: 'nobody' is no mail address"):
        load(stage.config)
    stage.settings["health"] = {"alert_addresses": [OPERATOR]}
    with pytest.raises(ConfigError, match=r"config\.toml: health\.alert_addresses: alarms by mail need mail\.host"):
        load(stage.config)
