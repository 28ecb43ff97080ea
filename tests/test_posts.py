"""Posts: recorded from groups, brought live to who is not there, and written in private without ever going astray."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from cast import administrators, alters, goes, stands_at
from gatherings import forum, inside, own_group, threads
from record import calls, comes, goes_on
from story import Person, Stage, buttons, written

from storage.members import Night, Office, Role

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
MEDIA = "Media and communication"


async def live(stage: Stage, telegram_id: int, name: str, **facts: Any) -> Person:
    """Bring a member on stage who follows the media live."""
    person = await stage.joined(telegram_id, name, topics=["media"], **facts)
    await alters(
        stage,
        "UPDATE subscription SET level = 'live' WHERE member_id = (SELECT id FROM member WHERE telegram_id = :one)",
        one=telegram_id,
    )
    return person


async def recorded(stage: Stage, count: int = 1) -> None:
    """Wait until so many posts are kept."""
    while (await stage.rows("SELECT count(*) FROM post"))[0][0] < count:
        await goes_on(stage.control)


async def writes(person: Person, words: str, *seen: str) -> None:
    """Open the media's card and write a post up to its preview."""
    await person.says("/topics")
    await person.sees("Topics.")
    await goes(person, MEDIA, "Responsible reporting")
    await goes(person, "Write a post", "Write your post for")
    await person.says(words)
    await person.sees(*seen)


async def test_what_is_said_in_a_thread_reaches_live_followers_outside_and_the_list(stage: Stage) -> None:
    await stands_at(stage, datetime.fromisoformat("2026-11-24T06:00:00+00:00"))
    first, _ = await administrators(stage)
    author = await live(stage, 50, "Saltanat Demo")
    outside = await live(stage, 51, "Рустам", language="ru", zone="Asia/Tashkent")
    insider = await live(stage, 52, "Insider Demo")
    digest = await stage.joined(53, "Digest Demo", topics=["media"])
    async with stage.bot():
        group = await forum(stage, first, author, insider)
        thread = (await threads(stage))["media"]
        await inside(insider, group).sends(text="Hello", message_thread_id=thread)
        await recorded(stage)
        said = await inside(author, group).sends(text="A <guide> for editors", message_thread_id=thread)
        told = await outside.sees("TLP:GREEN", "СМИ и коммуникация", "Saltanat Demo", "Demo Institute", "A <guide>")
        assert told["has_protected_content"]
        assert "Открыть в группе" not in buttons(told)
        await recorded(stage, 2)
        await inside(insider, group).sends(text="Thank you", message_thread_id=thread, reply_to=said["message_id"])
        await inside(insider, group).does("react", chat=group, message_id=said["message_id"], emoji="👍")
        await inside(author, group).says("General talk is not kept")
        await recorded(stage, 3)
        await digest.says("/topics")
        await digest.sees("Topics.", "Media and communication — in digest, 3 new posts")
        await goes(digest, MEDIA, "You follow it in your digest")
        shown = await goes(digest, "Last posts", "TLP:GREEN", "A <guide> for editors", "Saltanat Demo", "💬 1", "👍 1")
        assert f"/c/{str(group)[4:]}/{thread}/{said['message_id']}" in str(shown["entities"])
        await goes(digest, "1", "Thank you")
        await stage.control.post("/clock", to="2026-11-24T07:00:00+00:00", freeze=True)
        await digest.says("/digest now")
        await digest.sees(
            "From the topics", "Media and communication", ": “A <guide> for editors” · 💬 1 · 👍 1 · TLP:GREEN"
        )
        for person in (author, insider, digest):
            assert not any("TLP:GREEN\u00a0" in written(m) for m in person.seen.values())

    rows = await stage.rows("SELECT html, label, replies, reactions, source FROM post ORDER BY id")
    assert rows[1] == ("A &lt;guide&gt; for editors", "TLP:GREEN", 1, 1, "group")
    live_copies = await stage.rows(
        "SELECT member_id, count(*) FROM outbox WHERE notice = 'post:live' GROUP BY member_id"
    )
    assert dict(live_copies) == {4: 3, 3: 1}, "the author was outside until they spoke"
    assert "guide" not in stage.log()


