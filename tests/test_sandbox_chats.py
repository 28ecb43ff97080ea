"""Groups, forums and channels: topics, members, invitations and the commands that each person sees there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from local_telegram import ANN, BORIS, BOT, OWNER, LocalTelegram, playing

REQUEST = {"creates_join_request": True}


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        await telegram.does(ANN, "start")
        yield telegram


async def status(telegram: LocalTelegram, chat: int, user: int) -> str:
    return str((await telegram.ok("getChatMember", chat_id=chat, user_id=user))["status"])


# -- topics


async def test_a_topic_is_named_by_the_message_that_made_it(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    await telegram.kinds()
    topic = await telegram.ok("createForumTopic", chat_id=forum, name=" A  topic ", icon_color=16766590)
    [told] = await telegram.updates()
    assert topic == {"message_thread_id": 2, "name": "A topic", "icon_color": 16766590}
    assert told["message"]["message_id"] == topic["message_thread_id"]
    assert told["message"]["forum_topic_created"] == {"name": "A topic", "icon_color": 16766590}
    sent = await telegram.ok("sendMessage", chat_id=forum, text="x", message_thread_id=2)
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (2, True)


async def test_general_has_no_thread(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    sent = await telegram.ok("sendMessage", chat_id=forum, text="x")
    assert "message_thread_id" not in sent
    assert await telegram.ok("sendChatAction", chat_id=forum, action="typing", message_thread_id=1)


async def test_a_group_that_is_no_forum_ignores_the_thread(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    sent = await telegram.ok("sendMessage", chat_id=group, text="x", message_thread_id=77)
    assert "message_thread_id" not in sent


async def test_a_closed_topic_is_open_to_an_administrator(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    topic = await telegram.does(OWNER, "topic", chat=forum, name="Theirs")
    await telegram.ok("closeForumTopic", chat_id=forum, **topic)
    assert await telegram.ok("sendMessage", chat_id=forum, text="x", **topic)
    assert await telegram.ok("reopenForumTopic", chat_id=forum, **topic)


async def test_an_edit_of_a_topic_that_changes_nothing_is_true(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    topic = await telegram.ok("createForumTopic", chat_id=forum, name="x" * 200)
    assert len(topic["name"]) == 128
    await telegram.kinds()
    thread = {"chat_id": forum, "message_thread_id": topic["message_thread_id"]}
    assert await telegram.ok("editForumTopic", **thread, name=topic["name"])
    assert await telegram.ok("editForumTopic", **thread)
    assert await telegram.kinds() == []
    assert await telegram.ok("editForumTopic", **thread, name="new")
    assert await telegram.kinds() == ["message"]


async def test_a_deleted_topic_takes_its_messages_along(telegram: LocalTelegram) -> None:
    forum = await telegram.group(is_forum=True)
    topic = (await telegram.ok("createForumTopic", chat_id=forum, name="T"))["message_thread_id"]
    sent = await telegram.ok("sendMessage", chat_id=forum, text="x", message_thread_id=topic)
    assert await telegram.ok("deleteForumTopic", chat_id=forum, message_thread_id=topic)
    gone = await telegram.call("sendMessage", chat_id=forum, text="x", message_thread_id=topic)
    assert gone.refusal == (400, "Bad Request: message thread not found")
    edit = await telegram.call("editMessageText", chat_id=forum, message_id=sent["message_id"], text="y")
    assert edit.refusal == (400, "Bad Request: message to edit not found")


# -- channels


async def test_a_channel_speaks_for_itself(telegram: LocalTelegram) -> None:
    channel = await telegram.group("channel", username="news")
    sent = await telegram.ok("sendMessage", chat_id="@NEWS", text="x")
    assert (sent["sender_chat"]["id"], sent["chat"]["username"]) == (channel, "news")
    assert "from" not in sent
    await telegram.says(OWNER, "post", chat=channel)
    await telegram.does(OWNER, "edit", chat=channel, message_id=sent["message_id"] + 1, text="post again")
    assert (await telegram.kinds())[-2:] == ["channel_post", "edited_channel_post"]


async def test_a_channel_keeps_silent_about_its_readers(telegram: LocalTelegram) -> None:
    channel = await telegram.group("channel")
    await telegram.kinds()
    await telegram.does(BORIS, "join", chat=channel)
    await telegram.does(BORIS, "leave", chat=channel)
    assert await telegram.kinds() == []


async def test_a_public_chat_can_be_read_from_outside(telegram: LocalTelegram) -> None:
    group = await telegram.group(username="open_group", bot=None)
    assert (await telegram.ok("getChat", chat_id="@open_group"))["id"] == group
    answer = await telegram.call("sendMessage", chat_id=group, text="x")
    assert answer.refusal == (403, "Forbidden: bot is not a member of the supergroup chat")


# -- joining


async def test_an_approved_request_lets_a_person_in(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    link = await telegram.ok("createChatInviteLink", chat_id=group, name="n" * 40, **REQUEST)
    assert (link["name"], link["creates_join_request"]) == ("n" * 32, True)
    await telegram.updates(allowed_updates=["message", "chat_member", "chat_join_request"])
    await telegram.does(BORIS, "join", invite_link=link["invite_link"])
    assert await status(telegram, group, BORIS) == "left"
    assert await telegram.ok("approveChatJoinRequest", chat_id=group, user_id=BORIS)
    assert await status(telegram, group, BORIS) == "member"
    found = [u for u in await telegram.updates() if u.get("message", {}).get("text") != "/start"]
    request, change, message = found
    assert "chat_join_request" in request
    assert change["chat_member"]["via_join_request"]
    assert change["chat_member"]["invite_link"]["invite_link"] == link["invite_link"]
    assert message["message"]["new_chat_members"][0]["id"] == BORIS


async def test_a_declined_request_leaves_no_trace(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    link = await telegram.ok("createChatInviteLink", chat_id=group, **REQUEST)
    await telegram.does(BORIS, "join", invite_link=link["invite_link"])
    await telegram.kinds()
    assert await telegram.ok("declineChatJoinRequest", chat_id=group, user_id=BORIS)
    assert await status(telegram, group, BORIS) == "left"
    assert await telegram.kinds() == []


async def refused_at_the_door(telegram: LocalTelegram, user: int, link: dict[str, Any], chat: int = 0) -> bool:
    body = {"chat": chat} if chat else {"invite_link": link["invite_link"]}
    async with telegram.session.post(f"{telegram.sandbox.url}/sandbox/users/{user}/join", json=body) as answer:
        return answer.status == 400


async def test_a_link_ends(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    now = telegram.world.clock.stamp()
    timed = await telegram.ok("createChatInviteLink", chat_id=group, expire_date=now + 60)
    single = await telegram.ok("createChatInviteLink", chat_id=group, member_limit=1)
    revoked = await telegram.ok("createChatInviteLink", chat_id=group)
    await telegram.ok("revokeChatInviteLink", chat_id=group, invite_link=revoked["invite_link"])
    assert await refused_at_the_door(telegram, BORIS, revoked)
    assert not await refused_at_the_door(telegram, BORIS, single)
    assert await refused_at_the_door(telegram, ANN, single)
    await telegram.steps(61)
    assert await refused_at_the_door(telegram, ANN, timed)


async def test_a_new_primary_link_ends_the_old(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    first = await telegram.ok("exportChatInviteLink", chat_id=group)
    second = await telegram.ok("exportChatInviteLink", chat_id=group)
    assert first != second
    assert await refused_at_the_door(telegram, BORIS, {"invite_link": first})
    assert not await refused_at_the_door(telegram, BORIS, {"invite_link": second})


async def test_the_link_of_another_administrator_is_told_without_its_end(telegram: LocalTelegram) -> None:
    facts = {"title": "G", "owner": OWNER, "bot": "administrator", "link": "request"}
    group = (await telegram.control.post("/chats", type="supergroup", **facts))["id"]
    [link] = telegram.world.chats[group].links
    await telegram.does(BORIS, "join", invite_link=link)
    told = (await telegram.updates())[-1]["chat_join_request"]["invite_link"]["invite_link"]
    assert told == f"{link[:22]}..."


async def test_a_link_can_be_changed(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    link = await telegram.ok("createChatInviteLink", chat_id=group, name="a")
    changed = await telegram.ok(
        "editChatInviteLink", chat_id=group, invite_link=link["invite_link"], name="b", **REQUEST
    )
    assert (changed["name"], changed["creates_join_request"]) == ("b", True)


# -- members


async def test_a_person_is_restricted_banned_and_forgiven(telegram: LocalTelegram) -> None:
    group = await telegram.group(members=[ANN])
    await telegram.ok("restrictChatMember", chat_id=group, user_id=ANN, permissions={"can_send_photos": True})
    member = await telegram.ok("getChatMember", chat_id=group, user_id=ANN)
    assert (member["status"], member["can_send_photos"], member["can_send_messages"]) == ("restricted", True, False)
    await telegram.ok("banChatMember", chat_id=group, user_id=ANN)
    assert await status(telegram, group, ANN) == "kicked"
    await telegram.ok("unbanChatMember", chat_id=group, user_id=ANN, only_if_banned=True)
    assert await status(telegram, group, ANN) == "left"
    await telegram.does(ANN, "join", chat=group)
    await telegram.ok("unbanChatMember", chat_id=group, user_id=ANN, only_if_banned=True)
    assert await status(telegram, group, ANN) == "member"


async def test_a_ban_ends_with_its_time(telegram: LocalTelegram) -> None:
    group = await telegram.group(members=[ANN])
    until = telegram.world.clock.stamp() + 3600
    await telegram.ok("banChatMember", chat_id=group, user_id=ANN, until_date=until)
    assert await refused_at_the_door(telegram, ANN, {}, chat=group)
    await telegram.steps(3601)
    assert await status(telegram, group, ANN) == "left"
    assert not await refused_at_the_door(telegram, ANN, {}, chat=group)
    await telegram.ok("restrictChatMember", chat_id=group, user_id=ANN, permissions={}, until_date=until + 4000)
    await telegram.steps(4001)
    assert await status(telegram, group, ANN) == "member"
    await telegram.ok("banChatMember", chat_id=group, user_id=ANN, until_date=telegram.world.clock.stamp() + 5)
    await telegram.steps(4000)
    assert await status(telegram, group, ANN) == "kicked", "so short a ban is for ever"


async def test_a_bot_gives_only_the_rights_it_has(telegram: LocalTelegram) -> None:
    group = await telegram.group(members=[ANN])
    rights = {"can_promote_members": True, "can_pin_messages": True}
    await telegram.does(OWNER, "promote", chat=group, user="bot", rights=rights)
    await telegram.ok("promoteChatMember", chat_id=group, user_id=ANN, can_pin_messages=True)
    assert await telegram.ok("setChatAdministratorCustomTitle", chat_id=group, user_id=ANN, custom_title="Host")
    staff = await telegram.ok("getChatAdministrators", chat_id=group)
    assert {m["user"]["id"]: m.get("custom_title") for m in staff} == {OWNER: None, BOT: None, ANN: "Host"}
    answer = await telegram.call("promoteChatMember", chat_id=group, user_id=ANN, can_delete_messages=True)
    assert answer.refusal == (400, "Bad Request: RIGHT_FORBIDDEN")
    await telegram.ok("promoteChatMember", chat_id=group, user_id=ANN)
    assert await status(telegram, group, ANN) == "member"


async def test_members_are_counted(telegram: LocalTelegram) -> None:
    group = await telegram.group(members=[ANN, BORIS])
    assert await telegram.ok("getChatMemberCount", chat_id=group) == 4
    assert await telegram.ok("getChatMemberCount", chat_id=ANN) == 2
    assert await status(telegram, ANN, ANN) == "member"


async def test_an_upgrade_tells_both_ids(telegram: LocalTelegram) -> None:
    group = await telegram.group("group")
    await telegram.kinds()
    new = await telegram.does(OWNER, "upgrade", chat=group)
    old_told, new_told = [u["message"] for u in await telegram.updates()]
    assert (old_told["chat"]["id"], old_told["migrate_to_chat_id"]) == (group, new["id"])
    assert (new_told["chat"]["id"], new_told["migrate_from_chat_id"]) == (new["id"], group)


# -- commands

SCOPES: list[dict[str, Any]] = [
    {"type": "default"},
    {"type": "all_group_chats"},
    {"type": "all_chat_administrators"},
    {"type": "chat", "chat_id": "group"},
    {"type": "chat_administrators", "chat_id": "group"},
    {"type": "chat_member", "chat_id": "group", "user_id": OWNER},
]


async def seen(telegram: LocalTelegram, user: int, chat: int) -> list[str]:
    found = await telegram.control.get("/commands", user=user, chat=chat)
    return [c["command"] for c in found["commands"]]


async def test_the_narrowest_scope_wins_in_a_group(telegram: LocalTelegram) -> None:
    group = await telegram.group(members=[ANN])
    for number, scope in enumerate(SCOPES):
        there = {**scope, **({"chat_id": group} if "chat_id" in scope else {})}
        for language in ("", "en"):
            commands = [{"command": f"/c{number}{language}", "description": "d"}]
            await telegram.ok("setMyCommands", commands=commands, scope=there, language_code=language)
            mine = f"c{number}{language}"
            assert await seen(telegram, OWNER, group) == [mine]
    assert await seen(telegram, ANN, group) == ["c3en"]


async def test_the_narrowest_scope_wins_in_private(telegram: LocalTelegram) -> None:
    scopes = [{"type": "default"}, {"type": "all_private_chats"}, {"type": "chat", "chat_id": ANN}]
    for number, scope in enumerate(scopes):
        commands = [{"command": f"c{number}", "description": "d"}]
        await telegram.ok("setMyCommands", commands=commands, scope=scope)
        assert await seen(telegram, ANN, ANN) == [f"c{number}"]
    assert await seen(telegram, BORIS, BORIS) == ["c1"]
    await telegram.ok("setMyCommands", commands=[], scope=scopes[2])
    await telegram.ok("deleteMyCommands", scope=scopes[1])
    assert await seen(telegram, ANN, ANN) == ["c0"]
    assert await telegram.ok("getMyCommands") == [{"command": "c0", "description": "d"}]
