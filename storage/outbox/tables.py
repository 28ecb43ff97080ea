"""The outbox as rows: one message to one recipient, where it stands, what is promised and how a send ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of

Facts = dict[str, Any]


KEEP = timedelta(days=30)

PAUSED = "paused"
"""Why a row is held that somebody paused: the end of a pause after a restore does not let it go."""

PERHAPS = "perhaps sent: "
"""How the reason begins for which a row waits again whose last attempt may have succeeded."""

ON_ITS_WAY = 0
"""What `replaces` says of a message that has no number yet: the newest copy of the same subject, once it has landed."""


class Lane(IntEnum):
    """Who waits for it: a person at the screen goes before a newsletter. Mail leaves by another door."""

    INTERACTIVE = 0
    LIVE = 1
    BULK = 2
    MAIL = 3


class OutboxState(StrEnum):
    """What became of a promise. Everything but `queued`, `leased` and `held` is final."""

    QUEUED = "queued"
    LEASED = "leased"
    HELD = "held"
    SENT = "sent"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    REJECTED = "rejected"
    WITHHELD = "withheld"
    EXPIRED = "expired"


WAITING = (OutboxState.QUEUED, OutboxState.LEASED, OutboxState.HELD)


class OutboxRow(Base):
    """One message to one recipient.

    `notice` names the text, `facts` feed it, `subject` groups the copies of one thing (`announcement:12`),
    `key` makes a promise unique, `replaces` is a message of this chat to be edited in place. Without `chat_id` it goes
    to the member's private chat, in the mail lane to their verified address; `thread_id` is the forum topic of a group,
    and nowhere else may it land. It landed in `message_id`; `also` are the messages that carry its pictures or
    documents. Where it is promised with such, they go from the chat when it replaces a message. What is `paid` leaves
    faster than Telegram allows for free, for Stars, where the operator offers it.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_state_lane_due", "state", "lane", "due_at", "id"),
        Index("ix_outbox_subject", "subject", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    lane: Mapped[int] = mapped_column(default=Lane.INTERACTIVE)
    notice: Mapped[str] = mapped_column(String(60))
    facts: Mapped[Facts] = mapped_column(JSON)
    subject: Mapped[str | None] = mapped_column(String(60))
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    replaces: Mapped[int | None] = mapped_column(BigInteger)
    silent: Mapped[bool] = mapped_column(default=False)
    paid: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[OutboxState] = mapped_column(one_of(OutboxState), default=OutboxState.QUEUED)
    due_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[str | None] = mapped_column(String(36))
    attempts: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    also: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(slots=True)  # made by the thousand, as `Promise` below
class Leased:
    """A row in the hand of who sends it: what `OutboxRow` says of it. `attempts` counts the one that begins now."""

    id: int
    notice: str
    lane: int
    created_at: datetime
    facts: Facts = field(default_factory=dict)
    member_id: int | None = None
    chat_id: int | None = None
    thread_id: int | None = None
    subject: str | None = None
    key: str | None = None
    replaces: int | None = None
    silent: bool = False
    paid: bool = False
    expires_at: datetime | None = None
    attempts: int = 0
    message_id: int | None = None
    also: list[int] | None = None
    reason: str | None = None


def in_doubt() -> ColumnElement[bool]:
    """Return the condition under which a row that waits may have arrived: an attempt ended so, or in a crash."""
    silent = OutboxRow.reason.is_(None) | (OutboxRow.reason == PAUSED)
    return (OutboxRow.attempts > 0) & (silent | OutboxRow.reason.startswith(PERHAPS))


@dataclass(slots=True)  # made by the thousand: frozen ones take three times as long
class Promise:
    """What to tell one person, or a chat with nobody behind it: see `OutboxRow` for each fact."""

    member_id: int | None
    notice: str
    facts: Facts = field(default_factory=dict)
    lane: Lane = Lane.INTERACTIVE
    subject: str | None = None
    key: str | None = None
    replaces: int | None = None
    silent: bool = False
    due_at: datetime | None = None
    expires_at: datetime | None = None
    chat_id: int | None = None
    thread_id: int | None = None
    also: list[int] | None = None
    paid: bool = False


@dataclass(frozen=True)
class Settlement:
    """How one send ended: the new state, and for a retry the moment it is due again.

    Until `held_until` the recipient gets nothing that was promised later, so that the order stays. What was not
    `tried` at all waits as if nobody had leased it.
    """

    row_id: int
    state: OutboxState
    reason: str | None = None
    message_id: int | None = None
    due_at: datetime | None = None
    held_until: datetime | None = None
    also: list[int] | None = None
    tried: bool = True
