"""Applications: what a newcomer tells, who decides, and what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, audit, members
from storage.access import Action, Viewer
from storage.database import Base, Moment, Transaction, one_of
from storage.members import Category, MemberState, Role
from storage.outbox import Promise, copies, promise
from storage.pages import Page, page
from storage.refusals import Refusal

ZONES = {
    "KZ": "Asia/Almaty", "KG": "Asia/Bishkek", "TJ": "Asia/Dushanbe", "TM": "Asia/Ashgabat", "UZ": "Asia/Tashkent",
    "AF": "Asia/Kabul", "AZ": "Asia/Baku", "CN": "Asia/Shanghai", "IN": "Asia/Kolkata", "IR": "Asia/Tehran",
    "NO": "Europe/Oslo", "PK": "Asia/Karachi", "RU": "Europe/Moscow", "TR": "Europe/Istanbul",
    "US": "America/New_York",
}  # fmt: skip
"""The countries of the network and the zone that most people there live in."""


class ApplicationState(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Consent(Base):
    """Terms that somebody accepted: version, the hash of the very text they saw, its language, when."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    version: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    given_at: Mapped[datetime] = mapped_column(Moment)


class Application(Base):
    """One application, as submitted."""

    __tablename__ = "application"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    state: Mapped[ApplicationState] = mapped_column(one_of(ApplicationState), index=True)
    name: Mapped[str] = mapped_column(String(120))
    organisation: Mapped[str] = mapped_column(String(150))
    category: Mapped[Category] = mapped_column(one_of(Category))
    country: Mapped[str] = mapped_column(String(2))
    topics: Mapped[list[int]] = mapped_column(JSON)
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str | None] = mapped_column(Text)


