"""What members were sent: the announcements of a period, and whose they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, select

from storage import access
from storage.access import Viewer
from storage.announcements.revisions import vouched_anew
from storage.announcements.tables import ENDING, SENT, Announcement, Copy, Recipient, for_readers, vouched_for
from storage.database import Transaction, among, execute, has_server
from storage.outbox import OutboxState
from storage.tlp import Label


@dataclass(frozen=True, slots=True)
class Sent:
    """An announcement that was sent, without its text; `titles` are by language, `organisations` those it named."""

    id: int
    titles: tuple[tuple[str, str], ...]
    label: Label
    at: datetime
    organisations: tuple[int, ...] = ()
    expires_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether it has not expired."""
        return self.expires_at is None or self.expires_at > at


class Mailbag:
    """Announcements and who was to get each: read once for many."""

    def __init__(self, sent: Iterable[Sent], addressed: Mapping[int, Collection[int]]) -> None:
        self._sent = {one.id: one for one in sent}
        self._addressed = addressed

    def of(self, viewer: Viewer, ids: Iterable[int] | None = None) -> list[Sent]:
        """Return what a viewer was sent and may still read, the newest first, or in the order of `ids`."""
        mine = self._addressed.get(viewer.id, ())
        order = sorted(mine, reverse=True) if ids is None else [n for n in ids if n in mine]
        found = [self._sent[n] for n in order if n in self._sent]
        return [one for one in found if viewer.active and access.may_see(viewer, one.label, one.organisations)]

    def between(self, viewer: Viewer, since: datetime, until: datetime) -> list[Sent]:
        """Return what a viewer was sent in a period and may still read, the newest first; what has expired is over."""
        return [one for one in self.of(viewer) if since <= one.at < until and one.holds(until)]


async def sent_between(tx: Transaction, since: datetime, until: datetime) -> list[Sent]:
    """Return the announcements of a period that were not cancelled, to be put into mailbags."""
    return await _sent(tx, (Announcement.sent_at >= since) & (Announcement.sent_at < until))


async def mailbag(tx: Transaction, sent: Collection[Sent], member_ids: Collection[int]) -> Mailbag:
    """Return which of some announcements each of some members was to get, whether it reached them or not.

    A copy that was stopped, or withheld, was not meant for them.
    """
    addressed: dict[int, set[int]] = {}
    if sent:
        copies = select(Recipient.member_id, Recipient.announcement_id)
        mine = copies.where(
            Recipient.announcement_id.in_([one.id for one in sent]), Recipient.member_id.in_(member_ids)
        )
        rows: Any = await tx.execute(mine.where(Recipient.state != OutboxState.WITHHELD))
        for member_id, announcement_id in rows:
            addressed.setdefault(member_id, set()).add(announcement_id)
    return Mailbag(sent, addressed)


async def some(tx: Transaction, ids: Collection[int], member_ids: Collection[int]) -> Mailbag:
    """Return some announcements as the mailbag of some members."""
    return await mailbag(tx, await _sent(tx, Announcement.id.in_(ids)), member_ids) if ids else Mailbag((), {})


async def _sent(tx: Transaction, which: ColumnElement[bool]) -> list[Sent]:
    found = select(Announcement).where(which, Announcement.state.in_(SENT), Announcement.sent_at.is_not(None))
    rows = await tx.scalars(found)
    return [
        Sent(row.id, tuple(row.titles.items()), row.label, row.sent_at, row.meant.organisations, row.expires_at)
        for row in rows
        if row.sent_at is not None
    ]


async def copies(
    tx: Transaction, announcement_id: int, viewers: Sequence[Viewer]
) -> tuple[Announcement | None, dict[int, Copy]]:
    """Return an announcement with the copy of each of `viewers` for whom it was frozen and who may read it now.

    Where it was stopped, or whoever answers for it may no longer announce, it is nobody's.
    """
    row, readers = await for_readers(tx, announcement_id, viewers)
    if row is None or row.reason in ENDING or not await vouched_for(tx, row):
        return None, {}
    return row, await _copies(tx, row, readers)


async def corrected(
    tx: Transaction, announcement_id: int, viewers: Sequence[Viewer]
) -> tuple[Announcement | None, dict[int, Copy]]:
    """Return the same of an announcement that was corrected, for which whoever corrected it answers."""
    row, readers = await for_readers(tx, announcement_id, viewers)
    if row is None or not await vouched_anew(tx, row):
        return None, {}
    return row, await _copies(tx, row, readers)


async def _copies(tx: Transaction, row: Announcement, readers: Sequence[Viewer]) -> dict[int, Copy]:
    asked = {"announcement": row.id, "members": [v.id for v in readers]}
    found = await execute(tx, _theirs(server=has_server(tx)), asked)
    return {member_id: Copy(tuple(vote or ()), version, at) for member_id, vote, version, at in found}


@cache
def _theirs(*, server: bool) -> Executable:
    done = select(Recipient.member_id, Recipient.vote, Recipient.acknowledged_version, Recipient.acknowledged_at)
    one = Recipient.announcement_id == bindparam("announcement")
    return done.where(one, among(Recipient.member_id, "members", server=server))
