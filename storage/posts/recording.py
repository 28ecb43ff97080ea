"""Recording: what members say in a topic's thread or group, so that digests and followers outside can have it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from storage.database import Transaction, insert
from storage.groups import BoundGroup
from storage.members import Member
from storage.posts.live import tell_live
from storage.posts.tables import Post, PostState, Said, Source
from storage.topics import Topic


async def record(
    tx: Transaction, group: BoundGroup, topic: Topic, author: Member | None, said: Said, now: datetime
) -> Post | None:
    """Keep a message of a group as a post of its topic, and promise it to live followers outside.

    Without `author` it is a channel's own. Returns None for a message that is known already.
    """
    if said.album is not None and await _has_album(tx, group, said.album):
        return None
    parent = await _at(tx, group, said.reply_to)
    row = {
        "topic_id": topic.id,
        "source": Source.GROUP if author is not None else Source.CHANNEL,
        "state": PostState.PUBLISHED,
        "label": topic.label,
        "member_id": author.id if author else None,
        "organisation_id": author.organisation_id if author else None,
        "html": said.html,
        "kind": said.kind,
        "file_id": said.file_id,
        "album": said.album,
        "group_id": group.id,
        "thread_id": said.thread_id,
        "message_id": said.message_id,
        "reply_to_id": parent.id if parent else None,
        "replies": 0,
        "reactions": 0,
        "at": said.at,
    }
    new = insert(tx, Post).values(row).on_conflict_do_nothing(index_elements=["group_id", "message_id"])
    found: Post | None = await tx.scalar(new.returning(Post))
    if found is None:
        return None
    if parent is not None:
        await tx.execute(update(Post).where(Post.id == parent.id).values(replies=Post.replies + 1))
    await tell_live(tx, found, topic, now)
    return found


async def edited(tx: Transaction, group: BoundGroup, message_id: int, html: str | None) -> None:
    """Keep what a message says now."""
    here = (Post.group_id == group.id, Post.message_id == message_id, Post.source != Source.PRIVATE)
    await tx.execute(update(Post).where(*here).values(html=html))


async def reacted(tx: Transaction, group: BoundGroup, message_id: int, *, more: int) -> None:
    """Count reactions to a post; who reacted is not kept (R-24)."""
    here = update(Post).where(Post.group_id == group.id, Post.message_id == message_id)
    await tx.execute(here.values(reactions=Post.reactions + more))


async def counted(tx: Transaction, group: BoundGroup, message_id: int, total: int) -> None:
    """Note how many reactions a post of a channel has."""
    here = update(Post).where(Post.group_id == group.id, Post.message_id == message_id)
    await tx.execute(here.values(reactions=total))


async def at(tx: Transaction, group: BoundGroup, message_id: int) -> Post | None:
    """Return the post that stands in a message of a group."""
    return await _at(tx, group, message_id)


async def _at(tx: Transaction, group: BoundGroup, message_id: int | None) -> Post | None:
    if message_id is None:
        return None
    return await tx.scalar(select(Post).where(Post.group_id == group.id, Post.message_id == message_id))


async def _has_album(tx: Transaction, group: BoundGroup, album: str) -> bool:
    found = select(Post.id).where(Post.group_id == group.id, Post.album == album).limit(1)
    return await tx.scalar(found) is not None
