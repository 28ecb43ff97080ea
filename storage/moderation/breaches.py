"""Breaches: all administrators hear at once, what is named is frozen at once, and they release it or remove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, or_, select

from storage import access, audit, documents, members, posts
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.documents import Document
from storage.members import Role
from storage.moderation import deciding
from storage.moderation.tables import Breach, BreachState, Consequence, Reason, Review, ReviewState
from storage.outbox import Promise, promise, shown
from storage.posts import Post, PostState
from storage.refusals import Refusal


@dataclass(frozen=True)
class Item:
    """What a breach report names: a post or a document that its reporter can see."""

    post: Post | None = None
    document: Document | None = None

    @property
    def owner(self) -> int | None:
        """Who wrote or shared it."""
        return self.post.member_id if self.post else self.document.shared_by if self.document else None


NOTHING = Item()
KEEP = timedelta(days=90)


async def report(
    tx: Transaction, viewer: Viewer, item: Item, now: datetime, *, words: str | None, link: str | None = None
) -> Breach:
    """Tell all administrators of a breach and freeze what it names."""
    access.require(viewer, Action.BELONG)
    post = (await posts.held(tx, item.post.id))[0] if item.post else None
    if item.document is not None:  # held before the log is, as by all who change a document
        await tx.get(Document, item.document.id, with_for_update=True)
    row = Breach(
        member_id=viewer.id, post_id=post.id if post else None, words=words, link=link, state=BreachState.OPEN,
        document_id=item.document.id if item.document else None, at=now,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()  # gives the breach its id
    named = {"post": row.post_id} if post else {"document": row.document_id} if row.document_id else {}
    await audit.record(tx, Event.BREACH_REPORTED, now, actor=viewer.id, breach=row.id, **named)
    await _freeze(tx, row, post, now)
    told = await members.holders(tx, Role.ADMINISTRATOR)
    await promise(tx, _cards(row.id, dict.fromkeys(m.id for m in told)), now)
    return row


async def _freeze(tx: Transaction, row: Breach, post: Post | None, now: datetime) -> None:
    owner = None
    if post is not None and post.state in (PostState.PUBLISHED, PostState.QUEUED, PostState.HELD):
        owner = post.member_id
        await posts.fate.hide(tx, post, now)
        await audit.record(tx, Event.POST_HIDDEN, now, actor=None, subject=owner, post=post.id)
    document = await _document(tx, row)
    if document is not None and await documents.freeze(tx, document, now):
        owner = document.shared_by
    if owner is not None:
        facts, key = {"breach": row.id}, f"{row.subject}:frozen"
        await promise(tx, [Promise(owner, "breach:frozen", facts, key=key)], now)


async def release(tx: Transaction, viewer: Viewer, breach_id: int, now: datetime) -> None:
    """Put back what a breach report has frozen; where it names nothing the case is only closed.

    Refusals: `breach:unknown`, `breach:own`, `breach:decided` (with `by`).
    """
    row, item = await _held(tx, viewer, breach_id)
    await _decide(tx, viewer, row, BreachState.RELEASED, now)
    back = False
    if item.post is not None and item.post.state is PostState.HIDDEN and not await _reported(tx, item.post):
        await posts.fate.restore(tx, item.post, now)
        back = True
    if item.document is not None:
        back = await documents.thaw(tx, item.document, now, by=viewer.id)
    if back:
        await _tell_owner(tx, row, item, now)


async def remove(tx: Transaction, viewer: Viewer, breach_id: int, now: datetime) -> None:
    """Take away for good what a breach report has frozen. Refusals: those of `release`."""
    row, item = await _held(tx, viewer, breach_id)
    await _decide(tx, viewer, row, BreachState.REMOVED, now)
    if item.post is not None:
        await posts.fate.remove(tx, item.post, now)
        await _close_reviews(tx, viewer, item.post, now)
    if item.document is not None:
        event, sharer = Event.DOCUMENT_WITHDRAWN, item.document.shared_by
        await audit.record(tx, event, now, actor=viewer.id, subject=sharer, document=item.document.id)
    await _tell_owner(tx, row, item, now)


async def _held(tx: Transaction, viewer: Viewer, breach_id: int) -> tuple[Breach, Item]:
    access.require(viewer, Action.JUDGE_BREACH)
    post_id = await tx.scalar(select(Breach.post_id).where(Breach.id == breach_id))
    post = (await posts.held(tx, post_id))[0] if post_id is not None else None
    row = await tx.get(Breach, breach_id, with_for_update=True)
    if row is None:
        raise Refusal("breach:unknown")
    item = Item(post, await _document(tx, row))
    others = {m.id for m in await members.holders(tx, Role.ADMINISTRATOR)} - {viewer.id}
    if item.owner == viewer.id and others:
        raise Refusal("breach:own")
    if row.state is not BreachState.OPEN:
        decider = await members.by_id(tx, row.decided_by) if row.decided_by else None
        raise Refusal("breach:decided", by=members.called(decider))
    return row, item


async def _document(tx: Transaction, row: Breach) -> Document | None:
    return await tx.get(Document, row.document_id, with_for_update=True) if row.document_id is not None else None


async def _decide(tx: Transaction, viewer: Viewer, row: Breach, state: BreachState, now: datetime) -> None:
    """Close every open report of the same thing alike: redraw its cards and tell its reporter."""
    event = Event.BREACH_RELEASED if state is BreachState.RELEASED else Event.BREACH_UPHELD
    for one in await _same(tx, row):
        one.state, one.decided_by, one.decided_at = state, viewer.id, now
        await audit.record(tx, event, now, actor=viewer.id, breach=one.id)
        await _redraw(tx, one, now)
        if one.member_id is not None:
            key, facts = f"{one.subject}:outcome", {"breach": one.id}
            await promise(tx, [Promise(one.member_id, "breach:outcome", facts, key=key)], now)


async def _same(tx: Transaction, row: Breach) -> list[Breach]:
    if row.post_id is None and row.document_id is None:
        return [row]
    same = Breach.post_id == row.post_id if row.post_id is not None else Breach.document_id == row.document_id
    found = select(Breach).where(same, Breach.state == BreachState.OPEN)
    return list(await tx.scalars(found.order_by(Breach.id).with_for_update()))


async def _reported(tx: Transaction, post: Post) -> bool:
    """Tell whether reports hold a post hidden that its moderators have not decided on."""
    reviews = exists().where(Review.post_id == post.id, Review.state == ReviewState.OPEN, Review.hidden)
    return bool(await tx.scalar(select(reviews)))


async def _close_reviews(tx: Transaction, viewer: Viewer, post: Post, now: datetime) -> None:
    waiting = select(Review).where(Review.post_id == post.id, Review.state == ReviewState.OPEN)
    for review in await tx.scalars(waiting.with_for_update()):
        deciding.close(review, ReviewState.REMOVED, viewer.id, now)
        review.reason, review.consequence = Reason.OPERATIONAL, Consequence.NOTHING
        await deciding.told(tx, review, now)


async def _tell_owner(tx: Transaction, row: Breach, item: Item, now: datetime) -> None:
    if item.owner is not None:
        key = f"{row.subject}:decided"
        await promise(tx, [Promise(item.owner, "breach:decided", {"breach": row.id}, key=key)], now)


async def _redraw(tx: Transaction, row: Breach, now: datetime) -> None:
    await promise(tx, _cards(row.id, await shown(tx, row.subject), silent=True), now)


def _cards(breach_id: int, staff: Mapping[int, int | None], *, silent: bool = False) -> list[Promise]:
    facts, subject = {"breach": breach_id}, f"breach:{breach_id}"
    return [Promise(m, "breach:card", facts, subject=subject, replaces=at, silent=silent) for m, at in staff.items()]


async def of(tx: Transaction, breach_id: int) -> tuple[Breach, Item] | None:
    """Return a breach report with what it names."""
    row = await tx.get(Breach, breach_id)
    if row is None:
        return None
    post = await tx.get(Post, row.post_id) if row.post_id is not None else None
    document = await tx.get(Document, row.document_id) if row.document_id is not None else None
    return row, Item(post, document)


async def drop_old(tx: Transaction, now: datetime) -> None:
    """Drop what was decided more than `KEEP` ago; a document that was not released stays frozen."""
    await tx.execute(delete(Breach).where(Breach.decided_at < now - KEEP))


async def forget(tx: Transaction, member_id: int, now: datetime) -> None:
    """Let the cards of what an erased member has reported, or written, say what is left of it."""
    theirs = select(Post.id).where(Post.member_id == member_id)
    mine = select(Breach).where(or_(Breach.member_id == member_id, Breach.post_id.in_(theirs)))
    for row in await tx.scalars(mine.order_by(Breach.id)):
        await _redraw(tx, row, now)
