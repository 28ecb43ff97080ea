"""What moderation keeps: reports, the review of a post that they lead to, and breaches."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of


class Reason(StrEnum):
    """Why a post is reported or removed."""

    OFF_TOPIC = "off-topic"
    PERSONAL = "personal"
    OPERATIONAL = "operational"
    INSULT = "insult"
    UNLAWFUL = "unlawful"
    OTHER = "other"


class ReviewState(StrEnum):
    """What became of a reported post."""

    OPEN = "open"
    KEPT = "kept"
    REMOVED = "removed"


class Consequence(StrEnum):
    """What a removal means for the author besides."""

    NOTHING = "nothing"
    WARN = "warn"
    MUTE_1 = "mute1"
    MUTE_7 = "mute7"
    MUTE_30 = "mute30"


SILENCE = {
    Consequence.MUTE_1: timedelta(days=1),
    Consequence.MUTE_7: timedelta(days=7),
    Consequence.MUTE_30: timedelta(days=30),
}
"""For how long each consequence takes the author's voice."""


class Review(Base):
    """One post before its moderators; a post that was kept and is reported anew gets another one.

    `member_id` is the author, `hidden` whether the reports have hidden the post, `due_at` until when it is to be
    decided, and `reminded_at` when the moderators were reminded of that.
    """

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_state_due_at", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    state: Mapped[ReviewState] = mapped_column(one_of(ReviewState))
    hidden: Mapped[bool]
    opened_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    reminded_at: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[Reason | None] = mapped_column(one_of(Reason))
    consequence: Mapped[Consequence | None] = mapped_column(one_of(Consequence))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def subject(self) -> str:
        """What the cards of this review are grouped by."""
        return f"review:{self.id}"


class Report(Base):
    """One member's report of a post; nobody but the log knows whose it was."""

    __tablename__ = "report"
    __table_args__ = (UniqueConstraint("review_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    reason: Mapped[Reason] = mapped_column(one_of(Reason))
    at: Mapped[datetime] = mapped_column(Moment)


class BreachState(StrEnum):
    """What became of a breach report."""

    OPEN = "open"
    RELEASED = "released"
    REMOVED = "removed"


class Breach(Base):
    """One report that something marked or forbidden has come where it must not be.

    What it names, a post or a document, is frozen until administrators decide; `link` is an address that names
    nothing the bot knows. An erased reporter leaves the case without name and words.
    """

    __tablename__ = "breach"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="SET NULL"), index=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id", ondelete="SET NULL"), index=True)
    link: Mapped[str | None] = mapped_column(Text)
    words: Mapped[str | None] = mapped_column(Text)
    state: Mapped[BreachState] = mapped_column(one_of(BreachState))
    at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def subject(self) -> str:
        """What the cards of this breach are grouped by."""
        return f"breach:{self.id}"
