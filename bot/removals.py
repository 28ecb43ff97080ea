"""Removals: takes people out of groups, as the commit that ended their membership promised."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.attempts import WAIT, Outcome, judged
from bot.clock import Clock
from bot.logs import log
from bot.transport import NO_ANSWER, Answer, Wire
from storage import removals
from storage.database import Database, Transaction
from storage.removals import Removal

AT_ONCE = 20
PATIENCE = 8.0
"""Seconds for one try, so that even the last ends within the minute that was promised."""
_ABSENT = ("user not found", "member not found", "user_not_participant", "participant_id_invalid", "user_id_invalid")
_KICKED = "method is available for supergroup and channel chats only"
_PROBLEMS = {
    "not enough rights": "rights",
    "chat_admin_required": "rights",
    "user is an administrator of the chat": "administrator",
    "can't remove chat owner": "owner",
    "chat not found": "gone",
    "bot is not a member": "gone",
    "bot was kicked": "gone",
    "group chat was deleted": "gone",
}
"""What Telegram says where it will not, and what the report calls it; anything else is quoted."""

_log = log("bot.removals")


class Removals:
    """Does what waits, again and again; a repeat after a crash harms nobody, for who is out stays out."""

    def __init__(self, wire: Wire, database: Database, clock: Clock) -> None:
        self._wire = wire
        self._database = database
        self._clock = clock

    async def work(self) -> None:
        """Try every removal that is due, note how each try ended, and let the reports follow."""
        async with self._database.reading() as tx:
            due = await removals.due(tx, self._clock.now(), AT_ONCE)
            if not due and not await removals.unreported(tx):
                return
        outcomes = await asyncio.gather(*(self._try(row) for row in due))
        async with self._database.transaction() as tx:
            for row, outcome in zip(due, outcomes, strict=True):
                await self._settle(tx, row, outcome)
            await removals.report(tx, self._clock.now())

    async def _settle(self, tx: Transaction, row: Removal, outcome: Outcome) -> None:
        if outcome.moved is not None:
            await removals.migrate(tx, row.chat_id, outcome.moved)
            return
        await removals.settle(tx, row.id, self._clock.now(), problem=outcome.problem, wait=outcome.wait)
        if outcome.problem is not None:
            _log.warning("a removal did not succeed", removal=row.id, problem=outcome.problem)

    async def _try(self, row: Removal) -> Outcome:
        who: dict[str, Any] = {"chat_id": row.chat_id, "user_id": row.telegram_id}
        try:
            async with asyncio.timeout(PATIENCE):
                outcome = judged_removal(await self._wire.call("banChatMember", who))
                if outcome.problem is None and outcome.moved is None:
                    # Out, but not banned for ever: whoever is admitted again can come back.
                    outcome = judged_removal(await self._wire.call("unbanChatMember", {**who, "only_if_banned": True}))
        except NO_ANSWER:
            return Outcome("silence", WAIT)
        return outcome


def judged_removal(answer: Answer) -> Outcome:
    """Return what Telegram's answer to a ban or its end means; in a basic group there are no bans to be ended."""
    return judged(answer, done=(*_ABSENT, _KICKED), problems=_PROBLEMS)
