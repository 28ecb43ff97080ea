"""Deciding: a moderator keeps a reported post or removes it, with what follows for its author; everybody is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select

from storage import access, audit, members, mutes, posts
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.moderation import cards
from storage.moderation.tables import (
    SILENCE,
    Breach,
    BreachState,
    Consequence,
    Reason,
    Report,
    Review,
    ReviewState,
)
from storage.outbox import Promise, promise
from storage.posts import Post
from storage.refusals import Refusal


async def keep(tx: Transaction, viewer: Viewer, review_id: int, now: datetime) -> None:
    """Let a reported post stand; one that was hidden is put back.

    Refusals: `review:unknown`, `review:own`, `review:decided` (with `by`).
    """
    review, post = await held(tx, viewer, review_id)
    close(review, ReviewState.KEPT, viewer.id, now)
    if review.hidden and not await frozen(tx, post):
        await posts.fate.restore(tx, post, now)
    await audit.record(tx, audit.Event.POST_KEPT, now, actor=viewer.id, subject=post.member_id, post=post.id)
    if review.hidden:
        await _tell_author(tx, review, now)
    await told(tx, review, now)


async def remove(
    tx: Transaction, viewer: Viewer, review_id: int, reason: Reason, consequence: Consequence, now: datetime
) -> None:
    """Take a reported post away for a reason, with what follows for its author. Refusals: those of `keep`."""
    review, post = await held(tx, viewer, review_id)
    author = await members.by_id(tx, post.member_id) if post.member_id is not None else None
    consequence = consequence if author is not None else Consequence.NOTHING
    close(review, ReviewState.REMOVED, viewer.id, now)
    review.reason, review.consequence = reason, consequence
    await posts.fate.remove(tx, post, now)
    facts = {"post": post.id, "reason": reason.value, "consequence": consequence.value}
    await audit.record(tx, audit.Event.POST_REMOVED, now, actor=viewer.id, subject=post.member_id, **facts)
    if author is not None and consequence in SILENCE:
        until = now + SILENCE[consequence]
        await mutes.mute(tx, author, post.topic_id, until, reason.value, now, by=viewer.id)
    await _tell_author(tx, review, now)
    await told(tx, review, now)


async def held(tx: Transaction, viewer: Viewer, review_id: int) -> tuple[Review, Post]:
    """Return a review that `viewer` may decide, with its post, both held. Refusals: those of `keep`."""
    access.require(viewer, Action.MODERATE)
    post_id = await tx.scalar(select(Review.post_id).where(Review.id == review_id))
    if post_id is None:
        raise Refusal("review:unknown")
    post, topic = await posts.held(tx, post_id)  # the post first, as in a report: two who meet never lock up
    review = await tx.get(Review, review_id, with_for_update=True)
    if review is None or not access.moderates(viewer, topic.id):
        raise Refusal("review:unknown")
    if viewer.id not in await cards.deciders(tx, topic.id, post.member_id):
        raise Refusal("review:own")
    if review.state is not ReviewState.OPEN:
        decider = await members.by_id(tx, review.decided_by) if review.decided_by else None
        raise Refusal("review:decided", by=members.called(decider))
    return review, post


async def frozen(tx: Transaction, post: Post) -> bool:
    """Tell whether a breach that waits for administrators holds a post hidden."""
    breaches = exists().where(Breach.post_id == post.id, Breach.state == BreachState.OPEN)
    return bool(await tx.scalar(select(breaches)))


def close(review: Review, state: ReviewState, by: int, now: datetime) -> None:
    """Note how a review ended."""
    review.state, review.decided_by, review.decided_at = state, by, now


async def told(tx: Transaction, review: Review, now: datetime) -> None:
    """Redraw every card, and tell who reported the post how it ended, and nothing else."""
    await tx.flush()
    await cards.redraw(tx, review.id, now)
    reporters = await tx.scalars(select(Report.member_id).where(Report.review_id == review.id))
    facts, key = {"state": review.state.value}, f"{review.subject}:thanks"
    await promise(tx, [Promise(m, "report:thanks", facts, key=f"{key}:{m}") for m in reporters], now)


async def _tell_author(tx: Transaction, review: Review, now: datetime) -> None:
    if review.member_id is not None:
        told = Promise(review.member_id, "review:decided", {"review": review.id}, key=f"{review.subject}:decided")
        await promise(tx, [told], now)


async def of_author(tx: Transaction, review_id: int) -> tuple[Review, Post] | None:
    """Return a review with its post, for the author whom it concerns."""
    joined = select(Review, Post).join(Post, Post.id == Review.post_id).where(Review.id == review_id)
    row = (await tx.execute(joined)).first()
    return (row[0], row[1]) if row is not None else None
