"""Updates reach a bot as Telegram sends them: confirmed by offset, once more otherwise, to one poll, for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from local_telegram import ANN, BORIS, OWNER, LocalTelegram, playing

ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
FIRST_ID, LAST_ID = 2_000_001, 1_000_000_000
DAY = 86_400


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        yield telegram


async def said(telegram: LocalTelegram, **parameters: object) -> list[str]:
    """Return the texts of what waits for the bot."""
    return [update["message"]["text"] for update in await telegram.updates(**parameters)]


async def polling(telegram: LocalTelegram) -> None:
    """Wait until a poll waits."""
    calls = telegram.sandbox.api
    async with asyncio.timeout(5), calls.called:
        await calls.called.wait_for(lambda: telegram.sandbox.updates.polling)


async def test_what_is_not_confirmed_comes_again(telegram: LocalTelegram) -> None:
    for text in "abc":
        await telegram.says(ANN, text)
    first = await telegram.updates()
    assert [u["message"]["text"] for u in first] == ["a", "b", "c"]
    assert await telegram.updates() == first
    assert await said(telegram, offset=first[1]["update_id"]) == ["b", "c"]
    assert await said(telegram) == ["b", "c"]
    assert await said(telegram, offset=first[2]["update_id"] + 1) == []
    assert await said(telegram) == []


async def test_update_ids_grow_by_one_from_somewhere(telegram: LocalTelegram) -> None:
    for text in "abc":
        await telegram.says(ANN, text)
    first, second, third = [u["update_id"] for u in await telegram.updates()]
    assert FIRST_ID <= first < LAST_ID
    assert (second, third) == (first + 1, first + 2)


async def test_a_negative_offset_keeps_the_last(telegram: LocalTelegram) -> None:
    for text in "abcd":
        await telegram.says(ANN, text)
    assert await said(telegram, offset=-2) == ["c", "d"]
    assert await said(telegram) == ["c", "d"]


@pytest.mark.parametrize(("limit", "count"), [(1, 1), (0, 1), (-7, 1), (100, 100), (1000, 100)])
async def test_the_limit_is_clamped(telegram: LocalTelegram, limit: int, count: int) -> None:
    telegram.world.chats[ANN].started = True
    for n in range(101):
        telegram.world.tell("message", {"message_id": n + 1, "date": 1, "chat": {"id": ANN, "type": "private"}})
    assert len(await telegram.updates(limit=limit)) == count


async def test_a_poll_is_answered_by_the_next_update(telegram: LocalTelegram) -> None:
    poll = asyncio.create_task(telegram.updates(timeout=50))
    await polling(telegram)
    await telegram.says(ANN, "now")
    assert [u["message"]["text"] for u in await poll] == ["now"]


async def test_the_older_poll_ends_with_a_conflict_and_the_newer_goes_on(telegram: LocalTelegram) -> None:
    older = asyncio.create_task(telegram.call("getUpdates", timeout=50))
    await polling(telegram)
    newer = asyncio.create_task(telegram.updates(timeout=50))
    assert (await older).refusal == (409, OTHER)
    assert not newer.done()
    await telegram.says(ANN, "for the newer")
    assert [u["message"]["text"] for u in await newer] == ["for the newer"]


async def test_a_webhook_ends_the_poll_and_forbids_others(telegram: LocalTelegram) -> None:
    poll = asyncio.create_task(telegram.call("getUpdates", timeout=50))
    await polling(telegram)
    await telegram.ok("setWebhook", url="https://example.org/")
    assert (await poll).refusal == (409, "Conflict: terminated by setWebhook request")
    assert (await telegram.call("getUpdates")).refusal == (409, ACTIVE)
    await telegram.ok("deleteWebhook")
    assert await telegram.updates() == []


async def test_kinds_are_asked_for_and_remembered(telegram: LocalTelegram) -> None:
    await telegram.updates(allowed_updates=["my_chat_member"])
    await telegram.says(ANN, "unheard")
    await telegram.does(ANN, "block")
    assert await telegram.kinds() == ["my_chat_member"]
    await telegram.updates(allowed_updates=[])
    await telegram.says(ANN, "heard")
    assert await telegram.kinds() == ["my_chat_member", "message"]


async def test_what_was_not_asked_for_is_never_told(telegram: LocalTelegram) -> None:
    await telegram.updates(allowed_updates=["my_chat_member"])
    await telegram.says(ANN, "lost")
    await telegram.updates(allowed_updates=["message"])
    assert await telegram.kinds() == []


async def test_reactions_and_members_are_told_only_when_asked_for(telegram: LocalTelegram) -> None:
    group = await telegram.group(members=[ANN, BORIS])
    sent = await telegram.ok("sendMessage", chat_id=group, text="x")
    await telegram.does(ANN, "react", chat=group, message_id=sent["message_id"], emoji="👍")
    await telegram.does(BORIS, "leave", chat=group)
    assert await telegram.kinds() == ["message"]
    await telegram.updates(allowed_updates=["chat_member", "message_reaction"])
    await telegram.does(ANN, "react", chat=group, message_id=sent["message_id"], emoji="❤")
    await telegram.does(ANN, "leave", chat=group)
    assert await telegram.kinds() == ["message_reaction", "chat_member"]


async def test_members_are_told_to_an_administrator_only(telegram: LocalTelegram) -> None:
    group = await telegram.group(bot="member", members=[ANN])
    await telegram.updates(allowed_updates=["chat_member"])
    await telegram.does(ANN, "leave", chat=group)
    assert await telegram.kinds() == []


async def test_updates_die(telegram: LocalTelegram) -> None:
    await telegram.does(ANN, "start")
    keyboard = {"inline_keyboard": [[{"text": "b", "callback_data": "x"}]]}
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x", reply_markup=keyboard)
    await telegram.does(ANN, "press", message_id=sent["message_id"], data="x")
    await telegram.steps(149)
    assert [len(u) for u in await telegram.updates()] == [2, 2]
    await telegram.steps(2)
    assert ["callback_query" in u for u in await telegram.updates()] == [False]
    await telegram.steps(DAY - 200)
    assert len(await telegram.updates()) == 1
    await telegram.steps(100)
    assert await telegram.updates() == []


async def test_an_inline_query_lives_half_a_minute(telegram: LocalTelegram) -> None:
    asking = asyncio.create_task(telegram.does(ANN, "inline", query="q"))
    [update] = await telegram.updates(timeout=5)
    await telegram.steps(31)
    assert await telegram.updates() == []
    late = await telegram.call("answerInlineQuery", inline_query_id=update["inline_query"]["id"], results=[])
    assert late.status == 400
    asking.cancel()


async def test_an_update_tells_what_was_when_it_came(telegram: LocalTelegram) -> None:
    sent = await telegram.says(ANN, "before")
    await telegram.does(ANN, "edit", message_id=sent["message_id"], text="after")
    message, edited = await telegram.updates()
    assert (message["message"]["text"], edited["edited_message"]["text"]) == ("before", "after")


async def test_own_messages_are_not_told(telegram: LocalTelegram) -> None:
    await telegram.does(ANN, "start")
    group = await telegram.group(is_forum=True)
    await telegram.kinds()
    sent = await telegram.ok("sendMessage", chat_id=group, text="x")
    await telegram.ok("editMessageText", chat_id=group, message_id=sent["message_id"], text="y")
    await telegram.ok("sendMessage", chat_id=ANN, text="x")
    assert await telegram.kinds() == []


async def test_own_service_messages_are_told(telegram: LocalTelegram) -> None:
    group = await telegram.group(is_forum=True)
    sent = await telegram.ok("sendMessage", chat_id=group, text="x")
    await telegram.ok("pinChatMessage", chat_id=group, message_id=sent["message_id"])
    topic = (await telegram.ok("createForumTopic", chat_id=group, name="T"))["message_thread_id"]
    await telegram.ok("editForumTopic", chat_id=group, message_thread_id=topic, name="U")
    await telegram.ok("closeForumTopic", chat_id=group, message_thread_id=topic)
    await telegram.ok("reopenForumTopic", chat_id=group, message_thread_id=topic)
    await telegram.ok("leaveChat", chat_id=group)
    told = await telegram.updates()
    kinds = [
        "pinned_message",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
    ]
    assert [next(k for k in [*kinds, "left_chat_member"] if k in u["message"]) for u in told[:-1]] == [
        *kinds,
        "left_chat_member",
    ]
    assert told[-1]["my_chat_member"]["new_chat_member"]["status"] == "left"


async def test_a_bot_speaks_first_to_nobody(telegram: LocalTelegram) -> None:
    stranger = await telegram.call("sendMessage", chat_id=ANN, text="x")
    assert stranger.refusal == (400, "Bad Request: chat not found")
    await telegram.group(members=[ANN])
    known = await telegram.call("sendMessage", chat_id=ANN, text="x")
    assert known.refusal == (403, "Forbidden: bot can't initiate conversation with a user")
    await telegram.does(ANN, "start")
    assert await telegram.ok("sendMessage", chat_id=ANN, text="x")


async def test_a_join_request_opens_the_door_for_five_minutes(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    link = await telegram.ok("createChatInviteLink", chat_id=group, creates_join_request=True)
    await telegram.does(BORIS, "join", invite_link=link["invite_link"])
    [update] = await telegram.updates()
    request = update["chat_join_request"]
    assert (request["from"]["id"], request["user_chat_id"]) == (BORIS, BORIS)
    assert request["invite_link"]["invite_link"] == link["invite_link"]
    await telegram.steps(295)
    assert await telegram.ok("sendMessage", chat_id=BORIS, text="why?")
    await telegram.steps(10)
    late = await telegram.call("sendMessage", chat_id=BORIS, text="why?")
    assert late.refusal == (403, "Forbidden: bot can't initiate conversation with a user")


async def test_the_door_closes_with_the_decision(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    link = await telegram.ok("createChatInviteLink", chat_id=group, creates_join_request=True)
    await telegram.does(BORIS, "join", invite_link=link["invite_link"])
    await telegram.ok("declineChatJoinRequest", chat_id=group, user_id=BORIS)
    late = await telegram.call("sendMessage", chat_id=BORIS, text="sorry")
    assert late.refusal == (403, "Forbidden: bot can't initiate conversation with a user")


async def test_a_deep_link_carries_its_payload(telegram: LocalTelegram) -> None:
    await telegram.does(ANN, "start", payload="from_page-1")
    group = await telegram.group(bot=None)
    await telegram.does(OWNER, "start", chat=group, payload="bind")
    told = await telegram.updates()
    assert [u["message"]["text"] for u in told if "text" in u.get("message", {})] == [
        "/start from_page-1",
        "/start@network_test_bot bind",
    ]
    assert told[1]["my_chat_member"]["new_chat_member"]["status"] == "member"


async def test_a_block_and_its_end_are_told(telegram: LocalTelegram) -> None:
    await telegram.does(ANN, "start")
    await telegram.does(ANN, "block")
    await telegram.does(ANN, "unblock")
    _, block, unblock = await telegram.updates()
    states = [u["my_chat_member"]["new_chat_member"]["status"] for u in (block, unblock)]
    assert states == ["kicked", "member"]


@pytest.mark.parametrize(("text", "told"), [("hello", 0), ("/start@network_test_bot setup", 1), ("/help", 1)])
async def test_privacy_mode_hides_what_a_group_says_among_itself(telegram: LocalTelegram, text: str, told: int) -> None:
    group = await telegram.group(bot="member")
    await telegram.says(ANN, text, chat=group)
    assert len(await telegram.updates()) == told


async def test_an_administrator_and_one_who_is_answered_read_it(telegram: LocalTelegram) -> None:
    group = await telegram.group(bot="member")
    sent = await telegram.ok("sendMessage", chat_id=group, text="x")
    await telegram.says(ANN, "yes", chat=group, reply_to=sent["message_id"])
    assert await said(telegram) == ["yes"]
    await telegram.does(OWNER, "promote", chat=group, user="bot")
    await telegram.says(ANN, "hello", chat=group)
    assert await telegram.kinds() == ["message", "my_chat_member", "message"]
