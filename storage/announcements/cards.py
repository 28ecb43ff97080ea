"""What staff are shown of an announcement, and where: the author's message, and the releasers' cards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from storage.announcements.tables import Announcement, Revision
from storage.database import Transaction
from storage.outbox import Promise, promise, shown

CARD = "announcement:fix-card"


async def tell_author(tx: Transaction, row: Announcement, now: datetime, place: int | None = None) -> None:
    """Let the author's message say how the announcement stands, in its place, or in place of another one."""
    at = place or (await shown(tx, row.told)).get(row.author_id)
    facts = {"announcement": row.id}
    told = Promise(row.author_id, "announcement:progress", facts, subject=row.told, replaces=at)
    await promise(tx, [told], now)


async def warn_author(tx: Transaction, row: Announcement, now: datetime) -> None:
    """Let the author's message go and come anew, at the end of the chat and with a sound: they have to decide."""
    at = (await shown(tx, row.told)).get(row.author_id) or None
    facts, gone = {"announcement": row.id}, None if at is None else [at]
    told = Promise(row.author_id, "announcement:progress", facts, subject=row.told, replaces=at, also=gone)
    await promise(tx, [told], now)


async def show(tx: Transaction, row: Announcement, staff: list[int], now: datetime) -> None:
    """Put an announcement before those who may release it."""
    await promise(tx, _cards(row, dict.fromkeys(staff)), now)


async def redraw(tx: Transaction, row: Announcement, now: datetime) -> None:
    """Let the card of whoever was asked to release it say how it stands."""
    await promise(tx, _cards(row, await shown(tx, f"announcement-release:{row.id}")), now)


def subject_of(revision: Revision) -> str:
    """Return the name under which the outbox keeps the cards of a correction."""
    return f"announcement-fix-card:{revision.id}"


async def redraw_correction(tx: Transaction, revision: Revision, now: datetime) -> None:
    """Let the cards of a correction say how it stands."""
    facts, subject = {"revision": revision.id}, subject_of(revision)
    places = (await shown(tx, subject)).items()
    await promise(tx, [Promise(n, CARD, facts, subject=subject, replaces=at) for n, at in places], now)


def _cards(row: Announcement, staff: Mapping[int, int | None]) -> list[Promise]:
    facts, subject = {"announcement": row.id}, f"announcement-release:{row.id}"
    return [Promise(m, "announcement:release", facts, subject=subject, replaces=at) for m, at in staff.items()]
