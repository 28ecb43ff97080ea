"""A bot that cannot start says why in one clear sentence and exits 1; nothing a person can cause shows a traceback."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sqlite3
import sys
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest
from story import ROOT, TOKEN, Control, Stage, environment, free_port, network_bot

from bot.application import Bot
from bot.clock import Clock
from bot.config import Config, load
from bot.start import StartError


async def says(sentence: str, *arguments: str, **variables: str) -> None:
    """Expect exactly this problem, as the last line, and exit code 1."""
    code, said = await network_bot(*arguments, **variables)
    assert code == 1, said
    assert re.fullmatch(sentence, said.strip().splitlines()[-1]), said
    assert TOKEN not in said


def written(folder: Path, text: str) -> str:
    path = folder / "broken.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


async def test_every_mistake_in_the_configuration_is_named_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [telegram]
        api_url = "ftp://example.org"
        proxy_url = "ssh://example.org"
        [storage]
        url = "mysql://root@localhost/network"
        [network]
        timezone = "Asia/Atlantis"
        languages = ["en", "tlh"]
        max_label = "TLP:RED"
        administrators = [-5]
        colour = "green"
        [admission]
        vouches = 200
        [digest]
        weekday = "someday"
        time = "25:00"
        [delivery]
        in_flight = 0
        [webhook]
        listen = "localhost:99999"
        [health]
        listen = "8080"
        """,
    )
    code, said = await network_bot("run", "--config", path)
    assert code == 1
    for key in (
        "telegram.api_url",
        "telegram.proxy_url",
        "storage.url",
        "network.timezone",
        "network.languages",
        "network.max_label",
        "network.colour",
        "admission.vouches",
        "digest.weekday",
        "digest.time",
        "delivery.in_flight",
        "webhook.listen",
        "health.listen",
        "network.administrators.0",
    ):
        assert re.search(rf"^{re.escape(path)}: {re.escape(key)}: \S", said, re.MULTILINE), (key, said)
    assert len(said.strip().splitlines()) == 14


async def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "[telegram\ntoken = 1")
    await says(f"{re.escape(path)}: not valid TOML: .*line 1.*", "run", "--config", path)


async def test_a_missing_file_is_named_with_what_is_needed(tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere.toml")
    sentence = rf"{re.escape(path)}: telegram.token: a bot token is needed \(.* does not exist\)"
    await says(sentence, "run", "--config", path)


async def test_a_token_that_is_none_is_refused_without_repeating_it(tmp_path: Path) -> None:
    path = written(tmp_path, '[telegram]\ntoken = "swordfish"')
    code, said = await network_bot("run", "--config", path)
    assert code == 1
    assert "looks like 123456:ABC-DEF" in said
    assert "swordfish" not in said


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("NETWORK__ADMINISTRATORS", "one, two", "environment: .*network.*: lists are written as JSON"),
        ("NETWROK__NAME", "x", "environment: NETWORK_BOT_NETWROK__NAME: there is no such key"),
        ("DELIVERY__PAID_MESSAGES_PER_SECOND", "28", ".*: delivery: paid_messages_per_second is 0, or more than .*"),
        ("STORAGE__URL", "postgresql+psycopg2://root@localhost/x", ".*: storage.url: must be sqlite.*"),
        ("STORAGE__URL", "postgresql+asyncpg://root@localhost/x?sslmode=require", ".*: storage.url: asyncpg knows .*"),
    ],
)
async def test_a_mistake_in_the_environment_is_named_as_well(tmp_path: Path, name: str, value: str, told: str) -> None:
    path = written(tmp_path, f'[telegram]\ntoken = "{TOKEN}"')
    await says(told, "run", "--config", path, **{f"NETWORK_BOT_{name}": value})


