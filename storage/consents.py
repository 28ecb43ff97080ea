"""Consents: which version of the terms somebody accepted, in which language, and the hash of the very text (R-07)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from storage import audit, members
from storage.access import Viewer
from storage.database import Base, Moment, Transaction
from storage.members import BELONGING, Member
from storage.outbox import Promise, promise

TERMS_VERSION = "1"
"""The version of the terms in force; `handlers.terms` holds their words."""
GRACE = timedelta(days=14)
"""How long a member may go on without having accepted newer terms."""


class Consent(Base):
    """What somebody accepted, by kind: version, the hash of the very text they saw, its language, when."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    version: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    given_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class Accepted:
    """Terms as they were read and accepted."""

    version: str
    text: str


async def accept(tx: Transaction, viewer: Viewer, accepted: Accepted, now: datetime) -> None:
    """Record that somebody accepted terms; a member who was read-only for want of it is so no longer."""
    await agree(tx, viewer, "terms", accepted, now)
    member = await members.held(tx, viewer.id)
    member.terms_version, member.terms_due_at, member.read_only = accepted.version, None, False
    await audit.record(
        tx, audit.Event.TERMS_ACCEPTED, now, actor=viewer.id, subject=viewer.id, version=accepted.version
    )


async def agree(tx: Transaction, viewer: Viewer, kind: str, accepted: Accepted, now: datetime) -> None:
    """Record that somebody agreed to something of a kind, and to which words."""
    digest = hashlib.sha256(accepted.text.encode()).hexdigest()
    told = {"kind": kind, "version": accepted.version, "sha256": digest, "language": viewer.language}
    tx.add(Consent(member_id=viewer.id, given_at=now, **told))


async def remind(tx: Transaction, now: datetime) -> None:
    """Ask members who accepted older terms to accept the new ones, and let those who did not in time only read."""
    outdated = (Member.state.in_(BELONGING), Member.terms_version.is_not(None), Member.terms_version != TERMS_VERSION)
    asked = update(Member).where(*outdated, Member.terms_due_at.is_(None)).returning(Member.id)
    ids = list(await tx.scalars(asked.values(terms_due_at=now + GRACE)))
    facts = {"version": TERMS_VERSION}
    await promise(tx, [Promise(member_id, "terms:new", facts) for member_id in ids], now)
    late = select(Member).where(*outdated, Member.terms_due_at <= now, Member.read_only.is_(False))
    for member in await tx.scalars(late):
        member.read_only = True
        await promise(tx, [Promise(member.id, "terms:overdue", facts)], now)
