"""What an operator does at the command line: members and roles, the audit log, copies and the way back."""

from __future__ import annotations

import asyncio
import csv
import itertools
import json
import re
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from cast import runs_with_the_machine
from story import Stage, network_bot
from typer.testing import CliRunner

from bot import __version__, ledger, roster
from bot.cli import cli
from bot.roster import Reach, Term
from bot.start import Problem
from storage import alarms, audit, inbox, members, migrations, outbox, pause, privacy
from storage.alarms import AlarmKind, Ways
from storage.audit import Event
from storage.database import Database
from storage.members import MemberState, Role
from storage.outbox import Lane, Promise

EVERYWHERE = Reach()
ON_SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def operator(stage: Stage, *arguments: str, code: int = 0, **variables: str) -> str:
    """Run one command on the stage's configuration, expect its exit code, and return what it said."""
    ended, said = await network_bot(*arguments, "--config", str(stage.config), **variables)
    assert ended == code, said
    return said.strip()


@ON_SQLITE
async def test_an_operator_adds_somebody_whom_nobody_in_the_chat_could_admit(stage: Stage) -> None:
    facts = ["--organisation", "Border Service", "--country", "kz", "--category", "gov-pract"]
    said = await operator(stage, "member", "add", "1", "--name", " Aigerim  Demo ", *facts, "--role", "administrator")
    assert said == "M-1 is a member now."
    await operator(stage, "member", "add", "100", "--name", "Bolot Demo")
    said = await operator(stage, "member", "role", "give", "100", "focal-point", "--organisation", "border service")
    assert said == "M-2 is focal point now."

    plain = (await operator(stage, "member", "list", "--role", "administrator")).split("\t")
    assert plain == ["M-1", "1", "Aigerim Demo", "Border Service", "KZ", "GOV-PRACT", "active", "administrator"]
    assert await operator(stage, "member", "list", "--state", "left", "--state", "soon-idle") == ""
    listed = json.loads(await operator(stage, "member", "list", "--json"))
    assert [line["name"] for line in listed] == ["Aigerim Demo", "Bolot Demo"]
    [office] = listed[1]["roles"]
    assert (office["role"], office["organisation"], office["alternate"]) == ("focal point", "Border Service", False)
    assert datetime.fromisoformat(office["until"]).year == datetime.now(UTC).year + 2
    log = await stage.rows("SELECT event, actor_id, subject_id FROM audit ORDER BY id")
    assert log == [
        ("member:added", None, 1),
        ("role:given", None, 1),
        ("member:added", None, 2),
        ("role:given", None, 2),
    ]
    assert (await stage.rows("SELECT vouches_from <= joined_at, zone FROM member"))[0] == (1, "Asia/Almaty")
    said = await operator(stage, "member", "role", "take", "1", "administrator", code=1)
    assert said == "M-1 is the last administrator: give the role to somebody else first."


