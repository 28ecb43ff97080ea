"""Profile: what is known of a member, as they read it themselves, and what they change at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from sqlalchemy import select, update

from storage import access, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import Member, MemberRole


@dataclass(frozen=True)
class Profile:
    """A member's own row, their organisation's name, their roles, and the names of the organisations that matter."""

    member: Member
    organisation: str | None
    roles: tuple[MemberRole, ...]
    organisations: Mapping[int, str]


async def mine(tx: Transaction, viewer: Viewer) -> Profile:
    """Return the viewer's own profile; nobody reads another's here."""
    access.require(viewer, Action.VALIDATE)
    member = await members.by_id(tx, viewer.id)
    assert member is not None
    held = select(MemberRole).where(MemberRole.member_id == viewer.id).order_by(MemberRole.id)
    roles = tuple(await tx.scalars(held))
    ids = {member.organisation_id, *(role.organisation_id for role in roles)} - {None}
    names = await members.organisation_names(tx, [number for number in ids if number is not None])
    return Profile(member, names.get(member.organisation_id or 0), roles, names)


async def set_email(tx: Transaction, viewer: Viewer, email: str | None) -> None:
    """Change or remove one's own e-mail address."""
    access.require(viewer, Action.BELONG)
    await tx.execute(update(Member).where(Member.id == viewer.id).values(email=email))


async def set_quiet_hours(tx: Transaction, viewer: Viewer, begin: time, end: time) -> None:
    """Change between which hours of one's own clock nothing makes a sound; from and until the same: never quiet."""
    access.require(viewer, Action.BELONG)
    hours = {"quiet_from": begin.strftime("%H:%M"), "quiet_until": end.strftime("%H:%M")}
    await tx.execute(update(Member).where(Member.id == viewer.id).values(hours))
