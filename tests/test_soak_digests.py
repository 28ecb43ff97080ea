"""Digests under kill -9: everybody has one a week, and no part of it is lost on either way (`make soak`)."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import MEDIA, alters, paper, shelves, stands_at
from mail_server import MailServer
from sqlalchemy import insert
from story import Stage, written

from storage.digests import DigestSchedule
from storage.mail import MailAddress
from storage.members import Channel, Member, MemberState
from storage.tlp import Label
from storage.topics import Level
from storage.topics.tables import Subscription

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

DUE = datetime(2026, 12, 7, 4, tzinfo=UTC)
"""Monday, 09:00 in Almaty."""
FIRST, MEMBERS, PARTS = 1000, 300, 2
PORTION = 250
IN_FLIGHT, MAILS_IN_FLIGHT, LEASE = 8, 2, 5
CHANNELS = (Channel.TELEGRAM, Channel.BOTH, Channel.EMAIL)
MAKING, BETWEEN, SENDING = 7, 3, 12
"""How often it is killed before the digests are all made, just after a commit of theirs, and while they are sent."""
MADE = "SELECT count(*) FROM digest"
SETTLED = "SELECT count(*) FROM outbox WHERE notice = 'digest:issue' AND state = 'sent'"
PROMISED = "SELECT lane, count(*) FROM outbox WHERE notice = 'digest:issue' GROUP BY lane"


async def number(stage: Stage, question: str) -> int:
    return int((await stage.rows(question))[0][0])


async def peopled(stage: Stage) -> None:
    """Let three hundred members have their digest of two parts due at the same minute, a third of them by mail only."""
    await stage.joined(50, "Source", topics=["media"])
    await shelves(stage, 50, *(paper(f"{n} {'x' * 150}", Label.GREEN) for n in range(28)))
    await alters(stage, "UPDATE document SET shared_at = :at", at="2026-12-04 00:00:00+00:00")
    ids = range(FIRST, FIRST + MEMBERS)
    everybody = {"state": MemberState.ACTIVE, "language": "en", "language_chosen": True, "zone": "Asia/Almaty"}
    rhythm = {"weekday": 0, "at": "09:00", "next_due_at": DUE, "covered_until": DUE - timedelta(days=7)}
    async with stage.beside() as database, database.transaction() as tx:
        people = [{"id": n, "telegram_id": n, "created_at": DUE, "channel": channel_of(n), **everybody} for n in ids]
        await tx.execute(insert(Member), people)
        await tx.execute(insert(DigestSchedule), [{"member_id": n, **rhythm} for n in ids])
        follows = {"topic_id": MEDIA, "level": Level.DIGEST, "since": DUE}
        await tx.execute(insert(Subscription), [{"member_id": n, **follows} for n in ids])
        proved = [{"member_id": n, "address": address(n), "verified_at": DUE} for n in ids]
        await tx.execute(insert(MailAddress), proved)
    for n in ids:
        await stage.control.post("/users", id=n, first_name=f"Member {n}", started=True)


def channel_of(n: int) -> Channel:
    return CHANNELS[n % len(CHANNELS)]


def address(n: int) -> str:
    return f"m{n}@example.org"


def readers(*channels: Channel) -> list[int]:
    return [n for n in range(FIRST, FIRST + MEMBERS) if channel_of(n) in channels]


async def works(stage: Stage) -> None:
    """Wait for the first poll of the process that was started last: its ticks begin in the same moment."""
    seen = await last_call(stage)
    stage.launch()
    while True:
        found = await stage.control.get("/calls", after=seen, timeout=20, limit=100_000)
        assert found, stage.log()[-2000:]
        if any(call["method"] == "getUpdates" for call in found):
            return
        seen = found[-1]["n"]


async def last_call(stage: Stage) -> int:
    return max((c["n"] for c in await stage.control.get("/calls", limit=1)), default=0)


async def killed_when(stage: Stage, question: str, reached: int) -> int:
    """Start the bot, kill it once a count has reached a number, and return how far it came."""
    await works(stage)
    while (await number(stage, question)) < reached:
        assert not stage.processes[-1].ended, stage.log()[-2000:]
    await stage.processes[-1].kill()
    return await number(stage, question)


async def killed_soon(stage: Stage, looks: int) -> int:
    """Start the bot, kill it after so many looks at the database, and return how many digests are made."""
    await works(stage)
    for _ in range(looks):
        await number(stage, MADE)
    await stage.processes[-1].kill()
    return await number(stage, MADE)


async def test_300_digests_due_at_once_survive_22_kills_and_nobody_has_two(stage: Stage, posts: MailServer) -> None:
    dice = random.Random(5)  # noqa: S311 - the same run each time
    terms = {"lease_seconds": LEASE, "in_flight": IN_FLIGHT, "messages_per_second": 200, "per_chat_per_second": 50}
    stage.settings["delivery"] = terms
    stage.settings["mail"]["messages_per_minute"] = 6000
    await stands_at(stage, DUE - timedelta(days=2))  # what a digest tells is not of its last minute
    await peopled(stage)
    await stands_at(stage, DUE)
    await stage.control.post("/clock", freeze=False)
    began = time.monotonic()

    making = [await killed_soon(stage, looks) for looks in (3 * n * n for n in range(MAKING))]
    between = [await killed_when(stage, MADE, made) for made in (1, PORTION + 1, MEMBERS)]
    lanes = dict(await stage.rows(PROMISED))
    total, sending = sum(lanes.values()), []
    for n in range(SENDING):
        done = await number(stage, SETTLED)
        goal = done + (total - done) // (SENDING + 1 - n) - dice.randrange(8)
        sending.append(await killed_when(stage, SETTLED, goal))
    await works(stage)
    while (await stage.rows("SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased')"))[0][0]:
        await stage.control.get("/calls", after=await last_call(stage), timeout=0.5)
    code = await stage.processes[-1].stop()
    took = time.monotonic() - began

    assert code == 0, stage.log()[-2000:]
    assert making[0] == 0, "no kill came before the first commit"
    assert sending[-1] < total, "the kills came when all work was done: they prove nothing"
    await _everybody_has_one(stage, lanes)
    kills = MAKING + BETWEEN + SENDING
    repeats, again = await _parts(stage), _letters(posts)
    assert repeats <= kills * IN_FLIGHT
    assert again <= kills * MAILS_IN_FLIGHT
    told = f"made {making + between}, sent {sending} of {total}, {repeats} parts and {again} mails twice"
    sys.stdout.write(f"\n{kills} kills: {told}, in {took:.0f} s\n")


async def _everybody_has_one(stage: Stage, lanes: dict[int, int]) -> None:
    mine = f"member_id >= {FIRST}"
    made = await stage.rows(f"SELECT iso_year, iso_week, state, member_id FROM digest WHERE {mine}")  # noqa: S608
    assert {row[:3] for row in made} == {(2026, 50, "queued")}
    assert sorted(row[3] for row in made) == list(range(FIRST, FIRST + MEMBERS))
    ended = await stage.rows("SELECT lane, state, count(*) FROM outbox WHERE notice = 'digest:issue' GROUP BY 1, 2")
    assert {lane: count for lane, _, count in ended} == lanes
    assert {state for _, state, _ in ended} == {"sent"}
    assert lanes == {
        2: PARTS * len(readers(Channel.TELEGRAM, Channel.BOTH)),
        3: len(readers(Channel.EMAIL, Channel.BOTH)),
    }
    due = await stage.rows(f"SELECT DISTINCT next_due_at FROM digest_schedule WHERE {mine}")  # noqa: S608
    assert [str(at)[:16] for (at,) in due] == ["2026-12-14 04:00"]


async def _parts(stage: Stage) -> int:
    """Return how many parts came again; each came once at least, and only to who gets digests in Telegram."""
    repeats = 0
    for n in range(FIRST, FIRST + MEMBERS):
        found: Any = await stage.control.get(f"/users/{n}/chats/{n}/messages")
        told = Counter(part_of(written(message)) for message in found["messages"])
        expected = [] if channel_of(n) is Channel.EMAIL else list(range(1, PARTS + 1))
        assert sorted(told) == expected, (n, told)
        repeats += told.total() - len(expected)
    return repeats


def part_of(words: str) -> int:
    """Return which part of a digest a message is; 0 for anything else."""
    return next((n for n in range(1, PARTS + 1) if f"part {n} of {PARTS}" in words), 0)


def _letters(posts: MailServer) -> int:
    """Return how many mails came again; each came once at least, and only to who gets digests by mail."""
    told = Counter(str(letter["To"]) for letter in posts.letters)
    expected = {address(n) for n in readers(Channel.EMAIL, Channel.BOTH)}
    assert set(told) == expected
    return told.total() - len(expected)
