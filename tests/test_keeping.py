"""Keeping topics: created, renamed, closed and reopened by their keepers, with the forum's threads in step."""

from __future__ import annotations

import pytest
from cast import administrators, goes
from gatherings import OPEN_TOPICS, belongs, binds, forum, founds, is_out, own_group, threads
from record import calls, comes, goes_on, last
from story import Person, Stage, buttons, written

from storage.members import Office, Role

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def keeps(person: Person, title: str) -> None:
    """Open the screen from which a topic is kept."""
    await person.says("/topic")
    await person.sees("The topics that you manage")
    await goes(person, title, "Titles:", title)


async def creates(person: Person) -> None:
    """Fill the form of a new topic to its end, with a mistake on the way."""
    await person.says("/topic")
    await goes(person, "New topic", "title in English")
    await person.says("Early warning")
    await person.sees("title in Russian")
    await person.says("Раннее предупреждение")
    await person.sees("What is it about? One sentence in English")
    await person.says("What the region’s warning network does")
    await person.sees("One sentence in Russian")
    await goes(person, "Skip", "Send one emoji")
    await person.says("no emoji")
    await person.sees("Please send one emoji")
    await person.says("🚨")
    await person.sees("Which pillars")
    await goes(person, "Prevent and combat", "Which pillars")
    await goes(person, "Done", "Who may come into the topic?")
    labels = buttons(await goes(person, "open to every member", "How is what is said there marked"))
    assert "TLP:AMBER" not in labels
    await goes(person, "TLP:GREEN", "Early warning", "Раннее предупреждение")
    await person.taps("Create")
    await person.sees("Done: “Early warning”")


async def acts(stage: Stage) -> list[str]:
    """Return what the audit log says was done to topics."""
    return [event for (event,) in await stage.rows("SELECT event FROM audit WHERE event LIKE 'topic:%' ORDER BY id")]


async def test_a_new_topic_is_in_the_catalogue_and_has_a_thread_and_a_new_name_reaches_both(stage: Stage) -> None:
    first, _ = await administrators(stage)
    member = await stage.joined(50)
    async with stage.bot():
        group = await forum(stage, first)
        await creates(first)
        await comes(stage.control, "createForumTopic", chat_id=group, name="🚨 Early warning · Раннее предупреждение")
        while "early-warning" not in await threads(stage):
            await goes_on(stage.control)
        thread = (await threads(stage))["early-warning"]

        await goes(first, "Manage this topic", "Titles: ")
        await goes(first, "Rename", "title in English")
        await first.says("Early warning network")
        await first.sees("title in Russian")
        await first.says("Сеть раннего предупреждения")
        await first.sees("read it once more")
        await first.taps("Rename", on="read it once more")
        await first.sees("Done")
        name = "🚨 Early warning network · Сеть раннего предупреждения"
        await comes(stage.control, "editForumTopic", message_thread_id=thread, name=name)
        await member.says("/topics")
        await member.sees("Topics.")
        await goes(member, "Prevent and combat", "Topics.")
        await goes(member, "›", "Early warning network")

    assert await acts(stage) == ["topic:created", "topic:renamed"]


async def test_closing_and_reopening_reach_the_thread_and_come_from_it(stage: Stage) -> None:
    first, second = await administrators(stage)
    member = await stage.joined(50, topics=["media"])
    async with stage.bot():
        group = await forum(stage, first, second)
        thread = (await threads(stage))["media"]
        await keeps(first, "Media and communication")
        await goes(first, "Close the topic", "Titles: ")
        await comes(stage.control, "closeForumTopic", message_thread_id=thread)
        await member.says("/topics")
        await member.sees("Media and communication — in digest, closed")
        card = await goes(member, "Media and communication", "This topic is closed")
        assert "Write a post" not in buttons(card)

        await first.does("promote", chat=group, user=2)
        await second.does("reopen_topic", chat=group, message_thread_id=thread)
        while await acts(stage) != ["topic:closed", "topic:reopened"]:
            await goes_on(stage.control)
        await keeps(first, "Media and communication")
        assert "Close the topic" in buttons(await first.sees("Titles:"))

        before = await last(stage.control)
        await second.does("rename_topic", chat=group, message_thread_id=thread, name="Nonsense")
        name = "📰 Media and communication · СМИ и коммуникация"
        await comes(stage.control, "editForumTopic", after=before, message_thread_id=thread, name=name)


