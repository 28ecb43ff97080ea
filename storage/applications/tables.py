"""The tables of admission: applications, vouches, objections, what reviewers and applicants write, approvals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of
from storage.members import Category

ZONES = {
    "KZ": "Asia/Almaty", "KG": "Asia/Bishkek", "TJ": "Asia/Dushanbe", "TM": "Asia/Ashgabat", "UZ": "Asia/Tashkent",
    "AF": "Asia/Kabul", "AZ": "Asia/Baku", "CN": "Asia/Shanghai", "IN": "Asia/Kolkata", "IR": "Asia/Tehran",
    "NO": "Europe/Oslo", "PK": "Asia/Karachi", "RU": "Europe/Moscow", "TR": "Europe/Istanbul",
    "US": "America/New_York",
}  # fmt: skip
"""The countries of the network and the zone that most people there live in."""


@dataclass(frozen=True)
class Admission:
    """The admission policy: how many vouches, how many of them from another organisation than the applicant's,
    how many days for objections, after how many days an application lapses (0: never), how many approvals.
    """

    vouches: int = 2
    other_organisation: int = 1
    objection_days: int = 7
    lapse_days: int = 21
    approvals: int = 1
    self_application: bool = True

    @property
    def circulates(self) -> bool:
        """Whether members are asked at all; otherwise admission is plain review."""
        return self.vouches > 0 or self.objection_days > 0


class ApplicationKind(StrEnum):
    """What is applied for: to join, to be known by another post (R-10), or by another name or category."""

    JOIN = "join"
    POST = "post"
    CORRECTION = "correction"


class ApplicationState(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    VETTED = "vetted"
    APPROVED = "approved"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


OPEN = (ApplicationState.SUBMITTED, ApplicationState.VETTED)


class Application(Base):
    """One application, as submitted. `circulated` tells that members are asked about it, `claimed_by` reads it first,
    `window_until` ends the time for objections.
    """

    __tablename__ = "application"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ApplicationKind] = mapped_column(one_of(ApplicationKind), default=ApplicationKind.JOIN)
    state: Mapped[ApplicationState] = mapped_column(one_of(ApplicationState), index=True)
    name: Mapped[str] = mapped_column(String(120))
    organisation: Mapped[str] = mapped_column(String(150))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    category: Mapped[Category] = mapped_column(one_of(Category))
    country: Mapped[str] = mapped_column(String(2))
    email: Mapped[str | None] = mapped_column(String(254))
    motive: Mapped[str | None] = mapped_column(Text)
    nomination_id: Mapped[int | None] = mapped_column(ForeignKey("nomination.id"))
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    circulated: Mapped[bool] = mapped_column(default=False)
    window_until: Mapped[datetime | None] = mapped_column(Moment)
    lapses_at: Mapped[datetime | None] = mapped_column(Moment)
    vetted_at: Mapped[datetime | None] = mapped_column(Moment)
    reminded_at: Mapped[datetime | None] = mapped_column(Moment)
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str | None] = mapped_column(Text)

    def close(self, state: ApplicationState, by: int | None, now: datetime) -> None:
        """Note how the application ended, and who decided (None: the clock)."""
        self.state, self.decided_by, self.decided_at = state, by, now


class ApplicationVote(Base):
    """One reviewer's approval."""

    __tablename__ = "application_vote"
    __table_args__ = (UniqueConstraint("application_id", "reviewer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(Moment)


class Attestation(StrEnum):
    """How a member knows an applicant: a fixed list, so that a vouch says the same from everybody (R-04)."""

    MET = "met"
    WORKED = "worked"
    OFFICE = "office"
    CANNOT = "cannot"


class Vouch(Base):
    """One member's attestation about one applicant."""

    __tablename__ = "vouch"
    __table_args__ = (UniqueConstraint("application_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    attestation: Mapped[Attestation] = mapped_column(one_of(Attestation))
    at: Mapped[datetime] = mapped_column(Moment)


class ObjectionState(StrEnum):
    """What the secretariat makes of an objection."""

    OPEN = "open"
    DISMISSED = "dismissed"
    UPHELD = "upheld"


class Objection(Base):
    """What a member has against an applicant; only the secretariat reads it (R-05)."""

    __tablename__ = "objection"
    __table_args__ = (UniqueConstraint("application_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[ObjectionState] = mapped_column(one_of(ObjectionState), default=ObjectionState.OPEN)
    at: Mapped[datetime] = mapped_column(Moment)
    judged_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    judged_at: Mapped[datetime | None] = mapped_column(Moment)


class RemarkKind(StrEnum):
    """Who says what on an application: reviewers ask, the applicant answers or adds a note."""

    QUESTION = "question"
    ANSWER = "answer"
    NOTE = "note"


class Remark(Base):
    """One thing said between reviewers and applicant; the applicant never learns who asked."""

    __tablename__ = "application_remark"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[RemarkKind] = mapped_column(one_of(RemarkKind))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class Filled:
    """What a form about a person collected, and the link that opened it."""

    name: str
    organisation: str
    category: Category
    country: str
    email: str | None = None
    motive: str | None = None
    nomination_id: int | None = None
