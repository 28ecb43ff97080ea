"""Fate: who answers for a document keeps it true, withdraws it, hands it over; a breach freezes it meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, exists, or_, select, update

from storage import access, audit
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Base, Transaction
from storage.documents import marks
from storage.documents.finding import by_id
from storage.documents.sharing import REVIEW_AFTER
from storage.documents.tables import Document, Stage, permitted, visible
from storage.members import BELONGING, Member
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.topics import Policy, Subscription, Topic


async def freeze(tx: Transaction, row: Document, now: datetime) -> bool:
    """Keep a document, held by the caller, from everybody but administrators; return whether that is new."""
    if row.frozen_at is not None:
        return False
    row.frozen_at = now
    await audit.record(tx, Event.DOCUMENT_FROZEN, now, actor=None, subject=row.shared_by, document=row.id)
    return True


async def thaw(tx: Transaction, row: Document, now: datetime, *, by: int) -> bool:
    """Show a document again, held by the caller, to whom it was open; return whether it was frozen."""
    if row.frozen_at is None:
        return False
    row.frozen_at = None
    await audit.record(tx, Event.DOCUMENT_RELEASED, now, actor=by, subject=row.shared_by, document=row.id)
    return True


def keeps(viewer: Viewer, row: Document) -> bool:
    """Tell whether the viewer answers for a document that they see: its owner, and who moderates its topic."""
    mine = row.owner_id is not None and row.owner_id == viewer.id
    return access.allowed(viewer, Action.SHARE) and (mine or access.moderates(viewer, row.topic_id))


async def kept(tx: Transaction, viewer: Viewer, document_id: int) -> Document:
    """Return a document that the viewer answers for. Refusal: `document:unknown`."""
    access.require(viewer, Action.SHARE)
    return _kept(viewer, await by_id(tx, viewer, document_id))


async def to_change(tx: Transaction, viewer: Viewer, document_id: int) -> Document:
    """Return a document that the viewer answers for, held. Refusal: `document:unknown`."""
    row = await held(tx, viewer, document_id)
    access.require(viewer, Action.SHARE)
    return _kept(viewer, row)


def _kept(viewer: Viewer, row: Document) -> Document:
    if not keeps(viewer, row):
        raise Refusal("document:unknown")
    return row


async def held(tx: Transaction, viewer: Viewer, document_id: int) -> Document:
    """Return a document that the viewer sees, held for the rest of the transaction. Refusal: `document:unknown`."""
    found = visible(viewer).where(Document.id == document_id).with_for_update(of=Document)
    row = await tx.scalar(found, execution_options={"populate_existing": True})
    if row is None:
        raise Refusal("document:unknown")
    return row


async def known(tx: Transaction, viewer: Viewer, document_id: int) -> Document | None:
    """Return a document that is the viewer's to know of, even if it was withdrawn or hidden since."""
    there = permitted(viewer).where(Document.id == document_id, Document.frozen_at.is_(None))
    return await tx.scalar(there) if viewer.active else None


async def withdraw(tx: Transaction, viewer: Viewer, document_id: int, now: datetime) -> None:
    """Take a document off the shelves; whoever follows it is told, and its owner if it was not them."""
    row = await to_change(tx, viewer, document_id)
    if row.stage is Stage.WITHDRAWN:
        return
    await withdrawn(tx, row, now, by=viewer.id, told=[row.owner_id] if row.owner_id is not None else [])


async def withdrawn(tx: Transaction, row: Document, now: datetime, *, by: int, told: Collection[int] = ()) -> None:
    """Note that a document, held by the caller, was withdrawn, and tell its followers and some others.

    Where a newer version stands for it, that one stands for what came before as well, or lists would show it again.
    """
    row.stage = Stage.WITHDRAWN
    if row.successor_id is not None:
        before = update(Document).where(Document.successor_id == row.id)
        await tx.execute(before.values(successor_id=row.successor_id))
    if row.owner_id != by:
        row.hidden_at = row.hidden_at or now
    await audit.record(tx, Event.DOCUMENT_WITHDRAWN, now, actor=by, subject=row.owner_id, document=row.id)
    await marks.tell(tx, row, "document:withdrawn", now, but=by, also=told)


async def bring_back(tx: Transaction, viewer: Viewer, document_id: int, now: datetime) -> None:
    """Put a withdrawn document back on the shelves. Refusal: `document:moderated`, where moderators withdrew it."""
    row = await to_change(tx, viewer, document_id)
    if row.stage is not Stage.WITHDRAWN:
        return
    if row.hidden_at is not None and not access.moderates(viewer, row.topic_id):
        raise Refusal("document:moderated")
    open_still = row.comments_until is not None and row.comments_until > now
    row.stage, row.hidden_at = Stage.COMMENT if open_still else Stage.PUBLISHED, None
    await audit.record(tx, Event.DOCUMENT_RETURNED, now, actor=viewer.id, subject=row.owner_id, document=row.id)


async def confirm(tx: Transaction, viewer: Viewer, document_id: int, now: datetime) -> Document:
    """Note that a document is still valid: it is looked at anew in a year."""
    row = await to_change(tx, viewer, document_id)
    row.review_at, row.review_asked_at = now + REVIEW_AFTER, None
    await audit.record(tx, Event.DOCUMENT_CONFIRMED, now, actor=viewer.id, document=row.id)
    return row


async def heirs(tx: Transaction, viewer: Viewer, document_id: int, first: int | None, size: int) -> Page[Member]:
    """Return a page of who could answer for a document: its organisation's members who show that they are."""
    row = await kept(tx, viewer, document_id)
    return await page(tx, _heirs(row), (Member.name, Member.id), first, size)


async def hand_over(tx: Transaction, viewer: Viewer, document_id: int, member_id: int, now: datetime) -> Document:
    """Let another member of its organisation answer for a document; they are told. Refusal: `document:heir`."""
    row = await to_change(tx, viewer, document_id)
    if await tx.scalar(_heirs(row).where(Member.id == member_id)) is None:
        raise Refusal("document:heir")
    event, before = Event.DOCUMENT_HANDED_OVER, row.owner_id
    row.owner_id = member_id
    await audit.record(tx, event, now, actor=viewer.id, subject=member_id, document=row.id, before=before)
    await promise(tx, [Promise(member_id, "document:handed", {"document": row.id})], now)
    return row


def _heirs(row: Document) -> Select[Member]:
    entries = Base.metadata.tables["directory_entry"]  # a floor above this one
    open_ = (entries.c.published_at.is_not(None), entries.c.shows_name, entries.c.shows_organisation)
    shown = select(entries.c.member_id).where(*open_)
    there = (Member.organisation_id == (row.organisation_id or 0), Member.state.in_(BELONGING), Member.id.in_(shown))
    inside = exists().where(Subscription.topic_id == row.topic_id, Subscription.member_id == Member.id)
    ajar = exists().where(Topic.id == row.topic_id, Topic.policy != Policy.CLOSED)
    return select(Member).where(*there, Member.id != (row.owner_id or 0), or_(ajar, inside))
