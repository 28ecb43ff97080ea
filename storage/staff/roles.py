"""Roles: administrators give and take them; the seats of focal points have one holder each and an end (R-08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from storage import access, audit, members, topics
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.members import Member, MemberRole, Office, Role
from storage.membership import keep_an_administrator
from storage.outbox import Promise, promise
from storage.refusals import Refusal
from storage.staff import listing

WARNED_BEFORE = timedelta(days=60)
TERMS = (24, 12, 6)
"""For how many months a seat can be given, the usual first."""


@dataclass(frozen=True)
class Seat:
    """A role to be given: with `months`, it ends by itself; `alternate` and `letter` belong to focal points."""

    office: Office
    months: int | None = None
    alternate: bool | None = None
    letter: str | None = None


async def give(tx: Transaction, viewer: Viewer, member_id: int, seat: Seat, now: datetime) -> None:
    """Give a member a role; the member is told, and other administrators of a new administrator.

    Refusals: `role:self`, `role:inactive`, `role:held`, `role:taken` (with `by` and `until`), `role:reach`.
    """
    access.require(viewer, Action.GIVE_ROLES)
    member = await listing.by_id(tx, viewer, member_id, lock=True)
    if member.id == viewer.id:
        raise Refusal("role:self")
    if member.state not in members.BELONGING:
        raise Refusal("role:inactive")
    await _check(tx, viewer, member, seat)
    until = _after(now, seat.months) if seat.months else None
    term: dict[str, Any] = {"until": until, "alternate": seat.alternate, "letter": seat.letter}
    if not await members.give_role(tx, member.id, seat.office, now, by=viewer.id, **term):
        raise Refusal("role:held")
    facts = facts_of(seat.office, seat.alternate)
    ends = {"until": until.isoformat()} if until else {}
    await audit.record(tx, Event.ROLE_GIVEN, now, actor=viewer.id, subject=member.id, **facts, **ends)
    await promise(tx, [Promise(member.id, "role:given", facts | ends)], now)
    if seat.office.role is Role.ADMINISTRATOR:
        await tell_administrators(tx, "role:administrator", {"member": member.id}, now, but=(member.id, viewer.id))


async def _check(tx: Transaction, viewer: Viewer, member: Member, seat: Seat) -> None:
    office = seat.office
    reach = (office.topic_id, office.country, office.organisation_id)
    if sum(one is not None for one in reach) != (office.role in (Role.MODERATOR, Role.FOCAL_POINT)):
        raise Refusal("role:reach")
    if office.topic_id is not None:
        await topics.by_id(tx, viewer, office.topic_id)
        await topics.check_lead(tx, office.topic_id, member.country)
    if office.role is Role.FOCAL_POINT:
        await _check_seat(tx, office, alternate=bool(seat.alternate))


async def _check_seat(tx: Transaction, office: Office, *, alternate: bool) -> None:
    sits = select(MemberRole).where(
        MemberRole.role == Role.FOCAL_POINT,
        MemberRole.country == office.country
        if office.country is not None
        else MemberRole.organisation_id == office.organisation_id,
        MemberRole.alternate == alternate,
    )
    row = await tx.scalar(sits.with_for_update())
    if row is not None:
        until = row.until.date().isoformat() if row.until else "–"
        raise Refusal("role:taken", by=members.called(await members.by_id(tx, row.member_id)), until=until)


def _after(now: datetime, months: int) -> datetime:
    years, month = divmod(now.month - 1 + months, 12)
    return now.replace(year=now.year + years, month=month + 1, day=min(now.day, 28))


def facts_of(office: Office, alternate: bool | None) -> dict[str, Any]:  # noqa: FBT001
    """Return a role as ids and codes, for the log and for notices."""
    known = {"topic": office.topic_id, "country": office.country, "organisation": office.organisation_id}
    facts = {"role": office.role.value, **known, "alternate": alternate}
    return {name: value for name, value in facts.items() if value is not None}


def office_of(row: MemberRole) -> Office:
    """Return the office that a row says somebody holds."""
    return Office(row.role, row.topic_id, row.country, row.organisation_id)


async def takeable(tx: Transaction, viewer: Viewer, role_id: int) -> MemberRole:
    """Return a role that `viewer` may take. Refusals: `role:gone`, `role:self`."""
    access.require(viewer, Action.GIVE_ROLES)
    row = await tx.get(MemberRole, role_id)
    if row is None:
        raise Refusal("role:gone")
    if row.member_id == viewer.id:
        raise Refusal("role:self")
    return row


async def take(tx: Transaction, viewer: Viewer, role_id: int, now: datetime) -> None:
    """Take a role, and tell who held it. Refusals: those of `takeable`, `membership:last-administrator`."""
    row = await takeable(tx, viewer, role_id)
    await _take(tx, row, Event.ROLE_TAKEN, now, by=viewer.id)
    await promise(tx, [Promise(row.member_id, "role:taken", facts_of(office_of(row), row.alternate))], now)


async def _take(tx: Transaction, row: MemberRole, event: Event, now: datetime, *, by: int | None) -> None:
    member = await members.by_id(tx, row.member_id, lock=True)
    assert member is not None
    if row.role is Role.ADMINISTRATOR:
        await keep_an_administrator(tx, member)
    facts = facts_of(office_of(row), row.alternate)
    if not await members.take_roles(tx, member.id, [row.id]):
        raise Refusal("role:gone")
    await audit.record(tx, event, now, actor=by, subject=member.id, **facts)


async def expire(tx: Transaction, now: datetime) -> None:
    """Warn once of roles that end within `WARNED_BEFORE`, and end those whose time is over (R-08)."""
    ending = select(MemberRole).where(MemberRole.until <= now + WARNED_BEFORE).order_by(MemberRole.id)
    for row in list(await tx.scalars(ending.with_for_update())):
        assert row.until is not None
        facts = facts_of(office_of(row), row.alternate) | {"until": row.until.isoformat(), "member": row.member_id}
        if row.until <= now:
            await _end(tx, row, facts, now)
        elif row.warned_at is None:
            row.warned_at = now
            await _tell(tx, "role:ending", facts, now)


async def _end(tx: Transaction, row: MemberRole, facts: dict[str, Any], now: datetime) -> None:
    try:
        await _take(tx, row, Event.ROLE_EXPIRED, now, by=None)
    except Refusal:
        return  # the last administrator stays in office
    await _tell(tx, "role:ended", facts, now)


async def _tell(tx: Transaction, notice: str, facts: dict[str, Any], now: datetime) -> None:
    await promise(tx, [Promise(facts["member"], notice, facts)], now)
    await tell_administrators(tx, notice, facts, now, but=(facts["member"],))


async def tell_administrators(
    tx: Transaction, notice: str, facts: dict[str, Any], now: datetime, *, but: tuple[int, ...] = ()
) -> None:
    """Promise a notice to all administrators but some."""
    told: list[Member] = await members.holders(tx, Role.ADMINISTRATOR)
    await promise(tx, [Promise(m.id, notice, facts) for m in told if m.id not in but], now)
