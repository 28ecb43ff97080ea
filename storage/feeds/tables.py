"""Feeds as rows: where one is, what is done with what it brings, and each item that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of
from storage.tlp import Label

DAILY_CAP = 5
EXPIRES_AFTER = timedelta(days=14)
KEEP = timedelta(days=90)
"""How long an item is known that its feed no longer names, as long as the post that came of it."""
LONGEST_TITLE = 200
LONGEST_SUMMARY = 500


class Target(StrEnum):
    """Where a feed's items go: said in the topic, or only kept for digests and the topic's list."""

    TOPIC = "topic"
    DIGEST = "digest"


class Approval(StrEnum):
    """Who lets a feed's items through: the topic's moderators one by one, or nobody need."""

    MODERATOR = "moderator"
    AUTOMATIC = "automatic"


class FeedState(StrEnum):
    """Whether a feed is read; a failing one is tried further on, ever less often."""

    ACTIVE = "active"
    PAUSED = "paused"
    FAILING = "failing"


class ItemState(StrEnum):
    """What became of an item: `held` is over the day's cap, `passed` was older than the feed's first day here."""

    HELD = "held-by-cap"
    WAITING = "waiting"
    PUBLISHED = "published"
    REJECTED = "rejected"
    EXPIRED = "expired"
    PASSED = "passed"


class Feed(Base):
    """A feed of a topic. `read_at` is when it was last read; `failures` how often since then it could not be.

    `problem` is a code, such as `name` or `http-404`; `told` whether the moderators know that it fails.
    """

    __tablename__ = "feed"
    __table_args__ = (UniqueConstraint("topic_id", "url"), Index("ix_feed_state_due", "state", "due_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    url: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(String(LONGEST_TITLE))
    added_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    target: Mapped[Target] = mapped_column(one_of(Target))
    approval: Mapped[Approval] = mapped_column(one_of(Approval))
    daily_cap: Mapped[int] = mapped_column(default=DAILY_CAP)
    label: Mapped[Label] = mapped_column(one_of(Label), default=Label.CLEAR)
    state: Mapped[FeedState] = mapped_column(one_of(FeedState), default=FeedState.ACTIVE)
    etag: Mapped[str | None] = mapped_column(Text)
    modified: Mapped[str | None] = mapped_column(String(100))
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(40))
    told: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)


class FeedItem(Base):
    """One item of a feed, known in its topic by guid, address or title, also when the feed is gone.

    `offered_at` is when it was published, or laid before the moderators: that counts for the day's cap. `listed_at` is
    when a feed of the topic named it last.
    """

    __tablename__ = "feed_item"
    __table_args__ = (
        UniqueConstraint("topic_id", "guid"),
        UniqueConstraint("topic_id", "url_key"),
        UniqueConstraint("topic_id", "title_key"),
        Index("ix_feed_item_feed_state", "feed_id", "state"),
        Index("ix_feed_item_state_seen", "state", "seen_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    feed_id: Mapped[int | None] = mapped_column(ForeignKey("feed.id", ondelete="SET NULL"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    guid: Mapped[str] = mapped_column(String(80))
    url_key: Mapped[str] = mapped_column(String(80))
    title_key: Mapped[str | None] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    url: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    listed_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[ItemState] = mapped_column(one_of(ItemState))
    offered_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True)
class Due:
    """A feed that is to be read now, and what asks its site only for what is newer."""

    feed_id: int
    url: str
    etag: str | None
    modified: str | None


@dataclass(frozen=True)
class Entry:
    """An item as it was read: plain text of one line, and an address of http or https."""

    guid: str
    title: str
    url: str
    summary: str
    published_at: datetime | None


@dataclass(frozen=True)
class Found:
    """What a feed had to say: its title and entries, in its own order."""

    title: str | None
    entries: tuple[Entry, ...]
    etag: str | None = None
    modified: str | None = None
