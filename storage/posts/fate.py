"""Fate: a post is hidden until somebody decides, put back, or removed; its copies follow where they still can."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from storage import errands, members
from storage.database import Transaction
from storage.errands import ErrandKind
from storage.groups import BoundGroup
from storage.outbox import shown
from storage.posts.live import redraw
from storage.posts.publishing import put_up
from storage.posts.tables import KEEP, Post, PostState


async def hide(tx: Transaction, post: Post, now: datetime) -> None:
    """Take a post out of sight until somebody decides: out of its group, and its copies say that they are hidden."""
    if post.state in (PostState.PUBLISHED, PostState.QUEUED, PostState.HELD):
        post.state = PostState.HIDDEN
        await _vanish(tx, post, now)


async def remove(tx: Transaction, post: Post, now: datetime) -> None:
    """Take a post away for good."""
    shows = post.state is not PostState.HIDDEN
    post.state = PostState.REMOVED
    if shows:
        await _vanish(tx, post, now)
    else:
        await redraw(tx, post, now)


async def restore(tx: Transaction, post: Post, now: datetime) -> None:
    """Put a hidden post back: into its group as a new message of the bot's that names its author, and its copies."""
    if post.state is not PostState.HIDDEN:
        return
    group = await tx.get(BoundGroup, post.group_id) if post.group_id is not None else None
    if group is None or group.lost_at is not None or post.label.named_audience:
        post.state = PostState.PUBLISHED
        await redraw(tx, post, now)
        return
    await put_up(tx, post, group, now)
    await redraw(tx, post, now)


async def _vanish(tx: Transaction, post: Post, now: datetime) -> None:
    group = await tx.get(BoundGroup, post.group_id) if post.group_id is not None else None
    if group is not None and post.message_id is not None:
        await errands.send(tx, ErrandKind.DELETE, group.chat_id, {"message_id": post.message_id}, now)
        post.message_id = None
    await tx.flush()
    if post.file_id is None:
        await redraw(tx, post, now)
        return
    seen = await shown(tx, post.subject)  # a file cannot be edited away
    for member in (await members.by_ids(tx, list(seen))).values():
        if member.telegram_id is not None and seen[member.id]:
            await errands.send(tx, ErrandKind.DELETE, member.telegram_id, {"message_id": seen[member.id]}, now)


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop posts that are older than `KEEP`."""
    await tx.execute(delete(Post).where(Post.at < now - KEEP))
