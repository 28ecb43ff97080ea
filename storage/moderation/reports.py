"""Reporting: a member says that a post does not belong; enough of them, or a focal point alone, hide it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from storage import access, audit, posts, working_days
from storage.access import Action, Viewer
from storage.database import Transaction, insert
from storage.members import Role
from storage.moderation import cards
from storage.moderation.tables import Reason, Report, Review, ReviewState
from storage.outbox import Promise, promise
from storage.posts import Post, PostState
from storage.refusals import Refusal

ENOUGH = 2
"""How many members' reports hide a post (R-19)."""
WORKING_DAYS = 2
"""Within how many of them a report is to be decided (R-19)."""


async def report(tx: Transaction, viewer: Viewer, post_id: int, reason: Reason, now: datetime) -> None:
    """Report a post to its topic's moderators; twice by the same member is once.

    Two members' reports hide it until the decision, and so does one by a focal point or a moderator of the topic.
    After a decision the count begins anew. Refusals: `post:unknown`, `report:own`.
    """
    access.require(viewer, Action.BELONG)
    post, _ = await posts.held(tx, post_id)
    if post.member_id == viewer.id:
        raise Refusal("report:own")
    review = await _open_one(tx, post)
    if review is None and post.state is not PostState.PUBLISHED:
        raise Refusal("post:unknown")
    new = review is None
    review = review or await _open(tx, post, now)
    row = {"review_id": review.id, "member_id": viewer.id, "reason": reason, "at": now}
    fresh = insert(tx, Report).values(row).on_conflict_do_nothing(index_elements=["review_id", "member_id"])
    if await tx.scalar(fresh.returning(Report.id)) is None:
        return
    await audit.record(tx, audit.Event.REPORT_MADE, now, actor=viewer.id, post=post.id, reason=reason.value)
    hides = not review.hidden and await _hides(tx, viewer, post, review)
    if hides:
        await _hide(tx, post, review, now)
    if new:
        await cards.deal(tx, review, post, now, silent=not hides)
    else:
        await cards.redraw(tx, review.id, now, silent=not hides)


async def _open_one(tx: Transaction, post: Post) -> Review | None:
    mine = select(Review).where(Review.post_id == post.id, Review.state == ReviewState.OPEN)
    return await tx.scalar(mine.with_for_update())


async def _open(tx: Transaction, post: Post, now: datetime) -> Review:
    review = Review(
        post_id=post.id, member_id=post.member_id, state=ReviewState.OPEN, hidden=False, opened_at=now, due_at=due(now)
    )
    tx.add(review)
    await tx.flush()  # gives the review its id
    return review


def due(now: datetime) -> datetime:
    """Return the moment until when a report of now is to be decided."""
    return working_days.after(now, WORKING_DAYS)


async def _hides(tx: Transaction, viewer: Viewer, post: Post, review: Review) -> bool:
    if Role.FOCAL_POINT in viewer.roles or access.moderates(viewer, post.topic_id):
        return True
    counted = select(func.count()).select_from(Report).where(Report.review_id == review.id)
    return (await tx.scalar(counted) or 0) >= ENOUGH


async def _hide(tx: Transaction, post: Post, review: Review, now: datetime) -> None:
    review.hidden = True
    await posts.fate.hide(tx, post, now)
    await audit.record(tx, audit.Event.POST_HIDDEN, now, actor=None, subject=post.member_id, post=post.id)
    if post.member_id is not None:
        told = Promise(post.member_id, "review:hidden", {"review": review.id}, key=f"{review.subject}:hidden")
        await promise(tx, [told], now)
