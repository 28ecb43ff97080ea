"""What an operator does at the command line: members and roles, the audit log, copies and the way back."""

from __future__ import annotations

import asyncio
import csv
import json
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from story import TOKEN, Control, Stage, network_bot

from bot import ledger
from storage import audit, members, privacy
from storage.audit import Event
from storage.database import Database
from storage.members import MemberState, Role
from storage.outbox import Lane, Promise

ON_SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def operator(stage: Stage, *arguments: str, code: int = 0, **variables: str) -> str:
    """Run one command on the stage's configuration, expect its exit code, and return what it said."""
    ended, said = await network_bot(*arguments, "--config", str(stage.config), **variables)
    assert ended == code, said
    return said.strip()


async def roles_of(stage: Stage, telegram_id: int) -> list[dict[str, Any]]:
    listed = json.loads(await operator(stage, "member", "list", "--json"))
    return next(line["roles"] for line in listed if line["telegram_id"] == telegram_id)


@ON_SQLITE
async def test_an_operator_adds_somebody_whom_nobody_in_the_chat_could_admit(stage: Stage) -> None:
    facts = ["--organisation", "Border Service", "--country", "kz", "--category", "gov-pract"]
    said = await operator(stage, "member", "add", "700", "--name", " Aigerim  Demo ", *facts, "--role", "administrator")
    assert said == "M-1 is a member now."

    plain = (await operator(stage, "member", "list")).split("\t")
    assert plain == ["M-1", "700", "Aigerim Demo", "Border Service", "KZ", "GOV-PRACT", "active", "administrator"]
    assert await operator(stage, "member", "list", "--role", "auditor") == ""
    assert await operator(stage, "member", "list", "--state", "left", "--state", "soon-idle") == ""
    log = await stage.rows("SELECT event, actor_id, subject_id FROM audit ORDER BY id")
    assert log == [("member:added", None, 1), ("role:given", None, 1)]
    assert (await stage.rows("SELECT vouches_from <= joined_at, zone FROM member"))[0] == (1, "Asia/Almaty")

    again = await operator(stage, "member", "add", "700", "--name", "Somebody", code=1)
    assert again == "M-1 has this account and is active: nothing was changed."
    await operator(stage, "member", "add", "701", "--name", "Two\nlines\x07", code=2)
    await operator(stage, "member", "add", "701", "--name", "X", "--country", "QQ", code=2)
    await operator(stage, "member", "add", "-1", "--name", "X", code=2)
    assert await stage.rows("SELECT count(*) FROM member") == [(1,)]


async def test_roles_are_given_and_taken_with_their_reach_and_their_end(stage: Stage) -> None:
    await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    await stage.joined(100, organisation="Border Service")
    give, take = ("member", "role", "give", "100"), ("member", "role", "take", "100")

    await operator(stage, *give, "focal-point", "--country", "KZ")
    await operator(stage, *give, "moderator", "--topic", "border")
    [focal, moderator] = await roles_of(stage, 100)
    assert (focal["role"], focal["country"], focal["alternate"]) == ("focal point", "KZ", False)
    assert datetime.fromisoformat(focal["until"]).year == datetime.now(UTC).year + 2
    assert (moderator["role"], moderator["topic"], moderator["until"]) == ("moderator", "border", None)
    problems = {
        (*give, "moderator", "--topic", "border"): "M-2 holds this role already.",
        (*give, "moderator", "--topic", "cooking"): "There is no topic cooking; there are border, .*",
        (*give, "moderator"): "Moderator: --topic is needed.",
        (*give, "auditor", "--country", "KZ"): "Auditor: no country, organisation or topic is needed.",
        (*give, "auditor", "--until", "2020-01-01"): "2020-01-01 has passed.",
        (*give, "approver", "--alternate"): "Only a focal point has an alternate.",
        (*give, "focal-point", "--organisation", "Nobody's"): "No member named this organisation yet: .*",
        ("member", "role", "give", "1", "focal-point", "--country", "KZ"): "M-2 holds this seat: .*",
        ("member", "role", "give", "9", "auditor"): "Nobody here has the Telegram account 9: .*",
        (*take, "approver"): "M-2 does not hold this role.",
        ("member", "role", "take", "1", "administrator"): "M-1 is the last administrator: .*",
    }
    for command, sentence in problems.items():
        said = await operator(stage, *command, code=1)
        assert said.startswith(sentence.removesuffix(".*")), (command, said)

    alternate = ("--country", "KZ", "--alternate", "--until", "2999-12-31")
    await operator(stage, "member", "role", "give", "1", "focal-point", *alternate)
    await operator(stage, *take, "focal-point", "--country", "KZ")
    assert [office["role"] for office in await roles_of(stage, 100)] == ["moderator"]
    await operator(stage, *give, "administrator")
    said = await operator(stage, "member", "role", "take", "1", "administrator")
    assert said.endswith("at its next start the bot gives the role back.")
    last = await stage.rows("SELECT event, actor_id, subject_id FROM audit ORDER BY id DESC LIMIT 2")
    assert last == [("role:taken", None, 1), ("role:given", None, 2)]


