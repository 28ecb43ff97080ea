"""Announcements in trouble: failures on the way to a thousand readers, and races for a release (`make soak`)."""

from __future__ import annotations

import asyncio
import random
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from announcers import submits
from cast import administrators, alters
from story import Stage, network_bot, written

from bot.seed.planting import INVENTED_FROM
from handlers.announcements.presses import Urgent
from handlers.announcements.release import Release
from storage import access
from storage.announcements import BOUND, Announcement, AnnouncementState

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

RECIPIENTS, RACES, SHARE = 1000, 50, 0.05
TROUBLE: tuple[dict[str, Any], ...] = (
    {"kind": "429", "retry_after": 1},
    {"kind": "403"},
    {"kind": "500"},
    {"kind": "502"},
    {"kind": "hang", "seconds": 3},
    {"kind": "reset"},
    {"kind": "accepted_reset"},
    {"kind": "accepted_no_answer"},
)
AMBIGUOUS = {"accepted_reset", "accepted_no_answer"}
"""After these Telegram has a message of which the bot does not know: the only way to a repeat."""
FINAL = {"sent", "unreachable", "unknown", "rejected", "withheld", "expired"}


async def submitted(stage: Stage, title: str, two_person_above: int) -> Announcement:
    async with stage.beside() as database, database.transaction() as tx:
        author = await access.viewer(tx, 1)
        return await submits(tx, author, title, datetime.now(UTC), above=two_person_above)


async def test_every_recipient_ends_in_a_final_state_whatever_happens_on_the_way(stage: Stage) -> None:
    stage.settings["delivery"] = {"lease_seconds": 5, "in_flight": 16, "messages_per_second": 400}
    await administrators(stage)
    code, said = await network_bot("seed", "--config", str(stage.config), "--members", str(RECIPIENTS))
    assert code == 0, said
    for n in range(RECIPIENTS):
        await stage.control.post("/users", id=INVENTED_FROM + n, first_name=f"Member {n}", started=True)
    await alters(stage, "UPDATE member SET quiet_from = '08:00', quiet_until = '08:00'")
    row = await submitted(stage, "In trouble", two_person_above=10_000)
    for fault in TROUBLE:
        await stage.control.post("/faults", method="sendMessage", times=None, probability=SHARE / len(TROUBLE), **fault)
    async with stage.bot():
        await stage.control.post("/clock", advance=11)
        await ended(stage, row.id)

    states = dict(
        await stage.rows(
            "SELECT state, count(*) FROM announcement_recipient WHERE announcement_id = :n GROUP BY state", n=row.id
        )
    )
    [(state, count)] = await stage.rows("SELECT state, audience_count FROM announcement WHERE id = :n", n=row.id)
    calls = await stage.control.get("/calls", limit=100_000)
    ambiguous = sum(call.get("fault") in AMBIGUOUS for call in calls)
    got = [await copies(stage, INVENTED_FROM + n) for n in range(RECIPIENTS)]
    told = dict(
        await stage.rows(
            "SELECT m.telegram_id, r.state FROM announcement_recipient r JOIN member m ON m.id = r.member_id"
        )
    )
    repeats = sum(max(0, n - 1) for n in got)
    met = sum(call.get("fault") is not None for call in calls)
    sys.stdout.write(f"\n{states}, {met} calls met trouble, {ambiguous} ambiguous, {repeats} repeats\n")
    assert state == "done"
    assert sum(states.values()) == count
    assert set(states) <= FINAL
    assert met > SHARE * RECIPIENTS / 2, "hardly any trouble: this proves nothing"
    assert repeats <= ambiguous
    assert all(got[n] >= 1 for n in range(RECIPIENTS) if told.get(INVENTED_FROM + n) == "sent"), "said sent, not there"


async def ended(stage: Stage, number: int) -> None:
    """Wait until an announcement is through, and time with it."""
    last = 0
    while (await stage.rows("SELECT finished_at FROM announcement WHERE id = :n", n=number))[0][0] is None:
        last = max([last, *(c["n"] for c in await stage.control.get("/calls", after=last, timeout=1, limit=100_000))])


async def copies(stage: Stage, account: int) -> int:
    found = await stage.control.get(f"/users/{account}/chats/{account}/messages")
    return sum("In trouble" in written(message) for message in found["messages"])


async def test_whoever_wins_a_race_for_a_release_nothing_is_sent_that_was_not_shown(stage: Stage) -> None:
    dice = random.Random(17)  # noqa: S311 - the same run each time
    stage.settings["delivery"] = {"per_chat_per_second": 100, "messages_per_second": 1000}
    author, second = await administrators(stage)
    await stage.joined(50, "Reader Demo")
    released = 0
    async with stage.bot():
        for n in range(RACES):
            row = await submitted(stage, f"Race {n}", two_person_above=0)
            await second.sees(f"Race {n}", "asks you to release")
            go = Release(row.id, row.digest[:BOUND]).pack()
            deeds = [
                second.does("press", chat=2, message_id=max(second.seen), data=go, forge=True),
                second.does("press", chat=2, message_id=max(second.seen), data=go, forge=True),
                author.does(
                    "press", chat=1, message_id=max(author.seen, default=1), data=Urgent(row.id).pack(), forge=True
                ),
            ]
            dice.shuffle(deeds)
            due = await handled(stage) + len(deeds)
            await asyncio.gather(*deeds)
            await all_handled(stage, due)
            [(state, urgent)] = await stage.rows("SELECT state, urgent FROM announcement WHERE id = :n", n=row.id)
            sent = await stage.rows("SELECT member_id FROM outbox WHERE subject = :s", s=f"announcement:{row.id}")
            if state == AnnouncementState.SENDING.value:
                released += 1
                assert not urgent, "released, and yet changed"
                assert sorted(sent) == [(1,), (2,), (3,)]
            else:
                assert (state, bool(urgent), sent) == ("draft", True, [])
    sys.stdout.write(f"\n{RACES} races, {released} released, {RACES - released} changed first, 0 wrong\n")
    assert 0 < released < RACES, "one always wins: this is no race"


async def handled(stage: Stage) -> int:
    return int((await stage.rows("SELECT count(*) FROM inbox WHERE state = 'done'"))[0][0])


async def all_handled(stage: Stage, due: int) -> None:
    last = 0
    while await handled(stage) < due:
        last = max([last, *(c["n"] for c in await stage.control.get("/calls", after=last, timeout=0.2))])
