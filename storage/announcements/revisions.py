"""What became of corrections and retractions: whom they concern, who answers for them, and whom they reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import false, func, select, update

from storage import access
from storage.access import Action, Viewer
from storage.announcements import cards
from storage.announcements.tables import Announcement, AnnouncementState, Recipient, Revision, RevisionState, by_id
from storage.database import Transaction
from storage.outbox import WAITING, Leased, OutboxRow, OutboxState, Settlement
from storage.refusals import Refusal


@dataclass(frozen=True)
class Revised:
    """How many copies were changed in place, told anew, or neither; and how many are still to be."""

    changed: int = 0
    anew: int = 0
    failed: int = 0
    left: int = 0


async def revised(tx: Transaction, row: Announcement) -> Revised:
    """Count what became of the copies in the newest revision, as long as the outbox knows."""
    same = func.coalesce(OutboxRow.message_id == OutboxRow.replaces, false())
    found = select(OutboxRow.state, same, func.count()).where(OutboxRow.subject == row.revised)
    changed = anew = failed = left = 0
    for state, in_place, number in await tx.execute(found.group_by(OutboxRow.state, same)):
        if state in WAITING:
            left += number
        elif state is not OutboxState.SENT:
            failed += number
        elif in_place:
            changed += number
        else:
            anew += number
    return Revised(changed, anew, failed, left)


async def awaited(tx: Transaction, viewer: Viewer, revision_id: int) -> tuple[Announcement, Revision]:
    """Return a correction with what it corrects to somebody who may announce. Refusal: `announcement:unknown`."""
    access.require(viewer, Action.ANNOUNCE)
    revision = await tx.get(Revision, revision_id)
    if revision is None:
        raise Refusal("announcement:unknown")
    return await by_id(tx, viewer, revision.announcement_id), revision


async def moved(tx: Transaction, row: Leased, settlement: Settlement, _now: datetime) -> None:
    """Note where somebody has it whose copy could not be edited."""
    if settlement.state is OutboxState.SENT and settlement.message_id not in (None, row.replaces):
        mine = (Recipient.announcement_id == row.facts["announcement"], Recipient.member_id == row.member_id)
        await tx.execute(update(Recipient).where(*mine).values(message_id=settlement.message_id))


async def vouched_anew(tx: Transaction, row: Announcement) -> bool:
    """Tell whether those who answer for the newest revision may announce now."""
    newest = select(Revision.author_id, Revision.decided_by).where(Revision.announcement_id == row.id)
    done = newest.where(Revision.state == RevisionState.DONE).order_by(Revision.id.desc())
    found = (await tx.execute(done.limit(1))).first()
    if found is None:
        return False
    second = [] if found.decided_by is None else [found.decided_by]
    return await may_announce(tx, [found.author_id, *second])


async def retracted(
    tx: Transaction, announcement_id: int, viewers: Sequence[Viewer]
) -> tuple[Announcement | None, list[int]]:
    """Return an announcement that was retracted, with those of `viewers` for whom it was: they may know that much."""
    row = await tx.get(Announcement, announcement_id)
    if row is None or row.state is not AnnouncementState.RETRACTED:
        return None, []
    mine = (Recipient.announcement_id == row.id, Recipient.member_id.in_([v.id for v in viewers]))
    return row, list(await tx.scalars(select(Recipient.member_id).where(*mine)))


async def may_announce(tx: Transaction, answering: Sequence[int | None]) -> bool:
    """Tell whether all of some members may announce now; nobody in particular may not."""
    people = await access.viewers(tx, [n for n in answering if n is not None])
    return all(n in people and access.allowed(people[n], Action.ANNOUNCE) for n in answering)


async def drop_awaited(tx: Transaction, row: Announcement, now: datetime) -> None:
    """Let a correction fall away that waits for its release: another one has come, or what it corrects has gone."""
    waiting = (Revision.announcement_id == row.id, Revision.state == RevisionState.AWAITING)
    for revision in await tx.scalars(select(Revision).where(*waiting).with_for_update()):
        await drop(tx, revision, now)


async def drop(tx: Transaction, revision: Revision, now: datetime) -> None:
    """Let a correction not be made; every card says so."""
    revision.state = RevisionState.RETURNED
    await cards.redraw_correction(tx, revision, now)