async def test_the_log_is_verified_and_exported(stage: Stage, database: Database) -> None:
    assert await operator(stage, "audit", "verify") == "The log is whole. It ends with nothing yet."
    await stage.joined(100)
    async with database.transaction() as tx:
        for number in range(1200):
            await audit.record(tx, Event.ROLE_GIVEN, datetime.now(UTC), actor=1 if number % 2 else None, n="=1+1")
    assert (await operator(stage, "audit", "verify")).startswith("The log is whole. It ends with act 1200, ")
    lines = [json.loads(line) for line in (await operator(stage, "audit", "export")).splitlines()]
    assert [line["id"] for line in lines] == list(range(1, 1201))
    mine = (await operator(stage, "audit", "export", "--actor", "1", "--since", "2020-01-01")).splitlines()
    assert len(mine) == 600
    assert await operator(stage, "audit", "export", "--since", "2999-01-01") == ""

    file = stage.folder / "log.csv"
    await operator(stage, "audit", "export", "--format", "csv", "--output", str(file))
    said = await operator(stage, "audit", "export", "--output", str(file), code=1)
    assert said == f"{file} exists already: --force replaces it."
    nowhere = str(stage.folder / "none" / "log")
    assert "cannot be written: No such file" in await operator(stage, "audit", "export", "--output", nowhere, code=1)
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened, strict=True))
    assert len(rows) == 1200
    assert json.loads(rows[0]["facts"]) == {"n": "=1+1"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    tamper(stage.storage_url, "UPDATE audit SET subject_id = 1 WHERE id = 700")
    said = await operator(stage, "audit", "verify", code=1)
    assert said == "The log is broken at act 700: it, or what stood before it, was changed."


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])  # noqa: RUF001 - full width
def test_no_cell_is_taken_for_a_formula(begins: str) -> None:
    assert ledger.harmless(f"{begins}cmd") == f"'{begins}cmd"


@pytest.mark.parametrize("harmless", ["role:given", "", 7, None])
def test_other_cells_stay_as_they_are(harmless: object) -> None:
    assert ledger.harmless(harmless) == harmless


def tamper(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.partition("///")[2]) as connection:
            connection.execute(statement)
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@asynccontextmanager
async def busy(database: Database) -> AsyncIterator[None]:
    """Write all the time: with each member one act, in one transaction."""

    async def write() -> None:
        for number in range(1_000_000):
            async with database.transaction() as tx:
                now = datetime.now(UTC)
                member = await members.welcome(tx, 10_000 + number, "en", "UTC", now)
                await audit.record(tx, Event.MEMBER_ADDED, now, actor=None, subject=member.id)

    writing = asyncio.create_task(write())
    try:
        yield
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing


async def test_a_copy_made_while_the_bot_writes_brings_back_one_moment_of_it(stage: Stage, database: Database) -> None:
    copy = stage.folder / "copy"
    bot = await stage.process()
    async with busy(database):
        said = await operator(stage, "backup", str(copy))
        assert said.startswith(f"{copy} is a whole copy.")
        assert (await operator(stage, "backup", str(copy), code=1)).endswith("--force replaces it.")
        await operator(stage, "backup", str(copy), "--force")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not list(stage.folder.glob(".*.part*"))
    await database.close()

    refused = await operator(stage, "restore", str(copy), "--force", code=1)
    assert refused.endswith("uses this database: stop it first."), refused
    assert await bot.stop() == 0
    refused = await operator(stage, "restore", str(copy), code=1)
    assert "holds a network already" in refused
    [(before,)] = await stage.rows("SELECT count(*) FROM member")
    await operator(stage, "restore", str(copy), "--force")

    [(people,)] = await stage.rows("SELECT count(*) FROM member WHERE telegram_id >= 10000")
    [(acts,)] = await stage.rows("SELECT count(*) FROM audit WHERE event = 'member:added' AND subject_id > 2")
    assert 0 < people == acts < before
    assert (await operator(stage, "audit", "verify")).startswith("The log is whole.")
    again = stage.folder / "again"
    await operator(stage, "backup", str(again))
    await operator(stage, "restore", str(again), "--force")


