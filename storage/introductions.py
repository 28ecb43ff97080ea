"""Introductions: contact that the bot brokers; a refusal and silence look the same to the one who asked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of


class IntroductionState(StrEnum):
    """Where a wish for contact stands; `refused` is never told, it ends as `unanswered` for the asker."""

    ASKED = "asked"
    SHARED = "shared"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class Introduction(Base):
    """One member's wish to be in contact with another; `closes_at` is when the asker is told of no answer."""

    __tablename__ = "introduction"
    __table_args__ = (Index("ix_introduction_state_closes", "state", "closes_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(Text)
    state: Mapped[IntroductionState] = mapped_column(one_of(IntroductionState))
    answer: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    closes_at: Mapped[datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    told: Mapped[bool] = mapped_column(default=False)
