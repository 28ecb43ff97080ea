"""The stage of every story: a strict sandbox, a real database on each engine, and no network but loopback."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psycopg
import pytest
from databases import Files, Server, share_statements
from hypothesis import HealthCheck, settings
from mail_server import MailServer, mail_server
from story import TOKEN, Control, Stage

from bot.sandbox.server import Sandbox
from storage.database import Database

DEFAULT_POSTGRES = "postgresql://root@127.0.0.1:5432/postgres"


def _postgres() -> str | None:
    url = os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES)
    try:
        with psycopg.connect(url.replace("+psycopg", ""), connect_timeout=2):
            return url
    except (OSError, psycopg.Error):
        return None


POSTGRES = _postgres()


def pytest_configure() -> None:
    # How fast a busy machine makes examples is no property of the product.
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")
    share_statements()
    # No story takes the power from the server: what it has not yet written to the disk is not lost.
    os.environ.setdefault("PGOPTIONS", "-c synchronous_commit=off")
    if POSTGRES is None and os.environ.get("REQUIRE_POSTGRES"):
        pytest.exit("PostgreSQL is required here and none answers (TEST_POSTGRES_URL).", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The longest stories begin first, so that no worker is left alone with one at the end.
    items.sort(key=lambda item: "power_cut" not in item.name)


def pytest_collection_finish() -> None:
    # What was imported stays until the end: nobody need look through it for garbage again and again.
    gc.collect()
    gc.freeze()


def pytest_report_header() -> str:
    if POSTGRES is None:
        return "databases: SQLite only; NO PostgreSQL answers (TEST_POSTGRES_URL), its tests are left out"
    return f"databases: SQLite and PostgreSQL at {urlsplit(POSTGRES).hostname}"


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """SQLite files to copy."""
    return Files(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The PostgreSQL server; the report's first lines say when none answers."""
    if POSTGRES is None:
        pytest.skip("no PostgreSQL answers")
    server = Server(POSTGRES.replace("+psycopg", ""))
    yield server
    server.clear()


@pytest.fixture(params=["sqlite", "postgresql"])
async def storage_url(request: pytest.FixtureRequest, tmp_path: Path, files: Files) -> AsyncIterator[str]:
    """A database of its own at the newest schema, without a person in it, on each engine."""
    if request.param == "sqlite":
        await files.copy(tmp_path / "network.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'network.db'}"
    else:
        server: Server = request.getfixturevalue("server")
        database = await server.take()
        yield database.url
        server.give_back(database)


@pytest.fixture
async def database(storage_url: str) -> AsyncIterator[Database]:
    """That database, opened."""
    database = Database(storage_url)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database on each engine, as on a first start."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    else:
        server: Server = request.getfixturevalue("server")
        name = server.create()
        yield server.address(name)
        server.drop(name)


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    """A strict local Telegram; a call that departs from the Bot API fails the test at its end."""
    sandbox = Sandbox(token=TOKEN, username="network_test_bot", name="Test network")
    await sandbox.start(port=0)
    try:
        async with aiohttp.ClientSession() as session:
            control = Control(sandbox.url, session)
            yield control
            violations = await control.get("/violations")
        assert not violations, violations
    finally:
        await sandbox.stop()


@pytest.fixture
async def stage(control: Control, tmp_path: Path, storage_url: str) -> AsyncIterator[Stage]:
    """Everything a story needs, with two administrators (1 and 2), on each engine.

    It begins at noon in Almaty, whenever it is told: at night newsletters wait for the morning.
    """
    await control.post("/clock", to=datetime.now(UTC).replace(hour=7, minute=0).isoformat())
    stage = Stage(control, tmp_path, storage_url)
    yield stage
    await stage.clear()


@pytest.fixture
async def posts(stage: Stage) -> AsyncIterator[MailServer]:
    """A mail server that the bot of the stage knows."""
    async with mail_server(MailServer()) as server:
        stage.settings["mail"] = server.settings()
        yield server
