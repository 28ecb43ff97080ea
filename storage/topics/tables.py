"""What a topic is, where a member stands in it, and who asks to be let in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of
from storage.tlp import Label
from storage.translations import closest


class Policy(StrEnum):
    """How a member comes into a topic. A closed one looks to everybody else as if it did not exist."""

    OPEN = "open"
    REQUEST = "request"
    CLOSED = "closed"


class Level(StrEnum):
    """What a member gets of a topic: everything at once, in the digest, or nothing for a while."""

    LIVE = "live"
    DIGEST = "digest"
    MUTE = "mute"


class RequestState(StrEnum):
    """What became of a wish to join."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    REFUSED = "refused"


class Topic(Base):
    """A subject of the network, a working group with its leads.

    `titles` and `descriptions` are by language, `label` is what is said there unless it is marked otherwise,
    `icon_color` that of its forum topic, and `closed_at` since when nothing new may be said in it.
    """

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    emoji: Mapped[str] = mapped_column(String(8))
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    descriptions: Mapped[dict[str, str]] = mapped_column(JSON)
    pillar: Mapped[str] = mapped_column(String(20))
    policy: Mapped[Policy] = mapped_column(one_of(Policy))
    label: Mapped[Label] = mapped_column(one_of(Label), default=Label.GREEN)
    icon_color: Mapped[int | None]
    position: Mapped[int]
    closed_at: Mapped[datetime | None] = mapped_column(Moment)

    def title(self, language: str) -> str:
        """Return the title in a language, or in the closest there is."""
        return closest(self.titles, language)[1] or "–"

    def description(self, language: str) -> str:
        return closest(self.descriptions, language)[1] or "–"

    @property
    def pillars(self) -> tuple[str, ...]:
        return tuple(self.pillar.split(","))


class Subscription(Base):
    """One member's standing in one topic."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("member_id", "topic_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    level: Mapped[Level] = mapped_column(one_of(Level))
    since: Mapped[datetime] = mapped_column(Moment)


class TopicRequest(Base):
    """A member's wish to join a topic that is on request."""

    __tablename__ = "topic_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    state: Mapped[RequestState] = mapped_column(one_of(RequestState))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(Moment)
