"""Cards: what is told of feeds and laid before moderators; every copy follows what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from storage.database import Transaction
from storage.feeds.tables import Feed
from storage.outbox import Promise, promise, shown


async def lay_before(tx: Transaction, item_id: int, moderating: Iterable[int], now: datetime) -> None:
    """Promise the card of an item to some of its topic's moderators."""
    await promise(tx, _cards(item_id, dict.fromkeys(moderating)), now)


async def redraw(tx: Transaction, item_id: int, now: datetime) -> None:
    """Let the cards of an item say what has become of it."""
    await promise(tx, _cards(item_id, await shown(tx, f"feed-item:{item_id}")), now)


def added(feed: Feed, replaces: int | None, **facts: Any) -> Promise:
    """Return what whoever added a feed reads of it: that it is read now, then what came or why nothing did."""
    assert feed.added_by is not None  # who adds one is somebody
    facts = {"feed": feed.id, **facts}
    return Promise(feed.added_by, "feed:added", facts, subject=told_of(feed), replaces=replaces)


def told_of(feed: Feed) -> str:
    """Name what whoever added a feed is told of it, so that the last word can be found again."""
    return f"feed:{feed.id}"


def _cards(item_id: int, staff: Mapping[int, int | None]) -> list[Promise]:
    facts = {"item": item_id}
    return [
        Promise(member_id, "feed:item", facts, subject=f"feed-item:{item_id}", replaces=message_id, silent=True)
        for member_id, message_id in staff.items()
    ]
