"""The audit log as a file: JSON lines, or CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from bot.start import Problem
from storage import audit
from storage.audit import AuditRow
from storage.database import Transaction

_COLUMNS = ("id", "at", "event", "actor", "subject", "facts", "digest")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the beginning of a formula, also in full width."""


@dataclass(frozen=True)
class Wanted:
    """Which acts: since the beginning of a day in `zone`, of one actor."""

    since: datetime | None
    actor: int | None
    zone: str

    @property
    def moment(self) -> datetime | None:
        return None if self.since is None else self.since.replace(tzinfo=ZoneInfo(self.zone))


@contextmanager
def printing() -> Iterator[TextIO]:
    """Give the standard output.

    Raises:
        Problem: it takes no more.
    """
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        raise Problem(f"The output cannot be written: {error.strerror or error}.") from None


async def write(tx: Transaction, wanted: Wanted, file: TextIO, *, as_csv: bool) -> None:
    """Write the acts that are wanted to `file`, one after the other (RFC 4180 or one JSON object a line)."""
    table = csv.writer(file, lineterminator="\r\n")
    if as_csv:
        table.writerow(_COLUMNS)
    async for row in audit.walk(tx, since=wanted.moment, actor=wanted.actor):
        facts = _facts(row)
        if as_csv:
            table.writerow([harmless(facts[name]) for name in _COLUMNS])
        else:
            file.write(json.dumps(facts, ensure_ascii=False) + "\n")


def _facts(row: AuditRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at.isoformat(),
        "event": str(row.event),
        "actor": row.actor_id,
        "subject": row.subject_id,
        "facts": row.facts,
        "digest": row.digest,
    }


def harmless(value: object) -> object:
    """Return a cell as a spreadsheet shows it: text that it would compute begins with an apostrophe."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
