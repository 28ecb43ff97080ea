"""Charts, drawn in a child process: the library that draws them is large, and nobody needs it for long."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bot.logs import log
from handlers.charts import Bars

SECONDS = 30.0
_CHILD = Path(__file__).with_name("charts_child.py")
_log = log("bot.charts")


class ChildCharts:
    """Draws one chart after the other; where that fails, there is none."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(1)

    async def bars(self, chart: Bars) -> bytes | None:
        """Return a chart as PNG; None where the child fails or takes too long."""
        async with self._free:
            with tempfile.TemporaryDirectory(prefix="charts-") as folder:
                return await _drawn(chart, folder)


async def _drawn(chart: Bars, folder: str) -> bytes | None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-B", str(_CHILD), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=_bare(folder), start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            picture, problem = await child.communicate(json.dumps(asdict(chart)).encode())
    except TimeoutError:
        child.kill()
        await child.wait()
        picture, problem = b"", b"too slow"
    if child.returncode != 0 or not picture:
        _log.error("a chart could not be drawn", problem=problem.decode(errors="replace").strip()[-300:])
        return None
    return picture


def _bare(folder: str) -> dict[str, str]:
    """Return an environment without secrets; what the child keeps for itself goes with the folder."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "MPLCONFIGDIR": folder, "HOME": folder}
