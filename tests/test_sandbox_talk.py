"""What people say in groups comes to the bot with its topic and its speaker, what they feel with the old feeling."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from local_telegram import ANN, BORIS, BOT, OWNER, LocalTelegram, playing

EVERY_KIND = ["message", "edited_message", "message_reaction", "message_reaction_count", "my_chat_member"]


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        await telegram.updates(allowed_updates=EVERY_KIND)
        yield telegram


async def heard(telegram: LocalTelegram, user: int, text: str, **facts: Any) -> dict[str, Any]:
    """Let somebody write, and return what the bot hears of it."""
    await telegram.kinds()
    await telegram.says(user, text, **facts)
    [(_, message)] = await telegram.told()
    return message


# -- topics


async def test_members_make_topics_where_the_group_permits_it(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True, members=[ANN, BORIS])
    assert "may not make topics" in await telegram.cannot(ANN, "topic", chat=forum, name="T")
    await telegram.does(OWNER, "permit", chat=forum, permissions={"can_manage_topics": True})
    topic = await telegram.does(ANN, "topic", chat=forum, name="T")
    await telegram.does(ANN, "rename_topic", chat=forum, name="U", **topic)
    for deed in ("close_topic", "rename_topic"):
        assert "can_manage_topics" in await telegram.cannot(BORIS, deed, chat=forum, name="V", **topic)
    assert "can_delete_messages" in await telegram.cannot(BORIS, "delete_topic", chat=forum, **topic)
    plain = await telegram.group()
    assert "no topics" in await telegram.cannot(OWNER, "topic", chat=plain, name="T")


async def test_what_is_done_to_topics_is_told_but_for_their_deletion(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    topic = await telegram.does(OWNER, "topic", chat=forum, name="T")
    await telegram.kinds()
    await telegram.does(OWNER, "rename_topic", chat=forum, name=" Other  name ", **topic)
    await telegram.does(OWNER, "close_topic", chat=forum, **topic)
    assert "so already" in await telegram.cannot(OWNER, "close_topic", chat=forum, **topic)
    assert "closed" in await telegram.cannot(ANN, "send", chat=forum, text="x", **topic)
    await telegram.does(OWNER, "reopen_topic", chat=forum, **topic)
    told = [body for _, body in await telegram.told()]
    assert [next(k for k in body if k.startswith("forum_topic")) for body in told] == [
        "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    ]  # fmt: skip
    assert told[0]["forum_topic_edited"] == {"name": "Other name"}
    assert {body["message_thread_id"] for body in told} == {topic["message_thread_id"]}
    await telegram.does(OWNER, "delete_topic", chat=forum, **topic)
    assert await telegram.kinds() == []
    assert "no such topic" in await telegram.cannot(ANN, "send", chat=forum, text="x", **topic)


async def test_general_can_be_hidden(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    await telegram.does(OWNER, "hide_general", chat=forum)
    [*_, (_, hidden)] = await telegram.told()
    assert "general_forum_topic_hidden" in hidden
    assert "hidden" in await telegram.cannot(ANN, "send", chat=forum, text="x")
    assert await telegram.ok("sendMessage", chat_id=forum, text="an administrator may")
    await telegram.does(OWNER, "unhide_general", chat=forum)
    assert "general_forum_topic_unhidden" in (await telegram.told())[0][1]
    await telegram.says(ANN, "x", chat=forum)


async def test_an_answer_stays_in_the_topic_of_what_it_answers(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    topic = await telegram.does(OWNER, "topic", chat=forum, name="T")
    first = await telegram.says(ANN, "first", chat=forum, **topic)
    answer = await heard(telegram, OWNER, "answer", chat=forum, reply_to=first["message_id"])
    assert (answer["message_thread_id"], answer["is_topic_message"]) == (topic["message_thread_id"], True)
    assert answer["reply_to_message"]["text"] == "first"
    assert "no such message" in await telegram.cannot(ANN, "send", chat=forum, text="x", reply_to=999)


async def test_what_answers_nothing_in_a_topic_answers_what_made_it(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    topic = (await telegram.ok("createForumTopic", chat_id=forum, name="T"))["message_thread_id"]
    told = await heard(telegram, ANN, "x", chat=forum, message_thread_id=topic)
    assert (told["reply_to_message"]["message_id"], told["reply_to_message"]["from"]["id"]) == (topic, BOT)
    assert told["reply_to_message"]["forum_topic_created"]["name"] == "T"
    assert "reply_to_message" not in await heard(telegram, ANN, "x", chat=forum)


@pytest.mark.parametrize("is_forum", [False, True])
async def test_an_answer_outside_topics_has_a_thread_that_is_no_topic(telegram: LocalTelegram, is_forum: bool) -> None:  # noqa: FBT001
    group = await telegram.group(is_forum=is_forum)
    first = await telegram.says(ANN, "first", chat=group)
    second = await heard(telegram, OWNER, "second", chat=group, reply_to=first["message_id"])
    third = await heard(telegram, ANN, "third", chat=group, reply_to=second["message_id"])
    assert [m["message_thread_id"] for m in (second, third)] == [first["message_id"]] * 2
    assert "is_topic_message" not in second
    sent = await telegram.call("sendMessage", chat_id=group, text="x", message_thread_id=third["message_thread_id"])
    if is_forum:
        assert sent.refusal == (400, "Bad Request: message thread not found")
    else:
        assert "message_thread_id" not in sent.result


async def test_a_message_can_land_outside_the_thread_it_was_for(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    topic = (await telegram.ok("createForumTopic", chat_id=forum, name="T"))["message_thread_id"]
    await telegram.control.post("/faults", kind="thread_ignored", method="sendMessage")
    general = await telegram.ok("sendMessage", chat_id=forum, text="for General")
    astray = await telegram.ok("sendMessage", chat_id=forum, text="x", message_thread_id=topic)
    right = await telegram.ok("sendMessage", chat_id=forum, text="x", message_thread_id=topic)
    assert [m.get("message_thread_id") for m in (general, astray, right)] == [None, None, topic]
    assert "is_topic_message" not in astray
    calls = [c for c in await telegram.control.get("/calls") if c["method"] == "sendMessage"]
    assert [c.get("fault") for c in calls] == [None, "thread_ignored", None]


# -- speakers


async def test_an_administrator_hides_behind_the_group(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    told = await heard(telegram, OWNER, "x", chat=group, anonymous=True)
    assert (told["from"]["id"], told["from"]["username"], told["from"]["is_bot"]) == (
        1087968824, "GroupAnonymousBot", True,
    )  # fmt: skip
    assert told["sender_chat"]["id"] == told["chat"]["id"] == group
    await telegram.does(OWNER, "edit", chat=group, message_id=told["message_id"], text="y")
    [(kind, edited)] = await telegram.told()
    assert (kind, edited["from"]["id"]) == ("edited_message", 1087968824)
    assert "only administrators" in await telegram.cannot(ANN, "send", chat=group, text="x", anonymous=True)


async def test_somebody_speaks_as_their_channel(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    facts = {"type": "channel", "title": "Ann's", "owner": ANN}
    channel = (await telegram.control.post("/chats", **facts))["id"]
    told = await heard(telegram, ANN, "x", chat=group, as_channel=channel)
    assert (told["from"]["id"], told["from"]["username"]) == (136817688, "Channel_Bot")
    assert (told["sender_chat"]["id"], told["sender_chat"]["type"]) == (channel, "channel")
    assert "one's own" in await telegram.cannot(OWNER, "send", chat=group, text="x", as_channel=channel)


# -- reactions


async def test_a_reaction_is_told_with_the_one_before(telegram: LocalTelegram) -> None:
    group = await telegram.group(members=[ANN, BORIS])
    at = {"chat": group, "message_id": (await telegram.says(OWNER, "x", chat=group))["message_id"]}
    await telegram.kinds()
    for user, emoji in ((ANN, "👍"), (BORIS, "❤"), (ANN, "❤"), (ANN, "❤"), (ANN, "")):
        await telegram.does(user, "react", **at, emoji=emoji)
    told = [body for _, body in await telegram.told()]
    steps = [(b["user"]["id"], *([r["emoji"] for r in b[k]] for k in ("old_reaction", "new_reaction"))) for b in told]
    assert steps == [(ANN, [], ["👍"]), (BORIS, [], ["❤"]), (ANN, ["👍"], ["❤"]), (ANN, ["❤"], [])]


async def test_only_an_administrator_hears_of_reactions(telegram: LocalTelegram) -> None:
    group = await telegram.group(bot="member")
    said = await telegram.says(OWNER, "x", chat=group)
    await telegram.does(ANN, "react", chat=group, message_id=said["message_id"], emoji="👍")
    assert await telegram.kinds() == []


async def test_a_hidden_administrator_reacts_as_the_group(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    said = await telegram.says(ANN, "x", chat=group)
    await telegram.kinds()
    await telegram.does(OWNER, "react", chat=group, message_id=said["message_id"], emoji="👍", anonymous=True)
    [(_, told)] = await telegram.told()
    assert (told["actor_chat"]["id"], "user" in told) == (group, False)


async def test_a_channel_counts_reactions_and_names_nobody(telegram: LocalTelegram) -> None:
    channel = await telegram.group("channel", members=[ANN, BORIS])
    at = {"chat": channel, "message_id": (await telegram.says(OWNER, "x", chat=channel))["message_id"]}
    await telegram.ok("setMessageReaction", chat_id=channel, message_id=at["message_id"], reaction=[])
    for user, emoji in ((ANN, "👍"), (BORIS, "👍"), (ANN, "❤"), (BORIS, "")):
        await telegram.does(user, "react", **at, emoji=emoji)
    told = await telegram.told()
    assert {kind for kind, _ in told} == {"message_reaction_count"}
    totals = [{r["type"]["emoji"]: r["total_count"] for r in body["reactions"]} for _, body in told]
    assert totals == [{"👍": 1}, {"👍": 2}, {"👍": 1, "❤": 1}, {"❤": 1}]
    assert BOT not in telegram.world.users
