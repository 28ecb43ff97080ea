"""Every refusal about chats, members, topics and invitations has Telegram's code and words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from local_telegram import ANN, BORIS, BOT, OWNER, Scene, playing, scene

Params = dict[str, Any]
Act = Callable[[Scene], Awaitable[Any]]
KICKED = "Forbidden: bot was kicked from the {} chat"
OUTSIDE = "Forbidden: bot is not a member of the {} chat"
RESTRICT = "Bad Request: not enough rights to restrict/unrestrict chat member"
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


@pytest.fixture
async def stage() -> AsyncIterator[Scene]:
    async with playing() as telegram:
        yield await scene(telegram)


def at(chat: str, **parameters: Any) -> Callable[[Scene], Params]:
    return lambda s: {"chat_id": getattr(s, chat), **parameters}


def to(chat: object, **parameters: Any) -> Callable[[Scene], Params]:
    return lambda _: {"chat_id": chat, **parameters}


def deed(by: int, name: str, chat: str = "", **facts: Any) -> Act:
    return lambda s: s.does(by, name, **({"chat": getattr(s, chat)} if chat else {}), **facts)


def without(chat: str, right: str) -> Act:
    """Take one right of the bot away."""

    async def act(s: Scene) -> None:
        s.telegram.world.chats[getattr(s, chat)].member(BOT).rights.discard(right)

    return act


async def nothing(_: Scene) -> None:
    return


async def another_bot(s: Scene) -> None:
    await s.telegram.control.post("/users", id=77, first_name="Robot", is_bot=True, started=True)


async def closed(s: Scene) -> None:
    await s.ok("closeForumTopic", chat_id=s.forum, message_thread_id=s.topic)


async def foreign_topic(s: Scene) -> None:
    """Let the owner open a topic and close it, where the bot is a plain member."""
    topic = await s.does(OWNER, "topic", chat=s.joined_forum, name="Theirs")
    await s.does(OWNER, "close_topic", chat=s.joined_forum, **topic)


CHATS: list[tuple[Act, str, Callable[[Scene], Params], str]] = [
    (nothing, "sendMessage", lambda _: {"text": "x"}, "Bad Request: chat_id is empty"),
    (nothing, "getChat", to(""), "Bad Request: chat_id is empty"),
    (nothing, "sendMessage", to(12345, text="x"), "Bad Request: chat not found"),
    (nothing, "sendMessage", to("@nobody", text="x"), "Bad Request: chat not found"),
    (nothing, "sendMessage", to("nonsense", text="x"), "Bad Request: chat not found"),
    (nothing, "sendMessage", to(BORIS, text="x"), "Forbidden: bot can't initiate conversation with a user"),
    (deed(ANN, "block"), "sendMessage", to(ANN, text="x"), "Forbidden: bot was blocked by the user"),
    (deed(ANN, "block"), "sendChatAction", to(ANN, action="typing"), "Forbidden: bot was blocked by the user"),
    (
        deed(ANN, "block"),
        "editMessageText",
        lambda s: {"chat_id": ANN, "message_id": s.said, "text": "x"},
        "Forbidden: bot was blocked by the user",
    ),
    (deed(ANN, "deactivate"), "sendMessage", to(ANN, text="x"), "Forbidden: user is deactivated"),
    (another_bot, "sendMessage", to(77, text="x"), "Forbidden: the bot can't send messages to the bot"),
    (
        deed(OWNER, "delete_group", "basic"),
        "sendMessage",
        at("basic", text="x"),
        "Forbidden: the group chat was deleted",
    ),
    (deed(OWNER, "remove", "basic", user="bot"), "sendMessage", at("basic", text="x"), KICKED.format("group")),
    (lambda s: s.ok("leaveChat", chat_id=s.basic), "sendMessage", at("basic", text="x"), OUTSIDE.format("group")),
    (deed(OWNER, "remove", "group", user="bot"), "getChat", at("group"), KICKED.format("supergroup")),
    (deed(OWNER, "remove", "channel", user="bot"), "getChat", at("channel"), KICKED.format("channel")),
    (lambda s: s.ok("leaveChat", chat_id=s.group), "getChat", at("group"), OUTSIDE.format("supergroup")),
    (lambda s: s.ok("leaveChat", chat_id=s.channel), "sendMessage", at("channel", text="x"), OUTSIDE.format("channel")),
    (
        nothing,
        "sendMessage",
        at("joined_channel", text="x"),
        "Bad Request: need administrator rights in the channel chat",
    ),
    (
        deed(OWNER, "restrict", "joined", user="bot"),
        "sendMessage",
        at("joined", text="x"),
        "Bad Request: not enough rights to send text messages to the chat",
    ),
]
TOPICS: list[tuple[Act, str, Callable[[Scene], Params], str]] = [
    (nothing, "sendMessage", at("forum", text="x", message_thread_id=999), "message thread not found"),
    (nothing, "sendMessage", at("forum", text="x", message_thread_id=1), "message thread not found"),
    (foreign_topic, "sendMessage", at("joined_forum", text="x", message_thread_id=2), "TOPIC_CLOSED"),
    (nothing, "createForumTopic", at("group", name="x"), "the chat is not a forum"),
    (nothing, "createForumTopic", at("joined_forum", name="x"), "not enough rights to create a topic"),
    (nothing, "createForumTopic", at("forum", name=" \n"), "name must be non-empty"),
    (nothing, "editForumTopic", at("forum", message_thread_id=2, name=" "), "name must be non-empty"),
    (closed, "closeForumTopic", at("forum", message_thread_id=2), "TOPIC_NOT_MODIFIED"),
    (nothing, "reopenForumTopic", at("forum", message_thread_id=2), "TOPIC_NOT_MODIFIED"),
    (
        foreign_topic,
        "reopenForumTopic",
        at("joined_forum", message_thread_id=2),
        "not enough rights to close or open the topic",
    ),
    (nothing, "editForumTopic", at("forum", message_thread_id=999, name="x"), "TOPIC_ID_INVALID"),
    (nothing, "closeForumTopic", at("forum", message_thread_id=0), "invalid forum topic identifier specified"),
    (nothing, "deleteForumTopic", at("forum"), "invalid forum topic identifier specified"),
    (
        without("forum", "can_delete_messages"),
        "deleteForumTopic",
        at("forum", message_thread_id=2),
        "not enough rights to delete the topic",
    ),
]
MEMBERS: list[tuple[Act, str, Callable[[Scene], Params], str]] = [
    (nothing, "getChatMember", at("group", user_id=999), "member not found"),
    (nothing, "getChatMember", at("group"), "invalid user_id specified"),
    (nothing, "getChatMember", at("group", user_id=-5), "invalid user_id specified"),
    (nothing, "getChatMember", at("joined_channel", user_id=ANN), "member list is inaccessible"),
    (nothing, "getChatAdministrators", to(ANN), "there are no administrators in the private chat"),
    (
        nothing,
        "restrictChatMember",
        at("basic", user_id=ANN, permissions={}),
        "method is available only for supergroups",
    ),
    (
        nothing,
        "promoteChatMember",
        at("basic", user_id=ANN),
        "method is available for supergroup and channel chats only",
    ),
    (nothing, "unbanChatMember", at("basic", user_id=ANN), "method is available for supergroup and channel chats only"),
    (nothing, "banChatMember", at("joined", user_id=ANN), RESTRICT.removeprefix("Bad Request: ")),
    (
        deed(OWNER, "promote", "group", user=ANN),
        "banChatMember",
        at("group", user_id=ANN),
        "user is an administrator of the chat",
    ),
    (nothing, "banChatMember", at("group", user_id=OWNER), "can't remove chat owner"),
    (nothing, "promoteChatMember", at("group", user_id=OWNER), "can't remove chat owner"),
    (nothing, "restrictChatMember", at("group", user_id=BOT, permissions={}), "can't restrict self"),
    (
        without("group", "can_pin_messages"),
        "pinChatMessage",
        at("group", message_id=2),
        "not enough rights to manage pinned messages in the chat",
    ),
]
LINKS: list[tuple[Act, str, Callable[[Scene], Params], str]] = [
    (nothing, "createChatInviteLink", at("joined"), "not enough rights to manage chat invite link"),
    (nothing, "exportChatInviteLink", at("joined"), "not enough rights to manage chat invite link"),
    (
        nothing,
        "createChatInviteLink",
        at("group", creates_join_request=True, member_limit=5),
        "member limit can't be specified for links requiring administrator approval",
    ),
    (nothing, "createChatInviteLink", to(ANN), "can't invite members to a private chat"),
    (nothing, "createChatInviteLink", at("group", expire_date=1000), "EXPIRE_DATE_INVALID"),
    (nothing, "createChatInviteLink", at("group", member_limit=100_000), "USAGE_LIMIT_INVALID"),
    (nothing, "approveChatJoinRequest", at("joined", user_id=ANN), "not enough rights to manage chat join requests"),
    (nothing, "approveChatJoinRequest", at("group", user_id=ANN), "USER_ALREADY_PARTICIPANT"),
    (nothing, "declineChatJoinRequest", at("group", user_id=77), "USER_ID_INVALID"),
    (nothing, "approveChatJoinRequest", at("group"), "invalid user_id specified"),
]


QUERIES: list[tuple[Act, str, Callable[[Scene], Params], str]] = [
    (nothing, "answerCallbackQuery", lambda _: {"callback_query_id": "5"}, TOO_OLD.removeprefix("Bad Request: ")),
    (
        nothing,
        "answerInlineQuery",
        lambda _: {"inline_query_id": "5", "results": []},
        TOO_OLD.removeprefix("Bad Request: "),
    ),
]


@pytest.mark.parametrize(("before", "method", "parameters", "words"), CHATS)
async def test_a_chat_that_cannot_be_reached(
    stage: Scene, before: Act, method: str, parameters: Callable[[Scene], Params], words: str
) -> None:
    await before(stage)
    answer = await stage.telegram.call(method, **parameters(stage))
    assert answer.refusal == (403 if words.startswith("Forbidden") else 400, words)


@pytest.mark.parametrize(("before", "method", "parameters", "words"), [*TOPICS, *MEMBERS, *LINKS, *QUERIES])
async def test_what_the_bot_may_not_do(
    stage: Scene, before: Act, method: str, parameters: Callable[[Scene], Params], words: str
) -> None:
    await before(stage)
    if method == "pinChatMessage":
        await stage.ok("sendMessage", chat_id=stage.group, text="x")
    answer = await stage.telegram.call(method, **parameters(stage))
    assert answer.refusal == (400, f"Bad Request: {words}")


@pytest.mark.parametrize(("method", "kind"), [("sendDocument", "documents"), ("sendPhoto", "photos")])
async def test_a_restricted_bot_sends_no_files(stage: Scene, method: str, kind: str) -> None:
    await stage.does(OWNER, "restrict", chat=stage.joined, user="bot", permissions={"can_send_messages": True})
    name = method.removeprefix("send").lower()
    answer = await stage.telegram.call(method, {name: ("a", b"\x89PNG\r\n\x1a\n")}, chat_id=str(stage.joined))
    assert answer.refusal == (400, f"Bad Request: not enough rights to send {kind} to the chat")
    assert await stage.ok("sendMessage", chat_id=stage.joined, text="words may go")


async def test_an_upgraded_group_names_its_new_id(stage: Scene) -> None:
    new = await stage.does(OWNER, "upgrade", chat=stage.basic)
    answer = await stage.telegram.call("sendMessage", chat_id=stage.basic, text="x")
    assert answer.refusal == (400, "Bad Request: group chat was upgraded to a supergroup chat")
    assert answer.body["parameters"] == {"migrate_to_chat_id": new["id"]}
    assert await stage.ok("sendMessage", chat_id=new["id"], text="x")


async def test_protected_content_is_neither_forwarded_nor_copied(stage: Scene) -> None:
    sent = await stage.ok("sendMessage", chat_id=ANN, text="x", protect_content=True)
    source = {"chat_id": ANN, "from_chat_id": ANN, "message_id": sent["message_id"]}
    forwarded = await stage.telegram.call("forwardMessage", **source)
    assert forwarded.refusal == (400, "Bad Request: message has protected content and can't be forwarded")
    assert (await stage.telegram.call("copyMessage", **source)).refusal == (
        400,
        "Bad Request: the message can't be copied",
    )


async def test_a_join_request_is_answered_once(stage: Scene) -> None:
    link = await stage.ok("createChatInviteLink", chat_id=stage.forum, creates_join_request=True)
    for end in ("declineChatJoinRequest", "approveChatJoinRequest"):
        await stage.does(BORIS, "join", invite_link=link["invite_link"])
        assert await stage.ok(end, chat_id=stage.forum, user_id=BORIS)
        again = await stage.telegram.call("approveChatJoinRequest", chat_id=stage.forum, user_id=BORIS)
        assert again.refusal == (400, "Bad Request: HIDE_REQUESTER_MISSING")


async def test_a_withdrawn_join_request_is_missing(stage: Scene) -> None:
    link = await stage.ok("createChatInviteLink", chat_id=stage.forum, creates_join_request=True)
    await stage.does(BORIS, "join", invite_link=link["invite_link"])
    await stage.does(BORIS, "withdraw", chat=stage.forum)
    answer = await stage.telegram.call("approveChatJoinRequest", chat_id=stage.forum, user_id=BORIS)
    assert answer.refusal == (400, "Bad Request: HIDE_REQUESTER_MISSING")
