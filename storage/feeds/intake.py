"""Intake: what a feed brought, or why it could not be read; nothing that its topic knows comes a second time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from storage import topics
from storage.database import Transaction, insert
from storage.feeds.cards import added, told_of
from storage.feeds.deciding import offer
from storage.feeds.keys import Keys, keys
from storage.feeds.tables import KEEP, Due, Entry, Feed, FeedItem, FeedState, Found, ItemState
from storage.outbox import Lane, Promise, promise, shown
from storage.topics import Topic

EVERY = timedelta(hours=1)
SELDOM = timedelta(days=1)
TRYING = timedelta(minutes=10)
"""How long one who claimed a feed has for it; after a crash it is due again then."""
FAILS_AFTER = 5
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


async def claim(tx: Transaction, now: datetime, limit: int) -> list[Due]:
    """Return feeds that are due, of topics that take something new, and let nobody else read them meanwhile."""
    due = select(Feed).join(Topic, Topic.id == Feed.topic_id)
    due = due.where(Feed.state != FeedState.PAUSED, Feed.due_at <= now, Topic.closed_at.is_(None))
    ordered = due.order_by(Feed.due_at, Feed.id).limit(limit).with_for_update(of=Feed, skip_locked=True)
    found = list(await tx.scalars(ordered))
    for feed in found:
        feed.due_at = now + TRYING
    return [Due(feed.id, feed.url, feed.etag, feed.modified) for feed in found]


async def unchanged(tx: Transaction, feed_id: int, now: datetime) -> None:
    """Note that a feed has nothing new."""
    feed = await _held(tx, feed_id)
    if feed is not None:
        _is_well(feed, now)


async def take(tx: Transaction, feed_id: int, found: Found, now: datetime) -> None:
    """Keep what is new; the first time only the newest, so many as a day carries. Whoever added the feed is told."""
    feed = await _held(tx, feed_id)
    if feed is None:
        return
    first = feed.read_at is None
    feed.title = found.title or feed.title
    feed.etag, feed.modified = found.etag, found.modified
    _is_well(feed, now)
    fresh = await _unknown(tx, feed, found.entries, now)
    rows = [_row(feed, entry, known_by, now) for entry, known_by in fresh]
    if first:
        for row in rows[: -feed.daily_cap]:
            row["state"] = ItemState.PASSED
    if rows:  # another feed of the topic may bring the same just now
        await tx.execute(insert(tx, FeedItem).on_conflict_do_nothing(), rows)
    await offer(tx, feed, now)
    if first:
        await _tell_adder(tx, feed, now, items=len(found.entries))


async def fails(tx: Transaction, feed_id: int, problem: str, now: datetime) -> None:
    """Note why a feed could not be read, and try it ever less often; its moderators are told once."""
    feed = await _held(tx, feed_id)
    if feed is None:
        return
    feed.failures, feed.problem = feed.failures + 1, problem
    feed.due_at = now + min(EVERY * 2 ** min(feed.failures - 1, 10), SELDOM)
    if feed.read_at is None and feed.failures == 1:
        await _tell_adder(tx, feed, now)
    if feed.failures >= FAILS_AFTER and not feed.told:
        feed.state, feed.told = FeedState.FAILING, True
        facts = {"feed": feed.id, "problem": problem}
        told = await topics.moderators(tx, feed.topic_id)
        await promise(tx, [Promise(m, "feed:failing", facts, Lane.BULK) for m in told], now)


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop what was decided and what its feed has not named for `KEEP` up to when it was last read anew."""
    newest = select(FeedItem.feed_id, func.max(FeedItem.listed_at)).group_by(FeedItem.feed_id)
    for feed_id, at in (await tx.execute(newest)).all():
        until = (now if feed_id is None else at) - KEEP
        old = delete(FeedItem).where(FeedItem.feed_id.is_not_distinct_from(feed_id), FeedItem.listed_at < until)
        await tx.execute(old.where(FeedItem.state.not_in((ItemState.WAITING, ItemState.HELD))))


async def _held(tx: Transaction, feed_id: int) -> Feed | None:
    feed = await tx.get(Feed, feed_id, with_for_update=True)
    return None if feed is None or feed.state is FeedState.PAUSED else feed


def _is_well(feed: Feed, now: datetime) -> None:
    feed.state, feed.failures, feed.problem, feed.told = FeedState.ACTIVE, 0, None, False
    feed.read_at, feed.due_at = now, now + EVERY


async def _tell_adder(tx: Transaction, feed: Feed, now: datetime, **facts: Any) -> None:
    if feed.added_by is not None:
        await promise(tx, [added(feed, (await shown(tx, told_of(feed))).get(feed.added_by), **facts)], now)


async def _unknown(tx: Transaction, feed: Feed, entries: tuple[Entry, ...], now: datetime) -> list[tuple[Entry, Keys]]:
    """Return the entries that the topic does not know, the oldest first, each once; note that it names the others."""
    keyed = [(entry, keys(feed.id, entry)) for entry in entries]
    same = or_(
        FeedItem.guid.in_([k.guid for _, k in keyed]),
        FeedItem.url_key.in_([k.url for _, k in keyed]),
        FeedItem.title_key.in_([k.title for _, k in keyed if k.title]),
    )
    named = update(FeedItem).where(FeedItem.topic_id == feed.topic_id, same).values(listed_at=now)
    returned = named.returning(FeedItem.guid, FeedItem.url_key, FeedItem.title_key)
    known = await tx.execute(returned.execution_options(synchronize_session=False))
    seen = {key for row in known for key in row if key}
    fresh = []
    for entry, known_by in keyed:  # the feed's own order: its newest comes first
        own = {known_by.guid, known_by.url, known_by.title} - {None}
        if not own & seen:
            fresh.append((entry, known_by))
        seen |= own
    fresh.reverse()
    return sorted(fresh, key=lambda one: one[0].published_at or _EVER)


def _row(feed: Feed, entry: Entry, known_by: Keys, now: datetime) -> dict[str, Any]:
    return {
        "feed_id": feed.id, "topic_id": feed.topic_id, "guid": known_by.guid, "url_key": known_by.url,
        "title_key": known_by.title, "title": entry.title, "url": entry.url, "summary": entry.summary,
        "published_at": entry.published_at, "seen_at": now, "listed_at": now, "state": ItemState.HELD,
    }  # fmt: skip
