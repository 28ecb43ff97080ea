"""The bot's public face: descriptions and command lists, written only where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.logs import log
from bot.transport import Wire
from handlers.context import Policy
from handlers.feature import Command, Feature
from handlers.language import Say, text
from storage import access, members
from storage.access import Viewer
from storage.database import Database
from storage.members import Member, MemberState, Role

DESCRIPTION = text(
    "{network}: a vetted community of practitioners for dialogue, coordination and sharing of public and community "
    "documents. Press Start to apply or to go on. Not a tip line and not a UN service."
)
SHORT_DESCRIPTION = text("{network}: dialogue, documents and a weekly digest for vetted practitioners.")
GROUP_COMMANDS = (("setup", text("Bind this group to the network")), ("help", text("Get help in private")))
RIGHTS = ("can_manage_chat", "can_invite_users", "can_manage_topics", "can_pin_messages", "can_delete_messages")

_log = log("bot.profile")


class Profile:
    """Keeps what Telegram shows of the bot equal to what this program is; name and photo are the owner's."""

    def __init__(self, wire: Wire, database: Database, policy: Policy, features: Sequence[Feature]) -> None:
        self._wire = wire
        self._database = database
        self._policy = policy
        self._commands = [c for feature in features for c in feature.commands if not c.hidden]

    async def publish(self) -> None:
        """Write what differs: for each language and the empty one, and for each member of staff."""
        for code, say in self._tongues():
            facts = {"network": self._policy.network}
            await self._text("Description", "description", code, say(DESCRIPTION, **facts))
            await self._text("ShortDescription", "short_description", code, say(SHORT_DESCRIPTION, **facts))
            await self._list({"type": "all_private_chats"}, code, _listed(self._everyone(), say))
            group = [{"command": name, "description": say(words)} for name, words in GROUP_COMMANDS]
            await self._list({"type": "all_group_chats"}, code, group)
        await self._rights()
        await self._staff()

    def _tongues(self) -> list[tuple[str, Say]]:
        default = self._policy.default_language
        return [("", Say(default)), *((code, Say(code)) for code in self._policy.languages)]

    def _everyone(self) -> list[Command]:
        member = Viewer(0, MemberState.ACTIVE, frozenset(), None, "en", "UTC")
        return [c for c in self._commands if c.needs is None or access.allowed(member, c.needs)]

    async def _staff(self) -> None:
        async with self._database.reading() as tx:
            staff = await members.holders(tx, Role.ADMINISTRATOR)
            held = await members.roles(tx, [m.id for m in staff])
        for member in staff:
            viewer = access.viewer_of(member, held[member.id])
            may = [c for c in self._commands if c.needs is None or access.allowed(viewer, c.needs)]
            await self._own_list(member, _listed(may, Say(member.language)))

    async def _own_list(self, member: Member, commands: list[dict[str, str]]) -> None:
        if member.telegram_id is not None:
            await self._list({"type": "chat", "chat_id": member.telegram_id}, "", commands)

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

    async def _set(self, method: str, parameters: dict[str, Any]) -> None:
        answer = await self._wire.call(method, parameters)
        if not answer.ok:
            _log.warning("profile", method=method, problem=answer.description)


def _listed(commands: Iterable[Command], say: Say) -> list[dict[str, str]]:
    return [{"command": c.name, "description": str(say(c.description))} for c in commands]
