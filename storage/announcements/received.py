"""What members were sent: the announcements of a period, and whose they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from storage import access
from storage.access import Viewer
from storage.announcements.tables import Announcement, AnnouncementState
from storage.database import Transaction
from storage.outbox import OutboxRow, OutboxState
from storage.tlp import Label

_STANDING = (AnnouncementState.SENDING, AnnouncementState.DONE)


@dataclass(frozen=True, slots=True)
class Sent:
    """An announcement that was sent, without its text."""

    id: int
    title: str
    label: Label
    at: datetime


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
        return [one for one in found if viewer.active and access.may_see(viewer, one.label, ())]

    def between(self, viewer: Viewer, since: datetime, until: datetime) -> list[Sent]:
        """Return what a viewer was sent in a period and may still read, the newest first."""
        return [one for one in self.of(viewer) if since <= one.at < until]


async def sent_between(tx: Transaction, since: datetime, until: datetime) -> list[Sent]:
    """Return the announcements of a period that were not cancelled, to be put into mailbags."""
    return await _sent(tx, (Announcement.sent_at >= since) & (Announcement.sent_at < until))


async def mailbag(tx: Transaction, sent: Collection[Sent], member_ids: Collection[int]) -> Mailbag:
    """Return which of some announcements each of some members was to get, whether it reached them or not.

    A copy that was stopped, or withheld, was not meant for them. It is known for as long as the outbox keeps it.
    """
    addressed: dict[int, set[int]] = {}
    if sent:
        subjects = {f"announcement:{one.id}": one.id for one in sent}
        copies = select(OutboxRow.member_id, OutboxRow.subject).where(OutboxRow.subject.in_(subjects))
        meant = copies.where(OutboxRow.member_id.in_(member_ids), OutboxRow.state != OutboxState.WITHHELD)
        rows: Any = await tx.execute(meant)
        for member_id, subject in rows:
            addressed.setdefault(member_id, set()).add(subjects[subject])
    return Mailbag(sent, addressed)


async def some(tx: Transaction, ids: Collection[int], member_ids: Collection[int]) -> Mailbag:
    """Return some announcements as the mailbag of some members."""
    return await mailbag(tx, await _sent(tx, Announcement.id.in_(ids)), member_ids) if ids else Mailbag((), {})


async def _sent(tx: Transaction, which: ColumnElement[bool]) -> list[Sent]:
    columns = (Announcement.id, Announcement.title, Announcement.label, Announcement.sent_at)
    found = select(*columns).where(which, Announcement.state.in_(_STANDING), Announcement.sent_at.is_not(None))
    rows: Any = await tx.execute(found)
    return [Sent(*row) for row in rows]
