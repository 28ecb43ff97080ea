"""Deciding: an item is published or rejected once, by a moderator or by itself, at most so many a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from storage import access, audit, members, posts, topics
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.feeds.cards import lay_before, redraw
from storage.feeds.keeping import by_id
from storage.feeds.tables import EXPIRES_AFTER, Approval, Feed, FeedItem, FeedState, ItemState, Target
from storage.refusals import Refusal
from storage.tlp import Label
from storage.topics import Topic

DAY = timedelta(days=1)
AT_ONCE = 10
"""Cards that are shown again at one press."""


@dataclass(frozen=True)
class Card:
    """An item as its moderators read it; `source` is the feed's title, None of a feed that is gone."""

    item: FeedItem
    topic: Topic
    source: str | None
    by: str
    label: Label


async def item(tx: Transaction, item_id: int) -> Card:
    """Return an item for its card. Refusal: `feed:no-item`."""
    row = await tx.get(FeedItem, item_id)
    topic = await tx.get(Topic, row.topic_id) if row else None
    if row is None or topic is None:
        raise Refusal("feed:no-item")
    feed = await tx.get(Feed, row.feed_id) if row.feed_id else None
    decider = await members.by_id(tx, row.decided_by) if row.decided_by else None
    label = _label(feed, topic) if feed else Label.CLEAR
    return Card(row, topic, (feed.title or feed.url) if feed else None, members.called(decider), label)


async def decide(tx: Transaction, viewer: Viewer, item_id: int, now: datetime, *, publish: bool) -> None:
    """Publish an item or reject it; every card follows.

    Refusals: `feed:no-item`, `feed:decided`, `feed:closed` (its topic takes nothing new).
    """
    access.require(viewer, Action.MODERATE)
    row = await tx.get(FeedItem, item_id, with_for_update=True)
    if row is None or not access.moderates(viewer, row.topic_id):
        raise Refusal("feed:no-item")
    feed = await tx.get(Feed, row.feed_id) if row.feed_id else None
    if row.state is not ItemState.WAITING or feed is None:
        raise Refusal("feed:decided")
    if publish:
        topic = await _topic(tx, feed)
        if topic.closed_at is not None:
            raise Refusal("feed:closed")
        await _publish(tx, feed, topic, row, now)
    else:
        row.state = ItemState.REJECTED
    row.decided_by, row.decided_at = viewer.id, now
    event = Event.FEED_PUBLISHED if publish else Event.FEED_REJECTED
    await audit.record(tx, event, now, actor=viewer.id, feed=feed.id, item=row.id)
    await redraw(tx, row.id, now)


async def show_waiting(tx: Transaction, viewer: Viewer, feed_id: int, now: datetime) -> None:
    """Lay before `viewer` again what waits of a feed: they may have come later, or lost sight of it."""
    feed = await by_id(tx, viewer, feed_id)
    waiting = select(FeedItem.id).where(FeedItem.feed_id == feed.id, FeedItem.state == ItemState.WAITING)
    found = await tx.scalars(waiting.order_by(FeedItem.id).limit(AT_ONCE))
    for item_id in list(found):
        await lay_before(tx, item_id, [viewer.id], now)


async def expire(tx: Transaction, now: datetime) -> None:
    """Let items expire that waited too long; their cards say so."""
    since = func.coalesce(FeedItem.offered_at, FeedItem.seen_at)
    waiting = FeedItem.state.in_((ItemState.WAITING, ItemState.HELD))
    old = select(FeedItem).where(waiting, since < now - EXPIRES_AFTER).order_by(FeedItem.id)
    for row in list(await tx.scalars(old.with_for_update())):
        row.state, row.decided_at = ItemState.EXPIRED, now
        await redraw(tx, row.id, now)


async def let_go(tx: Transaction, now: datetime) -> None:
    """Let go on what the cap of a day before has held."""
    holding = select(Feed.id).join(FeedItem, FeedItem.feed_id == Feed.id)
    holding = holding.where(FeedItem.state == ItemState.HELD, Feed.state != FeedState.PAUSED)
    for feed_id in list(await tx.scalars(holding.distinct().order_by(Feed.id))):
        feed = await tx.get(Feed, feed_id, with_for_update=True)
        if feed is not None:
            await offer(tx, feed, now)


async def offer(tx: Transaction, feed: Feed, now: datetime) -> None:
    """Publish what a feed holds, or lay it before the moderators: the oldest first, as far as a day's cap reaches."""
    topic = await _topic(tx, feed)
    recent = (FeedItem.feed_id == feed.id, FeedItem.offered_at > now - DAY)
    room = feed.daily_cap - (await tx.scalar(select(func.count()).where(*recent)) or 0)
    if room <= 0 or topic.closed_at is not None:
        return
    held = select(FeedItem).where(FeedItem.feed_id == feed.id, FeedItem.state == ItemState.HELD)
    for row in list(await tx.scalars(held.order_by(FeedItem.id).limit(room).with_for_update())):
        row.offered_at = now
        if feed.approval is Approval.AUTOMATIC:
            await _publish(tx, feed, topic, row, now)
            row.decided_at = now
        else:
            row.state = ItemState.WAITING
            await lay_before(tx, row.id, await topics.moderators(tx, feed.topic_id), now)


async def _topic(tx: Transaction, feed: Feed) -> Topic:
    topic = await tx.get(Topic, feed.topic_id)
    assert topic is not None  # the row refers to it
    return topic


async def _publish(tx: Transaction, feed: Feed, topic: Topic, row: FeedItem, now: datetime) -> None:
    row.state = ItemState.PUBLISHED
    only_kept = feed.target is Target.DIGEST
    facts = {"title": row.title, "url": row.url, "summary": row.summary}
    await posts.from_feed(tx, topic, **facts, label=_label(feed, topic), now=now, digest_only=only_kept)


def _label(feed: Feed, topic: Topic) -> Label:
    return min(feed.label, topic.label, key=lambda one: one.rank)
