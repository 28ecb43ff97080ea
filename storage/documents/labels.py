"""Labels: marked more strictly at once, more openly with its owner's word; copies go where they still can."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from storage import access, audit, errands, members
from storage.access import Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.documents import flags
from storage.documents.fate import to_change
from storage.documents.finding import sees
from storage.documents.health import look_anew
from storage.documents.tables import Document, DocumentAudience
from storage.errands import ErrandKind
from storage.members import Member
from storage.outbox import Lane, Leased, Promise, Settlement, copies, promise
from storage.refusals import Refusal
from storage.tlp import Label

DELETABLE = timedelta(hours=47)
"""How old a message may be that is deleted for everybody: Telegram lets bots do it for 48 hours."""
COPIES = (
    "document:shared", "document:file", "document:version", "document:withdrawn", "document:comments",
    "document:comment", "document:closed", "document:handed", "document:hidden", "document:decided",
    "document:dead", "document:wall", "document:review",
)  # fmt: skip
"""Notices that carry something of a document; the cards of its moderators are drawn anew instead."""
_WARNING = "document:stricter"


async def relabel(
    tx: Transaction, viewer: Viewer, document_id: int, label: Label, highest: Label, now: datetime
) -> None:
    """Mark a document anew: more strictly whoever answers for it, more openly its owner alone.

    Refusals: `document:unknown`, `document:label` (above what the network carries), `document:source` (whose
    organisation is not on record, so that nobody could be named), `document:looser` (not its owner).
    """
    row = await to_change(tx, viewer, document_id)
    before = row.label
    if label is before:
        return
    if label is Label.RED or label.rank > highest.rank:
        raise Refusal("document:label", label=label.value)
    if label.named_audience and row.organisation_id is None:
        raise Refusal("document:source")
    if label.rank < before.rank and row.owner_id != viewer.id:
        raise Refusal("document:looser")
    row.label = label
    await _name(tx, row)
    await look_anew(tx, row, now)
    facts = {"before": before.value, "after": label.value}
    subject = row.owner_id
    await audit.record(tx, Event.DOCUMENT_LABELLED, now, actor=viewer.id, subject=subject, document=row.id, **facts)
    if label.rank > before.rank:
        await _call_in(tx, row, now, by=viewer.id)


async def _name(tx: Transaction, row: Document) -> None:
    """Keep the audience in step with the label: the source's organisation, and for AMBER whoever was named besides."""
    named = delete(DocumentAudience).where(DocumentAudience.document_id == row.id)
    house = DocumentAudience.organisation_id
    if row.label is Label.AMBER_STRICT:
        named = named.where(house.is_(None) | (house != row.organisation_id))
    if row.label is not Label.AMBER:
        await tx.execute(named)
    known = await tx.scalar(select(house).where(DocumentAudience.document_id == row.id, house == row.organisation_id))
    if row.label.named_audience and known is None:
        tx.add(DocumentAudience(document_id=row.id, organisation_id=row.organisation_id))
    mine = (DocumentAudience.document_id == row.id, DocumentAudience.member_id == row.owner_id)
    if row.label is Label.AMBER and row.owner_id and await tx.scalar(select(DocumentAudience).where(*mine)) is None:
        tx.add(DocumentAudience(document_id=row.id, member_id=row.owner_id))
    await tx.flush()


async def _call_in(tx: Transaction, row: Document, now: datetime, *, by: int) -> None:
    """Delete the copies that can still be deleted, and tell everybody who had one."""
    await tx.flush()
    found = await copies(tx, (*COPIES, _WARNING), "document", row.id)
    people = await members.by_ids(tx, sorted({copy.member_id for copy in found}))
    for copy in found:
        if copy.at > now - DELETABLE and copy.member_id in people:
            await _take_back(tx, people[copy.member_id], copy.message_id, now)
    await flags.redraw(tx, row, now)
    key, facts = f"{_WARNING}:{row.id}:{now.isoformat()}", {"document": row.id}
    told = sorted({copy.member_id for copy in found} - {by})
    await promise(tx, [Promise(m, _WARNING, facts, Lane.LIVE, key=f"{key}:{m}") for m in told], now)


async def landed(tx: Transaction, row: Leased, settlement: Settlement, now: datetime) -> None:
    """Let a file that only a named audience may have vanish from a chat in time, so that rights are asked again.

    One that was marked more strictly while it was on its way vanishes at once.
    """
    found, person = await tx.get(Document, row.facts["document"]), await _recipient(tx, row)
    if found is None or person is None:
        return
    if not await _keeps_it(tx, person, found):
        await _take_back(tx, person, settlement.message_id, now)
    elif found.label.named_audience:
        await _take_back(tx, person, settlement.message_id, now, now + DELETABLE)


async def told(tx: Transaction, row: Leased, settlement: Settlement, now: datetime) -> None:
    """Let what tells of a document vanish at once, where that was marked more strictly while it was on its way."""
    found, person = await tx.get(Document, row.facts["document"]), await _recipient(tx, row)
    if found is None or person is None or not found.label.named_audience:
        return
    if not await _keeps_it(tx, person, found):
        await _take_back(tx, person, settlement.message_id, now)


async def _recipient(tx: Transaction, row: Leased) -> Member | None:
    return await members.by_id(tx, row.member_id) if row.member_id is not None else None


async def _keeps_it(tx: Transaction, person: Member, row: Document) -> bool:
    return await sees(tx, (await access.viewers(tx, [person.id]))[person.id], row.id)


async def _take_back(
    tx: Transaction, person: Member, message_id: int | None, now: datetime, due: datetime | None = None
) -> None:
    if person.telegram_id is not None and message_id is not None:
        facts = {"message_id": message_id}
        await errands.send(tx, ErrandKind.DELETE, person.telegram_id, facts, now, due_at=due)
