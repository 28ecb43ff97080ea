"""Cards: who decides on a reported post, what they read of it, and how their cards stay true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage import access, errands, members, posts, topics
from storage.access import Viewer
from storage.database import Transaction
from storage.errands import ErrandKind
from storage.moderation.tables import Reason, Report, Review, ReviewState
from storage.mutes import Mute
from storage.outbox import Promise, promise, shown
from storage.pages import Page, page
from storage.posts import Post
from storage.refusals import Refusal
from storage.topics import Topic


@dataclass(frozen=True)
class Case:
    """A reported post with its names and with how often and why it was reported, never by whom.

    `readable` tells whether the reader may read the post itself, `decider` who has decided, and `mute` which mute of
    this decision was not lifted since.
    """

    review: Review
    post: Post
    topic: Topic
    author: str | None
    organisation: str | None
    reasons: tuple[tuple[Reason, int], ...]
    readable: bool
    decider: str | None
    mute: int | None

    @property
    def reports(self) -> int:
        """How many members have reported it."""
        return sum(count for _, count in self.reasons)


async def deciders(tx: Transaction, topic_id: int, author_id: int | None) -> list[int]:
    """Return the ids of who decides on a post: who moderates its topic, but its author only where nobody else does."""
    asked = await topics.moderators(tx, topic_id)
    return [number for number in asked if number != author_id] or asked


async def deal(tx: Transaction, review: Review, post: Post, now: datetime, *, silent: bool) -> None:
    """Put a review before everybody who decides on it."""
    asked = dict.fromkeys(await deciders(tx, post.topic_id, post.member_id))
    await promise(tx, _cards(review.id, asked, silent=silent), now)


async def redraw(tx: Transaction, review_id: int, now: datetime, *, silent: bool = True) -> None:
    """Let every card of a review say what is true now."""
    await promise(tx, _cards(review_id, await shown(tx, f"review:{review_id}"), silent=silent), now)


def _cards(review_id: int, staff: Mapping[int, int | None], *, silent: bool) -> list[Promise]:
    facts, subject = {"review": review_id}, f"review:{review_id}"
    return [Promise(m, "review:card", facts, subject=subject, replaces=at, silent=silent) for m, at in staff.items()]


async def cases(tx: Transaction, review_id: int, viewers: Sequence[Viewer]) -> dict[int, Case]:
    """Return a review for each of `viewers` who moderates its topic, by their id."""
    joined = select(Review, Post, Topic).join(Post, Post.id == Review.post_id).join(Topic, Topic.id == Post.topic_id)
    row = (await tx.execute(joined.where(Review.id == review_id))).first()
    if row is None:
        return {}
    review, post, topic = row[0], row[1], row[2]
    name, organisation = (await posts.authors(tx, [post]))[post.id]
    decider = await members.by_id(tx, review.decided_by) if review.decided_by else None
    mute = await _mute(tx, review)
    reasons = await _reasons(tx, review_id)
    by = members.called(decider) if decider else None
    return {
        viewer.id: Case(
            review, post, topic, name, organisation, reasons, posts.may_read(viewer, post, topic, None), by, mute
        )
        for viewer in viewers
        if access.moderates(viewer, topic.id)
    }


async def one(tx: Transaction, viewer: Viewer, review_id: int) -> Case:
    """Return a review for who decides on it. Refusal: `review:unknown`."""
    found = await cases(tx, review_id, [viewer])
    if viewer.id not in found:
        raise Refusal("review:unknown")
    return found[viewer.id]


async def _reasons(tx: Transaction, review_id: int) -> tuple[tuple[Reason, int], ...]:
    counted = select(Report.reason, func.count()).where(Report.review_id == review_id).group_by(Report.reason)
    found = {row[0]: row[1] for row in await tx.execute(counted)}
    return tuple((reason, found[reason]) for reason in Reason if reason in found)


async def _mute(tx: Transaction, review: Review) -> int | None:
    """Return the mute that a decision has brought, until it is lifted."""
    if review.member_id is None or review.decided_at is None:
        return None
    mine = (Mute.member_id == review.member_id, Mute.at == review.decided_at)
    return await tx.scalar(select(Mute.id).where(*mine, Mute.lifted_at.is_(None)))


async def waiting(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[Review]:
    """Return a page of the reviews that wait for who moderates their topics, the oldest first."""
    found = select(Review).join(Post, Post.id == Review.post_id).where(Review.state == ReviewState.OPEN)
    return await page(tx, found.where(access.moderated(viewer, Post.topic_id)), (Review.id,), first, size)


async def remind(tx: Transaction, now: datetime) -> None:
    """Remind the moderators once of what should have been decided by now."""
    late = select(Review).where(
        Review.state == ReviewState.OPEN, Review.due_at <= now, Review.reminded_at.is_(None)
    )  # fmt: skip
    for review in await tx.scalars(late.order_by(Review.id).with_for_update()):
        post = await tx.get(Post, review.post_id)
        review.reminded_at = now
        asked = await deciders(tx, post.topic_id, post.member_id) if post else []
        key, facts = f"{review.subject}:late", {"review": review.id}
        await promise(tx, [Promise(m, "review:late", facts, key=f"{key}:{m}") for m in asked], now)


async def forget(tx: Transaction, member_id: int, now: datetime) -> None:
    """Let the cards of an erased member's posts say so; a card that is a file is deleted."""
    mine = select(Review.id, Post.file_id).join(Post, Post.id == Review.post_id).where(Review.member_id == member_id)
    for review_id, file_id in (await tx.execute(mine)).all():
        seen = await shown(tx, f"review:{review_id}")
        if file_id is not None:
            await _delete(tx, seen, now)
        await promise(tx, _cards(review_id, seen, silent=True), now)


async def _delete(tx: Transaction, seen: Mapping[int, int], now: datetime) -> None:
    for member in (await members.by_ids(tx, list(seen))).values():
        if member.telegram_id is not None and seen[member.id]:
            facts = {"message_id": seen[member.id]}
            await errands.send(tx, ErrandKind.DELETE, member.telegram_id, facts, now)
