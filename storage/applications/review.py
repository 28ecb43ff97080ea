"""Review: reviewers claim, approve together or decline; one decision stands, and everybody sees whose it was."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from storage import access, audit, consents, members
from storage.access import Action, Viewer
from storage.applications import cards, vouching
from storage.applications.tables import (
    OPEN,
    ZONES,
    Admission,
    Application,
    ApplicationState,
    ApplicationVote,
)
from storage.database import Transaction
from storage.members import BELONGING, Member, MemberRole, MemberState, Role
from storage.membership import Step, move
from storage.nominations import Nomination
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal


async def by_id(tx: Transaction, viewer: Viewer, application_id: int) -> Application:
    """Return an application to somebody who may review it, held for the rest of the transaction.

    Refusal: `application:gone` where there is none, none any more, or none in the viewer's reach.
    """
    access.require(viewer, Action.REVIEW)
    row = await tx.get(Application, application_id, with_for_update=True)
    if row is None or not access.covers(viewer, Action.REVIEW, row.country, row.organisation_id):
        raise Refusal("application:gone")
    return row


async def waiting(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[Application]:
    """Return a page of the applications that wait within the viewer's reach, the oldest first, from `first` on."""
    access.require(viewer, Action.REVIEW)
    mine = access.within(viewer, Action.REVIEW, Application.country, Application.organisation_id)
    found = select(Application).where(Application.state.in_(OPEN), Application.member_id != viewer.id, mine)
    return await page(tx, found, (Application.id,), first, size)


async def decidable(tx: Transaction, viewer: Viewer, application_id: int) -> Application:
    """Return an application that waits for a decision, or refuse: `gone`, `own`, `withdrawn`, `lapsed`, `decided`."""
    row = await by_id(tx, viewer, application_id)
    if row.member_id == viewer.id:
        raise Refusal("application:own")
    if row.state in (ApplicationState.WITHDRAWN, ApplicationState.LAPSED):
        raise Refusal(f"application:{row.state.value}")
    if row.state not in OPEN:
        decider = await members.by_id(tx, row.decided_by) if row.decided_by else None
        raise Refusal("application:decided", by=members.called(decider))
    return row


async def claim(tx: Transaction, viewer: Viewer, application_id: int, now: datetime) -> None:
    """Say that one takes care of an application, or, if one does already, that one does not any more.

    Refusals: those of `decidable`, and `application:claimed` (with `by`).
    """
    row = await decidable(tx, viewer, application_id)
    if row.claimed_by not in (None, viewer.id):
        raise Refusal("application:claimed", by=members.called(await members.by_id(tx, row.claimed_by)))
    row.claimed_by = None if row.claimed_by == viewer.id else viewer.id
    event = audit.Event.APPLICATION_CLAIMED
    facts = {"application": row.id, "released": row.claimed_by is None}
    await audit.record(tx, event, now, actor=viewer.id, subject=row.member_id, **facts)
    await cards.redraw(tx, row.id, now)


async def approvals(tx: Transaction, application_id: int) -> list[int]:
    """Return the ids of the reviewers who have approved, in the order they did."""
    voted = select(ApplicationVote.reviewer_id).where(ApplicationVote.application_id == application_id)
    return list(await tx.scalars(voted.order_by(ApplicationVote.id)))


async def approve(
    tx: Transaction, viewer: Viewer, application_id: int, policy: Admission, now: datetime
) -> Application:
    """Approve; with enough distinct approvals, one of them a focal point's, the applicant is admitted.

    Refusals: those of `decidable`, `application:sponsor`, `application:not-vetted`, `application:approved-already`.
    """
    row = await decidable(tx, viewer, application_id)
    if await nominator(tx, row) == viewer.id:
        raise Refusal("application:sponsor")
    said = await vouching.standing(tx, row)
    if row.state is not ApplicationState.VETTED or said.objections or not vouching.enough(row, said, policy):
        raise Refusal("application:not-vetted")
    if viewer.id in await approvals(tx, row.id):
        raise Refusal("application:approved-already")
    tx.add(ApplicationVote(application_id=row.id, reviewer_id=viewer.id, at=now))
    event = audit.Event.APPLICATION_VOTED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.member_id, application=row.id)
    if len(await approvals(tx, row.id)) >= policy.approvals and not await wants_focal_point(tx, row):
        await _admit(tx, row, viewer, now)
    await cards.redraw(tx, row.id, now)
    return row


