"""Errands: does in chats what a commit promised and is no message, and notes what Telegram answered."""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import Any

from bot.attempts import WAIT, Outcome, judged
from bot.clock import Clock
from bot.logs import log
from bot.transport import NO_ANSWER, Wire
from storage import errands, groups, mutes, removals
from storage.database import Database, Transaction
from storage.errands import Errand, ErrandKind, ErrandState

AT_ONCE = 32
PATIENCE = 8.0
"""Seconds for one try."""
_METHODS = {
    ErrandKind.ADMIT: "approveChatJoinRequest",
    ErrandKind.DECLINE: "declineChatJoinRequest",
    ErrandKind.REVOKE: "revokeChatInviteLink",
    ErrandKind.OPEN_THREAD: "createForumTopic",
    ErrandKind.NAME_THREAD: "editForumTopic",
    ErrandKind.CLOSE_THREAD: "closeForumTopic",
    ErrandKind.REOPEN_THREAD: "reopenForumTopic",
    ErrandKind.DELETE: "deleteMessage",
    ErrandKind.RESTRICT: "restrictChatMember",
    ErrandKind.PERMIT: "setChatPermissions",
    ErrandKind.LEAVE: "leaveChat",
}
_DONE = {
    ErrandKind.ADMIT: ("user_already_participant", "hide_requester_missing"),
    ErrandKind.DECLINE: ("user_already_participant", "hide_requester_missing", "user_id_invalid"),
    ErrandKind.REVOKE: ("invite_hash_expired",),
    ErrandKind.NAME_THREAD: ("topic_not_modified",),
    ErrandKind.CLOSE_THREAD: ("topic_not_modified",),
    ErrandKind.REOPEN_THREAD: ("topic_not_modified",),
    ErrandKind.DELETE: ("message to delete not found",),
    ErrandKind.LEAVE: ("bot is not a member", "bot was kicked", "chat not found"),
}
"""What Telegram says where there is nothing left to do."""
_ROWS = frozenset({"thread", "mute"})
"""Facts that are rows of ours, and no parameters of Telegram's."""

_log = log("bot.errands")


class Errands:
    """Runs what is due; a repeat after a crash changes nothing, and a thread that was made is heard of besides."""

    def __init__(self, wire: Wire, database: Database, clock: Clock) -> None:
        self._wire = wire
        self._database = database
        self._clock = clock

    async def work(self) -> None:
        """Run every errand that is due, those of one chat one after the other, and note how each ended."""
        async with self._database.reading() as tx:
            due = await errands.due(tx, self._clock.now(), AT_ONCE)
        by_chat = groupby(sorted(due, key=lambda row: (row.chat_id, row.id)), key=lambda row: row.chat_id)
        await asyncio.gather(*(self._run(list(rows)) for _, rows in by_chat))

    async def _run(self, rows: list[Errand]) -> None:
        for row in rows:
            outcome = await self._try(row)
            async with self._database.transaction() as tx:
                await self._settle(tx, row, outcome)
            if outcome.wait is not None:
                return  # what comes after it in this chat waits as well

    async def _settle(self, tx: Transaction, row: Errand, outcome: Outcome) -> None:
        now = self._clock.now()
        if outcome.moved is not None:
            await removals.migrate(tx, row.chat_id, outcome.moved)
            return
        ended = await errands.settle(tx, row.id, now, problem=outcome.problem, wait=outcome.wait)
        if ended is None:
            return
        if ended.state is ErrandState.FAILED:
            _log.warning("an errand failed", errand=row.id, kind=row.kind.value, problem=outcome.problem)
        await groups.threads.settle(tx, ended, outcome.made, now)
        await mutes.settle(tx, ended, now)

    async def _try(self, row: Errand) -> Outcome:
        parameters: dict[str, Any] = {k: v for k, v in row.facts.items() if k not in _ROWS}
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._wire.call(_METHODS[row.kind], {**parameters, "chat_id": row.chat_id})
        except NO_ANSWER:
            return Outcome("silence", WAIT)
        return judged(answer, done=_DONE.get(row.kind, ()))
