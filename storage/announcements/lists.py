"""Saved lists: audiences under a name. They hold conditions, not people, and no other lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from storage import access, audit
from storage.access import Action, Viewer
from storage.announcements.audience import Audience, Dimension
from storage.announcements.tables import AudienceList, by_id
from storage.database import Transaction, insert
from storage.refusals import Refusal

NAME, MOST_LISTS = 60, 50
"""How long the name of a list is at most, and how many there are."""


async def keep(tx: Transaction, viewer: Viewer, announcement_id: int, name: str, now: datetime) -> None:
    """Keep the audience of one's own draft as a list. It stays as it is; the draft does not become the list.

    Refusals: those of `by_id`, `announcement:not-yours`, `announcement:list-empty`, `announcement:list-inside`,
    `announcement:list-name`, `announcement:lists-full`.
    """
    row = await by_id(tx, viewer, announcement_id)
    if row.author_id != viewer.id:
        raise Refusal("announcement:not-yours")
    check(row.meant)
    if (await tx.scalar(select(func.count()).select_from(AudienceList)) or 0) >= MOST_LISTS:
        raise Refusal("announcement:lists-full", limit=MOST_LISTS)
    values = {"name": name, "audience": row.audience, "by_id": viewer.id, "changed_at": now}
    kept = insert(tx, AudienceList).values(values).on_conflict_do_nothing(index_elements=["name"])
    number = await tx.scalar(kept.returning(AudienceList.id))
    if number is None:
        raise Refusal("announcement:list-name", name=name)
    await audit.record(tx, audit.Event.AUDIENCE_LIST_KEPT, now, actor=viewer.id, list=number, name=name)


def check(audience: Audience) -> None:
    """Refuse to keep what is nobody, and what names a list: `announcement:list-empty`, `announcement:list-inside`."""
    conditions = [c for block in audience.blocks for c in block]
    if not conditions or any(c.dimension is not Dimension.EVERYBODY and not c.values for c in conditions):
        raise Refusal("announcement:list-empty")
    if any(c.dimension is Dimension.LIST for c in conditions):
        raise Refusal("announcement:list-inside")


async def drop(tx: Transaction, viewer: Viewer, list_id: int, now: datetime) -> None:
    """Drop a saved list: what still names it means nobody by it. Refusal: `announcement:list-unknown`."""
    row = await saved(tx, viewer, list_id, lock=True)
    name = row.name
    await tx.delete(row)
    await audit.record(tx, audit.Event.AUDIENCE_LIST_DROPPED, now, actor=viewer.id, list=list_id, name=name)


async def saved(tx: Transaction, viewer: Viewer, list_id: int, *, lock: bool = False) -> AudienceList:
    """Return a saved list. Refusal: `announcement:list-unknown`."""
    access.require(viewer, Action.ANNOUNCE)
    row = await tx.get(AudienceList, list_id, with_for_update=lock)
    if row is None:
        raise Refusal("announcement:list-unknown")
    return row


async def all_saved(tx: Transaction, viewer: Viewer) -> list[AudienceList]:
    """Return all saved lists by name; there are no more than `MOST_LISTS`."""
    access.require(viewer, Action.ANNOUNCE)
    return list(await tx.scalars(select(AudienceList).order_by(AudienceList.name)))
