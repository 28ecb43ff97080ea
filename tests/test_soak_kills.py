"""Sixty kills among a broadcast, digests and forms at once, aimed at every moment of a send (`make soak`)."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from itertools import pairwise
from typing import Any

import pytest
from announcers import composes
from cast import administrators, stands_at
from crew import Crew, Stand, has_come_to
from crowd import ANSWERS, APPLICANTS, ASKED, DUE, TITLE, Piece, kind, peopled, received
from story import Process, Stage

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

IN_FLIGHT, LEASE = 8, 5
LONGEST_WAIT = LEASE + 10
LATENCY = 0.35
"""Seconds that a call takes to be accepted, or to be answered; every third one at once."""


class Moment(Enum):
    """When a process is killed, or stopped for longer than its lease."""

    ANY = auto()
    STARTING = auto()
    BEGUN = auto()
    ACCEPTED = auto()
    ANSWERED = auto()
    TOGETHER = auto()
    STOPPED = auto()


PLAN = {Moment.STARTING: 6, Moment.ANY: 15, Moment.BEGUN: 12, Moment.ACCEPTED: 12, Moment.ANSWERED: 15}
STOPS, TOGETHER = 3, 3
AIMS = {Moment.BEGUN: Stand.BEGUN, Moment.ACCEPTED: Stand.ACCEPTED, Moment.ANSWERED: Stand.ANSWERED}
REACHED = {Moment.BEGUN: "begun", Moment.ACCEPTED: "accepted", Moment.ANSWERED: "answered"}

WAITING = """
    SELECT (SELECT count(*) FROM inbox WHERE state = 'pending')
    + (SELECT count(*) FROM digest_schedule WHERE next_due_at < '2026-12-08')
