"""A database in trouble: nothing is confirmed that is not stored, nothing leaves, people are told once, and it ends."""

from __future__ import annotations

import re
import shutil
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from record import calls, goes_on, told
from story import Control, Stage, free_port, network_bot
from troubles import (
    Trouble,
    damage,
    file_of,
    full_disk,
    full_server,
    locked_file,
    locked_tables,
    read_only_server,
    small_disk,
    write_protected,
)

from storage.outbox import Lane, Promise

SAYS = {100: "temporarily read-only", 101: "доступно только чтение"}
ASKED = {100: ("Topics.", "Library"), 101: ("Темы.", "Библиотека")}
HOUR = 3600
PROMISED = "notice = 'application:approved'"  # administrators may be told that the disk is full, too


def troubled(url: str, *troubles: Trouble) -> list[Any]:
    return [pytest.param(url, trouble, id=trouble.__name__) for trouble in troubles]


@pytest.mark.parametrize(
    ("storage_url", "trouble"),
    [
        *troubled("sqlite", locked_file, write_protected, full_disk),
        *troubled("postgresql", locked_tables, full_server, read_only_server),
    ],
    indirect=["storage_url"],
)
async def test_who_cannot_be_served_is_told_once_and_is_served_when_it_is_over(stage: Stage, trouble: Trouble) -> None:
    people = [await stage.joined(100), await stage.joined(101, language="ru")]
    later = datetime.fromisoformat((await stage.control.get("/clock"))["now"]) + timedelta(seconds=HOUR)
    await stage.promises(Promise(1, "application:approved", lane=Lane.BULK, due_at=later))
    with small_disk(stage) if trouble is full_disk else nullcontext():
        process = await stage.process()
        async with trouble(stage, process):
            await stage.control.post("/clock", advance=HOUR)
            for person in people:
                person.patience = 40
                await person.says("/topics")
                await person.says("/library")
            for person in people:
                await person.sees(SAYS[person.id])
            await polls_again(stage.control)
            assert await confirmed(stage.control) <= {row[0] for row in await stage.rows("SELECT update_id FROM inbox")}
            assert await stage.rows(f"SELECT state, attempts FROM outbox WHERE {PROMISED}") == [("queued", 0)]  # noqa: S608
        for person in people:
            await person.sees(ASKED[person.id][1])
        assert await stage.settled(PROMISED) == [("sent", None, 1)]
        assert await process.stop() == 0
        assert await stage.rows("SELECT DISTINCT state, attempts FROM inbox") == [("done", 0)]
    for person in people:
        assert await told(person, SAYS[person.id]) == 1
        assert [await told(person, words) for words in ASKED[person.id]] == [1, 1], person.transcript()
    assert await told(people[0], "Welcome to") == 1
    assert "Traceback" not in stage.log()
    assert len(stage.log().splitlines()) < 60, stage.log()


@pytest.mark.parametrize(
    ("storage_url", "trouble"),
    [*troubled("sqlite", locked_file), *troubled("postgresql", full_server)],
    indirect=["storage_url"],
)
async def test_a_screen_that_cannot_be_noted_as_shown_does_not_come_again_and_again(
    stage: Stage, trouble: Trouble
) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    await person.says("/library")
    await person.sees("Library")
    await stage.control.post("/faults", method="sendMessage", kind="accepted_late", seconds=2, times=1)
    await person.says("/topics")
    await person.sees("Topics.")
    async with trouble(stage, process):
        while stage.log().count("put off until") < 2:
            await goes_on(stage.control)
        assert await told(person, "Topics.") == 1
        assert await told(person, SAYS[100]) == 1
    while await stage.rows("SELECT 1 FROM inbox WHERE state <> 'done'"):
        await goes_on(stage.control)
    assert await told(person, "Topics.") == 2
    assert await process.stop() == 0


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_what_the_database_refuses_is_tried_until_it_does_not_and_is_no_dead_letter(stage: Stage) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    async with full_server(stage, process, spared="inbox"):
        await person.says("https://example.org/paper")
        await person.sees(SAYS[100])
        while stage.log().count('"put off"') < 5:
            await goes_on(stage.control)
    person.patience = 40
    await person.sees("Traffic Light Protocol")
    assert await process.stop() == 0
    assert await stage.rows("SELECT state, attempts FROM inbox") == [("done", 0)]
    assert [await told(person, words) for words in (SAYS[100], "Traffic Light Protocol")] == [1, 1]
    assert "Traceback" not in stage.log()


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_by_webhook_people_are_told_as_well(stage: Stage) -> None:
    person = await stage.joined(100)
    hook, port = "https://bot.example.org/hook", free_port()
    stage.settings["telegram"] = {"mode": "webhook"}
    stage.settings["webhook"] = {"public_url": hook, "listen": f"127.0.0.1:{port}", "secret_token": "secret"}
    await stage.control.put("/webhook_route", **{hook: f"http://127.0.0.1:{port}/hook"})
    process = await stage.process()
    async with full_server(stage, process):
        await person.says("/topics")
        await person.sees(SAYS[100])
    person.patience = 40
    await person.sees("Topics.")
    assert [await told(person, words) for words in (SAYS[100], "Topics.")] == [1, 1]
    assert await process.stop() == 0


DAMAGED = r"The database sqlite\+aiosqlite:///\S+ is damaged \(.+\): keep the file, and restore a copy\."


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_damaged_file_ends_the_bot_with_one_sentence_and_nothing_is_lost_with_it(stage: Stage) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    await person.says("/topics")
    await person.sees("Topics.")
    whole = file_of(stage).with_name("copy.db")
    code, said = await network_bot("backup", str(whole), "--config", str(stage.config))
    assert code == 0, said

    damage(file_of(stage))
    await person.says("/library")
    assert await process.wait() == 1
    assert re.fullmatch(DAMAGED, stage.log().splitlines()[-1]), stage.log()
    assert "Traceback" not in stage.log()
    for command in ("run", "migrate"):
        code, said = await network_bot(command, "--config", str(stage.config))
        assert (code, bool(re.fullmatch(DAMAGED, said.strip()))) == (1, True), said

    puts_back(whole, stage)
    async with stage.bot():
        await person.sees("Library")
    assert [await told(person, words) for words in ASKED[100]] == [1, 1]


def puts_back(whole: Path, stage: Stage) -> None:
    for rest in ("", "-wal", "-shm"):
        file_of(stage).with_name(f"network.db{rest}").unlink(missing_ok=True)
    shutil.copy(whole, file_of(stage))


async def polls_again(control: Control, times: int = 2) -> None:
    """Wait until what could not be stored has been handed over so many times more."""
    first = len(await calls(control, "getUpdates"))
    while len(await calls(control, "getUpdates")) < first + times:
        await goes_on(control)


async def confirmed(control: Control) -> set[int]:
    """Return the numbers of the updates that Telegram was told to forget."""
    offset = max(call["parameters"].get("offset", 0) for call in await calls(control, "getUpdates"))
    known = {entry["update"]["update_id"] for entry in await control.get("/updates")}
    return {number for number in known if number < offset}
