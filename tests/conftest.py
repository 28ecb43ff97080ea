"""The stage of every story: a strict sandbox, a real database on each engine, and no network but loopback."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from story import TOKEN, Control, Stage

from bot.sandbox.server import Sandbox
from storage import migrations
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
    if POSTGRES is None and os.environ.get("REQUIRE_POSTGRES"):
        pytest.exit("PostgreSQL is required here and none answers (TEST_POSTGRES_URL).", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The longest stories begin first, so that no worker is left alone with one at the end.
    items.sort(key=lambda item: "power_cut" not in item.name)


def pytest_report_header() -> str:
    if POSTGRES is None:
        return "databases: SQLite only; NO PostgreSQL answers (TEST_POSTGRES_URL), its tests are left out"
    return f"databases: SQLite and PostgreSQL at {urlsplit(POSTGRES).hostname}"


@dataclass
class Templates:
    """Databases at the newest schema, to copy instead of migrating each story's own; made when first needed."""

    folder: Path
    name: str = field(default_factory=lambda: f"network_template_{uuid.uuid4().hex[:12]}")
    made: set[str] = field(default_factory=set)

    @property
    def file(self) -> Path:
        return self.folder / "template.db"

    async def sqlite(self, path: Path) -> None:
        if "sqlite" not in self.made:
            await _migrated(f"sqlite+aiosqlite:///{self.file}")
            self.made.add("sqlite")
        shutil.copy(self.file, path)

    async def postgresql(self, name: str) -> None:
        if "postgresql" not in self.made:
            _administer(f'CREATE DATABASE "{self.name}"')
            await _migrated(_database_url(self.name))
            self.made.add("postgresql")
        _administer(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')

    def clear(self) -> None:
        if "postgresql" in self.made:
            _administer(f'DROP DATABASE "{self.name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    """Databases to copy."""
    templates = Templates(tmp_path_factory.mktemp("templates"))
    yield templates
    templates.clear()


@pytest.fixture(params=["sqlite", "postgresql"])
async def storage_url(request: pytest.FixtureRequest, tmp_path: Path, templates: Templates) -> AsyncIterator[str]:
    """A database of its own at the newest schema, without a person in it, on each engine."""
    if request.param == "sqlite":
        await templates.sqlite(tmp_path / "network.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'network.db'}"
        return
    async with _own_database(templates.postgresql) as url:
        yield url


@pytest.fixture
async def database(storage_url: str) -> AsyncIterator[Database]:
    """That database, opened."""
    database = Database(storage_url)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database on each engine, as on a first start."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return

    async def create(name: str) -> None:
        _administer(f'CREATE DATABASE "{name}"')

    async with _own_database(create) as url:
        yield url


@asynccontextmanager
async def _own_database(create: Callable[[str], Awaitable[None]]) -> AsyncIterator[str]:
    if POSTGRES is None:
        pytest.skip("no PostgreSQL answers")
    name = f"network_test_{uuid.uuid4().hex[:12]}"
    await create(name)
    try:
        yield _database_url(name)
    finally:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


async def _migrated(url: str) -> None:
    database = Database(url)
    await migrations.upgrade(database)
    await database.close()


def _administer(statement: str) -> None:
    assert POSTGRES is not None
    with psycopg.connect(POSTGRES.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)


def _database_url(name: str) -> str:
    assert POSTGRES is not None
    return f"{POSTGRES.replace('+psycopg', '').rpartition('/')[0]}/{name}"


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
    """Everything a story needs, with two administrators (1 and 2), on each engine."""
    stage = Stage(control, tmp_path, storage_url)
    yield stage
    await stage.clear()
