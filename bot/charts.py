"""Charts, drawn in a child process: the library that draws them is large, and nobody needs it for long."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from bot import children
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
    own = {"MPLCONFIGDIR": folder, "HOME": folder}  # what it keeps for itself goes with the folder
    try:
        async with asyncio.timeout(SECONDS):
            answer = await children.ask(_CHILD, given=json.dumps(asdict(chart)).encode(), variables=own, listens=True)
    except TimeoutError:
        _log.error("a chart took too long to draw")
        return None
    if answer.code != 0 or not answer.written:
        problem = (answer.complaint or b"").decode(errors="replace").strip()[-300:]
        _log.error("a chart could not be drawn", problem=problem)
        return None
    return answer.written
