"""Long runs under kill -9: what the README promises about updates and broadcasts (`make soak`)."""

from __future__ import annotations

import asyncio
import random
import sys
import time

import pytest
from announcers import composes, leaves
from cast import alters
from story import Control, Person, Process, Stage, network_bot, written

from bot.seed.planting import INVENTED_FROM

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

APPLICANTS = 200
ANSWERS = ("Applicant {}", "Demo Institute", "no button", "again no button")
"""Each moves the form by exactly one revision: two answers, and two that are refused."""
ASKED = 2
"""The revision at which a form asks for the name."""
RECIPIENTS = 1000
IN_FLIGHT = 8
LEASE = 5
NOTICED = {"sendMessage", "editMessageText", "answerCallbackQuery"}


async def last_call(control: Control) -> int:
    return max((c["n"] for c in await control.get("/calls", limit=1)), default=0)


async def working_calls(stage: Stage, last: int) -> tuple[int, int]:
    """Wait for calls after number `last`; return how many people notice, and the number of the newest."""
    found = await stage.control.get("/calls", after=last, timeout=20, limit=100_000)
    assert found, f"nothing happens any more:\n{stage.log()[-2000:]}"
    return sum(c["method"] in NOTICED for c in found), found[-1]["n"]


async def killed_while_it_works(stage: Stage, process: Process, last: int, wanted: int) -> None:
    """Kill once people have noticed `wanted` calls after number `last`."""
    while wanted > 0:
        noticed, last = await working_calls(stage, last)
        wanted -= noticed
    await process.kill()


async def test_800_queued_updates_survive_20_kills_with_each_effect_exactly_once(stage: Stage) -> None:
    dice = random.Random(7)  # noqa: S311 - the same run each time
    applicants = [await stage.person(1000 + n, f"Applicant {n}") for n in range(APPLICANTS)]
    process = await stage.process()
    for batch in range(0, APPLICANTS, 20):
        await asyncio.gather(*(is_asked_for_a_name(person) for person in applicants[batch : batch + 20]))
    await process.stop()

    due = await handled(stage) + APPLICANTS * len(ANSWERS)
    for person in applicants:
        for words in ANSWERS:
            await person.says(words.format(person.id))
        person.patience = 120
    kills = 20
    for _ in range(kills):
        last, enough = await last_call(stage.control), await handled(stage) + dice.randrange(25)
        process = stage.launch()
        await polled(stage, last)
        while await handled(stage) < enough:  # from the first poll on
            _, last = await working_calls(stage, last)
        await process.kill()
    left = due - await handled(stage)
    process = await stage.process()
    started = time.monotonic()
    await asyncio.gather(*(person.sees("4 of 7", "press one of the buttons") for person in applicants))
    code = await process.stop()

    assert code == 0, stage.log()[-2000:]
    assert 0 < left < APPLICANTS * len(ANSWERS), f"{left} left: the kills came before or after the work"
    forms = await stage.rows("SELECT step, revision, count(*) FROM dialogue GROUP BY step, revision")
    assert [tuple(form) for form in forms] == [("category", ASKED + len(ANSWERS), APPLICANTS)]
    assert await stage.rows("SELECT DISTINCT state FROM inbox") == [("done",)]
    took = time.monotonic() - started
    sys.stdout.write(f"\n{kills} kills, {left} updates left then, done {took:.1f} s later\n")


async def polled(stage: Stage, last: int) -> None:
    """Wait for the first poll after call number `last`."""
    while True:
        found = await stage.control.get("/calls", after=last, timeout=20, limit=100_000)
        assert found, stage.log()[-2000:]
        if any(call["method"] == "getUpdates" for call in found):
            return
        last = found[-1]["n"]


async def handled(stage: Stage) -> int:
    return int((await stage.rows("SELECT count(*) FROM inbox WHERE state = 'done'"))[0][0])


async def is_asked_for_a_name(person: Person) -> None:
    await person.starts()
    await person.taps("English")
    await person.taps("Apply")
    await person.taps("Accept")
    await person.sees("2 of 7")


async def test_a_broadcast_to_1000_survives_10_kills(stage: Stage) -> None:
    dice = random.Random(11)  # noqa: S311 - the same run each time
    stage.settings["delivery"] = {"lease_seconds": LEASE, "in_flight": IN_FLIGHT, "messages_per_second": 200}
    await seeded(stage)
    author, second = await stage.person(1, "Maral"), await stage.person(2, "Timur")
    process = await stage.process()
    for administrator in (author, second):
        await administrator.starts()
        await administrator.taps("English")
        await administrator.sees("Test network")
    await alters(stage, "UPDATE member SET quiet_from = '08:00', quiet_until = '08:00'")
    await composes(author, "Annual re-validation")
    await author.taps("Send")
    await author.sees("second administrator")
    await second.sees("asks you to release")
    await second.taps("Release")
    await leaves(stage)

    kills, waits = 10, []
    for _ in range(kills):
        await killed_while_it_works(stage, process, await last_call(stage.control), dice.randint(1, 80))
        began, last, noticed = time.monotonic(), await last_call(stage.control), 0
        process = await stage.process()
        while not noticed:
            noticed, last = await working_calls(stage, last)
        waits.append(time.monotonic() - began)
    left = await stage.rows("SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased') AND lane = 2")
    await finished(stage)
    await process.stop()

    sent = [await copies(stage.control, INVENTED_FROM + n) for n in range(RECIPIENTS)]
    assert left[0][0] > 0, "the kills came when all work was done: they prove nothing"
    repeats = sum(sent) - RECIPIENTS
    states = await stage.rows("SELECT state, count(*) FROM outbox WHERE lane = 2 GROUP BY state")
    sys.stdout.write(f"\n{kills} kills, {left[0][0]} left then, {repeats} repeats, longest wait {max(waits):.1f} s\n")
    assert min(sent) == 1, "somebody was not told"
    assert repeats <= kills * IN_FLIGHT
    assert dict(states).keys() == {"sent"}
    assert max(waits) <= LEASE + 10


async def seeded(stage: Stage) -> None:
    code, said = await network_bot("seed", "--config", str(stage.config), "--members", str(RECIPIENTS))
    assert code == 0, said
    for n in range(RECIPIENTS):
        await stage.control.post("/users", id=INVENTED_FROM + n, first_name=f"Member {n}", started=True)


async def copies(control: Control, member: int) -> int:
    found = await control.get(f"/users/{member}/chats/{member}/messages")
    return sum("Annual re-validation" in written(message) for message in found["messages"])


async def finished(stage: Stage) -> None:
    """Wait until nothing of the broadcast waits any more."""
    last = 0
    waiting = "SELECT count(*) FROM outbox WHERE lane = 2 AND state IN ('queued', 'leased')"
    while (await stage.rows(waiting))[0][0]:
        last = max([last, *(c["n"] for c in await stage.control.get("/calls", after=last, timeout=1))])
