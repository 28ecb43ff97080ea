"""Every refusal about commands, scopes and languages has Telegram's code and words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from local_telegram import ANN, Scene, playing, scene

Params = dict[str, Any]


@pytest.fixture
async def stage() -> AsyncIterator[Scene]:
    async with playing() as telegram:
        yield await scene(telegram)


def commands(scope: Params | None = None, **parameters: Any) -> Callable[[Scene], Params]:
    given = {"commands": [{"command": "help", "description": "Help"}], **parameters}
    return lambda s: {**given, **({"scope": {k: getattr(s, str(v), v) for k, v in scope.items()}} if scope else {})}


def one(command: str, description: str = "x") -> Callable[[Scene], Params]:
    return lambda _: {"commands": [{"command": command, "description": description}]}


COMMANDS: list[tuple[str, Callable[[Scene], Params], str]] = [
    ("setMyCommands", one("Help"), "BOT_COMMAND_INVALID"),
    ("setMyCommands", one("помощь"), "BOT_COMMAND_INVALID"),
    ("setMyCommands", one("x" * 33), "command length must not exceed 32"),
    ("setMyCommands", one("/"), "command must be non-empty"),
    ("setMyCommands", one("help", ""), "command description must be non-empty"),
    ("setMyCommands", one("help", "x" * 257), "command description length must not exceed 256"),
    (
        "setMyCommands",
        lambda _: {"commands": [{"command": f"c{n}", "description": "x"} for n in range(101)]},
        "BOT_COMMANDS_TOO_MUCH",
    ),
    ("setMyCommands", commands(language_code="uk-UA"), "invalid language code specified"),
    ("getMyCommands", lambda _: {"language_code": "eng"}, "invalid language code specified"),
    ("setMyName", lambda _: {"name": "x", "language_code": "EN"}, "invalid language code specified"),
    (
        "setMyCommands",
        commands({"type": "chat_administrators", "chat_id": ANN}),
        "can't use specified scope in private chats",
    ),
    (
        "setMyCommands",
        commands({"type": "chat", "chat_id": "channel"}),
        "can't change commands in channel chats",
    ),
    ("sendChatAction", lambda _: {"chat_id": ANN, "action": "sleeping"}, "wrong parameter action in request"),
]


@pytest.mark.parametrize(("method", "parameters", "words"), COMMANDS)
async def test_commands_that_telegram_refuses(
    stage: Scene, method: str, parameters: Callable[[Scene], Params], words: str
) -> None:
    answer = await stage.telegram.call(method, **parameters(stage))
    assert answer.refusal == (400, f"Bad Request: {words}")


async def test_a_scope_of_no_known_type_is_a_violation(stage: Scene) -> None:
    answer = await stage.telegram.call("getMyCommands", scope={"type": "everybody"})
    assert answer.refusal == (400, "Bad Request: can't parse BotCommandScope: Unsupported type specified")
    assert stage.telegram.forgiven()