async def wants_focal_point(tx: Transaction, row: Application) -> bool:
    """Tell whether a focal point of the applicant's country or organisation has still to approve.

    It is so while one is in office and can be reached, none of them has approved, and none of them has nominated.
    """
    voted = set(await approvals(tx, row.id)) | {await nominator(tx, row)}
    seats = set(await _focal_points(tx, row))
    return bool(seats) and not voted & seats


async def _focal_points(tx: Transaction, row: Application) -> list[int]:
    reach = MemberRole.country == row.country
    if row.organisation_id is not None:
        reach |= MemberRole.organisation_id == row.organisation_id
    held = select(MemberRole.member_id).where(MemberRole.role == Role.FOCAL_POINT, reach)
    there = (Member.state.in_(BELONGING), Member.unreachable_since.is_(None), Member.id != row.member_id)
    return list(await tx.scalars(select(Member.id).where(Member.id.in_(held), *there)))


async def nominator(tx: Transaction, row: Application) -> int | None:
    """Return who sent the link that the application came by, if it came by one."""
    if row.nomination_id is None:
        return None
    return await tx.scalar(select(Nomination.by_id).where(Nomination.id == row.nomination_id))


async def decline(tx: Transaction, viewer: Viewer, application_id: int, reason: str, now: datetime) -> None:
    """Decline with a reason (a code or own words) that the applicant reads. Refuses as `decidable` does."""
    row = await decidable(tx, viewer, application_id)
    row.close(ApplicationState.DECLINED, viewer.id, now)
    row.reason = reason
    member = await members.held(tx, row.member_id)
    told = {"reason": reason, "kind": row.kind.value}
    if member.state in (MemberState.NOMINATED, MemberState.VETTED):
        await move(tx, member, Step.DECLINED, now, by=viewer.id, told=told, application=row.id)
    else:
        event = audit.Event.APPLICATION_DECLINED
        await audit.record(tx, event, now, actor=viewer.id, subject=member.id, application=row.id)
        await promise(tx, [Promise(member.id, "application:declined", told)], now)
    await cards.redraw(tx, row.id, now)
    await cards.close_circle(tx, row.id, now)


async def _admit(tx: Transaction, row: Application, viewer: Viewer, now: datetime) -> None:
    row.close(ApplicationState.APPROVED, viewer.id, now)
    member = await members.held(tx, row.member_id)
    organisation = await members.organisation(tx, row.organisation)
    if member.country != row.country:
        member.zone = ZONES[row.country]
    member.name, member.organisation_id = row.name, organisation.id
    member.category, member.country, member.email = row.category, row.country, row.email or member.email
    if member.state in BELONGING:
        event = audit.Event.APPLICATION_APPROVED
        await audit.record(tx, event, now, actor=viewer.id, subject=member.id, application=row.id)
        await promise(tx, [Promise(member.id, "application:corrected")], now)
        return
    member.validated_at = now
    await move(tx, member, Step.APPROVED, now, by=viewer.id, application=row.id)
    if member.terms_version == consents.TERMS_VERSION:
        await move(tx, member, Step.ACTIVATED, now, by=viewer.id, told={"kind": row.kind.value})
    else:
        await promise(tx, [Promise(member.id, "terms:approved", {"version": consents.TERMS_VERSION})], now)
    await cards.close_circle(tx, row.id, now)
