"""The table of nominations and invitations, and what is written in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of
from storage.members import Category

LIFETIME = timedelta(hours=72)
INVITATIONS = 5
"""How many open invitations a member may have at once."""


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

    def state_at(self, now: datetime) -> NominationState:
        """Return the state as it is now, whether the sweep has noted it yet or not."""
        late = self.state is NominationState.OPEN and now >= self.expires_at
        return NominationState.EXPIRED if late else self.state


@dataclass(frozen=True)
class Written:
    """What a nomination says of somebody: this and nothing else (R-02)."""

    name: str
    organisation: str
    category: Category
    country: str
    reason: str
    email: str | None = None


@dataclass(frozen=True)
class Reach:
    """Where somebody may nominate: in these countries (None: everywhere) and for these organisations, by id."""

    countries: frozenset[str] | None
    organisations: Mapping[int, str]
