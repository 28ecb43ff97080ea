"""The weekly digest: due by each member's own clock, with what is theirs, once a week, and never silently lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cast import JPOA, SOAKED, VICTIMS, administrators, alters, forges, goes, paper, shelves, stands_at
from sqlalchemy import select
from story import Person, Stage, written

from handlers.digests.presses import Item, Part
from storage import digests, events, members
from storage.database import Database
from storage.digests import Digest, DigestSchedule, Frequency, Terms
from storage.members import MemberState
from storage.tlp import Label

MONDAY = datetime(2026, 12, 7, tzinfo=UTC)


async def issues(stage: Stage) -> list[Any]:
    return await stage.rows(
        "SELECT m.telegram_id, d.iso_week, d.state FROM digest d JOIN member m ON m.id = d.member_id "
        "WHERE m.telegram_id >= 50 ORDER BY 1, 2"
    )


async def noted(stage: Stage, issue: tuple[int, int, str]) -> None:
    """Wait until an issue is noted so."""
    while issue not in await issues(stage):
        await stage.control.get("/calls", after=10**9, timeout=0.2)


async def came(stage: Stage, person: Person) -> bool:
    found = await stage.control.get(f"/users/{person.id}/chats/{person.id}/messages", after=0)
    return any("digest No." in written(m) for m in found["messages"])


async def test_each_member_gets_it_at_nine_of_their_own_monday(stage: Stage) -> None:
    await stands_at(stage, MONDAY - timedelta(days=4))
    zones = ["Asia/Bishkek", "Asia/Kabul", "America/New_York"]
    readers = [
        await stage.joined(50 + n, f"Reader {n}", zone=zone, country=None, topics=["media"])
        for n, zone in enumerate(zones)
    ]
    await shelves(stage, 50, paper("Fresh paper"))
    await alters(stage, "UPDATE document SET shared_at = '2026-12-04 00:00:00+00:00'")
    async with stage.bot():
        for reader, zone in zip(readers, zones, strict=True):
            due = datetime(2026, 12, 7, 9, tzinfo=ZoneInfo(zone))
            await stands_at(stage, due)
            issue = await reader.sees("digest No. 2", "Fresh paper")

    assert await issues(stage) == [(50 + n, 50, "queued") for n in range(3)]
    made = await stage.rows("SELECT created_at FROM digest WHERE member_id <= 3 ORDER BY member_id")
    assert [str(at)[11:16] for (at,) in made] == ["03:00", "04:30", "14:00"]  # UTC
    assert written(issue).startswith("TLP:CLEAR")
    assert written(issue).endswith("— end of TLP:CLEAR —")
    assert "every week, Monday, 09:00 (New York)" in written(issue)
    assert "Change or stop it: /digest" in written(issue)


def told(message: dict[str, Any]) -> list[str]:
    """Return the titles of the papers that a message lists, in their order."""
    return re.findall(r"(Paper \d+) <x+>", written(message).replace("\u2068", ""))


@SOAKED
async def test_a_long_one_comes_in_labelled_parts_that_cut_nothing_and_open_in_place(stage: Stage) -> None:
    await stands_at(stage, MONDAY - timedelta(days=2))
    source = await stage.joined(50, topics=["media", "jpoa"], country=None, organisation="Institute A")
    other = await stage.joined(51, "Other", topics=["media"], country=None, organisation="Institute B")
    papers = [paper(f"Paper {n} <{'x' * 150}>", Label.GREEN) for n in range(30)]
    reserved = [paper("Reserved one", Label.AMBER), paper("Reserved two", Label.AMBER)]
    await shelves(stage, 50, paper("Elsewhere", topic=VICTIMS), paper("Plan", topic=JPOA), *reserved, *papers)
    await alters(stage, "UPDATE document SET shared_at = '2026-12-04 00:00:00+00:00'")
    async with stage.bot():
        await other.says("/topics")
        await other.sees("Topics.")
        await goes(other, "Media and communication", "You follow")
        await goes(other, "Mute", "You have muted")
        await source.says("/digest now")
        first = await source.sees("part 1 of ", "Plan", "Paper 29")
        await goes(source, "›", "part 2 of ", "2 items for your organisation are not listed here")
        await stands_at(stage, MONDAY + timedelta(hours=9))
        parts = [await source.sees(f"part {n} of 2", "30 November") for n in (1, 2)]
        await stage.settled("notice = 'digest:issue'")
        await stage.control.post("/clock", advance=1)
        await noted(stage, (51, 50, "empty"))
        await source.taps("Open 14", on="part 2 of 2\n\n📄 New documents\n1. \u2068Paper 13")
        await source.sees("Paper 0", "Shared by: ")
        assert (await goes(source, "Back to the digest", "part 2 of 2"))["message_id"] == parts[1]["message_id"]
        await goes(source, "Change or stop", "The next one comes on Monday, 14 December 2026, 09:00 your time")
        await stands_at(stage, MONDAY + timedelta(days=7, hours=9))
        await noted(stage, (50, 51, "empty"))
        await source.says("/digest 2")
        await source.sees("digest No. 2", "Plan", "part 1 of 2")
        await source.says("/digest")
        await source.sees("Your digest")
        await goes(source, "Earlier digests", "No. 2: 30 November 2026 – 6 December 2026")
        await goes(source, "Open 2", "digest No. 2", "Plan", "part 1 of 2")
        for words in ("3", "7", "00002", "tomorrow", "<b>"):
            await source.says(f"/digest {words}")
            await source.sees(f"You have no digest No. {words}")
        for press, answer in (
            (Part("d1", 1), "You have no digest No. 1"),
            (Part("x1", 1), "out of date"),
            (Part("d", 1), "out of date"),
            (Item("member", 1, "now", 1), "out of date"),
            (Item("document", 3, "now", 1), "There is no such document"),
        ):
            await forges(other, press)
            await other.sees(answer)

    assert told(first)[:10] == told(parts[0])[:10]
    assert [name for part in parts for name in told(part)] == [f"Paper {n}" for n in reversed(range(30))]
    for part in parts:
        assert written(part).startswith("TLP:GREEN")
        assert written(part).endswith("— end of TLP:GREEN —")
        assert part["has_protected_content"]
        assert len(written(part).encode("utf-16-le")) <= 2 * 4096
        assert "Elsewhere" not in written(part)
        assert "Reserved" not in written(part)
    assert "You get this because you are a member" in written(parts[1])
    assert (51, 50, "empty") in await issues(stage)


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_holiday_moves_it_to_the_next_working_day(stage: Stage) -> None:
    await stands_at(stage, datetime(2026, 3, 20, tzinfo=UTC))
    member = await stage.joined(50, "Салтанат", topics=["media"], country="TJ", zone="Asia/Dushanbe", language="ru")
    await shelves(stage, 50, paper("Fresh paper"))
    await alters(stage, "UPDATE document SET shared_at = '2026-03-21 00:00:00+00:00'")
    async with stage.bot():
        await member.says("/digest")
        await member.sees("не в обычный день", "среда", "25 марта 2026", "09:00")
        await stands_at(stage, datetime(2026, 3, 24, 9, tzinfo=UTC))
        assert not await came(stage, member)
        await stands_at(stage, datetime(2026, 3, 25, 4, tzinfo=UTC))
        await member.sees("дайджест № 2", "Fresh paper", "конец TLP:CLEAR", "понедельник, 09:00")


@pytest.mark.parametrize(("down", "state"), [(timedelta(hours=9), "queued"), (timedelta(days=4), "skipped")])
async def test_after_a_downtime_of_hours_it_comes_and_after_days_it_is_noted_as_skipped(
    stage: Stage, down: timedelta, state: str
) -> None:
    await stands_at(stage, MONDAY - timedelta(days=1))
    member = await stage.joined(50, topics=["media"], country=None)
    await shelves(stage, 50, paper("Fresh paper"))
    await alters(stage, "UPDATE document SET shared_at = '2026-12-06 00:00:00+00:00'")
    async with stage.bot():
        await member.says("/digest")
        await member.sees("7 December 2026")
    await stands_at(stage, MONDAY + timedelta(hours=4) + down)
    async with stage.bot():
        if state == "queued":
            await member.sees("digest No. 2", "Fresh paper")
        await stands_at(stage, MONDAY + timedelta(days=7, hours=4))
        if state == "skipped":
            await member.sees("digest No. 3", "Fresh paper")
        else:
            await noted(stage, (50, 51, "empty"))
        await member.says("/digest")
        await member.sees("21 December 2026")

    assert (await issues(stage))[0] == (50, 50, state)


async def test_who_leaves_between_the_promise_and_the_delivery_gets_no_digest(stage: Stage) -> None:
    await stands_at(stage, MONDAY - timedelta(days=1))
    stage.settings["delivery"] = {"messages_per_second": 3, "in_flight": 1}
    await administrators(stage)
    readers = [await stage.joined(50 + n, f"Reader {n}", topics=["media"], country=None) for n in range(8)]
    await shelves(stage, 50, paper("Fresh paper"))
    await alters(stage, "UPDATE document SET shared_at = '2026-12-06 00:00:00+00:00'")
    last = "(SELECT member_id FROM outbox WHERE notice = 'digest:issue' ORDER BY id DESC LIMIT 1)"
    async with stage.bot():
        await stands_at(stage, MONDAY + timedelta(hours=4))
        await readers[0].sees("Fresh paper")
        await alters(stage, f"UPDATE member SET state = 'left' WHERE id = {last}")  # noqa: S608
        await stage.settled("notice = 'digest:issue'")

    [(state, who)] = await stage.rows(
        f"SELECT o.state, m.telegram_id FROM outbox o JOIN member m ON m.id = o.member_id WHERE m.id = {last}"  # noqa: S608
    )
    assert state == "withheld"
    assert not await came(stage, stage.people[who])


async def test_what_takes_place_between_two_monthly_digests_is_told_by_the_first(database: Database) -> None:
    first, second = datetime(2026, 8, 3, 4, tzinfo=UTC), datetime(2026, 9, 7, 4, tzinfo=UTC)
    place = {"place_en": "online", "place_ru": "online", "zone": "UTC", "title_ru": "Семинар"}
    async with database.transaction() as tx:
        reader = await members.welcome(tx, 50, "en", "Asia/Almaty", first)
        reader.state = MemberState.ACTIVE
        for days in (20, 32, 37):
            at = first + timedelta(days=days)
            times = {"starts_at": at, "ends_at": at, "now": first - timedelta(days=90)}
            await events.add(tx, title_en=f"In {days} days", label=Label.CLEAR, **times, **place)
        told = {"covered_until": first - timedelta(days=28), "frequency": Frequency.MONTHLY}
        tx.add(DigestSchedule(member_id=reader.id, weekday=0, at="09:00", next_due_at=first, **told))
    for due in (first, second):
        async with database.transaction() as tx:
            found = await digests.begin(tx, due)
            assert found is not None
            assert await digests.run(tx, found, Terms(due, lambda _: [0])) == 1
    async with database.reading() as tx:
        made = await tx.scalars(select(Digest.items).order_by(Digest.id))
        assert [items.get("dates") for items in made] == [[1, 2], [3]]
