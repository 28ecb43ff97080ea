"""Several processes on one database: they share the work, one takes over from another, and none writes late."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest
from record import told
from story import Process, Stage
from troubles import away

from storage.outbox import Lane, Promise

pytestmark = pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)

DUTIES = "SELECT name, role FROM duty JOIN worker ON worker.id = worker_id ORDER BY name"


async def until(stage: Stage, statement: str, wanted: list[tuple[Any, ...]], seconds: float = 20) -> None:
    """Wait until the database says so."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (found := await stage.rows(statement)) != wanted:
        assert asyncio.get_running_loop().time() < deadline, f"{found} instead of {wanted}\n{stage.log()[-3000:]}"
        await stage.control.get("/calls", after=10**9, timeout=0.1)


async def working(stage: Stage, *roles: str) -> list[Process]:
    """Start processes, one after the other, and wait until each has enrolled."""
    started = []
    for number, role in enumerate(roles, 1):
        started.append(stage.launch(role=role))
        await until(stage, "SELECT count(*) FROM worker", [(number,)])
    return started


async def test_each_role_does_its_part_and_a_person_is_answered_through_both(stage: Stage) -> None:
    stage.settings["delivery"] = {"lease_seconds": 5}
    reader = await stage.joined(100)
    await stage.promises(Promise(1, "application:approved", lane=Lane.BULK))
    await working(stage, "delivery", "intake")
    await until(stage, DUTIES, [("clock", "delivery"), ("pace", "delivery"), ("poll", "intake")])
    await reader.sees("Welcome to")
    await reader.says("/help")
    await reader.sees("/topics")


async def test_when_one_ends_or_is_killed_another_takes_over(stage: Stage) -> None:
    stage.settings["delivery"] = {"lease_seconds": 5}
    person = await stage.joined(100)
    first, second = await working(stage, "all", "all")
    await person.says("/help")
    await person.sees("/topics")
    await first.kill()
    await until(stage, "SELECT count(*), count(DISTINCT worker_id) FROM duty", [(3, 1)])
    await person.says("/topics")
    await person.sees("Topics")
    third = stage.launch()
    await until(stage, "SELECT count(*) FROM worker", [(2,)])
    assert await second.stop() == 0
    await until(stage, "SELECT count(*), count(DISTINCT worker_id) FROM duty", [(3, 1)], 4)
    await person.says("/help")
    await person.sees("/topics")
    assert await third.stop() == 0


async def test_a_process_that_is_stopped_and_goes_on_later_writes_nothing_late(stage: Stage) -> None:
    stage.settings["delivery"] = {"lease_seconds": 5}
    person = await stage.joined(100)
    first, second = await working(stage, "all", "all")
    await until(stage, "SELECT count(*) FROM duty", [(3,)])
    first.signal(signal.SIGSTOP)
    for words in ("/help", "/topics", "/help"):
        await person.says(words)
    await person.sees("/topics")
    await until(stage, "SELECT DISTINCT state FROM inbox", [("done",)])
    first.signal(signal.SIGCONT)
    await until(stage, "SELECT count(*) FROM worker", [(2,)])
    await person.says("/topics")
    await person.sees("Topics")
    assert [await first.stop(), await second.stop()] == [0, 0]
    assert "Traceback" not in stage.log()


IN_FLIGHT = 4


@pytest.mark.parametrize("number", [1, 2])
async def test_a_server_that_goes_away_and_comes_back_loses_nothing(stage: Stage, number: int) -> None:
    stage.settings["delivery"] = {"lease_seconds": 5, "in_flight": IN_FLIGHT, "messages_per_second": 25}
    people = [await stage.joined(telegram_id) for telegram_id in range(100, 160)]
    await stage.promises(*(Promise(n, "application:approved", lane=Lane.BULK) for n in range(1, len(people) + 1)))
    processes = await working(stage, *["all"] * number)
    for time in range(3):
        await until(stage, f"SELECT count(*) >= {10 * (time + 1)} FROM outbox WHERE state = 'sent'", [(True,)])  # noqa: S608
        for person in people[time::6]:
            await person.says("https://example.org/paper")
        async with away(stage):
            await asyncio.sleep(1)
    told_of_it = "notice NOT LIKE 'alarm:%'"  # administrators learn of the trouble; these two never met the bot
    assert {row[0] for row in await stage.settled(told_of_it)} == {"sent"}
    for person in people[::6] + people[1::6] + people[2::6]:
        await person.sees("Traffic Light Protocol")
    forms = "SELECT name, step, revision, count(*) FROM dialogue GROUP BY name, step, revision"
    assert await stage.rows(forms) == [("document", "label", 1, 30)]
    copies = [await told(person, "Welcome to") for person in people]
    assert min(copies) == 1
    assert sum(copies) - len(people) <= 3 * number * IN_FLIGHT
    assert [await process.stop() for process in processes] == [0] * number
    assert "Traceback" not in stage.log()
    assert await stage.rows("SELECT DISTINCT state, attempts FROM inbox") == [("done", 0)]
