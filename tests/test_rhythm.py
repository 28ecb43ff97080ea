"""The rhythm of digests: three taps for each choice, pauses with an end, hours without a sound, and two languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import SOAKED, alters, forges, goes, paper, shelves, stands_at
from story import Person, Stage, buttons

from handlers.digests.choices import SetDay, SetHour, SetLine, SetNight, SetZone
from handlers.digests.schedule import Change

MONDAY = datetime(2026, 12, 7, tzinfo=UTC)


async def chooses(member: Person, door: str, value: str, *seen: str) -> dict[str, Any]:
    """Open a choice and take a value: what comes of it stands where the question stood."""
    asked = await goes(member, door, "?")
    shown = await goes(member, value, "Your digest", *seen)
    assert shown["message_id"] == asked["message_id"]
    return shown


async def brings(stage: Stage, day: str) -> None:
    """Let somebody else have shared a paper on a day."""
    await stage.joined(60, "Source", topics=["media"], country=None)
    await shelves(stage, 60, paper("Fresh paper"))
    await alters(stage, "UPDATE document SET shared_at = :day", day=f"{day} 00:00:00+00:00")


async def digests(stage: Stage) -> list[Any]:
    return await stage.rows("SELECT iso_week, slot FROM digest WHERE member_id = 1 ORDER BY id")


async def test_everything_changes_in_three_taps_and_no_week_has_two_digests(stage: Stage) -> None:
    await stands_at(stage, MONDAY - timedelta(days=1))
    member = await stage.joined(50, topics=["media"], country=None)
    await brings(stage, "2026-12-04")
    async with stage.bot():
        await member.says("/digest")
        first = await member.sees(
            "Your digest", "comes on Monday, 7 December 2026, 09:00 your time", "every week", "Almaty (UTC+5)",
            "nothing comes", "21:00–08:00",
        )  # fmt: skip
        assert buttons(first) == [
            "Preview now", "Earlier digests", "How often", "When nothing is new", "Change day", "Change time",
            "Change time zone", "Quiet hours", "Pause", "Menu",
        ]  # fmt: skip
        assert "✓ Monday" in buttons(await goes(member, "Change day", "On which day"))
        await goes(member, "Wednesday", "Wednesday, 9 December 2026, 09:00")
        await chooses(member, "Change time", "18:00", "9 December 2026, 18:00")
        assert "✓ Kazakhstan (UTC+5)" in buttons(await goes(member, "Change time zone", "By which clock"))
        await goes(member, "Norway", "Oslo (UTC+1)", "9 December 2026, 18:00")
        await chooses(member, "When nothing is new", "Say so in one line", "one line says so")
        await chooses(member, "Quiet hours", "22:00–07:00", "Quiet hours: 22:00–07:00")
        await stands_at(stage, MONDAY + timedelta(days=2, hours=17))
        await member.sees("Fresh paper")
        await member.says("/digest")
        await member.sees("16 December 2026, 18:00")
        await chooses(member, "Change day", "Friday", "18 December 2026, 18:00")
        daily = await chooses(member, "How often", "working day", "Thursday, 10 December 2026, 18:00", "working days")
        assert "Change day" not in buttons(daily)
        await chooses(member, "How often", "two weeks", "Friday, 18 December 2026, 18:00")
        await chooses(member, "How often", "month", "the first Friday of the month", "1 January 2027, 18:00")
        last = await chooses(member, "How often", "Every week", "18 December 2026, 18:00")
        for press in (SetDay(7), SetHour(3), SetZone("Mars/Base"), SetLine(2), SetNight(1, 2)):
            await forges(member, press)
            await member.sees("out of date")

        await forges(member, Change())
        below = await member.sees("Your digest", "18 December 2026")
        assert below["message_id"] > last["message_id"]

    assert await digests(stage) == [(50, 0)]


async def test_a_change_on_the_way_leaves_no_week_without_a_digest(stage: Stage) -> None:
    await stands_at(stage, MONDAY + timedelta(days=2))
    member = await stage.joined(50, topics=["media"], country=None)
    await brings(stage, "2026-12-08")
    async with stage.bot():
        await member.says("/digest")
        await member.sees("14 December 2026")
        await chooses(member, "Change day", "Friday", "11 December 2026, 09:00")
        await chooses(
            member, "Change day", "Tuesday", "another day than usual", "Friday, 11 December 2026", "Day: Tuesday"
        )
        await chooses(member, "Change time", "06:00", "another day than usual", "11 December 2026, 09:00")
        await stands_at(stage, MONDAY + timedelta(days=4, hours=5))
        await member.sees("Fresh paper")
        await member.says("/digest")
        await member.sees("comes on Tuesday, 15 December 2026, 06:00 your time")

    assert await digests(stage) == [(50, 0)]


@SOAKED
async def test_a_pause_ends_by_itself_and_one_without_end_by_a_tap(stage: Stage) -> None:
    await stands_at(stage, MONDAY + timedelta(hours=8))
    member = await stage.joined(50, "Салтанат", topics=["media"], country=None, language="ru")
    await brings(stage, "2026-12-16")
    async with stage.bot():
        await member.says("/digest")
        await member.sees("Следующий выпуск: понедельник, 14 декабря 2026", "09:00 по вашему времени", "раз в неделю")
        await goes(member, "Приостановить", "Рассылка приостановлена: дайджест не придёт, пока вы её не возобновите")
        shown = await goes(member, "На две недели", "придёт не раньше 21 декабря 2026")
        assert "Пока не возобновлю" in buttons(shown)
        await stands_at(stage, MONDAY + timedelta(days=7, hours=4))
        await member.says("/digest")
        await member.sees("не раньше 21 декабря 2026")
        await stands_at(stage, MONDAY + timedelta(days=13, hours=19))
        while not (await stage.rows("SELECT count(*) FROM digest_schedule WHERE NOT paused"))[0][0]:
            await stage.control.get("/calls", after=10**9, timeout=0.2)
        await stands_at(stage, MONDAY + timedelta(days=14, hours=4))
        await member.sees("Fresh paper")
        await member.says("/digest")
        await member.sees("28 декабря 2026")
        await goes(member, "Как часто", "Как часто присылать")
        await goes(member, "Не присылать", "пока вы её не возобновите")
        await goes(member, "Как часто", "Как часто присылать")
        await goes(member, "Раз в две недели", "28 декабря 2026", "раз в две недели")
        await goes(member, "Приостановить", "приостановлена")
        await goes(member, "На месяц", "не раньше 21 января 2027")
        await goes(member, "Возобновить", "28 декабря 2026")

    assert await digests(stage) == [(52, 0)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_live_posts_wait_for_the_end_of_the_hours_that_a_member_chose(stage: Stage) -> None:
    await stands_at(stage, MONDAY + timedelta(hours=15, minutes=30))  # 20:30 in Almaty
    author = await stage.joined(50, "Author", topics=["media"], country=None)
    quiet = await stage.joined(51, "Quiet", topics=["media"], country=None)
    awake = await stage.joined(52, "Awake", topics=["media"], country=None)
    await alters(stage, "UPDATE subscription SET level = 'live'")
    async with stage.bot():
        for reader, door, held in ((quiet, "20:00–08:00", "hold until 08:00"), (awake, "None", "no quiet hours")):
            await reader.says("/digest")
            await reader.sees("Your digest", "21:00–08:00")
            await chooses(reader, "Quiet hours", door, f"Quiet hours: {door.casefold()}")
            await reader.says("/topics")
            assert f"Nights: {held}" in buttons(await reader.sees("Topics."))
        await stands_at(stage, MONDAY + timedelta(hours=17))
        await author.says("/topics")
        await author.sees("Topics.")
        await goes(author, "Media and communication", "You follow")
        await goes(author, "Write a post", "Write your post for")
        await author.says("Something new")
        await author.sees("Something new")
        await author.taps("Post")
        await author.sees("is published")
        await awake.sees("Something new")
        await stage.control.get("/calls", after=10**9, timeout=0.1)
        held_until = await stage.rows("SELECT due_at FROM outbox WHERE notice = 'post:live' AND state = 'queued'")
        assert [str(at)[:16] for (at,) in held_until] == ["2026-12-08 03:00"]
