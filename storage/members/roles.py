"""Roles: who holds which office, with what reach, and until when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from storage.database import Transaction, wake
from storage.members.tables import BELONGING, Member, MemberRole, Role


@dataclass(frozen=True)
class Office:
    """A role with its reach: the topic of a moderator, the country or organisation of a focal point."""

    role: Role
    topic_id: int | None = None
    country: str | None = None
    organisation_id: int | None = None


async def offices(tx: Transaction, member_ids: Sequence[int]) -> dict[int, frozenset[Office]]:
    """Return the offices of each of `member_ids`; nobody is missing from the answer."""
    held: dict[int, set[Office]] = {member_id: set() for member_id in member_ids}
    for row in await tx.scalars(select(MemberRole).where(MemberRole.member_id.in_(member_ids))):
        held[row.member_id].add(office_of(row))
    return {member_id: frozenset(found) for member_id, found in held.items()}


def office_of(row: MemberRole) -> Office:
    """Return the office that a row says somebody holds."""
    return Office(row.role, row.topic_id, row.country, row.organisation_id)


async def holders(tx: Transaction, *roles: Role) -> list[Member]:
    """Return the members who hold one of `roles`, in the order they came."""
    held = select(MemberRole.member_id).where(MemberRole.role.in_(roles))
    found = select(Member).where(Member.id.in_(held), Member.state.in_(BELONGING)).order_by(Member.id)
    return list(await tx.scalars(found))


async def staff(tx: Transaction) -> dict[int, Member]:
    """Return the members who hold any role, by id."""
    return {member.id: member for member in await holders(tx, *Role)}


async def held_roles(tx: Transaction, member_ids: Collection[int] | None = None) -> list[MemberRole]:
    """Return the roles of these members, or of all, with their terms, in the order they were given."""
    found = select(MemberRole).order_by(MemberRole.id)
    return list(await tx.scalars(found if member_ids is None else found.where(MemberRole.member_id.in_(member_ids))))


async def seat(tx: Transaction, office: Office, *, alternate: bool) -> MemberRole | None:
    """Return who sits in a focal point's seat: of each country and organisation there is one of each kind (R-08)."""
    found = select(MemberRole).where(MemberRole.role == office.role, MemberRole.alternate.is_(alternate))
    place = (MemberRole.country == office.country, MemberRole.organisation_id == office.organisation_id)
    return await tx.scalar(found.where(place[0] if office.country is not None else place[1]))


async def give_role(
    tx: Transaction,
    member_id: int,
    office: Office | Role,
    now: datetime | None = None,
    *,
    by: int | None = None,
    until: datetime | None = None,
    alternate: bool | None = None,
    letter: str | None = None,
) -> bool:
    """Give a role; return whether it is new."""
    office = Office(office) if isinstance(office, Role) else office
    if office in (await offices(tx, [member_id]))[member_id]:
        return False
    reach = {"topic_id": office.topic_id, "country": office.country, "organisation_id": office.organisation_id}
    term = {"since": now, "until": until, "alternate": alternate, "letter": letter, "given_by": by}
    tx.add(MemberRole(member_id=member_id, role=office.role, **reach, **term))
    await tx.flush()
    wake(tx, "staff")
    return True


async def take_roles(tx: Transaction, member_id: int, role_ids: Collection[int] | None = None) -> list[Office]:
    """Take the roles with these ids, or all roles, of a member; return what was taken."""
    mine = delete(MemberRole).where(MemberRole.member_id == member_id)
    mine = mine if role_ids is None else mine.where(MemberRole.id.in_(role_ids))
    taken = await tx.execute(
        mine.returning(MemberRole.role, MemberRole.topic_id, MemberRole.country, MemberRole.organisation_id)
    )
    wake(tx, "staff")
    return [Office(*row) for row in taken]
