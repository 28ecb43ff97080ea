"""Sweep: looks through every group of the network for who must not be there and for rights that were lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.clock import Clock
from bot.logs import log
from bot.transport import NO_ANSWER, Answer, Wire
from handlers.groups import rights_missing
from storage import door, groups
from storage.database import Database
from storage.door import Way
from storage.groups import BoundGroup

_INSIDE = frozenset({"creator", "administrator", "member"})
_LEADING = frozenset({"creator", "administrator"})
_OUT = ("bot is not a member", "bot was kicked", "chat not found", "group chat was deleted")

_log = log("bot.sweep")


class Sweep:
    """Asks Telegram about people one by one, because bots cannot list a group's members."""

    def __init__(self, wire: Wire, database: Database, clock: Clock, bot_id: int) -> None:
        self._wire = wire
        self._database = database
        self._clock = clock
        self._bot_id = bot_id

    async def work(self) -> None:
        """Sweep every group once."""
        async with self._database.reading() as tx:
            bound = await groups.everyone(tx)
        for group in bound:
            try:
                await self._sweep(group)
            except NO_ANSWER as error:
                _log.warning("a sweep was cut short", group=group.id, problem=type(error).__name__)

    async def _sweep(self, group: BoundGroup) -> None:
        now = self._clock.now()
        if not await self._stands(group, now):
            return
        count = await self._count(group)
        async with self._database.reading() as tx:
            suspects = await door.suspects(tx, group)
            unmet = (
                await door.unmet(tx, group) if count and count - 1 > await groups.presence.count(tx, group.id) else []
            )
        leading = await self._leading(group)
        asked = [*suspects, *unmet]
        inside = [account for account in asked if account in leading or await self._is_inside(group, account)]
        async with self._database.transaction() as tx:
            for account in dict.fromkeys([*inside, *leading]):
                await door.arrived(tx, group, account, Way.SWEPT, now)
            known = await groups.presence.count(tx, group.id)
            fresh = await groups.by_id(tx, group.id)
            fresh.strangers = None if count is None else max(0, count - 1 - known)

    async def _stands(self, group: BoundGroup, now: datetime) -> bool:
        """Note which rights the bot has; return whether it is in the group at all."""
        answer = await self._member(group, self._bot_id)
        said = answer.description.lower()
        gone = not answer.ok and any(words in said for words in _OUT)
        status = answer.body["result"].get("status") if answer.ok else None
        async with self._database.transaction() as tx:
            if gone or status in ("left", "kicked"):
                await groups.lose(tx, group.chat_id, now)
                return False
            if answer.ok:
                fresh = await groups.by_id(tx, group.id)
                missing = rights_missing(answer.body["result"], kind=fresh.kind, forum=fresh.forum)
                await groups.note_rights(tx, fresh, missing, now)
        return answer.ok

    async def _is_inside(self, group: BoundGroup, account: int) -> bool:
        answer = await self._member(group, account)
        if not answer.ok:
            return False
        found = answer.body["result"]
        return found.get("status") in _INSIDE or (found.get("status") == "restricted" and bool(found.get("is_member")))

    async def _leading(self, group: BoundGroup) -> set[int]:
        answer = await self._wire.call("getChatAdministrators", {"chat_id": group.chat_id})
        found: list[dict[str, Any]] = answer.body["result"] if answer.ok else []
        return {one["user"]["id"] for one in found if one["status"] in _LEADING and one["user"]["id"] != self._bot_id}

    async def _count(self, group: BoundGroup) -> int | None:
        answer = await self._wire.call("getChatMemberCount", {"chat_id": group.chat_id})
        return int(answer.body["result"]) if answer.ok else None

    async def _member(self, group: BoundGroup, account: int) -> Answer:
        return await self._wire.call("getChatMember", {"chat_id": group.chat_id, "user_id": account})
