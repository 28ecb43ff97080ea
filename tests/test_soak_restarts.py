"""A PostgreSQL server that is started again and again, by order and by a crash: nothing is lost by it (`make soak`)."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from record import told
from story import Control, Stage, free_port
from test_workers import until, working

from storage import migrations
from storage.database import Database
from storage.outbox import Lane, Promise

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

IN_FLIGHT = 8
LEASE = 5
READERS = 420
RESTARTS = 12
MODES = ("fast", "immediate")
"""By order, with all sessions ended; and as by a crash, with a recovery."""


@dataclass
class Cluster:
    """A PostgreSQL server of our own."""

    folder: Path
    port: int

    def runs(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs, which refuse to be run by root."""
        account = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
        command = [str(_programs() / program), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(command, check=True, user=account, stdout=subprocess.DEVNULL, cwd=self.folder)

    def begin(self) -> None:
        self.runs("initdb", "-U", "postgres", "-A", "trust", "--no-sync")
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self.folder}"
        self.runs("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", settings, "start")

    async def restart(self, mode: str) -> None:
        await asyncio.to_thread(self.runs, "pg_ctl", "-w", "-m", mode, "-l", str(self.folder / "log"), "restart")


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    assert found or on_path, "PostgreSQL's server programs are needed here"
    return (found[-1] if found else Path(str(on_path))).parent


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="network-cluster-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    cluster = Cluster(folder, free_port())
    cluster.begin()
    yield cluster
    cluster.runs("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
async def stage(
    control: Control, tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    monkeypatch.delenv("PGOPTIONS", raising=False)  # a crash takes what was committed without waiting for the log
    stage = Stage(control, tmp_path, f"postgresql://postgres@127.0.0.1:{cluster.port}/postgres")
    database = Database(stage.storage_url)
    await migrations.upgrade(database)
    await database.close()
    yield stage
    await stage.clear()


@pytest.mark.parametrize("number", [1, 2])
async def test_a_minute_of_restarts_loses_nothing(stage: Stage, cluster: Cluster, number: int) -> None:
    stage.settings["delivery"] = {"lease_seconds": LEASE, "in_flight": IN_FLIGHT, "messages_per_second": 6}
    people = [await stage.joined(1000 + n) for n in range(READERS)]
    await stage.promises(*(Promise(n, "application:approved", lane=Lane.BULK) for n in range(1, READERS + 1)))
    processes = await working(stage, *["all"] * number)
    await until(stage, "SELECT count(*) > 0 FROM outbox WHERE state = 'sent'", [(True,)])
    began, writers = time.monotonic(), people[:: READERS // (5 * RESTARTS)]
    for round_ in range(RESTARTS):
        for person in writers[round_::RESTARTS]:
            await person.says("https://example.org/paper")
        await asyncio.gather(cluster.restart(MODES[round_ % 2]), asyncio.sleep(5))
    took = time.monotonic() - began
    left = (await stage.rows("SELECT count(*) FROM outbox WHERE state <> 'sent'"))[0][0]
    assert {row[0] for row in await stage.settled()} == {"sent"}
    for person in writers:
        person.patience = 40
        await person.sees("Traffic Light Protocol")
    forms = "SELECT name, step, revision, count(*) FROM dialogue GROUP BY name, step, revision"
    assert await stage.rows(forms) == [("document", "label", 1, len(writers))]
    copies = [await told(person, "Welcome to") for person in people]
    repeats = sum(copies) - READERS
    sys.stdout.write(
        f"\n{RESTARTS} restarts in {took:.0f} s, {number} processes, {left} left then, {repeats} repeats\n"
    )
    assert left > 0, "all had left before the last restart: it proves nothing"
    assert min(copies) == 1, "somebody was not told"
    assert repeats <= RESTARTS * number * IN_FLIGHT
    assert [await process.stop() for process in processes] == [0] * number
    assert await stage.rows("SELECT DISTINCT state, attempts FROM inbox") == [("done", 0)]
