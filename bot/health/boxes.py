"""The boxes: what the database says of inbox and outbox, for monitoring; asked cheaply, also of a hundred thousand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from storage import inbox, migrations, outbox, pause
from storage.database import Database, Transaction
from storage.outbox import Lane
from storage.pause import Pause

_SHARE = 100


async def counts(database: Database) -> dict[str, dict[str, int]]:
    """Return inbox and outbox by state."""
    async with database.reading() as tx:
        return await Tally().of(tx)


class Tally:
    """Rows by state. What took long is counted again the later, so that monitoring costs a hundredth of the time."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, int]] = {}
        self._good_until = 0.0

    async def of(self, tx: Transaction) -> dict[str, dict[str, int]]:
        """Return inbox and outbox by state."""
        began = time.monotonic()
        if began >= self._good_until:
            self._rows = {"inbox": await inbox.counts(tx), "outbox": await outbox.counts(tx)}
            ended = time.monotonic()
            self._good_until = ended + _SHARE * (ended - began)
        return self._rows


@dataclass(frozen=True)
class Boxes:
    """How many rows are in each state, since when the oldest update and due message of each lane wait, and a pause."""

    rows: dict[str, dict[str, int]]
    pending_since: datetime | None
    due_since: dict[Lane, datetime | None]
    paused: Pause | None

    @classmethod
    async def of(cls, database: Database, now: datetime, tally: Tally | None = None) -> Boxes:
        """Ask a database; raises what it raises. A `tally` remembers what it counted."""
        async with database.reading() as tx:
            rows = await (tally or Tally()).of(tx)
            pending, due = await inbox.oldest(tx), await outbox.oldest_due(tx, now)
            return cls(rows, pending, due, await pause.standing(tx))


async def unready(database: Database) -> str | None:
    """Return why the schema cannot be used by this program, or None if it can."""
    at = await migrations.revision(database)
    if at == migrations.newest():
        return None
    return f"the schema is at {at or 'nothing'}, and this version needs {migrations.newest()}"
