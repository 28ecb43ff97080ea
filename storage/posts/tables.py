"""What is said in topics: posts, where they stand in a group, and the one condition under which a viewer reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Select, String, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, topics
from storage.access import Viewer
from storage.database import Base, Moment, one_of
from storage.members import MemberState
from storage.tlp import Label
from storage.topics import Policy, Reader, Topic

KEEP = timedelta(days=90)
"""How long a post is kept: digests and the topic's last ones need no more."""


class Source(StrEnum):
    """Where a post came from."""

    GROUP = "group"
    PRIVATE = "private"
    CHANNEL = "channel"
    FEED = "feed"


class PostState(StrEnum):
    """What became of a post. A held one could not be put where it belongs, a hidden one waits for a decision."""

    QUEUED = "queued"
    PUBLISHED = "published"
    HELD = "held"
    HIDDEN = "hidden"
    REMOVED = "removed"


class Post(Base):
    """Something said in a topic.

    `html` is its text as Telegram HTML, `kind` what it carries besides (`photo` …), `album` the album whose first
    picture it is. `member_id` wrote it for `organisation_id`; `url` is what a feed's item points to. `group_id`,
    `thread_id` and `message_id` are where it stands, if it stands in a group.
    """

    __tablename__ = "post"
    __table_args__ = (UniqueConstraint("group_id", "message_id"), Index("ix_post_topic_id_at", "topic_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    source: Mapped[Source] = mapped_column(one_of(Source))
    state: Mapped[PostState] = mapped_column(one_of(PostState))
    reason: Mapped[str | None] = mapped_column(Text)
    label: Mapped[Label] = mapped_column(one_of(Label))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    html: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20), default="text")
    file_id: Mapped[str | None] = mapped_column(Text)
    album: Mapped[str | None] = mapped_column(String(40))
    url: Mapped[str | None] = mapped_column(Text)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("bound_group.id", ondelete="SET NULL"))
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="SET NULL"))
    replies: Mapped[int] = mapped_column(default=0)
    reactions: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(Moment)

    @property
    def subject(self) -> str:
        """What the copies of this post in private chats are grouped by."""
        return f"post:{self.id}"


@dataclass(frozen=True)
class PostDraft:
    """Something to be said in a topic: `html` as Telegram HTML, perhaps with a file that Telegram knows."""

    topic_id: int
    label: Label
    html: str
    kind: str = "text"
    file_id: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Said:
    """A message of a group as it was seen there; `reply_to` is the message it answers."""

    message_id: int
    thread_id: int | None
    html: str | None
    kind: str
    at: datetime
    file_id: str | None = None
    reply_to: int | None = None
    album: str | None = None


def visible(viewer: Viewer) -> Select[Post]:
    """Return the posts that `viewer` may read; every question about posts begins here. The same rule as `may_read`."""
    permitted = access.visible(viewer, Post.label, topics.inside(viewer) & (Post.label == Label.AMBER))
    open_to = topics.readable(viewer) if viewer.active else false()
    read = select(Post).join(Topic, Topic.id == Post.topic_id).where(open_to, permitted)
    return read.where(Post.state == PostState.PUBLISHED)


def may_read(viewer: Viewer, post: Post, topic: Topic, level: topics.Level | None) -> bool:
    """Tell whether `viewer`, who stands at `level` in the topic, may read a post; the same rule as `visible`."""
    return is_open_to(topics.reader_in(viewer, topic.id, level), topic.id, topic.policy, post.label)


def is_open_to(reader: Reader, topic_id: int, policy: Policy, label: Label) -> bool:
    """Tell whether a reader may read what is said in a topic under a label; the same rule as `visible`."""
    if not reader.viewer.active or not reader.reads(topic_id, policy):
        return False
    return not label.named_audience or is_named(reader, topic_id, label)


def is_named(reader: Reader, topic_id: int, label: Label) -> bool:
    """Tell whether a reader is among the audience that is named by saying something in a topic.

    That is whom its leads have let in (TLP 2.0 §4, AMBER).
    """
    viewer = reader.viewer
    in_house = viewer.state is not MemberState.IDLE and viewer.organisation_id is not None
    return label is Label.AMBER and in_house and reader.inside(topic_id)
