"""Keeping: a topic's moderators add feeds, rest them, let them go on, and remove them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Select, func, select

from storage import access, audit, topics
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction, wake
from storage.feeds.cards import added, redraw
from storage.feeds.tables import DAILY_CAP, Approval, Feed, FeedItem, FeedState, ItemState, Target
from storage.outbox import promise
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.tlp import Label
from storage.topics import Topic

LONGEST_ADDRESS = 1000
MOST_FEEDS = 20
"""Feeds of one topic."""


@dataclass(frozen=True)
class Standing:
    """A feed as its keepers read it, with its topic and how many items wait for them or for the next day."""

    feed: Feed
    topic: Topic
    waiting: int
    held: int


def clean_address(written: str) -> str:
    """Return a feed's address as it is stored: http or https, no credentials, no fragment. Refusal: `feed:address`.

    Where the address leads is asked when it is fetched, each time.
    """
    stripped = written.strip()
    try:
        parts = urlsplit(stripped if "://" in stripped else f"https://{stripped}")
        port, host = parts.port, (parts.hostname or "").encode("idna").decode().lower()
    except ValueError:
        raise Refusal("feed:address") from None
    odd = any(c.isspace() or not c.isprintable() for c in stripped) or len(stripped) > LONGEST_ADDRESS
    if odd or not host or parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc:
        raise Refusal("feed:address")
    place = f"[{host}]" if ":" in host else host
    place = place if port in (None, {"http": 80, "https": 443}[parts.scheme.lower()]) else f"{place}:{port}"
    return urlunsplit((parts.scheme.lower(), place, parts.path or "/", parts.query, ""))


async def add(
    tx: Transaction,
    viewer: Viewer,
    topic_id: int,
    url: str,
    target: Target,
    approval: Approval,
    now: datetime,
    *,
    replaces: int | None = None,
) -> Feed:
    """Let a topic have a feed; it is read at once, and whoever added it is told what came, in place of `replaces`.

    Refusals: `topic:unknown`, `feed:closed`, `feed:address`, `feed:known` (with `title`), `feed:many` (with `most`).
    """
    topic = await topics.kept(tx, viewer, topic_id)
    if topic.closed_at is not None:
        raise Refusal("feed:closed")
    address = clean_address(url)
    feeds = list(await tx.scalars(select(Feed).where(Feed.topic_id == topic.id)))
    if known := next((feed for feed in feeds if feed.url == address), None):
        raise Refusal("feed:known", title=known.title or known.url)
    if len(feeds) >= MOST_FEEDS:
        raise Refusal("feed:many", most=MOST_FEEDS)
    feed = Feed(
        topic_id=topic.id, url=address, added_by=viewer.id, target=target, approval=approval, daily_cap=DAILY_CAP,
        label=Label.CLEAR, state=FeedState.ACTIVE, failures=0, told=False, due_at=now, created_at=now,
    )  # fmt: skip
    tx.add(feed)
    await tx.flush()  # gives the feed its id
    await audit.record(tx, Event.FEED_ADDED, now, actor=viewer.id, feed=feed.id, topic=topic.code)
    await promise(tx, [added(feed, replaces)], now)
    wake(tx, "feeds")
    return feed


async def places(tx: Transaction, viewer: Viewer) -> list[Topic]:
    """Return the topics that `viewer` can let have a feed."""
    access.require(viewer, Action.MODERATE)
    mine = select(Topic).where(access.moderated(viewer, Topic.id), Topic.closed_at.is_(None))
    return list(await tx.scalars(mine.order_by(Topic.position)))


async def listed(
    tx: Transaction, viewer: Viewer, topic_id: int | None, first: int | None, size: int
) -> tuple[Page[Feed], list[Standing]]:
    """Return a page of the feeds of the topics that `viewer` moderates, or of one of them, the newest first."""
    access.require(viewer, Action.MODERATE)
    kept = _kept(viewer)
    if topic_id is not None:
        kept = kept.where(Feed.topic_id == topic_id)
    found = await page(tx, kept, (Feed.id,), first, size, newest_first=True)
    return found, [await _standing(tx, feed) for feed in found.items]


async def by_id(tx: Transaction, viewer: Viewer, feed_id: int, *, lock: bool = False) -> Feed:
    """Return a feed of a topic that `viewer` moderates; any other does not exist. Refusal: `feed:unknown`."""
    access.require(viewer, Action.MODERATE)
    found = _kept(viewer).where(Feed.id == feed_id)
    feed = await tx.scalar(found.with_for_update() if lock else found)
    if feed is None:
        raise Refusal("feed:unknown")
    return feed


async def standing(tx: Transaction, viewer: Viewer, feed_id: int) -> Standing:
    """Return a feed with what waits. Refusal: `feed:unknown`."""
    return await _standing(tx, await by_id(tx, viewer, feed_id))


async def _standing(tx: Transaction, feed: Feed) -> Standing:
    topic = await tx.get(Topic, feed.topic_id)
    assert topic is not None  # the row refers to it
    of_feed = select(FeedItem.state, func.count()).where(FeedItem.feed_id == feed.id).group_by(FeedItem.state)
    counted = {row[0]: row[1] for row in await tx.execute(of_feed)}
    return Standing(feed, topic, counted.get(ItemState.WAITING, 0), counted.get(ItemState.HELD, 0))


async def pause(tx: Transaction, viewer: Viewer, feed_id: int, now: datetime) -> None:
    """Let a feed rest; what waits for a decision waits on. Doing it twice changes nothing."""
    feed = await by_id(tx, viewer, feed_id, lock=True)
    if feed.state is not FeedState.PAUSED:
        feed.state = FeedState.PAUSED
        await audit.record(tx, Event.FEED_PAUSED, now, actor=viewer.id, feed=feed.id)


async def resume(tx: Transaction, viewer: Viewer, feed_id: int, now: datetime) -> None:
    """Read a feed again, now, that rests or fails."""
    feed = await by_id(tx, viewer, feed_id, lock=True)
    if feed.state is FeedState.ACTIVE:
        return
    feed.state, feed.failures, feed.told, feed.due_at = FeedState.ACTIVE, 0, False, now
    await audit.record(tx, Event.FEED_RESUMED, now, actor=viewer.id, feed=feed.id)
    wake(tx, "feeds")


async def remove(tx: Transaction, viewer: Viewer, feed_id: int, now: datetime) -> None:
    """Remove a feed: what waited expires, what was published stays, and what was seen does not come again."""
    feed = await by_id(tx, viewer, feed_id, lock=True)
    open_ones = FeedItem.state.in_((ItemState.WAITING, ItemState.HELD))
    waiting = select(FeedItem).where(FeedItem.feed_id == feed.id, open_ones).order_by(FeedItem.id)
    for row in list(await tx.scalars(waiting.with_for_update())):
        row.state, row.decided_at = ItemState.EXPIRED, now
        await redraw(tx, row.id, now)
    await audit.record(tx, Event.FEED_REMOVED, now, actor=viewer.id, feed=feed.id)
    await tx.delete(feed)


def _kept(viewer: Viewer) -> Select[Feed]:
    return select(Feed).where(access.moderated(viewer, Feed.topic_id))
