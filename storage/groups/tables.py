"""Groups and channels that are bound to the network, the threads of its topics there, and who is inside."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of


class GroupKind(StrEnum):
    """What Telegram calls the chat."""

    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class BoundGroup(Base):
    """A chat in which the network meets: the whole of it, or one topic (`topic_id`).

    `forum` has threads; `username` is set where the chat is public; `missing` names the rights that the bot lacks,
    `strangers` how many people are there whom the bot has not met, `lost_at` since when the bot is out of it.
    """

    __tablename__ = "bound_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    title: Mapped[str] = mapped_column(String(255))
    kind: Mapped[GroupKind] = mapped_column(one_of(GroupKind), default=GroupKind.SUPERGROUP)
    username: Mapped[str | None] = mapped_column(String(40))
    forum: Mapped[bool] = mapped_column(default=False)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    missing: Mapped[list[str]] = mapped_column(JSON, default=list)
    strangers: Mapped[int | None]
    bound_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    bound_at: Mapped[datetime] = mapped_column(Moment)
    lost_at: Mapped[datetime | None] = mapped_column(Moment)

    def link(self, thread_id: int | None, message_id: int) -> str | None:
        """Return the address of a message for who is inside; a basic group's messages have none."""
        if self.kind is GroupKind.GROUP:
            return None
        place = self.username or f"c/{str(self.chat_id).removeprefix('-100')}"
        thread = f"/{thread_id}" if thread_id is not None else ""
        return f"https://t.me/{place}{thread}/{message_id}"


class Thread(Base):
    """A topic's thread in a forum; `thread_id` is None until Telegram has made it, `problem` says why it is broken."""

    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("group_id", "topic_id"), UniqueConstraint("group_id", "thread_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("bound_group.id", ondelete="CASCADE"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(128))
    closed: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Moment)


class GroupMember(Base):
    """Somebody whom the bot knows to be inside a group: bots cannot list a group's members."""

    __tablename__ = "group_member"
    __table_args__ = (UniqueConstraint("group_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("bound_group.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    since: Mapped[datetime] = mapped_column(Moment)
