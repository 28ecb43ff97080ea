"""Feeds: what other sites publish comes into a topic, past a moderator or by itself, and never twice."""

from storage.feeds.deciding import Card, decide, expire, item, let_go, show_waiting
from storage.feeds.intake import claim, fails, forget, take, unchanged
from storage.feeds.keeping import (
    MOST_FEEDS,
    Standing,
    add,
    by_id,
    clean_address,
    listed,
    pause,
    places,
    remove,
    resume,
    standing,
)
from storage.feeds.tables import (
    DAILY_CAP,
    EXPIRES_AFTER,
    KEEP,
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    Approval,
    Due,
    Entry,
    Feed,
    FeedItem,
    FeedState,
    Found,
    ItemState,
    Target,
)

__all__ = [
    "DAILY_CAP", "EXPIRES_AFTER", "KEEP", "LONGEST_SUMMARY", "LONGEST_TITLE", "MOST_FEEDS", "Approval", "Card",
    "Due", "Entry", "Feed", "FeedItem", "FeedState", "Found", "ItemState", "Standing", "Target", "add", "by_id",
    "claim", "clean_address", "decide", "expire", "fails", "forget", "item", "let_go", "listed", "pause", "places",
    "remove", "resume", "show_waiting", "standing", "take", "unchanged",
]  # fmt: skip
