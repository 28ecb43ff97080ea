"""Charts: what one shows; how it becomes a picture is the top floor's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Bars:
    """A chart of bars under a title, in groups: each has a heading and bars, a label and a number each."""

    title: str
    groups: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


class Charts(Protocol):
    """Draws charts."""

    async def bars(self, chart: Bars) -> bytes | None:
        """Return a chart as PNG; None where it cannot be drawn."""
        ...


class Undrawn:
    """Draws nothing."""

    async def bars(self, _chart: Bars) -> bytes | None:
        return None
