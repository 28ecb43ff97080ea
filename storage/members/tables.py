"""The tables of people: persons, organisations, and the roles that members hold."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of


class MemberState(StrEnum):
    """Where a person stands; `visitor` has spoken to the bot and not applied."""

    VISITOR = "visitor"
    NOMINATED = "nominated"
    VETTED = "vetted"
    APPROVED = "approved"
    ACTIVE = "active"
    DUE = "due"
    SOON_IDLE = "soon idle"
    IDLE = "idle"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    LAPSED = "lapsed"
    BLOCKED = "blocked"
    LEFT = "left"
    ERASED = "erased"


BELONGING = frozenset({MemberState.ACTIVE, MemberState.DUE, MemberState.SOON_IDLE, MemberState.IDLE})
"""The states of somebody who belongs to the network now."""


class Category(StrEnum):
    """What kind of institution a member comes from."""

    GOV_POLICY = "GOV-POLICY"
    GOV_PRACT = "GOV-PRACT"
    JUSTICE = "JUSTICE"
    REL_EDU = "REL-EDU"
    MEDIA = "MEDIA"
    CSO = "CSO"
    ACADEMIA = "ACADEMIA"
    INTL = "INTL"


class Role(StrEnum):
    """What a member may do for others. A moderator's reach is a topic, a focal point's a country or organisation."""

    ADMINISTRATOR = "administrator"
    APPROVER = "approver"
    FOCAL_POINT = "focal point"
    MODERATOR = "moderator"
    AUDITOR = "auditor"
    EDITOR = "editor"


class Night(StrEnum):
    """What happens to what is not urgent while it is night where the member lives."""

    HOLD = "hold"
    SILENT = "silent"


class Channel(StrEnum):
    """Where a member gets digests: in Telegram, by e-mail where Telegram is out of reach, or both."""

    TELEGRAM = "telegram"
    EMAIL = "email"
    BOTH = "both"


class Organisation(Base):
    """An institution; `name` as written, `key` for recognising it again."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), unique=True)


class Member(Base):
    """One person. Telegram's display name is never stored: `name` is what the person wrote and staff approved.

    `validated_at` is when the post was last confirmed, `reminded_at` when confirming it was last reminded of,
    `vouches_from` when the member may begin to vouch for others,
    `terms_version` the terms accepted last, `terms_due_at` until when newer ones may wait, and `read_only` that they
    have waited longer. What is not urgent makes no sound between `quiet_from` and `quiet_until`, local wall times
    `HH:MM`; no hour is quiet where they are the same.
    """

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    state: Mapped[MemberState] = mapped_column(one_of(MemberState), default=MemberState.VISITOR, index=True)
    state_since: Mapped[datetime | None] = mapped_column(Moment)
    state_reason: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    language_chosen: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str | None] = mapped_column(String(120))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    category: Mapped[Category | None] = mapped_column(one_of(Category))
    country: Mapped[str | None] = mapped_column(String(2))
    email: Mapped[str | None] = mapped_column(String(254))
    zone: Mapped[str] = mapped_column(String(64))
    joined_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    unreachable_since: Mapped[datetime | None] = mapped_column(Moment)
    validated_at: Mapped[datetime | None] = mapped_column(Moment)
    reminded_at: Mapped[datetime | None] = mapped_column(Moment)
    vouches_from: Mapped[datetime | None] = mapped_column(Moment)
    last_seen_at: Mapped[datetime | None] = mapped_column(Moment)
    terms_version: Mapped[str | None] = mapped_column(String(20))
    terms_due_at: Mapped[datetime | None] = mapped_column(Moment)
    read_only: Mapped[bool] = mapped_column(default=False)
    night: Mapped[Night] = mapped_column(one_of(Night), default=Night.HOLD)
    quiet_from: Mapped[str] = mapped_column(String(5), default="21:00")
    quiet_until: Mapped[str] = mapped_column(String(5), default="08:00")
    channel: Mapped[Channel] = mapped_column(one_of(Channel), default=Channel.TELEGRAM)

    @property
    def quiet_hours(self) -> tuple[time, time]:
        """When quiet begins and ends, by the member's own clock."""
        return time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_until)


class MemberRole(Base):
    """A role that a member holds, and its reach: a moderator's topic, a focal point's country or organisation.

    Of each country and organisation there is one principal and one alternate (`alternate`), with an end (R-08).
    """

    __tablename__ = "member_role"
    __table_args__ = (
        UniqueConstraint("member_id", "role", "topic_id"),
        UniqueConstraint("role", "country", "alternate"),
        UniqueConstraint("role", "organisation_id", "alternate"),
        Index("uq_member_role_whole", "member_id", "role", unique=True),  # of those without any reach
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(one_of(Role))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    country: Mapped[str | None] = mapped_column(String(2))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    alternate: Mapped[bool | None]
    letter: Mapped[str | None] = mapped_column(String(120))
    given_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    since: Mapped[datetime | None] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    warned_at: Mapped[datetime | None] = mapped_column(Moment)
