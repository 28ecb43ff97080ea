"""Topics: follow, mute, leave, and ask to be let in."""

from __future__ import annotations

import asyncio

import pytest
from cast import administrators, forges, goes
from story import Person, Stage, buttons

from handlers.topics import Decide, List, Set, Show
from storage.members import Role


async def asks_for_prisons(member: Person) -> None:
    await member.says("/topics")
    await member.sees("Topics.")
    await goes(member, "›", "Topics.")
    await goes(member, "Prisons and probation", "on request")
    await goes(member, "Ask to join", "You have asked to join")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_member_follows_mutes_and_leaves_topics_in_one_message(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/topics")
        first = await member.sees("Topics.")
        assert buttons(first)[-3:] == ["1/2", "›", "Menu"]
        assert buttons(await goes(member, "›", "Topics."))[0] == "🤝 Rehabilitation and reintegration"
        await goes(member, "‹", "Topics.")
        card = await goes(
            member, "Media and communication", "Responsible reporting", "Pillar: Prevention", "do not follow"
        )
        await goes(member, "Subscribe", "You follow this topic")
        await goes(member, "Mute", "You have muted this topic")
        await forges(member, Set(3, "follow"))
        assert "📰 Media and communication · muted" in buttons(await goes(member, "Back", "Topics."))
        await goes(member, "Media and communication", "You have muted")
        await goes(member, "Unmute", "You follow this topic")
        last = await goes(member, "Unsubscribe", "You do not follow")
        assert last["message_id"] == card["message_id"] == first["message_id"]

        for press, answer in (
            (Set(3, "mute"), "There is no such topic"),
            (Show(99), "There is no such topic"),
            (Set(3, "own"), "out of date"),
            (Set(3, "ask"), "This topic is open"),
            (Set(4, "follow"), "This topic is on request"),
            (List(-7), "Topics."),
            (Decide(1, 1), "I do not know that"),
        ):
            await forges(member, press)
            await member.sees(answer)

    assert await stage.rows("SELECT count(*) FROM subscription") == [(0,)]


async def test_joining_on_request_is_decided_once_and_told(stage: Stage) -> None:
    first, second = await administrators(stage)
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/topics")
        await goes(member, "Border security", "on request", "an administrator decides")
        assert "Ask to join" not in buttons(await goes(member, "Ask to join", "You have asked to join"))
        await forges(member, Set(4, "ask"))
        await first.sees("Saltanat Demo", "asks to join", "Border security")
        await second.sees("Saltanat Demo", "asks to join")
        await asyncio.gather(first.taps("Approve"), second.taps("Decline"))
        await first.sees("asks to join", " by ")
        await second.sees("asks to join", " by ")
        state, by = (await stage.rows(
            "SELECT r.state, m.name FROM topic_request r JOIN member m ON m.id = r.decided_by"
        ))[0]  # fmt: skip
        await (first if by == "Timur Demo" else second).sees("already been decided, by", by)
        await member.sees("you now follow" if state == "admitted" else "was declined")

        await asks_for_prisons(member)
        await first.sees("Prisons and probation")
        await first.taps("Decline", on="Prisons")
        await member.sees("“Prisons and probation” was declined")
        await second.sees("Prisons", "Declined by", "Maral Demo")
        await asks_for_prisons(member)
        await second.sees("Prisons and probation")
        await second.taps("Approve", on="Prisons")
        await member.sees("you now follow the topic “Prisons and probation”")
        await goes(member, "Open the topic", "You follow this topic")

    assert await stage.rows("SELECT count(*) FROM topic_request") == [(3,)]
    assert await stage.rows("SELECT count(*) FROM audit WHERE event LIKE 'topic:%'") == [(3,)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_the_only_administrator_is_asked_even_by_themselves(stage: Stage) -> None:
    stage.administrators = (1,)
    only = await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    async with stage.bot():
        await only.says("/topics")
        await goes(only, "Border security", "on request")
        await goes(only, "Ask to join", "Maral Demo", "asks to join")
        await only.taps("Approve")
        await only.sees("you now follow")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_topics_speak_russian(stage: Stage) -> None:
    member = await stage.joined(50, "Салтанат", language="ru")
    async with stage.bot():
        await member.says("/topics")
        await goes(member, "СМИ и коммуникация", "Ответственное освещение", "Вы не подписаны на эту тему")
        await goes(member, "Подписаться", "Вы подписаны на эту тему")
        await goes(member, "Отключить", "отключили её")
