"""Whatever the sandbox answers or tells has the shape that the Bot API declares, or it is a violation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, get_args, get_origin

import pytest
from local_telegram import ANN, LocalTelegram, playing

from bot.sandbox import answers, schema
from bot.sandbox.methods import METHODS


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        yield telegram


def notation(returning: Any) -> set[str]:
    """Write a Python type as the Bot API does."""
    if get_origin(returning) is list:
        return {f"Array of {name}" for name in notation(get_args(returning)[0])}
    if get_args(returning):
        return set().union(*(notation(one) for one in get_args(returning)))
    return {{bool: "Boolean", int: "Integer", str: "String"}.get(returning, getattr(returning, "__name__", ""))}


@pytest.mark.xdist_group("aiogram")
@pytest.mark.parametrize("method", sorted([*METHODS, "setWebhook"]))
def test_a_method_returns_what_another_library_expects(method: str) -> None:
    import aiogram.methods

    expected = notation(getattr(aiogram.methods, method[0].upper() + method[1:]).__returning__)
    subtypes = {f"ChatMember{kind}" for kind in ("Owner", "Administrator", "Member", "Restricted", "Left", "Banned")}
    [declared] = answers.returned(method)
    found = {declared.replace("ChatMember", name) for name in subtypes} if "ChatMember" in declared else {declared}
    menus = {"MenuButtonCommands", "MenuButtonWebApp", "MenuButtonDefault"}
    assert (menus if declared == "MenuButton" else found) <= expected


USER = {"id": 1, "is_bot": False, "first_name": "A"}
CHAT = {"id": 1, "type": "private"}
MESSAGE = {"message_id": 1, "date": 1, "chat": CHAT}
SHAPES: list[tuple[str, Any, list[str]]] = [
    ("User", USER, []),
    ("User", {**USER, "is_bot": 0}, ["User.is_bot: Boolean expected, not int"]),
    ("User", {"id": 1, "is_bot": False}, ["User.first_name: missing in User"]),
    ("User", {**USER, "colour": "red"}, ["User.colour: unknown field of User"]),
    ("Integer", True, ["Integer: Integer expected, not bool"]),
    ("Array of Message", [MESSAGE], []),
    ("Array of Message", [{**MESSAGE, "date": "1"}], ["Array of Message[0].date: Integer expected, not str"]),
    ("Message", {**MESSAGE, "chat": {"id": 1}}, ["Message.chat.type: missing in Chat"]),
    (
        "Message",
        {**MESSAGE, "reply_to_message": {**MESSAGE, "x": 1}},
        ["Message.reply_to_message.x: unknown field of Message"],
    ),
    ("ChatMember", {"status": "left", "user": USER}, []),
    ("Update", {"update_id": 1, "message": None}, ["Update.message: Message expected, not null"]),
]


@pytest.mark.parametrize(("kind", "value", "problems"), SHAPES)
def test_every_departure_from_the_shape_is_named(kind: str, value: Any, problems: list[str]) -> None:
    assert schema.shape((kind,), value) == problems


async def test_an_answer_of_another_shape_is_a_violation(telegram: LocalTelegram) -> None:
    telegram.world.bot["colour"] = "red"
    await telegram.ok("getMe")
    [violation] = telegram.forgiven()
    assert violation["problem"] == "the answer departs from the Bot API: User.colour: unknown field of User"


@pytest.mark.parametrize("kind", ["sticker", "voice", "location", "poll", "contact", "photo"])
async def test_whatever_a_person_sends_is_told_in_its_shape(telegram: LocalTelegram, kind: str) -> None:
    await telegram.does(ANN, "send", **{kind: {}})
    [update] = await telegram.updates()
    assert kind in update["message"]


async def test_an_update_of_another_shape_is_a_violation(telegram: LocalTelegram) -> None:
    telegram.world.users[ANN]["colour"] = "red"
    await telegram.says(ANN, "x")
    [violation] = telegram.forgiven()
    assert violation["problem"] == (
        "the update departs from the Bot API: Update.message.from.colour: unknown field of User"
    )


async def test_a_failure_of_the_sandbox_itself_is_a_violation(telegram: LocalTelegram) -> None:
    await telegram.does(ANN, "start")
    telegram.world.chats[ANN].messages.clear()
    telegram.world.chats[ANN].pinned.append("nonsense")  # type: ignore[arg-type]
    telegram.world.chats[ANN].messages["nonsense"] = object()  # type: ignore[assignment, index]
    async with telegram.session.post(telegram.address("getChat"), json={"chat_id": ANN}) as answer:
        assert answer.status == 500
    [violation] = telegram.forgiven()
    assert violation["problem"].startswith("the sandbox itself failed: AttributeError")