class ApplicationVote(Base):
    """One administrator's approval."""

    __tablename__ = "application_vote"
    __table_args__ = (UniqueConstraint("application_id", "reviewer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class Filled:
    """What the form collected, and the terms that were accepted on its first page."""

    name: str
    organisation: str
    category: Category
    country: str
    topics: tuple[int, ...]
    terms_version: str
    terms_text: str


async def submit(tx: Transaction, viewer: Viewer, filled: Filled, now: datetime) -> Application:
    """File an application and put it before the administrators. Refusal: `application:waiting`."""
    if await open_one(tx, viewer.id) is not None:
        raise Refusal("application:waiting")
    access.require(viewer, Action.APPLY)
    member = await members.by_id(tx, viewer.id, lock=True)
    assert member is not None
    member.state = MemberState.NOMINATED
    row = Application(
        member_id=viewer.id,
        state=ApplicationState.SUBMITTED,
        name=filled.name,
        organisation=filled.organisation,
        category=filled.category,
        country=filled.country,
        topics=list(filled.topics),
        submitted_at=now,
    )
    digest = hashlib.sha256(filled.terms_text.encode()).hexdigest()
    accepted = {"kind": "terms", "version": filled.terms_version, "sha256": digest, "language": viewer.language}
    tx.add_all([row, Consent(member_id=viewer.id, given_at=now, **accepted)])
    await tx.flush()  # gives the application its number
    staff = await members.holders(tx, Role.ADMINISTRATOR)
    await promise(tx, _cards(row.id, {m.id: None for m in staff}), now)
    return row


async def open_one(tx: Transaction, member_id: int, *, lock: bool = False) -> Application | None:
    """Return the member's application that waits for a decision; `lock` holds it (PostgreSQL)."""
    mine = (Application.member_id == member_id) & (Application.state == ApplicationState.SUBMITTED)
    found = select(Application).where(mine)
    return await tx.scalar(found.with_for_update() if lock else found)


async def by_id(tx: Transaction, viewer: Viewer, application_id: int) -> Application:
    """Return an application to somebody who may review it, held for the rest of the transaction.

    Refusal: `application:gone` where there is none, or none any more.
    """
    access.require(viewer, Action.REVIEW)
    row = await tx.get(Application, application_id, with_for_update=True)
    if row is None:
        raise Refusal("application:gone")
    return row


async def approvals(tx: Transaction, application_id: int) -> int:
    """Return how many administrators have approved."""
    counted = select(func.count()).where(ApplicationVote.application_id == application_id)
    return await tx.scalar(counted) or 0


async def approve(tx: Transaction, viewer: Viewer, application_id: int, needed: int, now: datetime) -> Application:
    """Approve; with enough distinct approvals the applicant becomes a member.

    Refusals: `application:gone`, `application:withdrawn`, `application:decided` (with `by`), `application:own`,
    `application:approved-already`.
    """
    row = await decidable(tx, viewer, application_id)
    if row.member_id == viewer.id:
        raise Refusal("application:own")
    voted = select(ApplicationVote.id).where(
        ApplicationVote.application_id == row.id, ApplicationVote.reviewer_id == viewer.id
    )
    if await tx.scalar(voted) is not None:
        raise Refusal("application:approved-already")
    tx.add(ApplicationVote(application_id=row.id, reviewer_id=viewer.id, at=now))
    await tx.flush()
    if await approvals(tx, row.id) >= needed:
        await _admit(tx, row, viewer, now)
    await _redraw(tx, row.id, now)
    return row


async def decline(tx: Transaction, viewer: Viewer, application_id: int, reason: str, now: datetime) -> None:
    """Decline with a reason (a code or own words) that the applicant reads. Refuses as `approve` does."""
    row = await decidable(tx, viewer, application_id)
    _settle(row, ApplicationState.DECLINED, viewer.id, now)
    row.reason = reason
    member = await members.by_id(tx, row.member_id, lock=True)
    assert member is not None
    member.state = MemberState.DECLINED
    event = audit.Event.APPLICATION_DECLINED
    await audit.record(tx, event, now, actor=viewer.id, subject=member.id, application=row.id)
    await promise(tx, [Promise(member.id, "application:declined", {"reason": reason})], now)
    await _redraw(tx, row.id, now)


async def withdraw(tx: Transaction, member_id: int, now: datetime) -> None:
    """Take one's own application back. Refusal: `application:none`."""
    row = await open_one(tx, member_id, lock=True)
    member = await members.by_id(tx, member_id, lock=True)
    if row is None or member is None:
        raise Refusal("application:none")
    _settle(row, ApplicationState.WITHDRAWN, member_id, now)
    member.state = MemberState.VISITOR
    await _redraw(tx, row.id, now)


async def forget(tx: Transaction, member_id: int, now: datetime) -> None:
    """Delete a person's applications, and let the cards that administrators have of them say so."""
    rows = list(await tx.scalars(select(Application.id).where(Application.member_id == member_id)))
    await tx.execute(delete(Application).where(Application.id.in_(rows)))
    for application_id in rows:
        await _redraw(tx, application_id, now)


async def waiting(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[Application]:
    """Return a page of the applications that wait, the oldest first, from number `first` on."""
    access.require(viewer, Action.REVIEW)
    found = select(Application).where(Application.state == ApplicationState.SUBMITTED)
    return await page(tx, found, (Application.id,), first, size)


async def decidable(tx: Transaction, viewer: Viewer, application_id: int) -> Application:
    """Return an application that waits for a decision, or refuse: `gone`, `withdrawn` or `decided` (with `by`)."""
    row = await by_id(tx, viewer, application_id)
    if row.state is ApplicationState.WITHDRAWN:
        raise Refusal("application:withdrawn")
    if row.state is not ApplicationState.SUBMITTED:
        decider = await members.by_id(tx, row.decided_by) if row.decided_by else None
        raise Refusal("application:decided", by=members.called(decider))
    return row


async def _admit(tx: Transaction, row: Application, viewer: Viewer, now: datetime) -> None:
    _settle(row, ApplicationState.APPROVED, viewer.id, now)
    member = await members.by_id(tx, row.member_id, lock=True)
    assert member is not None
    organisation = await members.organisation(tx, row.organisation)
    member.name, member.organisation_id = row.name, organisation.id
    member.category, member.country, member.zone = row.category, row.country, ZONES[row.country]
    member.state, member.joined_at = MemberState.ACTIVE, now
    event = audit.Event.APPLICATION_APPROVED
    await audit.record(tx, event, now, actor=viewer.id, subject=member.id, application=row.id)
    await promise(tx, [Promise(member.id, "application:approved")], now)


def _settle(row: Application, state: ApplicationState, by: int, now: datetime) -> None:
    row.state, row.decided_by, row.decided_at = state, by, now


async def _redraw(tx: Transaction, application_id: int, now: datetime) -> None:
    await tx.flush()
    sent = {c.member_id: c.message_id for c in await copies(tx, f"application:{application_id}") if c.member_id}
    await promise(tx, _cards(application_id, sent), now)


def _cards(application_id: int, staff: dict[int, int | None]) -> Sequence[Promise]:
    facts, subject = {"application": application_id}, f"application:{application_id}"
    return [Promise(m, "application:card", facts, subject=subject, replaces=at) for m, at in staff.items()]
