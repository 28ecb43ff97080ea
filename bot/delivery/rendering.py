"""Rendering: facts become words at the last moment, and permission is asked again."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, Generic, TypeVar

from bot.transport import begun
from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Say
from handlers.screens import Screen
from storage import access, outbox
from storage.access import Reader, Viewer
from storage.database import Database, Transaction
from storage.members import MemberState
from storage.outbox import ON_ITS_WAY, Leased, OutboxState

_CACHED = 1000
WITHHELD = "no longer concerns or no longer permitted"

L = TypeVar("L")
B = TypeVar("B")


@dataclass(frozen=True)
class Made:
    """A screen, the parameters of its call and the beginning of these as JSON: made once for all who read the same."""

    screen: Screen
    parameters: dict[str, Any]
    beginning: bytes


@dataclass(frozen=True)
class Letter:
    """A row ready to send: where to, in place of which message, and what, also as the parameters of the call.

    `paid` tells that it may cost Stars: it was promised so, and the operator still offers it.
    """

    row: Leased
    chat_id: int
    replaces: int | None
    screen: Screen
    parameters: dict[str, Any]
    beginning: bytes
    paid: bool = False

    @property
    def messages(self) -> int:
        """How many messages it makes: an album has several."""
        return max(1, len(self.screen.media))

    def unpaid(self) -> Letter:
        """Return it without what costs Stars."""
        return replace(self, paid=False)


@dataclass(frozen=True)
class Kept:
    """A row that is not sent, and why."""

    row: Leased
    state: OutboxState
    reason: str


@dataclass(frozen=True)
class Found:
    """What storage says of a row now: its notice, who reads it, and what each reader may be told, by their number."""

    row: Leased
    notice: Notice
    viewer: Viewer | None
    person: Reader | None
    contents: Mapping[int, Any]


class Asking(ABC, Generic[L, B]):
    """Asks storage again what rows may say; what is made of it, and what else is needed for it, the subclass knows."""

    def __init__(self, database: Database, notices: Mapping[str, Notice], policy: Policy) -> None:
        self._database = database
        self._notices = notices
        self._policy = policy

    async def letters(self, rows: Sequence[Leased]) -> list[L | Kept]:
        """Render rows, one reading transaction per kind and facts. Raises what a notice raises."""
        found: list[L | Kept] = []
        for same in _alike(rows):
            found.extend(await self._same(same))
        return found

    @abstractmethod
    async def _besides(self, tx: Transaction, rows: Sequence[Leased]) -> Mapping[int, B]:
        """Return what else is needed to send each row, by the row's id."""

    @abstractmethod
    def _letter(self, found: Found, besides: B) -> L | Kept:
        """Return a row as it is sent, or why it is not."""

    async def _same(self, rows: list[Leased]) -> list[L | Kept]:
        notice = self._notices.get(rows[0].notice)
        if notice is None:  # queued by a newer version: leave it alone
            return [Kept(row, OutboxState.QUEUED, "unknown notice") for row in rows]
        ids = [row.member_id for row in rows if row.member_id is not None]
        async with self._database.reading() as tx:
            readers = await access.readers(tx, ids)
            viewers = [reader.viewer for reader in readers.values()]
            if len(ids) < len(rows):  # a chat of many, or somebody who has just been erased
                viewers.append(self._nobody(rows[0].facts))
            contents = await notice.load(tx, rows[0].facts, viewers)
            besides = await self._besides(tx, rows)
        nobody = viewers[-1] if viewers and viewers[-1].id == 0 else None
        return [
            self._letter(
                Found(row, notice, reader.viewer if reader is not None else nobody, reader, contents),
                besides[row.id],
            )
            for row in rows
            for reader in [readers.get(row.member_id or 0)]
        ]

    def _nobody(self, facts: Mapping[str, Any]) -> Viewer:
        # A chat without a member behind it: a group, or a person who has just been erased.
        language = facts.get("language", self._policy.default_language)
        return Viewer(0, MemberState.ERASED, frozenset(), None, language, self._policy.zone)


class Rendering(Asking[Letter, int | None]):
    """Turns outbox rows into messages of Telegram; equal contents are rendered once per language."""

    def __init__(self, database: Database, notices: Mapping[str, Notice], policy: Policy) -> None:
        super().__init__(database, notices, policy)
        self._cache: dict[Hashable, Made] = {}

    async def _besides(self, tx: Transaction, rows: Sequence[Leased]) -> Mapping[int, int | None]:
        """Return which message each row replaces; of one that had not landed, where it has by now."""
        late = {row.subject for row in rows if row.replaces == ON_ITS_WAY}
        found = await outbox.landed(tx, late) if late else {}
        return {
            row.id: found.get((row.subject, row.member_id)) if row.replaces == ON_ITS_WAY else row.replaces
            for row in rows
        }

    def _letter(self, found: Found, besides: int | None) -> Letter | Kept:
        row, person, reader = found.row, found.person, found.row.member_id or 0
        chat_id = row.chat_id or (person.telegram_id if person else None)
        if chat_id is None:
            return Kept(row, OutboxState.UNREACHABLE, "no Telegram account")
        if person and person.unreachable and row.lane > 0:
            return Kept(row, OutboxState.UNREACHABLE, "blocked the bot")
        if reader not in found.contents or found.viewer is None:
            return Kept(row, OutboxState.WITHHELD, WITHHELD)
        made = self._made(found.notice, found.contents[reader], found.viewer)
        paid = row.paid and self._policy.paid_rate > 0
        return Letter(row, chat_id, besides, made.screen, made.parameters, made.beginning, paid)

    def _made(self, notice: Notice, content: Any, viewer: Viewer) -> Made:
        try:
            key = (notice.name, viewer.language, viewer.zone, content)
            if key in self._cache:
                return self._cache[key]
        except TypeError:  # contents of one reader need no cache
            return self._make(notice, content, viewer)
        if len(self._cache) >= _CACHED:
            self._cache.clear()
        self._cache[key] = self._make(notice, content, viewer)
        return self._cache[key]

    def _make(self, notice: Notice, content: Any, viewer: Viewer) -> Made:
        screen = notice.render(content, Say(viewer.language, viewer.zone), self._policy)
        parameters = screen.parameters()
        return Made(screen, parameters, begun(parameters))


def _alike(rows: Sequence[Leased]) -> list[list[Leased]]:
    """Return rows of one notice and the same facts together."""
    kinds: dict[tuple[str, str], list[Leased]] = {}
    for (notice, facts), same in groupby(rows, attrgetter("notice", "facts")):  # mostly one run of them
        kinds.setdefault((notice, json.dumps(facts, sort_keys=True)), []).extend(same)
    return list(kinds.values())