@SQLITE
async def test_a_thread_that_somebody_else_closes_is_opened_again(stage: Stage) -> None:
    first, _ = await administrators(stage)
    member = await stage.joined(50)
    async with stage.bot():
        group = await forum(stage, first, member)
        thread = (await threads(stage))["media"]
        await first.does("promote", chat=group, user=50)
        await member.does("close_topic", chat=group, message_thread_id=thread)
        await comes(stage.control, "reopenForumTopic", message_thread_id=thread)

    assert await stage.rows("SELECT closed_at FROM topic WHERE code = 'media'") == [(None,)]


@SQLITE
async def test_a_topic_that_is_no_longer_open_leaves_the_forum_of_all(stage: Stage) -> None:
    first, _ = await administrators(stage)
    async with stage.bot():
        await forum(stage, first)
        thread = (await threads(stage))["media"]
        await keeps(first, "Media and communication")
        await goes(first, "Who may come in", "Who may come into the topic?")
        await goes(first, "on request", "How is what is said there marked")
        await goes(first, "TLP:AMBER", "read it once more")
        await first.taps("Confirm")
        await first.sees("Done: “Media and communication”")
        await comes(stage.control, "closeForumTopic", message_thread_id=thread)
        assert "media" not in await threads(stage)

    assert await stage.rows("SELECT policy, label FROM topic WHERE code = 'media'") == [("request", "TLP:AMBER")]


@SQLITE
async def test_a_lead_lets_members_in_and_takes_them_out_with_the_groups(stage: Stage) -> None:
    first, _ = await administrators(stage)
    lead = await stage.joined(40, "Aida Lead", roles=[Office(Role.MODERATOR, topic_id=8)])
    member = await stage.joined(50, "Жахонгир Demo")
    async with stage.bot():
        group = await own_group(stage, first, "Prisons and probation")
        await keeps(lead, "Prisons and probation")
        await goes(lead, "Let a member in", "Write the member’s name")
        await lead.says("nobody at all")
        await lead.sees("No member outside the topic is called")
        await goes(lead, "Back", "Titles:")
        await goes(lead, "Let a member in", "Write the member’s name")
        await lead.says("Jahongir")
        await lead.sees("Whom do you let into")
        await goes(lead, "Жахонгир", "Members: 1")
        await member.sees("You are in: you now follow")
        await stage.control.post("/users/1/add", chat=group, user=50)
        while not await stage.rows(
            "SELECT 1 FROM group_member m JOIN member p ON p.id = m.member_id AND p.telegram_id = 50"
        ):
            await goes_on(stage.control)
        assert await belongs(stage, group, 50)
        await goes(lead, "Members", "Who is in")
        await goes(lead, "Жахонгир", "Take ", "out of")
        await goes(lead, "Take out", "Who is in")
        await is_out(stage, group, 50)
        assert "Жахонгир" not in written(await lead.sees("Who is in"))


@SQLITE
async def test_two_leads_come_from_two_countries(stage: Stage) -> None:
    first, _ = await administrators(stage)
    await stage.joined(40, "Aida Lead", roles=[Office(Role.MODERATOR, topic_id=8)], country="KZ")
    await stage.joined(50, "Same Country", country="KZ")
    async with stage.bot():
        await keeps(first, "Prisons and probation")
        await first.sees("A working group needs two, from two countries")
        await first.says("/members")
        await first.sees("Members: Everybody")
        await goes(first, "Same Country", "Same Country")
        await goes(first, "Change roles", "Roles of")
        await goes(first, "Give: moderator", "Which topic shall")
        await goes(first, "Prisons and probation", "Give ", "moderator")
        await first.taps("Give the role")
        await first.sees("The other lead of this topic is from the same country")


async def test_a_thread_whose_making_was_not_answered_is_not_made_twice(stage: Stage) -> None:
    first, _ = await administrators(stage)
    process = await stage.process()
    group = await founds(stage, first, is_forum=True)
    await binds(first, group)
    await stage.control.post("/faults", kind="accepted_no_answer", method="createForumTopic", times=1)
    await goes(first, "The whole network", "A thread for each open topic is being made")
    while not await calls(stage.control, "createForumTopic"):
        await goes_on(stage.control)
    await process.kill()
    process = await stage.process()
    while len(await threads(stage)) < OPEN_TOPICS:
        await goes_on(stage.control)
    assert await process.stop() == 0

    made = await calls(stage.control, "createForumTopic")
    assert len(made) == OPEN_TOPICS
