"""Rendering: facts become words at the last moment, and permission is asked again."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Say
from handlers.screens import Screen
from storage import access, members, outbox
from storage.access import Viewer
from storage.database import Database, Transaction
from storage.members import Member, MemberState
from storage.outbox import ON_ITS_WAY, OutboxRow, OutboxState

_CACHED = 1000
WITHHELD = "no longer concerns or no longer permitted"

L = TypeVar("L")
B = TypeVar("B")


@dataclass(frozen=True)
class Letter:
    """A row ready to send: where to, in place of which message, and what, also as the parameters of the call."""

    row: OutboxRow
    chat_id: int
    replaces: int | None
    screen: Screen
    parameters: dict[str, Any]

    @property
    def messages(self) -> int:
        """How many messages it makes: an album has several."""
        return max(1, len(self.screen.media))


@dataclass(frozen=True)
class Kept:
    """A row that is not sent, and why."""

    row: OutboxRow
    state: OutboxState
    reason: str


@dataclass(frozen=True)
class Found:
    """What storage says of a row now: its notice, who reads it, and what each reader may be told, by their number."""

    row: OutboxRow
    notice: Notice
    viewer: Viewer | None
    person: Member | None
    contents: Mapping[int, Any]


class Asking(ABC, Generic[L, B]):
    """Asks storage again what rows may say; what is made of it, and what else is needed for it, the subclass knows."""

    def __init__(self, database: Database, notices: Mapping[str, Notice], policy: Policy) -> None:
        self._database = database
        self._notices = notices
        self._policy = policy

    async def letters(self, rows: Sequence[OutboxRow]) -> list[L | Kept]:
        """Render rows, one reading transaction per kind and facts. Raises what a notice raises."""
        found: list[L | Kept] = []
        for _, same in groupby(sorted(rows, key=_kind), key=_kind):
            found.extend(await self._same(list(same)))
        return found

    @abstractmethod
    async def _besides(self, tx: Transaction, rows: Sequence[OutboxRow]) -> Mapping[int, B]:
        """Return what else is needed to send each row, by the row's id."""

    @abstractmethod
    def _letter(self, found: Found, besides: B) -> L | Kept:
        """Return a row as it is sent, or why it is not."""

    async def _same(self, rows: list[OutboxRow]) -> list[L | Kept]:
        notice = self._notices.get(rows[0].notice)
        if notice is None:  # queued by a newer version: leave it alone
            return [Kept(row, OutboxState.QUEUED, "unknown notice") for row in rows]
        ids = [row.member_id for row in rows if row.member_id is not None]
        async with self._database.reading() as tx:
            people = await members.by_ids(tx, ids)
            held = await members.offices(tx, ids)
            viewers = [access.viewer_of(member, held[member.id]) for member in people.values()]
            if len(ids) < len(rows):  # a chat of many, or somebody who has just been erased
                viewers.append(self._nobody(rows[0].facts))
            contents = await notice.load(tx, rows[0].facts, viewers)
            besides = await self._besides(tx, rows)
        by_id = {viewer.id: viewer for viewer in viewers}
        return [
            self._letter(
                Found(row, notice, by_id.get(row.member_id or 0), people.get(row.member_id or 0), contents),
                besides[row.id],
            )
            for row in rows
        ]

    def _nobody(self, facts: Mapping[str, Any]) -> Viewer:
        # A chat without a member behind it: a group, or a person who has just been erased.
        language = facts.get("language", self._policy.default_language)
        return Viewer(0, MemberState.ERASED, frozenset(), None, language, self._policy.zone)


class Rendering(Asking[Letter, int | None]):
    """Turns outbox rows into messages of Telegram; equal contents are rendered once per language."""

    def __init__(self, database: Database, notices: Mapping[str, Notice], policy: Policy) -> None:
        super().__init__(database, notices, policy)
        self._cache: dict[Hashable, Screen] = {}

    async def _besides(self, tx: Transaction, rows: Sequence[OutboxRow]) -> Mapping[int, int | None]:
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
        if person and person.unreachable_since is not None and row.lane > 0:
            return Kept(row, OutboxState.UNREACHABLE, "blocked the bot")
        if reader not in found.contents or found.viewer is None:
            return Kept(row, OutboxState.WITHHELD, WITHHELD)
        screen = self._screen(found.notice, found.contents[reader], found.viewer)
        return Letter(row, chat_id, besides, screen, screen.parameters())

    def _screen(self, notice: Notice, content: Any, viewer: Viewer) -> Screen:
        try:
            key = (notice.name, viewer.language, viewer.zone, content)
            if key in self._cache:
                return self._cache[key]
        except TypeError:  # contents of one reader need no cache
            return notice.render(content, Say(viewer.language, viewer.zone), self._policy)
        if len(self._cache) >= _CACHED:
            self._cache.clear()
        self._cache[key] = notice.render(content, Say(viewer.language, viewer.zone), self._policy)
        return self._cache[key]


def _kind(row: OutboxRow) -> tuple[str, str]:
    return row.notice, json.dumps(row.facts, sort_keys=True)
