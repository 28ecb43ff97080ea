"""Groups keep their doors, permissions and members as Telegram does, and tell administrators who came and how."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from local_telegram import ANN, BORIS, BOT, OWNER, LocalTelegram, playing

EVERY_KIND = ["message", "channel_post", "my_chat_member", "chat_member", "chat_join_request"]
WITHHELD = {"can_change_info", "can_pin_messages", "can_manage_topics"}


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        await telegram.does(BORIS, "start")
        await telegram.updates(allowed_updates=EVERY_KIND)
        yield telegram


async def founded(telegram: LocalTelegram, kind: str = "supergroup", **facts: Any) -> int:
    """Found a group, and let the bot have heard of all that."""
    group = await telegram.group(kind, **facts)
    await telegram.kinds()
    return group


async def member(telegram: LocalTelegram, group: int, user: int) -> dict[str, Any]:
    return dict(await telegram.ok("getChatMember", chat_id=group, user_id=user))


async def changed(telegram: LocalTelegram) -> dict[str, Any]:
    """Return the one change of a member that the bot was told of."""
    [change] = [body for kind, body in await telegram.told() if kind == "chat_member"]
    return change


# -- ways in


async def test_the_link_of_a_folder_is_told_as_one(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.does(BORIS, "join", chat=group, folder=True)
    (kind, change), (_, message) = await telegram.told()
    assert (kind, change["via_chat_folder_invite_link"]) == ("chat_member", True)
    assert (change["from"]["id"], change["new_chat_member"]["status"]) == (BORIS, "member")
    assert message["new_chat_members"][0]["id"] == message["from"]["id"] == BORIS


async def test_a_link_in_a_folder_is_told_with_both(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    link = await telegram.ok("createChatInviteLink", chat_id=group)
    await telegram.does(BORIS, "join", invite_link=link["invite_link"], folder=True)
    change = await changed(telegram)
    assert (change["via_chat_folder_invite_link"], change["invite_link"]["invite_link"]) == (True, link["invite_link"])


async def test_a_way_in_that_was_no_folder_is_not_told_as_one(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.does(BORIS, "join", chat=group)
    assert not {"via_chat_folder_invite_link", "via_join_request", "invite_link"} & (await changed(telegram)).keys()


async def test_an_approval_by_hand_names_who_gave_it(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    link = await telegram.does(OWNER, "invite", chat=group, asks=True)
    await telegram.does(BORIS, "join", invite_link=link["invite_link"])
    assert "can_invite_users" in await telegram.cannot(ANN, "approve", chat=group, user=BORIS)
    await telegram.does(OWNER, "approve", chat=group, user=BORIS)
    change = await changed(telegram)
    assert (change["from"]["id"], change["via_join_request"]) == (OWNER, True)
    late = await telegram.call("approveChatJoinRequest", chat_id=group, user_id=BORIS)
    assert late.refusal == (400, "Bad Request: HIDE_REQUESTER_MISSING")


async def test_a_member_adds_others_while_the_group_permits_it(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.does(ANN, "add", chat=group, user=BORIS)
    change = await changed(telegram)
    assert (change["from"]["id"], change["new_chat_member"]["user"]["id"]) == (ANN, BORIS)
    assert "there already" in await telegram.cannot(ANN, "add", chat=group, user=BORIS)
    await telegram.does(BORIS, "leave", chat=group)
    await telegram.does(OWNER, "permit", chat=group, permissions={"can_invite_users": False})
    assert "may not add" in await telegram.cannot(ANN, "add", chat=group, user=BORIS)
    await telegram.does(OWNER, "add", chat=group, user=BORIS)


async def test_an_administrator_adds_others_by_right(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.does(OWNER, "promote", chat=group, user=ANN, rights={"can_pin_messages": True})
    assert "may not add" in await telegram.cannot(ANN, "add", chat=group, user=BORIS)
    await telegram.does(OWNER, "promote", chat=group, user=ANN, rights={"can_invite_users": True})
    await telegram.does(ANN, "add", chat=group, user=BORIS)
    assert (await member(telegram, group, BORIS))["status"] == "member"


async def test_whoever_was_removed_comes_back_only_with_those_who_remove(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.does(OWNER, "add", chat=group, user=BORIS)
    assert "can_restrict_members" in await telegram.cannot(ANN, "remove", chat=group, user=BORIS)
    await telegram.does(OWNER, "remove", chat=group, user=BORIS)
    assert "banned" in await telegram.cannot(BORIS, "join", chat=group)
    assert "can_restrict_members" in await telegram.cannot(ANN, "add", chat=group, user=BORIS)
    await telegram.does(OWNER, "add", chat=group, user=BORIS)
    assert "nobody to the owner" in await telegram.cannot(OWNER, "remove", chat=group, user=OWNER)


# -- permissions


async def test_a_new_group_withholds_little_from_its_members(telegram: LocalTelegram) -> None:
    for kind in ("group", "supergroup"):
        permissions = (await telegram.ok("getChat", chat_id=await founded(telegram, kind)))["permissions"]
        assert {name for name, on in permissions.items() if not on} == WITHHELD
    assert "permissions" not in await telegram.ok("getChat", chat_id=await founded(telegram, "channel"))


async def test_permissions_bind_members_and_no_administrator(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    allowed = {"can_send_photos": True}
    given = {"permissions": allowed, "use_independent_chat_permissions": True}
    assert await telegram.ok("setChatPermissions", chat_id=group, **given)
    assert "may not write" in await telegram.cannot(ANN, "send", chat=group, text="x")
    await telegram.does(ANN, "send", chat=group, photo={})
    sent = await telegram.says(OWNER, "x", chat=group)
    assert "may not react" in await telegram.cannot(ANN, "react", chat=group, message_id=sent["message_id"], emoji="👍")
    assert await telegram.ok("sendMessage", chat_id=group, text="x")


async def test_permissions_bind_a_bot_that_is_a_member(telegram: LocalTelegram) -> None:
    group = await founded(telegram, bot="member")
    await telegram.does(OWNER, "permit", chat=group, permissions={"can_send_messages": False})
    answer = await telegram.call("sendMessage", chat_id=group, text="x")
    assert answer.refusal == (400, "Bad Request: not enough rights to send text messages to the chat")


async def test_a_permission_implies_others_unless_they_are_independent(telegram: LocalTelegram) -> None:
    group = await founded(telegram)

    async def left(*names: str, independent: bool) -> set[str]:
        given = {"permissions": dict.fromkeys(names, True), "use_independent_chat_permissions": independent}
        await telegram.ok("setChatPermissions", chat_id=group, **given)
        return {name for name, on in (await telegram.ok("getChat", chat_id=group))["permissions"].items() if on}

    assert await left("can_send_polls", independent=True) == {"can_send_polls"}
    assert await left("can_send_polls", independent=False) == {"can_send_polls", "can_send_messages"}
    assert len(await left("can_send_other_messages", independent=False)) == 8
    assert await left("can_pin_messages", independent=True) == {"can_pin_messages", "can_manage_topics", "can_edit_tag"}


async def test_who_may_not_restrict_may_not_change_permissions(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.does(OWNER, "promote", chat=group, user="bot", rights={"can_invite_users": True})
    answer = await telegram.call("setChatPermissions", chat_id=group, permissions={})
    assert answer.refusal == (400, "Bad Request: not enough rights to change chat permissions")
    channel = await telegram.call("setChatPermissions", chat_id=await founded(telegram, "channel"), permissions={})
    assert channel.refusal == (400, "Bad Request: can't change channel chat permissions")
    private = await telegram.call("setChatPermissions", chat_id=BORIS, permissions={})
    assert private.refusal == (400, "Bad Request: can't change private chat permissions")


async def test_nobody_is_told_of_other_permissions(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.does(OWNER, "permit", chat=group, permissions={"can_invite_users": False})
    assert await telegram.kinds() == []


# -- restrictions


async def test_a_restriction_waits_outside_for_whoever_leaves(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.ok("restrictChatMember", chat_id=group, user_id=ANN, permissions={})
    await telegram.kinds()
    await telegram.does(ANN, "leave", chat=group)
    change = await changed(telegram)
    assert (change["old_chat_member"]["is_member"], change["new_chat_member"]["is_member"]) == (True, False)
    assert (await member(telegram, group, ANN))["status"] == "restricted"
    assert await telegram.ok("getChatMemberCount", chat_id=group) == 2
    await telegram.does(ANN, "join", chat=group)
    assert "may not write" in await telegram.cannot(ANN, "send", chat=group, text="x")


async def test_a_stranger_can_be_restricted_beforehand(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.ok("restrictChatMember", chat_id=group, user_id=BORIS, permissions={})
    found = await member(telegram, group, BORIS)
    assert (found["status"], found["is_member"]) == ("restricted", False)
    assert "not in that chat" in await telegram.cannot(BORIS, "send", chat=group, text="x")


@pytest.mark.parametrize(("leaves", "status"), [(False, "member"), (True, "left")])
async def test_a_restriction_ends_in_silence(telegram: LocalTelegram, leaves: bool, status: str) -> None:  # noqa: FBT001
    group = await founded(telegram)
    await telegram.control.post("/clock", freeze=True)
    until = telegram.world.clock.stamp() + 600
    await telegram.ok("restrictChatMember", chat_id=group, user_id=ANN, permissions={}, until_date=until)
    if leaves:
        await telegram.does(ANN, "leave", chat=group)
    await telegram.kinds()
    await telegram.steps(599)
    assert (await member(telegram, group, ANN))["until_date"] == until
    await telegram.steps(1)
    assert (await member(telegram, group, ANN))["status"] == status
    assert await telegram.kinds() == []


async def test_all_permissions_lift_a_restriction(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.ok("restrictChatMember", chat_id=group, user_id=ANN, permissions={"can_send_messages": True})
    assert (await member(telegram, group, ANN))["status"] == "restricted"
    everything = dict.fromkeys((await telegram.ok("getChat", chat_id=group))["permissions"], True)
    await telegram.ok("restrictChatMember", chat_id=group, user_id=ANN, permissions=everything)
    assert (await member(telegram, group, ANN))["status"] == "member"


async def test_an_administrator_restricts_by_hand_for_a_while(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    until = telegram.world.clock.stamp() + 600
    await telegram.does(OWNER, "restrict", chat=group, user=ANN, until_date=until)
    assert (await changed(telegram))["from"]["id"] == OWNER
    await telegram.steps(601)
    assert await telegram.says(ANN, "again", chat=group)


async def test_who_went_and_who_was_removed_are_told_apart(telegram: LocalTelegram) -> None:
    group = await founded(telegram, members=[ANN, BORIS])
    await telegram.does(ANN, "leave", chat=group)
    await telegram.does(OWNER, "remove", chat=group, user=BORIS)
    assert (await member(telegram, group, ANN))["status"] == "left"
    removed = await member(telegram, group, BORIS)
    assert (removed["status"], removed["until_date"]) == ("kicked", 0)
    assert "not in that chat" in await telegram.cannot(ANN, "leave", chat=group)


# -- an upgrade


async def test_an_upgrade_carries_everybody_along(telegram: LocalTelegram) -> None:
    group = await founded(telegram, "group")
    await telegram.does(OWNER, "permit", chat=group, permissions={"can_invite_users": False})
    await telegram.does(OWNER, "promote", chat=group, user=ANN, rights={"can_pin_messages": True})
    assert "only the owner" in await telegram.cannot(ANN, "upgrade", chat=group)
    new = (await telegram.does(OWNER, "upgrade", chat=group))["id"]
    assert not (await telegram.ok("getChat", chat_id=new))["permissions"]["can_invite_users"]
    staff = {m["user"]["id"]: m for m in await telegram.ok("getChatAdministrators", chat_id=new)}
    assert staff.keys() == {OWNER, ANN, BOT}
    assert (staff[ANN]["can_pin_messages"], staff[ANN]["can_invite_users"]) == (True, False)
    assert staff[BOT]["can_restrict_members"]
    assert "once" in await telegram.cannot(OWNER, "upgrade", chat=group)


@pytest.mark.parametrize("standing", [False, True])
@pytest.mark.parametrize("new_first", [False, True])
async def test_word_of_an_upgrade_comes_in_any_order(telegram: LocalTelegram, new_first: bool, standing: bool) -> None:  # noqa: FBT001
    group = await founded(telegram, "group")
    new = await telegram.does(OWNER, "upgrade", chat=group, new_first=new_first, standing=standing)
    told = await telegram.told()
    order = [(group, "migrate_to_chat_id", new["id"]), (new["id"], "migrate_from_chat_id", group)]
    words = [body for kind, body in told if kind == "message"]
    assert [next((w["chat"]["id"], k, w[k]) for k in w if k.startswith("migrate")) for w in words] == (
        order[::-1] if new_first else order
    )
    places = [(b["chat"]["id"], b["new_chat_member"]["status"]) for kind, b in told if kind == "my_chat_member"]
    assert places == ([(new["id"], "administrator")] if standing else [])


# -- deletions


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_an_administrator_with_the_right_deletes_what_others_said(telegram: LocalTelegram, kind: str) -> None:
    group = await founded(telegram, kind)
    said = [(await telegram.says(ANN, text, chat=group))["message_id"] for text in "abc"]
    since = (await telegram.control.get(f"/users/{ANN}/chats/{group}/messages"))["change"]
    assert await telegram.ok("deleteMessage", chat_id=group, message_id=said[0])
    assert await telegram.ok("deleteMessages", chat_id=group, message_ids=[said[0], said[1], 999])
    seen = (await telegram.control.get(f"/users/{ANN}/chats/{group}/messages", after=since))["messages"]
    assert [(m["message_id"], m["deleted"]) for m in seen] == [(said[0], True), (said[1], True)]
    standing = (await telegram.control.get(f"/users/{ANN}/chats/{group}/messages"))["messages"]
    assert [m["message_id"] for m in standing if "text" in m] == [said[2]]


async def test_without_the_right_others_words_stay(telegram: LocalTelegram) -> None:
    group = await founded(telegram)
    await telegram.does(OWNER, "promote", chat=group, user="bot", rights={"can_invite_users": True})
    said = (await telegram.says(ANN, "x", chat=group))["message_id"]
    for method, which in (("deleteMessage", {"message_id": said}), ("deleteMessages", {"message_ids": [said]})):
        answer = await telegram.call(method, chat_id=group, **which)
        assert answer.refusal == (400, "Bad Request: message can't be deleted")


async def test_nobody_is_told_of_a_deletion(telegram: LocalTelegram) -> None:
    group = await founded(telegram, members=[ANN, BORIS])
    said = (await telegram.says(ANN, "x", chat=group))["message_id"]
    await telegram.kinds()
    assert "can_delete_messages" in await telegram.cannot(BORIS, "delete", chat=group, message_id=said)
    await telegram.does(OWNER, "delete", chat=group, message_id=said)
    assert await telegram.kinds() == []


# -- channels


async def test_a_channel_tells_its_administrators_who_reads_it(telegram: LocalTelegram) -> None:
    channel = await founded(telegram, "channel")
    link = await telegram.ok("createChatInviteLink", chat_id=channel, creates_join_request=True)
    await telegram.does(BORIS, "join", invite_link=link["invite_link"])
    await telegram.ok("approveChatJoinRequest", chat_id=channel, user_id=BORIS)
    await telegram.does(BORIS, "leave", chat=channel)
    (asks, request), (joins, joined), (leaves, left) = await telegram.told()
    assert (asks, request["chat"]["id"], request["from"]["id"]) == ("chat_join_request", channel, BORIS)
    assert (joins, joined["via_join_request"], joined["new_chat_member"]["status"]) == ("chat_member", True, "member")
    assert (leaves, left["new_chat_member"]["status"]) == ("chat_member", "left")


async def test_only_administrators_write_in_a_channel(telegram: LocalTelegram) -> None:
    channel = await founded(telegram, "channel")
    assert "only administrators" in await telegram.cannot(ANN, "send", chat=channel, text="x")
    await telegram.does(OWNER, "promote", chat=channel, user=ANN, rights={"can_post_messages": True})
    await telegram.kinds()
    post = await telegram.says(ANN, "x", chat=channel)
    await telegram.does(ANN, "edit", chat=channel, message_id=post["message_id"], text="y")
    await telegram.updates(allowed_updates=[])
    [(kind, told)] = await telegram.told()
    assert (kind, told["sender_chat"]["id"]) == ("channel_post", channel)
    await telegram.does(ANN, "edit", chat=channel, message_id=post["message_id"], text="z")
    assert await telegram.kinds() == ["edited_channel_post"]