async def test_a_token_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe1:x")
    path = written(tmp_path, '[telegram]\ntoken_file = "token"')
    await says(".*: telegram.token_file: cannot be read: .*", "run", "--config", path)


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_whoever_has_taken_the_port_is_not_hidden_behind_a_traceback(stage: Stage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        stage.settings["health"] = {"listen": address}
        await cannot_start(stage, r"health.listen: nobody can listen there: .*")
        stage.settings = {"telegram": {"mode": "webhook"}}
        stage.settings["webhook"] = {"public_url": "https://bot.example.org", "listen": address, "secret_token": "s"}
        await cannot_start(stage, r"webhook.listen: nobody can listen there: .*")


async def cannot_start(stage: Stage, sentence: str) -> None:
    with pytest.raises(StartError, match=sentence):
        await Bot(load(stage.config), Clock()).run()


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_connection_that_breaks_during_the_start_is_named(stage: Stage, control: Control) -> None:
    await control.post("/faults", kind="reset", method="deleteWebhook", times=None)
    await cannot_start(stage, "The Bot API at .* cannot be reached: ServerDisconnectedError")


@pytest.mark.parametrize(
    ("method", "fault"),
    [("getMe", {"kind": "hang", "seconds": 60}), ("deleteWebhook", {"kind": "429", "retry_after": 900})],
)
async def test_an_end_during_the_start_is_quick(
    stage: Stage, control: Control, method: str, fault: dict[str, Any]
) -> None:
    await control.post("/faults", method=method, times=None, **fault)
    bot = Bot(load(stage.config), Clock())
    running = asyncio.create_task(bot.run())
    while method not in {call["method"] for call in await control.get("/calls")}:
        await control.get("/calls", after=len(await control.get("/calls")), timeout=0.2)
    bot.stop()
    async with asyncio.timeout(3):
        await running


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_a_database_that_takes_no_writes_is_named(stage: Stage) -> None:
    await stage.joined(100)
    with psycopg.connect(stage.storage_url, autocommit=True) as connection:
        name = stage.storage_url.rpartition("/")[2]
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    for driver in ("postgresql", "postgresql+asyncpg"):
        stage.storage_url = stage.storage_url.replace(stage.storage_url.partition(":")[0], driver, 1)
        await cannot_start(stage, "The database .* cannot be used: cannot execute INSERT in a read-only transaction")


async def test_a_token_telegram_does_not_know_is_named(stage: Stage) -> None:
    variables = {"NETWORK_BOT_TELEGRAM__TOKEN": "1000001:AAanotherToken"}
    sentence = "The Bot API at .* rejects the token: check telegram.token."
    await says(sentence, "run", "--config", str(stage.config), **variables)


async def test_an_unreachable_proxy_is_named_as_well(stage: Stage) -> None:
    for scheme in ("http", "socks5"):
        variables = {"NETWORK_BOT_TELEGRAM__PROXY_URL": f"{scheme}://127.0.0.1:{free_port()}"}
        sentence = "The Bot API at .* cannot be reached: .*"
        await says(sentence, "run", "--config", str(stage.config), **variables)


async def test_the_bot_runs_by_the_clock_of_its_machine_until_it_is_asked_to_end(stage: Stage) -> None:
    process = await stage.process(follows_sandbox=False)
    person = await stage.person(100)
    await person.starts()
    await person.sees("choose your language")

    assert await process.stop() == 0


async def test_an_unreachable_bot_api_is_named(stage: Stage) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    variables = {"NETWORK_BOT_TELEGRAM__API_URL": url}
    sentence = f"The Bot API at {re.escape(url)} cannot be reached: .*"
    await says(sentence, "run", "--config", str(stage.config), **variables)


async def test_a_bot_api_that_is_broken_is_named(stage: Stage, control: Control) -> None:
    await control.post("/faults", kind="500", method="getMe", times=None)
    await says("The Bot API at .* does not work: Internal Server Error: restart.", "run", "--config", str(stage.config))


async def test_a_database_that_cannot_be_written_is_named(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    urls = [f"sqlite+aiosqlite:///{tmp_path}/file/network.db", f"postgresql://root@127.0.0.1:{free_port()}/network"]
    for url in urls:
        variables = {"NETWORK_BOT_STORAGE__URL": url}
        for command in ("run", "migrate"):
            sentence = "The database .* cannot be used: .*"
            await says(sentence, command, "--config", str(stage.config), **variables)


async def test_a_read_only_database_is_named(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    sqlite3.connect(path).executescript("create table anything (id integer); pragma user_version = 1")
    variables = {"NETWORK_BOT_STORAGE__URL": f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true"}
    await says("The database .* cannot be used: .*readonly.*", "run", "--config", str(stage.config), **variables)


async def test_two_that_start_at_once_both_find_the_newest_schema(stage: Stage) -> None:
    config = str(stage.config)
    ended = await asyncio.gather(*(network_bot("migrate", "--config", config) for _ in range(2)))

    assert [code for code, _ in ended] == [0, 0], ended


async def test_a_newer_database_is_left_alone(stage: Stage) -> None:
    assert (await network_bot("migrate", "--config", str(stage.config)))[0] == 0
    _write_revision(stage.storage_url, "9999")
    for command in ("run", "migrate", "check", "status"):
        sentence = r"The database was written by a newer version \(schema 9999\); update the program."
        await says(sentence, command, "--config", str(stage.config))


def _write_revision(url: str, revision: str) -> None:
    statement = f"UPDATE alembic_version SET version_num = '{revision}'"  # noqa: S608 - our own words
    if url.startswith("sqlite"):
        with sqlite3.connect(url.partition("///")[2]) as connection:
            connection.execute(statement)
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


async def test_the_doctor_lists_every_problem_and_is_silent_about_secrets(stage: Stage) -> None:
    stage.administrators = ()
    variables = {
        "NETWORK_BOT_TELEGRAM__API_URL": f"http://127.0.0.1:{free_port()}",
        "NETWORK_BOT_STORAGE__URL": f"postgresql://root:secret@127.0.0.1:{free_port()}/network",
    }
    code, said = await network_bot("check", "--config", str(stage.config), **variables)
    assert code == 1
    for problem in ("The database cannot be used", "cannot be reached", "network.administrators is empty"):
        assert problem in said
    assert "secret" not in said


async def test_the_doctor_is_content_with_a_good_installation(stage: Stage) -> None:
    assert (await network_bot("migrate", "--config", str(stage.config)))[0] == 0
    code, said = await network_bot("check", "--config", str(stage.config))
    assert code == 0
    assert "@network_test_bot" in said
    assert "All is well." in said
    code, said = await network_bot("status", "--json", "--config", str(stage.config))
    assert code == 0
    assert '"schema": "00' in said


async def test_the_program_starts_as_a_module() -> None:
    command = [sys.executable, "-m", "bot", "--help"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()

    assert process.returncode == 0
    for name in ("run", "demo", "check", "migrate", "status", "seed"):
        assert name in said.decode()


async def test_a_disk_too_full_for_the_output_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, f'[telegram]\ntoken = "{TOKEN}"')
    with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230 - a device
        command = [sys.executable, "-m", "bot", "status", "--config", path]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment(), stdout=full, stderr=pipe)
        _, said = await process.communicate()

    assert process.returncode == 1
    assert said == b"The output cannot be written: No space left on device.\n"


async def test_wrong_usage_exits_2() -> None:
    assert (await network_bot("run", "--role", "everything"))[0] == 2
    assert (await network_bot("dance"))[0] == 2


def test_the_example_explains_every_key_and_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / "config.example.toml"
    text = path.read_text(encoding="utf-8")
    uncommented = re.sub(r"^# ?(?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE)
    known: dict[str, Any] = {
        name: set(section.annotation.model_fields)
        for name, section in Config.model_fields.items()
        if section.annotation is not None
    }
    found = {
        name: set(re.findall(r"^([a-z_]+) = ", table, re.MULTILINE))
        for name, table in re.findall(r"^\[([a-z]+)\]\n(.*?)(?=^\[|\Z)", uncommented, re.MULTILINE | re.DOTALL)
    }
    assert found == known
    tomllib.loads(text)
    for variable in [v for v in os.environ if v.startswith("NETWORK_BOT_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("NETWORK_BOT_TELEGRAM__TOKEN", TOKEN)
    loaded = load(path)
    assert loaded.settings == Config(telegram=loaded.settings.telegram)
