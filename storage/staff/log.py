"""The log of acts as auditors read it: the newest first, of one kind or of all, without anybody's words."""

from __future__ import annotations

from sqlalchemy import select

from storage import access
from storage.access import Action, Viewer
from storage.audit import AuditRow, Event
from storage.database import Transaction
from storage.pages import Page, page

KINDS = tuple(dict.fromkeys(event.value.partition(":")[0] for event in Event))
"""What acts are about: the first word of each event."""


async def acts(tx: Transaction, viewer: Viewer, kind: str, first: int | None, size: int) -> Page[AuditRow]:
    """Return a page of the acts of a kind (empty: of all), the newest first, to somebody who audits."""
    access.require(viewer, Action.AUDIT)
    found = select(AuditRow)
    if kind in KINDS:
        found = found.where(AuditRow.event.in_([e for e in Event if e.value.partition(":")[0] == kind]))
    return await page(tx, found, (AuditRow.id,), first, size, newest_first=True)
