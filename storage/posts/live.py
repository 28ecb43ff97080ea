"""Live: a post reaches at once who follows its topic so and is not in its group; at night by their choice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from storage import access, groups, quiet
from storage.database import Transaction
from storage.members import BELONGING, Member, Night
from storage.outbox import Lane, Promise, promise, shown
from storage.posts.tables import Post, may_read
from storage.topics import Level, Subscription, Topic

FRESH = timedelta(days=1)
"""A post that could not be delivered for so long is in the digest by then."""


async def tell_live(tx: Transaction, post: Post, topic: Topic, now: datetime) -> None:
    """Promise a post to everybody who follows its topic live, may read it, and does not see it in the group."""
    there = await groups.presence.inside(tx, post.group_id) if post.group_id is not None else set()
    here = [m for m in await _following_live(tx, topic.id) if m.id not in there and m.id != post.member_id]
    viewers = await access.viewers(tx, [m.id for m in here])
    told = [m for m in here if may_read(viewers[m.id], post, topic, Level.LIVE)]
    await promise(tx, [_promise(post, member, now) for member in told], now)


async def _following_live(tx: Transaction, topic_id: int) -> Iterable[Member]:
    live = select(Subscription.member_id).where(Subscription.topic_id == topic_id, Subscription.level == Level.LIVE)
    return await tx.scalars(select(Member).where(Member.id.in_(live), Member.state.in_(BELONGING)))


def _promise(post: Post, member: Member, now: datetime) -> Promise:
    night = quiet.until(now, member.zone, *member.quiet_hours)
    held = night if member.night is Night.HOLD else None
    return Promise(
        member.id, "post:live", {"post": post.id}, Lane.LIVE, post.subject, f"{post.subject}:{member.id}",
        silent=night is not None and held is None, due_at=held, expires_at=(held or now) + FRESH,
    )  # fmt: skip


async def redraw(tx: Transaction, post: Post, now: datetime) -> None:
    """Let the copies of a post in private chats say what has become of it."""
    seen = await shown(tx, post.subject)
    facts = {"post": post.id, "again": True}
    told = [Promise(m, "post:live", facts, Lane.LIVE, post.subject, replaces=place) for m, place in seen.items()]
    await promise(tx, told, now)
