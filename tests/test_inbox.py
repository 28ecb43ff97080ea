"""The inbox: each update is handled, once, whatever becomes of the others."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import psycopg
import pytest
from databases import end_sessions
from story import Stage, network_bot


def said(update_id: int, person: int, words: str, **facts: Any) -> dict[str, Any]:
    """Return a raw update as Telegram sends it."""
    user = {"id": person, "is_bot": False, "first_name": "Guest"}
    chat = {"id": person, "type": "private", "first_name": "Guest"}
    message = {"message_id": update_id, "date": 1_795_000_000, "chat": chat, "from": user, "text": words}
    if words.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(words)}]
    return {"update_id": update_id, "message": {**message, **facts}}


async def answers(stage: Stage, person: int) -> int:
    found = await stage.control.get(f"/users/{person}/chats/{person}/messages")
    return sum(message["from"]["is_bot"] for message in found["messages"])


async def test_an_update_that_cannot_be_read_is_put_aside_and_the_others_go_on(stage: Stage) -> None:
    person, other = await stage.joined(100), await stage.joined(101)
    broken = {"update_id": 7, "message": {"message_id": 1, "from": {"id": 100}}}
    await stage.receives(broken, said(8, 100, "/help"), said(9, 101, "/help"))
    process = await stage.process()
    await person.sees("What you can do here")
    await other.sees("What you can do here")

    assert await process.stop() == 0
    states = await stage.rows("SELECT update_id, state, attempts FROM inbox ORDER BY update_id")
    assert states == [(7, "dead", 3), (8, "done", 0), (9, "done", 0)]
    [(problem, payload)] = await stage.rows("SELECT problem, payload FROM inbox WHERE state = 'dead'")
    assert re.match(r"E-[0-9A-F]{6} \w+Error", problem)
    assert json.loads(payload) == broken
    assert problem.split()[0] in stage.log()
    code, told = await network_bot("status", "--json", "--config", str(stage.config))
    assert (code, json.loads(told)["inbox"]) == (0, {"dead": 1, "done": 2})


async def test_an_update_that_comes_twice_or_out_of_order_is_handled_once(stage: Stage) -> None:
    person = await stage.joined(100)
    await stage.receives(said(50, 100, "/help"), said(20, 100, "/help"), said(50, 100, "/help"), said(30, 100, "/help"))
    async with stage.bot():
        await person.says("/menu")
        await person.sees("Test network")

    assert await answers(stage, 100) == 4
    assert await stage.rows("SELECT update_id FROM inbox WHERE update_id < 100 ORDER BY id") == [(50,), (20,), (30,)]


async def test_a_text_of_a_handled_update_is_forgotten_at_once(stage: Stage) -> None:
    await stage.joined(100)
    await stage.receives(said(50, 100, "a secret word"))
    async with stage.bot():
        await (await stage.person(100)).sees("Nothing was found")

    assert await stage.rows("SELECT payload FROM inbox WHERE update_id = 50") == [(None,)]


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_a_database_that_ends_all_connections_loses_nothing(stage: Stage) -> None:
    people = [await stage.joined(telegram_id) for telegram_id in range(100, 120)]
    async with stage.bot():
        for person in people:
            await person.says("https://example.org/paper")
            if person.id % 5 == 0:
                await end_sessions(stage.storage_url)
        for person in people:
            person.patience = 30
            await person.sees("Traffic Light Protocol")

    forms = await stage.rows("SELECT name, step, revision, count(*) FROM dialogue GROUP BY name, step, revision")
    assert forms == [("document", "label", 1, len(people))]


def _of_every_kind(person: int) -> list[dict[str, Any]]:
    """Return updates that nobody answers: not asked for, from nobody, of a kind that does not exist yet."""
    user = {"id": person, "is_bot": False, "first_name": "Guest"}
    group = {"id": -1001, "type": "supergroup", "title": "Group"}
    message = {"message_id": 1, "date": 1_795_000_000, "chat": group}
    private = {"message_id": 1, "date": 1_795_000_000, "chat": {"id": person, "type": "private"}, "from": user}
    reaction = {"chat": group, "message_id": 1, "date": 1}
    told: list[dict[str, Any]] = [
        {},
        {"a_kind_of_the_future": {"from": user, "something": [1, {"deep": None}]}},
        {"channel_post": {**message, "chat": {"id": -1002, "type": "channel", "title": "News"}, "text": "/help"}},
        {"message": {**message, "text": "without a sender"}},
        {"message": {**message, "from": user, "sender_chat": group, "text": "/help"}},
        {"edited_message": {**private, "edit_date": 1_795_000_001, "text": "/help"}},
        {"inline_query": {"id": "1", "from": user, "query": "library", "offset": ""}},
        {"chosen_inline_result": {"result_id": "1", "from": user, "query": "library"}},
        {"poll_answer": {"poll_id": "4", "user": user, "option_ids": [0], "option_persistent_ids": ["0"]}},
        {"message_reaction": {**reaction, "user": user, "old_reaction": [], "new_reaction": []}},
        {"message": {**private, "text": "x" * 4096, "entities": [{"type": "bold", "offset": 0, "length": 9}] * 5000}},
    ]
    return [{"update_id": 300 + n, **update} for n, update in enumerate(told)]


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_updates_of_every_kind_are_settled_and_harm_nobody(stage: Stage) -> None:
    await stage.joined(100)
    other = await stage.joined(101)
    await stage.receives(*_of_every_kind(100), said(900, 101, "/help"))
    process = await stage.process()
    await other.sees("What you can do here")
    waiting = "SELECT count(*) FROM inbox WHERE state = 'pending'"
    while (await stage.rows(waiting))[0][0]:
        await stage.control.get("/calls", after=len(await stage.control.get("/calls")), timeout=0.5)

    assert await process.stop() == 0
    dead = await stage.rows("SELECT update_id FROM inbox WHERE state = 'dead'")
    assert dead == [], stage.log()
    await stage.control.delete("/violations")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_flood_and_a_ban_hold_nobody_else_and_no_end(stage: Stage) -> None:
    banned = range(110, 130)
    for person in (100, *banned):
        await stage.joined(person)
        ban = {"kind": "429", "retry_after": 900, "times": None}
        await stage.control.post("/faults", method="sendMessage", chat_id=person, **ban)
    other = await stage.joined(101)
    flood = [said(1000 + n, 100, "/help") for n in range(250)]
    await stage.receives(*flood, *(said(2000 + n, person, "/help") for n, person in enumerate(banned)))
    await stage.receives(said(3000, 101, "/help"))
    process = await stage.process()
    await other.sees("What you can do here")
    began = time.monotonic()

    assert await process.stop() == 0
    assert time.monotonic() - began < 8
    states = await stage.rows("SELECT state, attempts, count(*) FROM inbox GROUP BY state, attempts ORDER BY state")
    assert states == [("done", 0, 1), ("pending", 0, 270)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_an_end_waits_for_no_answer_that_does_not_come(stage: Stage) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    await stage.control.post("/faults", method="sendMessage", kind="hang", seconds=60, times=None)
    last = max(call["n"] for call in await stage.control.get("/calls"))
    await person.says("/help")
    while not any(call["method"] == "sendMessage" for call in await stage.control.get("/calls", after=last, timeout=5)):
        pass
    began = time.monotonic()

    assert await process.stop() == 0
    assert time.monotonic() - began < 9
    assert await stage.rows("SELECT state, attempts FROM inbox") == [("pending", 0)]
    await stage.control.delete("/faults")
    async with stage.bot():
        await person.sees("What you can do here")


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg"])
async def test_a_database_that_takes_no_writes_for_a_while_costs_nothing(stage: Stage, driver: str) -> None:
    person = await stage.joined(100)
    stage.storage_url = stage.storage_url.replace("postgresql", driver, 1)
    process = await stage.process()
    await person.says("/help")
    await person.sees("What you can do here")
    await _set_read_only(stage.storage_url, "on")
    await person.says("/topics")
    while "read-only" not in stage.log():
        await stage.control.get("/calls", after=len(await stage.control.get("/calls")), timeout=0.5)
    await _set_read_only(stage.storage_url, "off")
    await person.sees("Topics.")

    assert await process.stop() == 0
    assert "Traceback" not in stage.log()
    assert await stage.rows("SELECT DISTINCT state, attempts FROM inbox") == [("done", 0)]


async def _set_read_only(url: str, switch: str) -> None:
    url = url.replace("+asyncpg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f'ALTER DATABASE "{url.rpartition("/")[2]}" SET default_transaction_read_only = {switch}')
    await end_sessions(url)
