"""The stage of every story: a strict sandbox, a real database on each engine, and no network but loopback."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from story import TOKEN, Control, Stage

from bot.sandbox.server import Sandbox

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


def pytest_report_header() -> str:
    if POSTGRES is None:
        return "databases: SQLite only; NO PostgreSQL answers (TEST_POSTGRES_URL), its tests are left out"
    return f"databases: SQLite and PostgreSQL at {urlsplit(POSTGRES).hostname}"


@pytest.fixture(params=["sqlite", "postgresql"])
async def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A new, empty database on each engine."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'network.db'}"
        return
    if POSTGRES is None:
        pytest.skip("no PostgreSQL answers")
    name = f"network_test_{uuid.uuid4().hex[:12]}"
    admin = POSTGRES.replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield admin.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


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
