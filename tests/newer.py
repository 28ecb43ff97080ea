"""A newer version of the program: a copy of this one with one more migration, as a rollout meets it."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from story import ROOT, Stage, environment

from storage import migrations

NEXT = f"{int(migrations.newest()) + 1:04}"
_MIGRATION = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{NEXT}", "{migrations.newest()}"
branch_labels = depends_on = None


def upgrade() -> None:
    for table in ("inbox", "outbox", "member"):
        with op.batch_alter_table(table) as altered:
            altered.add_column(sa.Column("hue", sa.String(20), nullable=True))
    op.create_table(
        "hue",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("member.id", ondelete="CASCADE")),
    )
    op.create_index("ix_outbox_hue", "outbox", ["hue", "state"])
"""


@dataclass
class Newer:
    """The newer program, and the configuration that both share."""

    stage: Stage
    folder: Path

    @classmethod
    def beside(cls, stage: Stage) -> Newer:
        folder = stage.folder / "newer"
        for floor in ("bot", "handlers", "storage"):
            shutil.copytree(ROOT / floor, folder / floor, ignore=shutil.ignore_patterns("__pycache__"))
        versions = folder / "storage" / "migrations" / "versions"
        (versions / f"{NEXT}_hue.py").write_text(_MIGRATION, encoding="utf-8")
        return cls(stage, folder)

    async def begins(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start one of its commands; what it says goes to the log of the stage."""
        command = [sys.executable, "-m", "bot", *arguments, "--config", str(self.stage.config)]
        variables = environment() | {"PYTHONPATH": str(self.folder)}
        with (self.stage.folder / "bot.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command, cwd=self.folder, env=variables, stdout=log, stderr=log
            )

    async def migrates(self) -> int:
        """Bring the database to its schema, and return the exit code."""
        return await (await self.begins("migrate")).wait()

    async def runs(self) -> asyncio.subprocess.Process:
        return await self.begins("run", "--clock", f"{self.stage.control.url}/sandbox/clock")


async def stop(process: asyncio.subprocess.Process) -> int:
    """Ask a process to end, and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return await process.wait()
