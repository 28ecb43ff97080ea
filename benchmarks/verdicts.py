"""Verdicts: what was measured, what it was to be, and whether it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Verdict:
    """One line of the last table. `measured` must be at least the target, or with `at_most` at most."""

    what: str
    measured: float
    target: float
    unit: str = ""
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.measured <= self.target if self.at_most else self.measured >= self.target


def console() -> Console:
    """Return where tables are printed; wide enough for them also where nobody tells how wide it is."""
    return Console(width=max(Console().width, 120))


def show(verdicts: Sequence[Verdict], console: Console) -> None:
    """Print the verdicts as a table."""
    table = Table(title="Targets")
    for column in ("what", "measured", "target", ""):
        table.add_column(column, justify="left" if column == "what" else "right")
    for one in verdicts:
        bound = "≤" if one.at_most else "≥"
        met = "[green]met[/green]" if one.met else "[red]missed[/red]"
        table.add_row(one.what, f"{one.measured:,.4g}{one.unit}", f"{bound} {one.target:,.4g}{one.unit}", met)
    console.print(table)
