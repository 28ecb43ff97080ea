"""Events: what is coming and what was, in the reader's time and the place's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cast import forges, goes
from story import Stage, buttons, written

from handlers.events import Past
from handlers.presses import OpenEvent
from storage import events
from storage.tlp import Label

NOW = datetime.now(UTC)


async def takes_place(stage: Stage, title: str, begins: timedelta, hours: int = 2, **facts: Any) -> None:
    """Put an event on the calendar; call it before the bot comes."""
    known = {"title_ru": f"{title} (рус.)", "place_en": "Dushanbe", "place_ru": "Душанбе", "zone": "Asia/Dushanbe"}
    starts = NOW + begins
    async with stage.beside() as database, database.transaction() as tx:
        times = {"starts_at": starts, "ends_at": starts + timedelta(hours=hours)}
        await events.add(tx, now=NOW, title_en=title, **times, **(known | facts))


async def test_the_calendar_the_card_and_the_archive(stage: Stage) -> None:
    member = await stage.joined(50)
    russian = await stage.joined(51, "Салтанат", language="ru", zone="Asia/Bishkek")
    online = {"place_en": "online", "place_ru": "онлайн"}
    await takes_place(stage, "Briefing <1>", timedelta(days=3), **online, demo=True, organiser="A & B", pillar="P1")
    await takes_place(stage, "Workshop", timedelta(days=9), 56, deadline_at=NOW + timedelta(days=5))
    await takes_place(stage, "Closed", timedelta(days=4), label=Label.AMBER)
    await takes_place(stage, "Green", timedelta(days=40), label=Label.GREEN)
    for number in range(1, 7):
        await takes_place(stage, f"Past {number}", timedelta(days=-400 + number))
    tokens = dict(await stage.rows("SELECT title_en, token FROM event"))
    async with stage.bot():
        await member.says("/events")
        listed = await member.sees("Events and deadlines", "1. Briefing <1>", "2. Workshop", "Deadline:", "3. Green")
        assert "Closed" not in written(listed)
        assert written(listed).startswith("TLP:GREEN")
        card = await goes(member, "Open 1", "Briefing <1>", "Place: online", "Organiser: A & B", "invented")
        assert "Time there" not in written(card)
        assert any(e["type"] == "date_time" for e in card["entities"])
        assert buttons(card) == ["Copy link", "Back", "Menu"]
        await goes(member, "Back", "Events and deadlines")
        await goes(member, "Open 2", "Workshop", "Time there: ", "Deadline:")
        await goes(member, "Back", "Events and deadlines")
        first = await goes(member, "Past events", "Past events", "1. Past 6")
        assert "Past 1" not in written(first)
        await goes(member, "›", "1. Past 1")
        await goes(member, "Back", "Events and deadlines")
        await forges(member, Past(999))
        await member.sees("1. Past 6")
        await member.starts(f"ev_{tokens['Green']}")
        green = await member.sees("Green")
        assert "Copy link" not in buttons(green)
        for hidden in (f"ev_{tokens['Closed']}", "ev_nothing"):
            await member.starts(hidden)
            await member.sees("This link does not lead anywhere now")
        for number in (3, 999):
            await forges(member, OpenEvent(number))
            await member.sees("I know no such event")

        await russian.says("/events")
        await russian.sees("Мероприятия и сроки", "Briefing <1> (рус.)", "онлайн", "Крайний срок")
        await goes(russian, "Открыть 2", "Workshop (рус.)", "Душанбе", "По местному времени")
