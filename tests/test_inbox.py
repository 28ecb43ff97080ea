"""The inbox: each update is handled, once, whatever becomes of the others."""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg
import pytest
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
                _end_connections(stage.storage_url)
        for person in people:
            person.patience = 30
            await person.sees("What is its title?")

    forms = await stage.rows("SELECT name, step, revision, count(*) FROM dialogue GROUP BY name, step, revision")
    assert forms == [("document", "title", 1, len(people))]


def _end_connections(url: str) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"{others} AND pid <> pg_backend_pid()")