@SQLITE
async def test_at_night_a_post_is_held_until_eight_or_comes_without_a_sound(stage: Stage) -> None:
    await stands_at(stage, datetime.fromisoformat("2026-11-24T18:30:00+00:00"))  # 23:30 in Almaty, 13:30 in New York
    first, _ = await administrators(stage)
    author = await stage.joined(50, "Saltanat Demo", topics=["media"])
    held = await live(stage, 51, "Held Demo")
    silent = await live(stage, 52, "Silent Demo", night=Night.SILENT)
    awake = await live(stage, 53, "Awake Demo", zone="America/New_York")
    async with stage.bot():
        group = await forum(stage, first, author)
        thread = (await threads(stage))["media"]
        await inside(author, group).sends(text="Late news", message_thread_id=thread)
        assert (await silent.sees("Late news"))["silent"]
        assert not (await awake.sees("Late news"))["silent"]
        assert not any("Late news" in written(m) for m in held.seen.values())
        await stage.control.post("/clock", to="2026-11-25T02:59:00+00:00", freeze=True)
        assert await stage.rows("SELECT due_at FROM outbox WHERE state = 'queued'") == [("2026-11-25 03:00:00.000000",)]
        await stage.control.post("/clock", to="2026-11-25T03:00:01+00:00", freeze=True)
        assert not (await held.sees("Late news"))["silent"]


async def test_a_post_from_the_private_chat_is_previewed_and_stands_in_its_thread(stage: Stage) -> None:
    await stands_at(stage, datetime.fromisoformat("2026-11-24T06:00:00+00:00"))
    first, _ = await administrators(stage)
    author = await stage.joined(50, "Saltanat Demo", topics=["media"])
    follower = await live(stage, 51, "Follower Demo")
    async with stage.bot():
        group = await forum(stage, first)
        thread = (await threads(stage))["media"]
        await writes(author, "Read <this> & that", "TLP:GREEN", "Read <this> & that", "Saltanat Demo", "It goes to: ",
                     "Network & <friends>")  # fmt: skip
        await author.taps("Post")
        call = await comes(stage.control, "sendMessage", chat_id=group)
        assert call["parameters"]["message_thread_id"] == thread
        assert call["parameters"]["protect_content"] is call["parameters"]["disable_notification"] is True
        made = await author.sees("Your post in “📰 Media and communication” is published")
        address = made["reply_markup"]["inline_keyboard"][0][0]["url"]
        assert address.startswith(f"https://t.me/c/{str(group)[4:]}/{thread}/")
        there = inside(first, group)
        stands = await there.sees("TLP:GREEN", "Read <this> & that", "Saltanat Demo")
        assert stands["message_thread_id"] == thread
        await follower.sees("TLP:GREEN", "Read <this> & that")

        await author.says("/topics")
        await author.sees("Topics.")
        await goes(author, "Internet and new", "do not follow")
        await author.taps("Write a post")
        await author.sees("You are not in this topic yet")

    assert await stage.rows("SELECT state, source FROM post") == [("published", "private")]
    assert await stage.rows("SELECT count(*) FROM audit WHERE event = 'post:made'") == [(1,)]


