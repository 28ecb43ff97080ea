"""Cards: who has an application before them, and how every copy of it follows a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_, select

from storage import nominations
from storage.applications.tables import Application
from storage.database import Transaction
from storage.members import BELONGING, Member, MemberRole, Role
from storage.outbox import Lane, Promise, promise, shown


async def reviewers(tx: Transaction, row: Application) -> list[int]:
    """Return the ids of those who review an application: administrators, approvers, and focal points in reach."""
    reach = [MemberRole.country == row.country]
    if row.organisation_id is not None:
        reach.append(MemberRole.organisation_id == row.organisation_id)
    in_reach = (MemberRole.role == Role.FOCAL_POINT) & or_(*reach)
    held = select(MemberRole.member_id).where(or_(MemberRole.role.in_([Role.ADMINISTRATOR, Role.APPROVER]), in_reach))
    found = select(Member.id).where(Member.id.in_(held), Member.state.in_(BELONGING), Member.id != row.member_id)
    return list(await tx.scalars(found.order_by(Member.id)))


def circle(application_id: int) -> str:
    """Name the copies of what members were asked about an applicant."""
    return f"vouch:{application_id}"


async def deal(tx: Transaction, row: Application, now: datetime) -> None:
    """Put an application before its reviewers anew: at first, and as a reminder."""
    await promise(tx, _cards(row.id, dict.fromkeys(await reviewers(tx, row))), now)


async def redraw(tx: Transaction, application_id: int, now: datetime) -> None:
    """Let every card that reviewers have of an application show where it stands now."""
    await promise(tx, _cards(application_id, await shown(tx, f"application:{application_id}")), now)


async def close_circle(tx: Transaction, application_id: int, now: datetime) -> None:
    """Let what members were asked about an applicant say that it is over; tell who sent its link how it ended."""
    await tx.flush()
    row = await tx.get(Application, application_id)
    if row is not None and row.nomination_id is not None:
        await nominations.ended(tx, row.nomination_id, row.state.value, now)
    facts, subject = {"application": application_id}, circle(application_id)
    told = (await shown(tx, subject)).items()
    await promise(tx, [Promise(m, "vouch:card", facts, Lane.BULK, subject, replaces=at) for m, at in told], now)


def _cards(application_id: int, staff: Mapping[int, int | None]) -> list[Promise]:
    facts, subject = {"application": application_id}, f"application:{application_id}"
    return [Promise(m, "application:card", facts, subject=subject, replaces=at) for m, at in staff.items()]