"""


@dataclass
class Soak:
    """One run: who works, and how long nothing went on after a death."""

    stage: Stage
    size: int
    dice: random.Random
    crew: Crew = field(init=False)
    waits: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.crew = Crew(self.stage)

    def plan(self) -> list[Moment]:
        """Return what happens, in any order."""
        moments = [moment for moment, times in PLAN.items() for _ in range(times)]
        moments += [Moment.TOGETHER] * (TOGETHER if self.size > 1 else 0)
        moments += [Moment.STOPPED] * STOPS
        self.dice.shuffle(moments)
        return moments

    async def runs(self, plan: list[Moment]) -> None:
        """Let everything happen, while people type."""
        said = [(n, words) for words in ANSWERS for n in self.dice.sample(APPLICANTS, len(APPLICANTS))]
        ends = [len(said) * k // (len(plan) + 1) for k in range(len(plan) + 2)]
        for moment, (first, last) in zip([*plan, None], pairwise(ends), strict=True):
            typing = asyncio.create_task(self.types(said[first:last]))
            await (self.happens(moment) if moment else self.completed())
            await typing

    async def types(self, said: list[tuple[int, str]]) -> None:
        """Let people type within the next seconds."""
        for person, words in said:
            await asyncio.sleep(self.dice.uniform(0, 2 / len(said)))
            await self.stage.control.post(f"/users/{person}/send", chat=person, text=words.format(person))

    async def completed(self, *, but_one: bool = False) -> None:
        """Let the crew have its size again and work."""
        while len(self.crew.at_work) < self.size - but_one:
            await self.crew.joins()
        if not but_one:
            await self.resumed()

    async def resumed(self) -> None:
        """Wait until a newsletter and an answer to somebody are accepted that were begun after the last death."""
        if not self.crew.deaths:
            return
        death, missing = self.crew.deaths[-1], {"a newsletter", "an answer"}
        while missing:
            calls = await self.stage.control.get("/calls", after=death.last, reached="accepted", limit=10_000)
            waited = time.monotonic() - death.at
            for one in missing & {kind(call) for call in calls}:
                missing.remove(one)
                self.waits[one] = max(self.waits.get(one, 0), waited)
            assert waited < LONGEST_WAIT, f"no {missing} for {waited:.1f} s\n{self.stage.log()[-3000:]}"
            await self.stage.control.get("/calls", after=10**9, timeout=0.02)

    async def happens(self, moment: Moment) -> None:
        """Bring about one death."""
        await self.completed(but_one=moment is Moment.STARTING)
        if moment is Moment.STARTING:
            await self.dies_young()
            return
        await asyncio.sleep(self.dice.uniform(0, 1))  # whenever it is
        if moment is Moment.STOPPED:
            await self.stands_still()
        elif moment is Moment.TOGETHER:
            await self.crew.dies(*self.crew.at_work.values())
        else:
            await self.crew.dies(await self.aimed(moment))

    async def dies_young(self) -> None:
        """Kill a process that has just been launched, in whose place another one will be."""
        if len(self.crew.at_work) == self.size:
            await self.crew.dies(self.dice.choice(list(self.crew.at_work.values())))
        process = self.stage.launch()
        await asyncio.sleep(self.dice.uniform(0, 1.5))
        await self.crew.dies(process)

    async def aimed(self, moment: Moment) -> Process:
        """Choose who is killed; with an aim, wait until a send of theirs has come so far."""
        if moment not in AIMS:
            return self.dice.choice(list(self.crew.at_work.values()))
        last, holder = await last_call(self.stage), await self.crew.holder()
        while True:
            calls = await self.stage.control.get("/calls", after=last, reached=REACHED[moment], timeout=5)
            assert calls, self.stage.log()[-3000:]
            for call in reversed(calls):
                if has_come_to(call, AIMS[moment]) and (one := await self.sender(call, holder)):
                    return self.crew.at_work[one]
            last = calls[-1]["n"]

    async def sender(self, call: Mapping[str, Any], holder: str) -> str | None:
        """Return whose call it is: newsletters all come from one process."""
        if self.size == 1 or kind(call) == "a newsletter":
            return holder
        return None if call["status"] else await self.crew.sender(call["parameters"]["chat_id"])

    async def stands_still(self) -> None:
        """Stop a process for longer than its lease, or until another has what it had, and let it go on."""
        holder = await self.crew.holder()
        victim = self.crew.at_work[holder]
        await self.crew.freezes(victim)
        death = await self.crew.stops(victim)
        seconds = LEASE + self.dice.uniform(0.5, 2)
        while (waited := time.monotonic() - death.at) < seconds:
            if waited > LEASE / 2 and await self.crew.lost(holder, death):
                break
            await self.stage.control.get("/calls", after=10**9, timeout=0.02)
        victim.signal(signal.SIGCONT)

    async def ends(self) -> int:
        """Let everything be finished by a crew that does not hurry; return how many newsletters were left."""
        left = await number(self.stage, "SELECT count(*) FROM outbox WHERE lane = 2 AND state IN ('queued', 'leased')")
        await self.stage.control.delete("/faults")
        for process in self.crew.at_work.values():
            assert await process.stop() == 0, self.stage.log()[-3000:]
        self.stage.settings["delivery"]["messages_per_second"] = 400
        await self.stage.control.post("/clock", advance=600)
        self.crew.at_work = {}
        for _ in range(self.size):
            await self.crew.joins()
        while await number(self.stage, WAITING):
            await self.stage.control.get("/calls", after=10**9, timeout=0.2)
        await self.stage.settled()
        for process in self.crew.at_work.values():
            assert await process.stop() == 0, self.stage.log()[-3000:]
        return left


async def last_call(stage: Stage) -> int:
    return max((c["n"] for c in await stage.control.get("/calls", limit=1)), default=0)


async def number(stage: Stage, question: str, **values: Any) -> int:
    return int((await stage.rows(question, **values))[0][0])


@pytest.mark.parametrize(
    ("storage_url", "size"),
    [("sqlite", 1), ("postgresql", 1), ("postgresql", 2), ("postgresql", 4)],
    indirect=["storage_url"],
)
async def test_60_kills_among_a_broadcast_digests_and_forms_lose_nothing(stage: Stage, size: int) -> None:
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))
    soak = Soak(stage, size, random.Random(seed))  # noqa: S311 - SOAK_SEED repeats a run
    sys.stdout.write(f"\nSOAK_SEED={seed}, {size} processes\n")
    began = time.monotonic()
    await begins(soak)
    plan = soak.plan()
    await soak.runs(plan)
    left = await soak.ends()

    repeats = again(await received(stage))
    deaths, hits = soak.crew.deaths, soak.crew.hits()
    in_hand = sum(len(death.rows) for death in deaths)
    windows = Counter(stand for death in deaths for stand in set(death.held.values()))
    waits = ", ".join(f"{one} after {wait:.1f} s at most" for one, wait in soak.waits.items())
    met = ", ".join(f"{windows[stand]} × {stand}" for stand in Stand)
    sys.stdout.write(f"{len(deaths)} deaths in {time.monotonic() - began:.0f} s, {left} newsletters left then; ")
    sys.stdout.write(f"met {met}; ")
    sys.stdout.write(f"{in_hand} in hand, {hits.total()} under way, {repeats.total()} came again; {waits}\n")
    unexplained = {piece: soak.crew.story(piece) for piece in repeats - hits}
    assert not unexplained
    assert len(deaths) - STOPS >= 60
    assert left > 0, "the kills came when all work was done: they prove nothing"
    assert all(windows[stand] >= 10 for stand in AIMS.values()), windows
    assert repeats.total() <= in_hand <= len(deaths) * size * 2 * IN_FLIGHT
    await everything_has_ended(stage)


def again(told: Mapping[int, list[str]]) -> Counter[Piece]:
    """Return how often each message came again after it had come once."""
    times = Counter((chat, piece) for chat, had in told.items() for piece in had)
    return Counter({piece: number - 1 for piece, number in times.items() if number > 1})


async def begins(soak: Soak) -> None:
    """Let all be due at once: a broadcast is sent, digests are made, and Telegram takes its time."""
    stage = soak.stage
    # Several go on while one is launched again: what there is to send must last to the end.
    rate = 40 if soak.size == 1 else 25
    stage.settings["delivery"] = {"lease_seconds": LEASE, "in_flight": IN_FLIGHT, "messages_per_second": rate}
    stage.settings["delivery"]["per_chat_per_second"] = 50
    stage.settings["announcements"] = {"two_person_above": 10_000}
    await stands_at(stage, DUE - timedelta(days=2))  # what a digest tells is not of its last minute
    author, _ = await administrators(stage)
    await peopled(stage)
    await stands_at(stage, DUE - timedelta(minutes=1))
    for _ in range(soak.size):
        await soak.crew.joins()
    await composes(author, TITLE)
    for n, fault in enumerate(("late", "accepted_late")):
        facts = {"kind": fault, "probability": (0.33, 0.5)[n], "seconds": LATENCY, "seed": soak.dice.randrange(10**6)}
        await stage.control.post("/faults", method="sendMessage", times=None, **facts)
    await stage.control.post("/clock", freeze=False, to=DUE.isoformat())
    await author.taps("Send")
    await author.sees("being sent")


async def everything_has_ended(stage: Stage) -> None:
    """See that every form is where it must be, that nothing waits or is dead, and that nobody complained."""
    forms = await stage.rows("SELECT step, revision, count(*) FROM dialogue GROUP BY step, revision")
    assert [tuple(form) for form in forms] == [("category", ASKED + len(ANSWERS), len(APPLICANTS))]
    assert await stage.rows("SELECT DISTINCT state FROM inbox") == [("done",)]
    assert {state for (state,) in await stage.rows("SELECT DISTINCT state FROM outbox WHERE lane = 2")} == {"sent"}
    others = {state for (state,) in await stage.rows("SELECT DISTINCT state FROM outbox WHERE lane <> 2")}
    assert others <= {"sent", "withheld", "unknown"}  # questions that were old before they could leave, or leave again
    assert await stage.rows("SELECT DISTINCT state FROM announcement_recipient") == [("sent",)]
    assert "Traceback" not in stage.log()