async def test_after_a_restore_people_are_answered_and_nothing_else_leaves(stage: Stage, control: Control) -> None:
    await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    await stage.joined(100)
    old = [Promise(n, "application:approved", lane=lane) for n, lane in ((1, Lane.INTERACTIVE), (2, Lane.BULK))]
    await stage.promises(*old)
    copy = str(stage.folder / "copy")
    await operator(stage, "backup", copy)
    said = await operator(stage, "restore", copy, "--force")
    assert "2 messages that waited then are held" in said
    assert "paused: since " in await operator(stage, "status")
    assert "WARNING: the network is paused" in await operator(stage, "check")

    await stage.promises(Promise(2, "application:approved", lane=Lane.BULK))
    async with stage.bot():
        person = await stage.person(100)
        await person.says("/menu")
        await person.sees("Test network")
        states = await stage.rows("SELECT state, count(*) FROM outbox WHERE notice = 'application:approved' GROUP BY 1")
        assert dict(states) == {"held": 2, "queued": 1}
        resumed = await operator(stage, "resume")
        assert resumed == "The network works again; 2 held messages are sent now."
        assert {row[0] for row in await stage.settled("notice = 'application:approved'")} == {"sent"}
    assert await operator(stage, "resume", code=1) == "The network is not paused."

    await operator(stage, "restore", copy, "--force")
    said = await operator(stage, "resume", "--discard")
    assert said == "The network works again; 2 held messages end unsent."
    assert set(await stage.rows("SELECT state, reason FROM outbox")) == {("expired", "not sent after a restore")}
    await operator(stage, "audit", "verify")


async def test_who_was_erased_after_the_copy_was_made_stays_erased(stage: Stage, database: Database) -> None:
    await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    for telegram_id in (100, 101):
        await stage.joined(telegram_id, f"Name {telegram_id}")
    copy = str(stage.folder / "copy")
    async with database.transaction() as tx:
        await audit.record(tx, Event.MEMBER_ADDED, datetime.now(UTC), actor=None, subject=1)
    await operator(stage, "backup", copy)
    async with database.transaction() as tx:
        await privacy.erase(tx, 2, datetime.now(UTC))
        await privacy.leave(tx, 3, datetime.now(UTC))
    await database.close()
    said = await operator(stage, "restore", copy, "--force")

    assert "1 people who were erased after the copy was made were erased again." in said
    assert "WARNING: M-3 no longer belonged and do again: look at each." in said
    found = await stage.rows("SELECT state, telegram_id, name FROM member ORDER BY id")
    assert found[1:] == [(MemberState.ERASED, None, None), (MemberState.ACTIVE, 101, "Name 101")]
    assert (await operator(stage, "audit", "verify")).startswith("The log is whole.")


async def test_a_new_place_takes_a_copy_and_says_what_nobody_can_know_there(stage: Stage, empty_url: str) -> None:
    if stage.storage_url.partition(":")[0] != empty_url.partition(":")[0]:
        copy = stage.folder / "copy"
        await operator(stage, "backup", str(copy))
        stage.storage_url = empty_url
        assert "is no copy of a network on " in await operator(stage, "restore", str(copy), code=1)
        return
    await stage.joined(100)
    copy = stage.folder / "copy"
    await operator(stage, "backup", str(copy))
    stage.storage_url = empty_url
    said = await operator(stage, "restore", str(copy))
    assert said.startswith("WARNING: whoever was erased, blocked or off-boarded after the copy was made is back")
    assert await stage.rows("SELECT telegram_id FROM member") == [(100,)]


async def test_a_copy_that_is_none_is_refused(stage: Stage, empty_url: str) -> None:
    if stage.storage_url.partition(":")[0] != empty_url.partition(":")[0]:
        return
    copy, broken = stage.folder / "copy", stage.folder / "broken"
    tamper(stage.storage_url, "INSERT INTO organisation (name, key) VALUES ('A', 'a')")
    await operator(stage, "backup", str(copy))
    stage.storage_url = empty_url
    said = await operator(stage, "backup", str(broken), code=1)
    assert said == "The schema of the database is at nothing: run `network-bot migrate` first."
    for content in (b"", b"no database at all", copy.read_bytes()[:10_000]):
        broken.write_bytes(content)
        assert f"{broken} is " in await operator(stage, "restore", str(broken), code=1)
    assert "does not exist" in await operator(stage, "restore", str(stage.folder / "none"), code=1)
    await operator(stage, "restore", str(copy))
    tamper(stage.storage_url, "UPDATE alembic_version SET version_num = '9999'")
