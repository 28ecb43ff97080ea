"""Nominations and invitations: one-time links that open the application form and grant nothing (R-01, R-02)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, Transaction, one_of
from storage.members import Category

LIFETIME = timedelta(hours=72)


class NominationKind(StrEnum):
    """Who sends the link: a focal point nominates, a member invites."""

    NOMINATION = "nomination"
    INVITATION = "invitation"


class NominationState(StrEnum):
    """What became of a link."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Nomination(Base):
    """One link for one person. Only a hash of its secret is kept; the nominee never reads what is written here."""

    __tablename__ = "nomination"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[NominationKind] = mapped_column(one_of(NominationKind))
    state: Mapped[NominationState] = mapped_column(one_of(NominationState), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    organisation: Mapped[str | None] = mapped_column(String(150))
    category: Mapped[Category | None] = mapped_column(one_of(Category))
    country: Mapped[str | None] = mapped_column(String(2))
    reason: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(String(254))
    made_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


async def by_id(tx: Transaction, nomination_id: int) -> Nomination | None:
    """Return a nomination, for those who review the application that came by it."""
    return await tx.get(Nomination, nomination_id)
