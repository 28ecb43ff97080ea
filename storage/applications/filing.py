"""Filing: an application is submitted, changed into another post, taken back or forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from storage import access, audit, consents, members, nominations, validation
from storage.access import Action, Viewer
from storage.applications import cards, vouching
from storage.applications.tables import OPEN, Admission, Application, ApplicationKind, ApplicationState, Filled
from storage.consents import Accepted
from storage.database import Transaction
from storage.members import Member, MemberState
from storage.membership import Step, end_offices, move
from storage.nominations import Nomination
from storage.refusals import Refusal


async def submit(
    tx: Transaction, viewer: Viewer, filled: Filled, accepted: Accepted, policy: Admission, now: datetime
) -> Application:
    """File an application and put it before the reviewers, and before members where the policy asks them.

    Refusals: `application:waiting`, `application:by-invitation` where nobody may apply without a link.
    """
    if await open_one(tx, viewer.id) is not None:
        raise Refusal("application:waiting")
    access.require(viewer, Action.APPLY)
    nomination = await _taken(tx, viewer, filled.nomination_id)
    if nomination is None and not policy.self_application:
        raise Refusal("application:by-invitation")
    member = await members.held(tx, viewer.id)
    row = await _file(tx, member, filled, ApplicationKind.JOIN, policy, now)
    if nomination is not None:
        row.nomination_id = nomination.id
        await nominations.applied(tx, nomination, now)
    await consents.accept(tx, viewer, accepted, now)
    await move(tx, member, Step.APPLIED, now, by=viewer.id, application=row.id)
    if policy.circulates:
        await vouching.circulate(tx, row, now)
    await vouching.vet(tx, row, policy, now)
    await cards.deal(tx, row, now)
    return row


async def _taken(tx: Transaction, viewer: Viewer, nomination_id: int | None) -> Nomination | None:
    row = await tx.get(Nomination, nomination_id, with_for_update=True) if nomination_id else None
    return row if row is not None and row.used_by == viewer.id else None


async def change_post(tx: Transaction, viewer: Viewer, filled: Filled, policy: Admission, now: datetime) -> Application:
    """File a change of a member's name or post; another organisation or country ends the membership until it is
    vetted again (R-10). Whoever corrects no more than their name says with it that they hold their post (R-09).

    Refusals: `application:waiting`, `application:same`, `membership:last-administrator`, `validation:staff` where
    staff suspended the member.
    """
    access.require(viewer, Action.VALIDATE)
    if await open_one(tx, viewer.id) is not None:
        raise Refusal("application:waiting")
    member = await members.held(tx, viewer.id)
    if member.state is MemberState.SUSPENDED:
        validation.require_confirmable(member)
    organisation_id = await members.known_organisation(tx, filled.organisation)
    moved = (organisation_id, filled.country) != (member.organisation_id, member.country)
    if not moved and (filled.name, filled.category) == (member.name, member.category):
        raise Refusal("application:same")
    kind = ApplicationKind.POST if moved else ApplicationKind.CORRECTION
    row = await _file(tx, member, filled, kind, policy, now)
    row.state, row.vetted_at, row.window_until = ApplicationState.VETTED, now, None
    if moved:
        await move(tx, member, Step.CHANGED_POST, now, by=viewer.id, application=row.id)
        await end_offices(tx, member.id, now, by=viewer.id)
        if policy.vouches > 0:
            await vouching.circulate(tx, row, now)
    else:
        event = audit.Event.APPLICATION_SUBMITTED
        await audit.record(tx, event, now, actor=viewer.id, subject=member.id, application=row.id)
        if validation.confirmable(member):
            await validation.validate(tx, member, now, by=viewer.id, told={"by": "oneself"})
    await cards.deal(tx, row, now)
    return row


async def _file(
    tx: Transaction, member: Member, filled: Filled, kind: ApplicationKind, policy: Admission, now: datetime
) -> Application:
    row = Application(
        member_id=member.id,
        kind=kind,
        state=ApplicationState.SUBMITTED,
        name=filled.name,
        organisation=filled.organisation,
        organisation_id=await members.known_organisation(tx, filled.organisation),
        category=filled.category,
        country=filled.country,
        email=filled.email,
        motive=filled.motive,
        submitted_at=now,
        window_until=now + timedelta(days=policy.objection_days),
        lapses_at=now + timedelta(days=policy.lapse_days) if policy.lapse_days else None,
    )
    tx.add(row)
    await tx.flush()  # gives the application its number
    return row


async def open_one(tx: Transaction, member_id: int, *, lock: bool = False) -> Application | None:
    """Return the member's application that waits for a decision; `lock` holds it (PostgreSQL)."""
    found = select(Application).where(Application.member_id == member_id, Application.state.in_(OPEN))
    return await tx.scalar(found.with_for_update() if lock else found)


async def withdraw(tx: Transaction, member_id: int, now: datetime) -> ApplicationKind:
    """Take one's own application back and return its kind. Refusal: `application:none`."""
    row = await open_one(tx, member_id, lock=True)
    member = await members.by_id(tx, member_id, lock=True)
    if row is None or member is None:
        raise Refusal("application:none")
    row.close(ApplicationState.WITHDRAWN, member_id, now)
    if row.kind is ApplicationKind.POST and member.state is MemberState.VETTED:
        await move(tx, member, Step.STAYED, now, by=member_id, application=row.id)
    elif member.state in (MemberState.NOMINATED, MemberState.VETTED):
        await move(tx, member, Step.WITHDRAWN, now, by=member_id, application=row.id)
    else:
        event = audit.Event.APPLICATION_WITHDRAWN
        await audit.record(tx, event, now, actor=member_id, subject=member_id, application=row.id)
    await cards.redraw(tx, row.id, now)
    await cards.close_circle(tx, row.id, now)
    return row.kind


async def drop(tx: Transaction, member_id: int, by: int, now: datetime) -> None:
    """Decline the open application, if any, of somebody whose membership staff end by other means."""
    row = await open_one(tx, member_id, lock=True)
    if row is not None:
        row.close(ApplicationState.DECLINED, by, now)
        await cards.redraw(tx, row.id, now)
        await cards.close_circle(tx, row.id, now)


async def accept_terms(tx: Transaction, viewer: Viewer, accepted: Accepted, now: datetime) -> None:
    """Accept the terms in force: who was approved meanwhile becomes a member, who was read-only goes on."""
    await consents.accept(tx, viewer, accepted, now)
    member = await members.held(tx, viewer.id)
    if member.state is MemberState.APPROVED:
        await move(tx, member, Step.ACTIVATED, now, by=viewer.id)


async def forget(tx: Transaction, member_id: int, now: datetime) -> None:
    """Delete a person's applications, and let the cards that reviewers and members have of them say so."""
    rows = list(await tx.scalars(select(Application.id).where(Application.member_id == member_id)))
    await tx.execute(delete(Application).where(Application.id.in_(rows)))
    for application_id in rows:
        await cards.redraw(tx, application_id, now)
        await cards.close_circle(tx, application_id, now)
