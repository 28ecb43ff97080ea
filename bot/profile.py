"""The bot's public face: descriptions and command lists, written only where they differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from bot.logs import log
from bot.transport import Wire
from handlers.context import Policy
from handlers.feature import Feature
from handlers.language import Say, text
from storage import access, command_lists, groups, members
from storage.access import Viewer
from storage.database import Database, Transaction
from storage.members import MemberState

DESCRIPTION = text(
    "{network}: a vetted community of practitioners for dialogue, coordination and sharing of public and community "
    "documents. Press Start to apply or to go on. Not a tip line and not a UN service."
)
SHORT_DESCRIPTION = text("{network}: dialogue, documents and a weekly digest for vetted practitioners.")
GROUP_COMMANDS = (
    ("setup", text("Bind this group to the network")),
    ("report", text("Report the message you reply to")),
    ("help", text("Get help in private")),
)
"""What administrators of a group see there; everybody else sees all but the first."""
RIGHTS = (
    "can_manage_chat", "can_invite_users", "can_manage_topics", "can_pin_messages", "can_delete_messages",
    "can_restrict_members",
)  # fmt: skip

Listed = tuple[str, str]
"""A command's name and what it does, to be said."""

Commands = list[dict[str, str]]
"""Commands as Telegram takes them."""

_MEMBER = Viewer(0, MemberState.ACTIVE, frozenset(), None, "en", "UTC")
_log = log("bot.profile")


class Profile:
    """Keeps what Telegram shows of the bot equal to what this program is; name and photo are the owner's."""

    def __init__(self, wire: Wire, database: Database, policy: Policy, features: Sequence[Feature]) -> None:
        self._wire = wire
        self._database = database
        self._policy = policy
        self._commands = [c for feature in features for c in feature.commands if not c.hidden]
        self._public = False

    async def publish(self) -> None:
        """Write what differs: once for everybody, and for staff and groups whenever they change."""
        if not self._public:
            await self._everybody()
            self._public = True
        await self._single_chats()

    async def _everybody(self) -> None:
        for code, say in self._tongues():
            facts = {"network": self._policy.network}
            await self._text("Description", "description", code, say(DESCRIPTION, **facts))
            await self._text("ShortDescription", "short_description", code, say(SHORT_DESCRIPTION, **facts))
            await self._list({"type": "all_private_chats"}, code, _listed(self._of(_MEMBER), say))
            await self._list({"type": "all_group_chats"}, code, _listed(GROUP_COMMANDS[1:], say))
        await self._menu_button()
        await self._rights()

    def _tongues(self) -> list[tuple[str, Say]]:
        default = self._policy.default_language
        return [("", Say(default)), *((code, Say(code)) for code in self._policy.languages)]

    def _of(self, viewer: Viewer) -> list[Listed]:
        may = [c for c in self._commands if c.needs is None or access.allowed(viewer, c.needs)]
        return [(c.name, c.description) for c in may]

    async def _single_chats(self) -> None:
        """Give staff and the administrators of groups their own lists; take back those of chats that are neither."""
        async with self._database.reading() as tx:
            given = await command_lists.given(tx)
            wanted = {**await self._of_staff(tx), **await self._of_groups(tx)}
        for chat_id in given.keys() | wanted.keys():
            commands = wanted.get(chat_id)
            digest = None if commands is None else _digest(commands)
            if given.get(chat_id) != digest and await self._give(chat_id, commands):
                async with self._database.transaction() as tx:
                    await command_lists.note(tx, chat_id, digest)

    async def _of_staff(self, tx: Transaction) -> dict[int, Commands]:
        staff = await members.staff(tx)
        held = await members.offices(tx, list(staff))
        met = [m for m in staff.values() if m.telegram_id is not None and m.language_chosen]
        viewers = {m.telegram_id or 0: access.viewer_of(m, held[m.id]) for m in met}
        return {chat_id: _listed(self._of(viewer), Say(viewer.language)) for chat_id, viewer in viewers.items()}

    async def _of_groups(self, tx: Transaction) -> dict[int, Commands]:
        say = Say(self._policy.default_language)
        return {chat_id: _listed(GROUP_COMMANDS, say) for chat_id in await groups.bound(tx)}

    async def _give(self, chat_id: int, commands: Commands | None) -> bool:
        scope = {"type": "chat" if chat_id > 0 else "chat_administrators", "chat_id": chat_id}
        if commands is None:
            return await self._set("deleteMyCommands", {"scope": scope})
        return await self._set("setMyCommands", {"scope": scope, "commands": commands})

    async def _menu_button(self) -> None:
        now = await self._get("getChatMenuButton", {})
        if now is not None and now["type"] not in ("commands", "default"):
            await self._set("setChatMenuButton", {"menu_button": {"type": "commands"}})

    async def _text(self, method: str, field: str, code: str, words: str) -> None:
        now = await self._get(f"getMy{method}", {"language_code": code})
        if now is not None and now.get(field) != words:
            await self._set(f"setMy{method}", {field: words, "language_code": code})

    async def _list(self, scope: dict[str, Any], code: str, commands: list[dict[str, str]]) -> None:
        where = {"scope": scope, "language_code": code}
        now = await self._get("getMyCommands", where)
        if now is not None and now != commands:
            await self._set("setMyCommands", {**where, "commands": commands})

    async def _rights(self) -> None:
        now = await self._get("getMyDefaultAdministratorRights", {"for_channels": False})
        wanted = set(RIGHTS)
        if now is not None and {name for name, given in now.items() if given is True} != wanted:
            rights = {name: name in wanted for name in now if isinstance(now[name], bool)}
            await self._set("setMyDefaultAdministratorRights", {"rights": rights, "for_channels": False})

    async def _get(self, method: str, parameters: dict[str, Any]) -> Any:
        answer = await self._wire.call(method, parameters)
        if not answer.ok:  # a scope of a chat that never spoke to the bot, say
            _log.warning("profile", method=method, problem=answer.description)
            return None
        return answer.body["result"]

    async def _set(self, method: str, parameters: dict[str, Any]) -> bool:
        answer = await self._wire.call(method, parameters)
        if not answer.ok:
            _log.warning("profile", method=method, problem=answer.description)
        return answer.ok


def _listed(commands: Sequence[Listed], say: Say) -> Commands:
    return [{"command": name, "description": str(say(description))} for name, description in commands]


def _digest(commands: Commands) -> str:
    return hashlib.sha256(json.dumps(commands).encode()).hexdigest()