@pytest.mark.parametrize("gone", ["deleted", "strayed"])
async def test_a_post_whose_thread_is_gone_is_held_and_stands_nowhere_else(stage: Stage, gone: str) -> None:
    first, second = await administrators(stage)
    author = await stage.joined(50, "Saltanat Demo", topics=["media"])
    async with stage.bot():
        group = await forum(stage, first)
        thread = (await threads(stage))["media"]
        await writes(author, "A quiet word", "A quiet word")
        if gone == "deleted":
            await first.does("delete_topic", chat=group, message_thread_id=thread)
        else:
            await stage.control.post("/faults", kind="thread_ignored", method="sendMessage", times=1)
        await author.taps("Post")
        await author.sees("could not be put into", "It is held, and stands nowhere else")
        for person in (first, second):
            await person.sees("A post in", "could not be put into", "It is held")
        if gone == "strayed":
            await author.sees("Telegram put it into another thread")
            await comes(stage.control, "deleteMessage", chat_id=group)
        there = inside(first, group)
        await there.looks()
        assert not any("A quiet word" in written(m) for m in there.seen.values() if not m["deleted"])

        await first.says("/topic")
        await goes(first, "Groups and channels", "Groups and channels of the network")
        await goes(first, "Network & <friends>", "is bound to the network")
        await goes(first, "The whole network", "A thread for each open topic is being made")
        while (await threads(stage)).get("media") in (None, thread):
            await goes_on(stage.control)
        await alters(stage, "UPDATE post SET at = '2026-01-01 00:00:00+00:00'")
        await author.taps("Try again")
        await author.sees("is published")
        stands = await there.sees("A quiet word")
        assert stands["message_thread_id"] == (await threads(stage))["media"]
        assert len(await calls(stage.control, "createForumTopic")) == 9

    assert await stage.rows("SELECT state FROM post WHERE at > '2026-01-02'") == [("published",)]


@SQLITE
async def test_what_is_marked_amber_goes_to_the_members_of_the_topic_alone_in_private(stage: Stage) -> None:
    await stands_at(stage, datetime.fromisoformat("2026-11-24T06:00:00+00:00"))
    first, _ = await administrators(stage)
    lead = await stage.joined(40, "Aida Lead", roles=[Office(Role.MODERATOR, topic_id=8)], topics=["prison"])
    member = await stage.joined(50, "Saltanat Demo", topics=["prison"])
    other = await stage.joined(51, "Other Demo")
    await alters(stage, "UPDATE subscription SET level = 'live'")
    async with stage.bot():
        group = await own_group(stage, first, "Prisons and probation", member)
        await lead.says("/topics")
        await lead.sees("Topics.")
        await goes(lead, "Human rights", "Prisons")
        await goes(lead, "Prisons and probation", "You follow it live")
        await goes(lead, "Write a post", "Write your post for")
        await lead.says("Draft findings")
        await lead.sees("How is it marked?", "TLP:AMBER")
        await lead.taps("TLP:AMBER")
        await lead.sees("TLP:AMBER", "Draft findings", "It goes in private to the members of the topic")
        await lead.taps("Post")
        told = await member.sees("TLP:AMBER", "Draft findings")
        assert told["has_protected_content"]
        await lead.sees("is published")
        await other.says("/topics")
        await other.sees("Topics.")
        await goes(other, "Human rights", "Prisons")
        assert "Last posts" not in buttons(await goes(other, "Prisons and probation", "on request"))
        assert not [c for c in await calls(stage.control, "sendMessage") if c["parameters"]["chat_id"] == group]

    assert "findings" not in stage.log()


@SQLITE
async def test_a_channel_of_a_topic_and_an_edit_are_kept_and_an_anonymous_administrator_is_nobody(stage: Stage) -> None:
    first, _ = await administrators(stage)
    member = await stage.joined(50, "Saltanat Demo", topics=["media"])
    async with stage.bot():
        channel = await own_group(stage, first, MEDIA, kind="channel")
        await inside(first, channel).says("Call for papers")
        await recorded(stage)
        group = await forum(stage, first, member)
        thread = (await threads(stage))["media"]
        there = inside(member, group)
        said = await there.sends(text="Frist", message_thread_id=thread)
        await recorded(stage, 2)
        await inside(first, group).sends(text="Speaking as the group", message_thread_id=thread, anonymous=True)
        await there.does("edit", chat=group, message_id=said["message_id"], text="First")
        await member.says("/topics")
        await member.sees("Topics.")
        await goes(member, MEDIA, "in your digest")
        shown = await goes(member, "Last posts", "First", "Call for papers", "from a feed or a channel")
        assert "Speaking as the group" not in written(shown)

    assert await stage.rows("SELECT html, source FROM post ORDER BY id") == [
        ("Call for papers", "channel"), ("First", "group"),
    ]  # fmt: skip
