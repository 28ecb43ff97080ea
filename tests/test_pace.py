"""The pace: a refusal pauses what it names, for as long as it asks, and people are answered first afterwards."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from story import Stage

from bot.delivery.pace import Pace
from storage import pace as together
from storage.database import Database
from storage.outbox import Lane, Promise
from storage.pace import ALL

WELCOME = "application:approved"


async def readers(stage: Stage, number: int, lane: Lane = Lane.BULK) -> list[int]:
    """Bring some members on stage to whom something is promised; return their numbers."""
    for n in range(number):
        await stage.joined(100 + n)
    ids = [row[0] for row in await stage.rows("SELECT id FROM member WHERE telegram_id >= 100 ORDER BY telegram_id")]
    await stage.promises(*(Promise(member_id, WELCOME, lane=lane) for member_id in ids))
    return ids


async def test_a_refusal_of_one_chat_pauses_no_other_and_hours_are_not_slept_through(stage: Stage) -> None:
    ids = await readers(stage, 4)
    await stage.control.post("/faults", method="sendMessage", chat_id=100, kind="429", retry_after=7200)
    began = await stage.now()
    async with stage.bot():
        for n in (1, 2, 3):
            await stage.people[100 + n].sees("Welcome to")
        await stage.promises(Promise(ids[0], WELCOME, lane=Lane.LIVE))
        while not await stage.rows("SELECT 1 FROM outbox WHERE reason LIKE 'Too Many%'"):
            await stage.control.get("/calls", after=10**9, timeout=0.1)
        [(due,)] = await stage.rows(
            "SELECT due_at FROM outbox WHERE member_id = :it AND reason LIKE 'Too Many%'", it=ids[0]
        )
        assert await stage.rows("SELECT state FROM outbox WHERE reason LIKE 'Too Many%'") == [("queued",)]
        await stage.control.post("/clock", advance=7201)
        await stage.people[100].sees("Welcome to")

    due = due if isinstance(due, datetime) else datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert due - began >= timedelta(hours=2)
    refused = [c for c in await stage.control.get("/calls", limit=1000) if c["status"] == 429]
    assert len(refused) == 1


async def test_refusals_of_several_chats_pause_everything_and_people_are_answered_first(stage: Stage) -> None:
    ids = await readers(stage, 12)
    person = await stage.joined(200)
    for n in (0, 1, 2):
        await stage.control.post(
            "/faults", method="sendMessage", chat_id=100 + n, kind="429", retry_after=6
        )  # longer than nobody looks
    stage.settings["delivery"] = {"messages_per_second": 5, "in_flight": 2}
    async with stage.bot():
        while len([c for c in await stage.control.get("/calls", limit=1000) if c["status"] == 429]) < 2:
            await stage.control.get("/calls", after=10**9, timeout=0.05)
        [(member_id,)] = await stage.rows("SELECT id FROM member WHERE telegram_id = 200")
        await stage.promises(Promise(member_id, WELCOME))
        await person.sees("Welcome to")
        await stage.settled()

    sent = [c for c in await stage.control.get("/calls", limit=1000) if c["method"] == "sendMessage"]
    refused = [number for number, c in enumerate(sent) if c["status"] == 429]
    after = [int(c["parameters"]["chat_id"]) for c in sent[refused[1] :] if c["status"] == 200]
    assert after.index(200) <= 1, "the answer to a person goes before newsletters that were not under way"
    assert sum(c["status"] == 429 for c in sent) <= 3
    assert len(ids) == 12


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_processes_book_one_after_the_other_and_a_pause_holds_for_all(database: Database) -> None:
    async def books(number: int) -> float:
        async with database.transaction() as tx:
            return (await together.book(tx, {ALL: 0.5 * number}))[ALL]

    begins = sorted(await asyncio.gather(*(books(1) for _ in range(4))))
    async with database.transaction() as tx:
        await together.pause(tx, "100", 60)
        await together.pause(tx, "100", 10)
    async with database.reading() as tx:
        pauses = await together.pauses(tx)

    assert [round(begin * 2) for begin in begins] == [0, 1, 2, 3]
    assert pauses.keys() == {"100"}
    assert 55 < pauses["100"] <= 60


async def test_newsletters_are_evenly_spaced_and_never_catch_up() -> None:
    pace, moments = Pace(rate=50, chat_rate=1000, group_rate=1000), []
    clock = asyncio.get_running_loop().time

    async def leaves(chat: int) -> None:
        await pace.wait(chat)
        moments.append(clock())

    await asyncio.gather(*(leaves(n) for n in range(1, 26)))
    for second in moments:
        assert sum(second <= moment < second + 0.2 for moment in moments) <= 11


async def test_what_left_late_does_not_come_too_close_to_what_follows() -> None:
    pace, moments = Pace(rate=28, chat_rate=1000, group_rate=1000), []
    loop = asyncio.get_running_loop()

    async def leaves(chat: int) -> None:
        await pace.wait(chat, 5)
        moments.append(loop.time())

    leaving = [asyncio.create_task(leaves(n)) for n in range(1, 15)]
    loop.call_soon(time.sleep, 0.5)  # once all wait the process is busy: some become due while none can leave
    await asyncio.gather(*leaving)
    for second in moments:
        assert sum(second <= moment < second + 1 for moment in moments) * 5 <= 30


async def test_what_was_booked_long_ago_is_forgotten(database: Database) -> None:
    async with database.transaction() as tx:
        if database.has_server:
            await together.book(tx, {ALL: 0.5})
            await together.pause(tx, "100", 1)
            await tx.execute(text("UPDATE pace SET next_at = next_at - interval '2 hours' WHERE scope = '100'"))
            await tx.execute(text("UPDATE pace SET paused_until = next_at WHERE scope = '100'"))
        await together.forget(tx, datetime.now(UTC))
        left = set(await tx.scalars(text("SELECT scope FROM pace")))

    assert left == ({ALL} if database.has_server else set())
