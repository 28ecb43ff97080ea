"""Topics: the catalogue, following live, in the digest or not at all, and being let in."""

from __future__ import annotations

import asyncio

import pytest
from cast import administrators, alters, forges, goes
from story import Person, Stage, buttons, written

from handlers.presses import OpenTopic
from handlers.topics import Decide, Keep, List, Set
from storage.members import Office, Role

CLOSED = "UPDATE topic SET policy = 'closed' WHERE code = 'prison'"
PRISON = 8


async def asks_for_prisons(member: Person) -> None:
    await member.says("/topics")
    await member.sees("Topics.")
    await goes(member, "Human rights", "Topics.", "Prisons and probation")
    await goes(member, "Prisons and probation", "on request")
    await goes(member, "Ask to join", "You have asked to join")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_member_follows_mutes_and_leaves_topics_in_one_message(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/topics")
        first = await member.sees("Topics.", "Prevention", "Media and communication")
        assert buttons(first)[6:] == [
            "1/2", "›", "Prevention", "Prevent and combat", "Capacity", "Human rights",
            "Nights: hold until 08:00", "Menu",
        ]  # fmt: skip
        assert buttons(await goes(member, "›", "Capacity"))[-1] == "Menu"
        await goes(member, "‹", "Topics.")
        card = await goes(
            member, "Media and communication", "Responsible reporting", "Pillar: Prevention", "do not follow",
            "open to every member", "TLP:GREEN",
        )  # fmt: skip
        assert "Follow live" in buttons(card)
        await goes(member, "Subscribe", "You follow it in your digest")
        await goes(member, "Follow live", "You follow it live")
        await goes(member, "Mute", "You have muted it")
        await goes(member, "Back", "Topics.", "Media and communication", "muted")
        assert "Nights: no sound" in buttons(await goes(member, "Nights: hold", "Topics."))
        await goes(member, "Media and communication", "You have muted")
        await goes(member, "Follow in digest", "You follow it in your digest")
        last = await goes(member, "Leave the topic", "You do not follow")
        assert last["message_id"] == card["message_id"] == first["message_id"]

        for press, answer in (
            (OpenTopic(99), "There is no such topic"),
            (Set(99, "live"), "There is no such topic"),
            (Set(3, "own"), "out of date"),
            (Set(3, "ask"), "This topic is open"),
            (Set(4, "live"), "This topic is on request"),
            (List("P9", -7), "Topics."),
            (Decide(1, 1), "I do not know that"),
            (Keep(3), "I do not know that"),
        ):
            await forges(member, press)
            await member.sees(answer)

    assert await stage.rows("SELECT count(*) FROM subscription") == [(0,)]
    assert await stage.rows("SELECT night FROM member WHERE telegram_id = 50") == [("silent",)]


async def test_joining_on_request_is_decided_once_and_told(stage: Stage) -> None:
    first, second = await administrators(stage)
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/topics")
        await goes(member, "Prevent and combat", "Topics.")
        await goes(member, "Border security", "on request", "its leads decide")
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
        await goes(member, "Open the topic", "You follow it in your digest")

    assert await stage.rows("SELECT count(*) FROM topic_request") == [(3,)]
    assert await stage.rows("SELECT count(*) FROM audit WHERE event LIKE 'topic:%'") == [(3,)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_lead_decides_for_their_topic_and_for_no_other(stage: Stage) -> None:
    await administrators(stage)
    lead = await stage.joined(40, "Aida Lead", roles=[Office(Role.MODERATOR, topic_id=PRISON)])
    member = await stage.joined(50)
    async with stage.bot():
        await asks_for_prisons(member)
        await lead.sees("Saltanat Demo", "asks to join", "Prisons")
        await goes(lead, "Approve", "Approved by")
        await member.sees("you now follow")
        await lead.says("/topic")
        kept = await lead.sees("The topics that you manage")
        assert buttons(kept)[0].endswith("Prisons and probation")
        assert "New topic" not in buttons(kept)
        await forges(lead, Keep(3))
        await lead.sees("There is no such topic")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_the_only_administrator_is_asked_even_by_themselves(stage: Stage) -> None:
    stage.administrators = (1,)
    only = await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    async with stage.bot():
        await only.says("/topics")
        await goes(only, "Prevent and combat", "Topics.")
        await goes(only, "Border security", "on request")
        await forges(only, Set(4, "ask"))
        await only.sees("Maral Demo", "asks to join")
        await only.taps("Approve")
        await only.sees("you now follow")


async def test_a_closed_topic_is_to_everybody_else_as_if_it_did_not_exist(stage: Stage) -> None:
    first, _ = await administrators(stage)
    inside = await stage.joined(50, "Inside Demo", topics=["prison"])
    outside = await stage.joined(51, "Outside Demo")
    await alters(stage, CLOSED)
    async with stage.bot():
        for person in (inside, first):
            await person.says("/topics")
            await person.sees("Topics.")
            await goes(person, "Human rights", "Prisons and probation")
        await outside.says("/topics")
        await outside.sees("Topics.")
        assert "Prisons" not in written(await goes(outside, "Human rights", "Victims"))
        for press in (OpenTopic, lambda n: Set(n, "live"), lambda n: Set(n, "ask"), lambda n: Set(n, "leave")):
            answers = []
            for number in (PRISON, 99):
                await forges(outside, press(number))
                answers.append(written(await outside.sees("There is no such topic")))
            assert answers[0] == answers[1]
        await outside.says("https://example.org/paper")
        offered = buttons(await goes(outside, "TLP:GREEN", "Which topic"))
        assert not any("Prisons" in label for label in offered)

        await goes_through_leaving(inside)
        assert "Prisons" not in inside.transcript().splitlines()[-1]


async def goes_through_leaving(person: Person) -> None:
    await goes(person, "Prisons and probation", "closed: nobody else sees")
    await goes(person, "Leave the topic", "You have left the topic")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_topics_speak_russian(stage: Stage) -> None:
    member = await stage.joined(50, "Салтанат", language="ru")
    async with stage.bot():
        await member.says("/topics")
        await goes(member, "СМИ и коммуникация", "Ответственное освещение", "Вы не подписаны на эту тему")
        await goes(member, "Подписаться", "Вы читаете эту тему в дайджесте")
        await goes(member, "Отключить", "отключили эту тему")
