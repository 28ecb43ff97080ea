"""A crew of bot processes on one database: who is who, and what each had in hand when it was stopped or killed."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from crowd import Piece, of_call, of_row
from story import Process, Stage

_LEASED = """
    SELECT o.lease, o.id, m.telegram_id, o.notice, o.facts FROM outbox o JOIN member m ON m.id = o.member_id
    WHERE o.state = 'leased'
"""
_OPEN = """
    SELECT pid, state_change FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'network-bot' AND state <> 'idle'
"""
_RECENT = 300
_SOON = 30.0


class Stand(StrEnum):
    """How far a leased message had come."""

    WAITS = "not begun"
    BEGUN = "before it was accepted"
    ACCEPTED = "accepted, not answered"
    ANSWERED = "answered, not settled"


@dataclass(frozen=True)
class Death:
    """One stop or kill: when it was, after which call, and how far each message was that the victims had leased."""

    at: float
    last: int
    final: bool
    held: Mapping[Piece | None, Stand]
    """Messages that nobody counts are one and the same here."""
    rows: frozenset[int]
    """All that they had leased."""

    @property
    def under_way(self) -> Collection[Piece]:
        """What Telegram has, or may have, without the database knowing it."""
        return [piece for piece, stand in self.held.items() if piece is not None and stand is not Stand.WAITS]

    def tells(self, piece: Piece) -> str:
        return f"{'killed' if self.final else 'stopped'} at {self.last}: {self.held[piece]}"


@dataclass
class Crew:
    """Processes that are launched one after the other, so that each is known by the name of its worker."""

    stage: Stage
    at_work: dict[str, Process] = field(default_factory=dict)
    deaths: list[Death] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _blamed: set[int] = field(default_factory=set)

    async def joins(self) -> None:
        """Launch one more, and wait until it has enrolled."""
        process, seen = self.stage.launch(), time.monotonic()
        while not (new := await self._enrolled() - self._known):
            assert not process.ended, f"it ended:\n{self.stage.log()[-3000:]}"
            assert time.monotonic() - seen < _SOON, f"it does not enrol:\n{self.stage.log()[-3000:]}"
            await self.stage.control.get("/calls", after=10**9, timeout=0.02)
        self._known |= new
        self.at_work[new.pop()] = process

    async def holder(self, duty: str = "pace") -> str:
        """Return the worker that has a duty."""
        return str((await self.stage.rows("SELECT worker_id FROM duty WHERE name = :name", name=duty))[0][0])

    async def sender(self, chat: int) -> str | None:
        """Return the worker that has leased a message to a chat, if anybody has."""
        found = [_worker(lease) for lease, _, telegram_id, *_ in await self.stage.rows(_LEASED) if telegram_id == chat]
        return found[0] if found else None

    async def lost(self, victim: str, death: Death) -> bool:
        """Tell whether another has now what a victim had leased."""
        leased = await self.stage.rows(_LEASED)
        return any(row in death.rows and _worker(lease) != victim for lease, row, *_ in leased)

    async def freezes(self, victim: Process) -> None:
        """Freeze a process between two transactions: what it has locked there would hold up the others as well."""
        while True:
            victim.signal(signal.SIGSTOP)
            await self.stage.control.get("/calls", after=10**9, timeout=0.1)  # what it had asked has its answer
            before = await self._in_transaction()
            await self.stage.control.get("/calls", after=10**9, timeout=0.3)
            if not before & await self._in_transaction():
                return
            victim.signal(signal.SIGCONT)
            await self.stage.control.get("/calls", after=10**9, timeout=2)  # long enough for a heartbeat

    async def _in_transaction(self) -> set[Any]:
        """Return the sessions that wait for a process of ours to go on, and since when."""
        return set(await self.stage.rows(_OPEN)) if self.stage.storage_url.startswith("postgresql") else set()

    async def stops(self, *victims: Process, final: bool = False) -> Death:
        """Freeze processes where they are, and see what they had in hand."""
        for victim in victims:
            victim.signal(signal.SIGSTOP)
        at = time.monotonic()
        others = self._known - {name for name, process in self.at_work.items() if process in victims}
        rows = [row for row in await self.stage.rows(_LEASED) if _worker(row[0]) not in others]
        calls = await self.stage.control.get("/calls", limit=_RECENT)
        newest = {piece: call for call in calls if (piece := of_call(call)) and call["n"] not in self._blamed}
        held: dict[Piece | None, Stand] = {}
        for _, _, chat, notice, facts in rows:
            piece = of_row(chat, notice, facts)
            held[piece] = _stand(newest.get(piece) if piece else None)
            self._blamed |= {newest[piece]["n"]} if piece in newest else set()
        death = Death(at, max((call["n"] for call in calls), default=0), final, held, frozenset(row[1] for row in rows))
        self.deaths.append(death)
        return death

    async def dies(self, *victims: Process) -> Death:
        """Kill processes, and return what they had in hand."""
        death = await self.stops(*victims, final=True)
        for victim in victims:
            await victim.kill()
        self.at_work = {name: process for name, process in self.at_work.items() if process not in victims}
        self._known |= await self._enrolled()  # whoever died while it started
        return death

    async def _enrolled(self) -> set[str]:
        return {name for (name,) in await self.stage.rows("SELECT id FROM worker")}

    def hits(self) -> Counter[Piece]:
        """Return how often each message was under way when its sender was stopped or killed."""
        return Counter(piece for death in self.deaths for piece in death.under_way)

    def story(self, piece: Piece) -> list[str]:
        """Return what befell those who had a message in hand."""
        return [death.tells(piece) for death in self.deaths if piece in death.held]


def _worker(lease: str) -> str:
    return lease.rpartition("-")[0]


def _stand(call: Mapping[str, Any] | None) -> Stand:
    if call is None:
        return Stand.WAITS
    if call["status"] is not None:
        return Stand.ANSWERED
    return Stand.BEGUN if call["accepted"] is None else Stand.ACCEPTED


def has_come_to(call: Mapping[str, Any], stand: Stand) -> bool:
    """Tell whether a call of which we know has come so far, and no farther."""
    if of_call(call) is None:
        return False
    match stand:
        case Stand.BEGUN:
            return call.get("fault") == "late" and call["accepted"] is None and call["status"] is None
        case Stand.ACCEPTED:
            return call["accepted"] is not None and call["status"] is None
    return call["status"] == 200
