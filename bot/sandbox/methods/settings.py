"""The bot's own settings: identity, descriptions, commands by scope and language, menu button, default rights."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.sandbox.failure import bad
from bot.sandbox.methods.call import Call
from bot.sandbox.world import CHANNEL_RIGHTS, RIGHTS, Json, World

_LANGUAGE = re.compile(r"^[a-z]{2}$")
_COMMAND = re.compile(r"^[a-z0-9_]+$")
_SCOPES = frozenset(
    [
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ]
)
NAME_LIMIT, DESCRIPTION_LIMIT, COMMANDS_LIMIT = 32, 256, 100


def get_me(call: Call) -> Json:
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": call.world.inline_mode,
    }
    more = {"can_connect_to_business": False, "has_main_web_app": False}
    return {**call.world.bot, **abilities, **more}


def log_out(_call: Call) -> bool:
    return True


def set_text(kind: str, field: str, limit: int) -> Any:
    """Return the method that sets a name or description, per language."""

    def method(call: Call) -> bool:
        words = call.get(field, "")
        if len(words) > limit:
            raise bad(f"BOT_{field.upper()}_TOO_LONG")
        call.world.settings[kind][_language(call)] = words
        return True

    return method


def get_text(kind: str, field: str) -> Any:
    """Return the method that reads a name or description; a language without its own has the general one."""

    def method(call: Call) -> Json:
        texts = call.world.settings[kind]
        fallback = texts.get("", call.world.bot["first_name"] if kind == "names" else "")
        return {field: texts.get(_language(call), fallback)}

    return method


def set_commands(call: Call) -> bool:
    commands = call.get("commands", [])
    cleaned = [{"command": c["command"].removeprefix("/"), "description": c["description"]} for c in commands]
    for command in cleaned:
        _check_command(command)
    scope, language = _scope(call), _language(call)
    if len(commands) > COMMANDS_LIMIT:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    if not all(_COMMAND.match(command["command"]) for command in cleaned):
        raise bad("BOT_COMMAND_INVALID")
    call.world.settings["commands"][scope, language] = cleaned
    return True


def get_commands(call: Call) -> list[Json]:
    found: list[Json] = call.world.settings["commands"].get((_scope(call), _language(call)), [])
    return found


def delete_commands(call: Call) -> bool:
    call.world.settings["commands"].pop((_scope(call), _language(call)), None)
    return True


def set_menu(call: Call) -> bool:
    call.world.settings["menus"][call.get("chat_id", 0)] = call.get("menu_button", {"type": "default"})
    return True


def get_menu(call: Call) -> Json:
    found: Json = call.world.settings["menus"].get(call.get("chat_id", 0), {"type": "commands"})
    return found


def set_rights(call: Call) -> bool:
    call.world.settings["rights"][bool(call.get("for_channels"))] = call.get("rights", {})
    return True


def get_rights(call: Call) -> Json:
    nothing = dict.fromkeys([*RIGHTS, "is_anonymous"], False)
    channels = bool(call.get("for_channels"))
    if channels:
        nothing |= dict.fromkeys(CHANNEL_RIGHTS, False)
    return {**nothing, **call.world.settings["rights"].get(channels, {})}


def resolved(world: World, user_id: int, chat_id: int, language: str) -> list[Json]:
    """Return the commands that a person sees in a chat, by Telegram's order of scopes."""
    chat = world.chats[chat_id]
    if chat.private:
        scopes: list[Json] = [{"type": "chat", "chat_id": chat_id}, {"type": "all_private_chats"}, {"type": "default"}]
    else:
        staff = chat.member(user_id).status in {"creator", "administrator"}
        scopes = [{"type": "chat_member", "chat_id": chat_id, "user_id": user_id}]
        scopes += [{"type": "chat_administrators", "chat_id": chat_id}] if staff else []
        scopes += [{"type": "chat", "chat_id": chat_id}]
        scopes += [{"type": "all_chat_administrators"}] if staff else []
        scopes += [{"type": "all_group_chats"}, {"type": "default"}]
    commands = world.settings["commands"]
    for scope in scopes:
        for spoken in (language, ""):
            found: list[Json] | None = commands.get((_key(scope), spoken))
            if found:
                return found
    return []


def _check_command(command: Json) -> None:
    if not command["command"]:
        raise bad("command must be non-empty")
    if not command["description"]:
        raise bad("command description must be non-empty")
    if len(command["command"]) > NAME_LIMIT:
        raise bad(f"command length must not exceed {NAME_LIMIT}")
    if len(command["description"]) > DESCRIPTION_LIMIT:
        raise bad(f"command description length must not exceed {DESCRIPTION_LIMIT}")


def _language(call: Call) -> str:
    code: str = call.get("language_code", "")
    if code and not _LANGUAGE.match(code):
        raise bad("invalid language code specified")
    return code


def _scope(call: Call) -> str:
    scope = read_scope(call.get("scope", {"type": "default"}))
    if "chat_id" in scope:
        chat = call.world.reached(scope["chat_id"])
        if chat.private and scope["type"] != "chat":
            raise bad("can't use specified scope in private chats")
        if chat.type == "channel":
            raise bad("can't change commands in channel chats")
    return _key(scope)


def read_scope(scope: Json) -> Json:
    """Return the scope of commands if there is such a one."""
    if scope.get("type") not in _SCOPES:
        raise bad("can't parse BotCommandScope: Unsupported type specified")
    return scope


def _key(scope: Json) -> str:
    return json.dumps(scope, sort_keys=True)