@pytest.mark.parametrize(
    "words",
    [
        ["add", "701", "--name", "Bell\x07"], ["add", "701", "--name", " "], ["add", "-1", "--name", "X"],
        ["add", "701", "--name", "X", "--country", "QQ"], ["add", "701", "--name", "X" * 121],
        ["list", "--state", "asleep"], ["role", "give", "701", "king"],
        ["role", "give", "701", "auditor", "--until", "soon"],
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_wrong_usage(words: list[str]) -> None:
    assert CliRunner().invoke(cli, ["member", *words]).exit_code == 2


async def test_roles_are_given_and_taken_with_their_reach_and_their_end(stage: Stage, database: Database) -> None:
    await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    await stage.joined(100, organisation="Border Service")
    await stage.joined(101, state=MemberState.SUSPENDED)
    now, kz, always = datetime.now(UTC), Reach(country="KZ"), Term()

    async def gives(telegram_id: int, role: Role, reach: Reach = kz, term: Term = always) -> None:
        async with database.transaction() as tx:
            await roster.give(tx, telegram_id, role, reach, term, now)

    async def takes(telegram_id: int, role: Role, reach: Reach = EVERYWHERE) -> None:
        async with database.transaction() as tx:
            await roster.take(tx, telegram_id, role, reach, now)

    async def held() -> list[tuple[int, str]]:
        return await stage.rows("SELECT member_id, role FROM member_role ORDER BY id")

    await gives(100, Role.FOCAL_POINT)
    await gives(100, Role.MODERATOR, Reach(topic="border"))
    for deed, sentence in {
        gives(100, Role.MODERATOR, Reach(topic="border")): "M-2 holds this role already.",
        gives(100, Role.MODERATOR, Reach(topic="cooking")): "There is no topic cooking; there are border, ",
        gives(100, Role.MODERATOR, EVERYWHERE): "Moderator: --topic is needed.",
        gives(100, Role.FOCAL_POINT, EVERYWHERE): "Focal point: one of --country and --organisation is needed.",
        gives(100, Role.AUDITOR): "Auditor: no country, organisation or topic is needed.",
        gives(100, Role.APPROVER, EVERYWHERE, Term(alternate=True)): "Only a focal point has an alternate.",
        gives(100, Role.FOCAL_POINT, Reach(organisation="Nobody's")): "No member named this organisation yet: ",
        gives(1, Role.FOCAL_POINT): "M-2 holds this seat: take it from them first.",
        gives(9, Role.AUDITOR, EVERYWHERE): "Nobody here has the Telegram account 9: ",
        gives(101, Role.AUDITOR, EVERYWHERE): "M-3 is suspended and can hold no role.",
        takes(100, Role.APPROVER): "M-2 does not hold this role.",
        takes(1, Role.ADMINISTRATOR): "M-1 is the last administrator: ",
    }.items():
        with pytest.raises(Problem) as problem:
            await deed
        assert str(problem.value).startswith(sentence)
    with pytest.raises(Problem, match="2020-01-01 has passed"):
        roster.end_of(datetime(2020, 1, 1), "UTC", now)  # noqa: DTZ001 - a day without a zone, as typed

    await gives(1, Role.FOCAL_POINT, kz, Term(alternate=True))
    await takes(100, Role.FOCAL_POINT, kz)
    await gives(100, Role.ADMINISTRATOR, EVERYWHERE)
    await takes(1, Role.ADMINISTRATOR)
    assert await held() == [(2, "moderator"), (1, "focal point"), (2, "administrator")]
    last = await stage.rows("SELECT event, actor_id, subject_id FROM audit ORDER BY id DESC LIMIT 2")
    assert last == [("role:taken", None, 1), ("role:given", None, 2)]


async def test_the_log_is_verified_and_exported(stage: Stage, database: Database) -> None:
    await stage.joined(100)
    async with database.transaction() as tx:
        for number in range(600):
            await audit.record(tx, Event.ROLE_GIVEN, datetime.now(UTC), actor=1 if number % 2 else None, n="=1+1")
    assert (await operator(stage, "audit", "verify")).startswith("The log is whole. It ends with act 600, ")

    file = stage.folder / "log.csv"
    await operator(stage, "audit", "export", "--format", "csv", "--output", str(file))
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened, strict=True))
    assert [int(row["id"]) for row in rows] == list(range(1, 601))
    assert json.loads(rows[0]["facts"]) == {"n": "=1+1"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    tamper(stage.storage_url, "UPDATE audit SET subject_id = 1 WHERE id = 520")
    said = await operator(stage, "audit", "verify", code=1)
    assert said == "The log is broken at act 520: it, or what stood before it, was changed."


@ON_SQLITE
async def test_only_the_acts_that_are_wanted_are_exported(stage: Stage, database: Database) -> None:
    await stage.joined(100)
    async with database.transaction() as tx:
        for actor in (1, None, 1):
            await audit.record(tx, Event.ROLE_GIVEN, datetime.now(UTC), actor=actor)
    mine = (await operator(stage, "audit", "export", "--actor", "1", "--since", "2020-01-01")).splitlines()
    assert [json.loads(line)["id"] for line in mine] == [1, 3]
    assert await operator(stage, "audit", "export", "--since", "2999-01-01") == ""
    nowhere = str(stage.folder / "none" / "log")
    assert "cannot be written: No such file" in await operator(stage, "audit", "export", "--output", nowhere, code=1)
    said = await operator(stage, "audit", "export", "--output", str(stage.config), code=1)
    assert said == f"{stage.config} exists already: --force replaces it."


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
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
        for number in itertools.count(10_000):
            if enough.is_set():
                return
            async with database.transaction() as tx:
                now = datetime.now(UTC)
                member = await members.welcome(tx, number, "en", "UTC", now)
                await audit.record(tx, Event.MEMBER_ADDED, now, actor=None, subject=member.id)
            begun.set()

    begun, enough = asyncio.Event(), asyncio.Event()
    writing = asyncio.create_task(write())
    try:
        await begun.wait()
        yield
    finally:
        enough.set()  # who is cut off lets go of the file a little later only
        await writing


async def test_a_copy_made_while_the_bot_writes_brings_back_one_moment_of_it(stage: Stage, database: Database) -> None:
    copy = stage.folder / "copy"
    bot = await stage.process()
    async with busy(database):
        said = await operator(stage, "backup", str(copy))
    assert said.startswith(f"{copy} is a whole copy.")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    await database.close()

    refused = await operator(stage, "restore", str(copy), "--force", code=1)
    assert refused.endswith("uses this database: stop it first."), refused
    assert await bot.stop() == 0
    assert "holds a network already" in await operator(stage, "restore", str(copy), code=1)
    [(before,)] = await stage.rows("SELECT count(*) FROM member")
    for _ in range(2):  # what a restore leaves behind does not stand in the way of the next
        said = await operator(stage, "restore", str(copy), "--force")
        assert "Restored, and paused; " in said
        [(people,)] = await stage.rows("SELECT count(*) FROM member WHERE telegram_id >= 10000")
        [(acts,)] = await stage.rows("SELECT count(*) FROM audit WHERE event = 'member:added' AND subject_id > 2")
        assert 0 < people == acts < before
    async with database.reading() as tx:
        assert await audit.first_broken(tx) is None
    assert not list(stage.folder.glob(".*.part*"))


@ON_SQLITE
async def test_after_a_restore_people_are_answered_and_nothing_else_leaves(stage: Stage) -> None:
    await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    await stage.joined(100)
    old = [Promise(n, "application:approved", lane=lane) for n, lane in ((1, Lane.INTERACTIVE), (2, Lane.BULK))]
    await stage.promises(*old)
    copy = str(stage.folder / "copy")
    await operator(stage, "backup", copy)
    assert "2 messages that waited then are held" in await operator(stage, "restore", copy, "--force")
    stage.settings = {"admission": {"vouches": 4, "approvals": 3}, "delivery": {"lease_seconds": 5}}
    said = await operator(stage, "check")
    assert "WARNING: the network is paused (since " in said
    assert "WARNING: admission.approvals is 3, and 2 people may approve" in said
    assert "WARNING: admission.vouches is 4, and 3 members may vouch now" in said  # one is admitted at the start

    await stage.promises(Promise(2, "application:approved", lane=Lane.BULK))
    async with stage.bot():
        person = await stage.person(100)
        await person.says("/menu")
        await person.sees("Test network")
        states = await stage.rows("SELECT state, count(*) FROM outbox WHERE notice = 'application:approved' GROUP BY 1")
        assert dict(states) == {"held": 2, "queued": 1}
        assert await operator(stage, "resume") == "The network works again; 2 held messages are sent now."
        assert {row[0] for row in await stage.settled("notice = 'application:approved'")} == {"sent"}
    assert await operator(stage, "resume", code=1) == "The network is not paused."


async def test_what_was_held_can_be_given_up_and_old_questions_are_not_answered(
    stage: Stage, database: Database
) -> None:
    await stage.joined(100)
    await stage.promises(Promise(1, "application:approved"), Promise(1, "application:approved"))
    await stage.receives(
        {"update_id": 1, "message": {"message_id": 1, "date": 0, "chat": {"id": 100, "type": "private"}}}
    )
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        await outbox.claim(tx, list(Lane), 1, now, lease="lost", lease_seconds=60)
        assert await pause.begin(tx, "restored", now) == 2
    async with database.transaction() as tx:
        assert await inbox.pending(tx, [], 9) == []
        assert await outbox.claim(tx, list(Lane), 9, now, lease="ours", lease_seconds=60) == []
        assert await pause.lift(tx, now, discard=True) == 2
        assert await pause.lift(tx, now, discard=True) is None
    assert set(await stage.rows("SELECT state, reason FROM outbox")) == {("expired", "not sent after a restore")}


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

    assert "Erased again, as after the copy was made: M-2." in said
    assert "WARNING: M-3 no longer belonged, and do again: look at each of them." in said
    found = await stage.rows("SELECT state, telegram_id, name FROM member ORDER BY id")
    assert found[1:] == [(MemberState.ERASED, None, None), (MemberState.ACTIVE, 101, "Name 101")]
    async with database.reading() as tx:
        assert await audit.first_broken(tx) is None


@pytest.mark.parametrize(
    ("storage_url", "empty_url"), [("sqlite", "sqlite"), ("postgresql", "postgresql")], indirect=True
)
async def test_a_new_place_takes_a_whole_copy_and_nothing_else(stage: Stage, empty_url: str) -> None:
    await stage.joined(100)
    copy, broken = stage.folder / "copy", stage.folder / "broken"
    await operator(stage, "backup", str(copy))
    tamper(stage.storage_url, "UPDATE alembic_version SET version_num = '9999'")
    said = await operator(stage, "backup", str(broken), code=1)
    assert said == "The database was written by a newer version (schema 9999); update the program."
    stage.storage_url = empty_url
    broken.write_bytes(copy.read_bytes()[:10_000])
    assert f"{broken} is " in await operator(stage, "restore", str(broken), code=1)
    assert not list(stage.folder.glob(".*.part*"))
    if empty_url.startswith("postgresql"):
        tamper(empty_url, "CREATE SCHEMA before_restore")
        assert "A restore was cut off here" in await operator(stage, "restore", str(copy), code=1)
        tamper(empty_url, "DROP SCHEMA before_restore")
    said = await operator(stage, "restore", str(copy))
    assert said.startswith("WARNING: this database cannot tell who was erased, blocked or off-boarded after the copy")
    assert await stage.rows("SELECT telegram_id FROM member") == [(100,)]


@pytest.mark.parametrize(("storage_url", "empty_url"), [("postgresql", "sqlite")], indirect=True)
async def test_a_copy_of_the_other_engine_and_one_of_a_newer_version_are_refused(stage: Stage, empty_url: str) -> None:
    copy = stage.folder / "copy"
    await operator(stage, "backup", str(copy))
    served = stage.storage_url
    stage.storage_url = empty_url
    assert "is no copy of a network on SQLite: " in await operator(stage, "restore", str(copy), code=1)
    said = await operator(stage, "backup", str(copy), "--force", code=1)
    assert said == "The schema of the database is at nothing: run `network-bot migrate` first."
    sqlite = empty_url.partition("///")[2]
    with sqlite3.connect(sqlite) as connection:
        connection.execute("CREATE TABLE alembic_version AS SELECT '9999' AS version_num")
    connection.close()
    newer = stage.folder / "newer"
    shutil.move(sqlite, newer)
    said = await operator(stage, "restore", str(newer), code=1)
    assert said == "The database was written by a newer version (schema 9999); update the program."
    stage.storage_url = served
    assert "is no copy of a network on PostgreSQL: " in await operator(stage, "restore", str(newer), "--force", code=1)
    said = await operator(stage, "backup", str(stage.folder / "x"), code=1, PATH="/nowhere")
    assert said == "pg_dump is not installed here: install PostgreSQL's client programs."


@ON_SQLITE
async def test_a_damaged_database_is_put_aside(stage: Stage) -> None:
    await stage.joined(100)
    copy, place = stage.folder / "copy", stage.folder / "network.db"
    await operator(stage, "backup", str(copy))
    place.write_bytes(b"no database any more")
    assert "--force puts it aside" in await operator(stage, "restore", str(copy), code=1)
    assert f"The damaged database is kept as {place}.damaged." in await operator(stage, "restore", str(copy), "--force")
    assert await stage.rows("SELECT telegram_id FROM member") == [(100,)]


async def told(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await operator(stage, "status", "--json"))
    return found


async def until(stage: Stage, statement: str, wanted: list[Any]) -> None:
    """Wait until the database says so."""
    async with asyncio.timeout(30):
        while await stage.rows(statement) != wanted:
            await stage.control.get("/calls", after=10**9, timeout=0.2)


async def test_the_status_tells_what_runs_and_what_waits(stage: Stage, database: Database) -> None:
    person = await stage.joined(100)
    process = await stage.process()
    await person.says("/help")
    await person.sees("What you can do here")
    await until(stage, "SELECT count(*) FROM worker WHERE polled_at IS NOT NULL AND ticked_at IS NOT NULL", [(1,)])
    found = await told(stage)
    assert (found["version"], found["schema"]) == (__version__, migrations.newest())
    assert found["inbox"] == {"done": 1}
    assert found["oldest"] == {"inbox": None, "outbox": {lane.name.lower(): None for lane in Lane}}
    [running] = found["running"]
    assert (running["role"], running["version"], running["duties"]) == ("all", __version__, ["clock", "pace", "poll"])
    for moment in (running["started_at"], running["seen_at"], found["last_poll"], found["last_tick"]):
        assert timedelta() <= datetime.now(UTC) - datetime.fromisoformat(moment) < timedelta(minutes=1)

    await process.kill()
    await stage.receives({"update_id": 7, "message": {"message_id": 1, "from": {"id": 100}}})
    await stage.promises(Promise(1, "application:approved", lane=Lane.BULK))
    async with database.transaction() as tx:
        now = datetime.now(UTC)
        await alarms.begin(tx, AlarmKind.DISK, {"free": 5}, now - timedelta(hours=3), now, Ways())
        await pause.begin(tx, "restored", now)
    found = await told(stage)
    assert (found["running"], found["last_poll"], found["last_tick"]) == ([], None, None)
    assert [alarm["kind"] for alarm in found["alarms"]] == ["disk"]
    said = await operator(stage, "status")
    for line in ("running: nothing runs", "inbox: dead 1, done 1", "last poll: unknown", "ALARM: disk, begun 3 h ago"):
        assert line in said.splitlines(), said
    assert "paused: since " in said


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_the_status_tells_who_does_what_where_several_processes_work(stage: Stage) -> None:
    for number, role in enumerate(("delivery", "intake"), 1):
        stage.launch(role=role)
        await until(stage, "SELECT count(*) FROM worker", [(number,)])
    await until(stage, "SELECT count(*) FROM duty", [(3,)])
    running = (await told(stage))["running"]
    assert {one["role"]: one["duties"] for one in running} == {"delivery": ["clock", "pace"], "intake": ["poll"]}
    said = await operator(stage, "status")
    assert f"running: intake {__version__}, started " in said
    assert "oldest that waits: nothing waits" in said


@ON_SQLITE
async def test_the_status_tells_since_when_somebody_waits(stage: Stage) -> None:
    await runs_with_the_machine(stage)
    await stage.receives({"update_id": 7, "message": {"message_id": 1, "from": {"id": 100}}})
    ago = datetime.now(UTC) - timedelta(minutes=5)
    await stage.joined(1)
    await stage.promises(Promise(1, "application:approved", lane=Lane.BULK, due_at=ago))
    assert re.search(
        r"^oldest that waits: inbox: \d s ago; outbox, bulk: 5 min ago$", await operator(stage, "status"), re.MULTILINE
    )
