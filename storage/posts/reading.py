"""Reading: the last posts of a topic, what is new, and what a digest carries of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from storage import members
from storage.access import Viewer
from storage.database import Transaction
from storage.groups import BoundGroup
from storage.posts.tables import Post, visible
from storage.refusals import Refusal


async def by_id(tx: Transaction, viewer: Viewer, post_id: int) -> Post:
    """Return a post; one that is not the viewer's to read does not exist (`post:unknown`)."""
    found = await tx.scalar(visible(viewer).where(Post.id == post_id))
    if found is None:
        raise Refusal("post:unknown")
    return found


async def last(tx: Transaction, viewer: Viewer, topic_id: int, limit: int) -> list[Post]:
    """Return the last posts of a topic, the newest first."""
    found = visible(viewer).where(Post.topic_id == topic_id)
    return list(await tx.scalars(found.order_by(Post.at.desc(), Post.id.desc()).limit(limit)))


async def new(tx: Transaction, viewer: Viewer, since: datetime) -> Mapping[int, int]:
    """Return how many posts there are since a moment, by topic id."""
    posts = visible(viewer).where(Post.at >= since)
    counted = posts.with_only_columns(Post.topic_id, func.count()).group_by(Post.topic_id)
    return {row[0]: row[1] for row in await tx.execute(counted)}


async def authors(tx: Transaction, posts: Sequence[Post]) -> dict[int, tuple[str | None, str | None]]:
    """Return the name and the organisation of each post's author, by the post's id."""
    names = await members.by_ids(tx, list({p.member_id for p in posts if p.member_id is not None}))
    of = await members.organisation_names(tx, list({p.organisation_id for p in posts if p.organisation_id is not None}))
    return {
        p.id: (names[p.member_id].name if p.member_id in names else None, of.get(p.organisation_id or 0)) for p in posts
    }


async def links(tx: Transaction, posts: Sequence[Post]) -> dict[int, str]:
    """Return the address of each post that stands in a group, by the post's id."""
    found = await tx.scalars(select(BoundGroup).where(BoundGroup.id.in_({p.group_id for p in posts})))
    bound = {group.id: group for group in found}
    found_at: dict[int, str] = {}
    for post in posts:
        if post.message_id is not None and post.group_id in bound:
            address = bound[post.group_id].link(post.thread_id, post.message_id)
            found_at |= {post.id: address} if address else {}
    return found_at
