"""What Telegram shows of the bot: descriptions, lists of commands, rights, and what is left to its owner."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from record import Json, calls, comes, last
from story import TOKEN, Control, Stage
from telegram.ext import CommandHandler

from bot.config import load
from bot.doctor import examine, to_change
from bot.features import FEATURES
from bot.profile import GROUP_COMMANDS, RIGHTS
from handlers.groups.rights import wanted
from handlers.language import Say, available
from storage.groups import GroupKind
from storage.members import Role

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
WRITES = re.compile(r"^(set|delete)(My|ChatMenu)")
LAST_READ = "getMyDefaultAdministratorRights"
COMMANDS = [command for feature in FEATURES for command in feature.commands]


async def ask(control: Control, method: str, **parameters: Any) -> Any:
    """Call the Bot API as the owner of the token would from elsewhere."""
    async with control._session.post(f"{control.url}/bot{TOKEN}/{method}", json=parameters) as answer:
        return (await answer.json())["result"]


async def seen(control: Control, user: int, chat: int = 0) -> list[str]:
    found = await control.get("/commands", user=user, **({"chat": chat} if chat else {}))
    return [command["command"] for command in found["commands"]]


async def writes(control: Control, after: int) -> list[Json]:
    return [call for call in await calls(control, after=after) if WRITES.match(call["method"])]


@SQLITE
async def test_the_bot_introduces_itself_in_each_language_and_a_restart_writes_nothing(stage: Stage) -> None:
    await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    async with stage.bot():
        await comes(stage.control, "setMyDefaultAdministratorRights")
        await comes(stage.control, "setMyCommands", scope={"type": "chat", "chat_id": 1})
    written = await writes(stage.control, 0)
    languages = {"", *available()}
    for method, field, limit in (
        ("setMyDescription", "description", 512),
        ("setMyShortDescription", "short_description", 120),
    ):
        said = {c["parameters"]["language_code"]: c["parameters"][field] for c in written if c["method"] == method}
        for code in languages - said.keys():  # it differed nowhere from the general one
            said[code] = (await ask(stage.control, f"get{method[3:]}", language_code=code))[field]
        assert said.keys() == languages
        assert all("Test network" in words and len(words) <= limit for words in said.values())
    assert not {"setMyName", "setMyProfilePhoto"} & {call["method"] for call in written}

    before = await last(stage.control)
    async with stage.bot():
        await comes(stage.control, LAST_READ, after=before)
        administrator = await stage.person(1)
        await administrator.starts()
        await administrator.sees("Test network")
    assert await writes(stage.control, before) == []


@SQLITE
async def test_only_what_differs_is_written_again(stage: Stage) -> None:
    async with stage.bot():
        await comes(stage.control, "setMyDefaultAdministratorRights")
    await ask(stage.control, "setMyDescription", language_code="ru", description="Другое")
    shop = {"type": "web_app", "text": "Shop", "web_app": {"url": "https://example.org"}}
    await ask(stage.control, "setChatMenuButton", menu_button=shop)

    before = await last(stage.control)
    async with stage.bot():
        await comes(stage.control, LAST_READ, after=before)
    written = await writes(stage.control, before)
    assert [call["method"] for call in written] == ["setMyDescription", "setChatMenuButton"]
    assert written[0]["parameters"]["language_code"] == "ru"
    assert written[1]["parameters"]["menu_button"] == {"type": "commands"}


@SQLITE
async def test_each_chat_sees_the_commands_of_those_who_are_in_it(stage: Stage) -> None:
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    await stage.joined(50)
    async with stage.bot():
        await comes(stage.control, "setMyDefaultAdministratorRights")
        await administrator.starts()
        await administrator.sees("Test network")
        group = await stage.control.post("/chats", type="supergroup", title="Tables", owner=1, members=[50])
        before = await last(stage.control)
        await administrator.does("add", chat=group["id"], user="bot")
        await administrator.sees("is bound")
        bound = await comes(stage.control, "setMyCommands", after=before)

        assert bound["parameters"]["scope"] == {"type": "chat_administrators", "chat_id": group["id"]}
        assert await seen(stage.control, 1, group["id"]) == ["setup", "report", "help"]
        assert await seen(stage.control, 50, group["id"]) == ["report", "help"]
        assert "privacy" in await seen(stage.control, 50)
        assert {"review", "announce"} <= set(await seen(stage.control, 1))
        assert not {"review", "announce"} & set(await seen(stage.control, 50))


@SQLITE
async def test_who_leaves_the_staff_loses_its_list_of_commands(stage: Stage) -> None:
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    async with stage.bot():
        await comes(stage.control, "setMyDefaultAdministratorRights")
        await administrator.says("/leave")
        await administrator.sees("Leave Test network?")
        assert "review" in await seen(stage.control, 1)
        await administrator.taps("Leave")
        taken = await comes(stage.control, "deleteMyCommands")
        assert taken["parameters"]["scope"] == {"type": "chat", "chat_id": 1}
        assert "review" not in await seen(stage.control, 1)


@SQLITE
async def test_a_list_of_commands_follows_the_language_of_its_reader(stage: Stage) -> None:
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    async with stage.bot():
        await comes(stage.control, "setMyDefaultAdministratorRights")
        await administrator.says("/language")
        await administrator.sees("choose your language")
        before = await last(stage.control)
        await administrator.taps("Русский")
        changed = await comes(stage.control, "setMyCommands", after=before)
    assert changed["parameters"]["scope"] == {"type": "chat", "chat_id": 1}
    descriptions = {c["command"]: c["description"] for c in changed["parameters"]["commands"]}
    assert descriptions["help"] == Say("ru")("See what you can do")


def test_every_command_is_listed_or_hidden_and_its_description_fits() -> None:
    handled = {name for f in FEATURES for h in f.handlers if isinstance(h, CommandHandler) for name in h.commands}
    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names))
    assert handled <= {*names, *(name for name, _ in GROUP_COMMANDS)}
    assert {name for name, _ in GROUP_COMMANDS} <= {*names, *handled}
    assert len(GROUP_COMMANDS) <= 3
    for name, description in [*((c.name, c.description) for c in COMMANDS), *GROUP_COMMANDS]:
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        for language in available():
            assert 1 <= len(Say(language)(description)) <= 256


def test_as_administrator_it_asks_for_the_rights_it_uses_and_no_other() -> None:
    assert set(RIGHTS) == {*wanted(GroupKind.SUPERGROUP, forum=True), "can_manage_chat"}


@SQLITE
async def test_the_doctor_reads_the_settings_at_botfather(stage: Stage) -> None:
    problems, remarks = await examine(load(stage.config))
    assert problems == []
    assert any("inline mode is off" in remark and "supports_inline_queries" in remark for remark in remarks)


WELL: Json = {
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
    "has_topics_enabled": False,
    "supports_guest_queries": False,
    "supports_join_request_queries": False,
}


@pytest.mark.parametrize("setting", WELL)
def test_the_doctor_says_which_setting_to_change_and_why(setting: str) -> None:
    assert to_change(WELL) == []
    (remark,) = to_change({**WELL, setting: not WELL[setting]})
    assert setting in remark
    assert "so that" in remark


def test_where_inline_mode_is_wanted_the_doctor_says_to_turn_it_on() -> None:
    (remark,) = to_change(WELL, inline=True)
    assert "inline mode is on" in remark
    assert to_change({**WELL, "supports_inline_queries": True}, inline=True) == []


def test_a_bot_that_says_nothing_of_new_settings_is_well() -> None:
    assert to_change(json.loads('{"can_join_groups": true}')) == []
