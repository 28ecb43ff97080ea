"""One's own copy: what a reader was sent, on which what they do with it is kept."""

from __future__ import annotations

from sqlalchemy import select

from storage.access import Viewer
from storage.announcements.tables import UNSENT, Announcement, AnnouncementState, Recipient, may_read
from storage.database import Transaction
from storage.outbox import WAITING, OutboxRow, OutboxState
from storage.refusals import Refusal


async def own_copy(
    tx: Transaction, viewer: Viewer, announcement_id: int, *, lock: bool = False
) -> tuple[Announcement, Recipient]:
    """Return an announcement that a viewer was sent, and their copy; `lock` holds both until the transaction ends.

    Refusals: `button:old` where it was not sent to them, has not left yet, or they may read it no more,
    `announcement:over` where it was taken back.
    """
    shared = {"read": True} if lock else None  # others may read it meanwhile, but not correct it
    row = await tx.get(Announcement, announcement_id, with_for_update=shared, populate_existing=lock)
    copy = await tx.get(Recipient, (announcement_id, viewer.id), with_for_update=lock or None, populate_existing=lock)
    if row is None or copy is None or copy.state is OutboxState.WITHHELD or not may_read(viewer, row):
        raise Refusal("button:old")
    if row.state in UNSENT or row.state is AnnouncementState.RECURRING:
        raise Refusal("button:old")
    if row.state is AnnouncementState.RETRACTED:
        raise Refusal("announcement:over")
    if copy.state in WAITING and await _waits(tx, row, viewer):
        raise Refusal("button:old")
    return row, copy


async def _waits(tx: Transaction, row: Announcement, viewer: Viewer) -> bool:
    """Tell whether a copy has not been tried yet: how it ended is taken over from the outbox a little later."""
    mine = (OutboxRow.subject == row.subject, OutboxRow.member_id == viewer.id)
    untried = (OutboxRow.state.in_((OutboxState.QUEUED, OutboxState.HELD)), OutboxRow.attempts == 0)
    return await tx.scalar(select(OutboxRow.id).where(*mine, *untried).limit(1)) is not None
