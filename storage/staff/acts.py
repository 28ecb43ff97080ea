"""Acts: what staff do to a membership: suspend, reinstate, block, unblock, off-board; never to their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from storage import access, applications, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import Member, MemberRole, MemberState, Role
from storage.membership import TRANSITIONS, UNCONFIRMED, Step, move
from storage.outbox import Promise, promise
from storage.refusals import Refusal
from storage.staff import listing

NEEDS: dict[Step, Action] = {
    Step.SUSPENDED: Action.SUSPEND,
    Step.REINSTATED: Action.SUSPEND,
    Step.BLOCKED: Action.BLOCK,
    Step.UNBLOCKED: Action.BLOCK,
    Step.OFFBOARDED: Action.OFFBOARD,
}
"""What each act needs to be allowed."""

_REPORTED = frozenset({Step.SUSPENDED, Step.BLOCKED, Step.OFFBOARDED})


async def hold(tx: Transaction, *member_ids: int) -> None:
    """Hold everybody whom a staff act can touch, in one order: two staff who act on each other do not lock up."""
    leading = select(MemberRole.member_id).where(MemberRole.role == Role.ADMINISTRATOR)
    touched = select(Member.id).where(or_(Member.id.in_(leading), Member.id.in_(member_ids))).order_by(Member.id)
    await tx.execute(touched.with_for_update(key_share=True))


async def acting(tx: Transaction, viewer_id: int, *member_ids: int) -> Viewer:
    """Return who acts, as the rules see them now, with everybody held whom the act can touch."""
    await hold(tx, viewer_id, *member_ids)
    return await access.viewer(tx, viewer_id)


async def possible(tx: Transaction, viewer: Viewer, member_id: int) -> list[Step]:
    """Return the acts that `viewer` could do to a member now."""
    member = await listing.by_id(tx, viewer, member_id)
    return [step for step in NEEDS if await _problem(tx, viewer, member, step) is None]


async def permit(tx: Transaction, viewer: Viewer, member_id: int, step: Step, *, lock: bool = False) -> Member:
    """Return a member to whom `viewer` may do this now.

    Refusals: `member:unknown` out of reach, `member:self`, `member:administrator`, `membership:state`.
    """
    access.require(viewer, NEEDS[step])
    member = await listing.by_id(tx, viewer, member_id, lock=lock)
    problem = await _problem(tx, viewer, member, step)
    if problem is not None:
        raise Refusal(problem)
    return member


async def _problem(tx: Transaction, viewer: Viewer, member: Member, step: Step) -> str | None:
    if not access.covers(viewer, NEEDS[step], member.country, member.organisation_id):
        return "access:denied"
    if member.id == viewer.id:
        return "member:self"
    if member.state not in TRANSITIONS[step].sources:
        return "membership:state"
    leads = any(office.role is Role.ADMINISTRATOR for office in (await members.offices(tx, [member.id]))[member.id])
    if leads and not access.allowed(viewer, Action.GIVE_ROLES):
        return "member:administrator"  # ending the membership would take the role
    return None


async def act(
    tx: Transaction,
    viewer: Viewer,
    member_id: int,
    step: Step,
    now: datetime,
    *,
    reason: str | None = None,
    code: str | None = None,
    replaces: int | None = None,
) -> None:
    """Do one of the acts of `NEEDS` to a member; the log keeps the `code` of the reason, staff read the reason.

    Who acts gets a report that follows the removal from groups, in place of the message `replaces`.
    Refusals: those of `permit`, `membership:last-administrator`.
    """
    member = await permit(tx, viewer, member_id, step, lock=True)
    if step in (Step.BLOCKED, Step.OFFBOARDED):
        await applications.drop(tx, member.id, viewer.id, now)
    if code is None and reason == UNCONFIRMED:
        reason = f"“{reason}”"  # words of one's own are never the clock's reason
    facts: dict[str, Any] = {"code": code} if code else {}
    await move(tx, member, step, now, by=viewer.id, reason=reason, **facts)
    if member.state is MemberState.ACTIVE:
        member.validated_at = now  # who lets somebody in again confirms the post, or the clock would undo it
    if step in _REPORTED:
        await report(tx, viewer.id, member.id, now, replaces)


async def report(tx: Transaction, staff_id: int, member_id: int, now: datetime, replaces: int | None = None) -> None:
    """Promise somebody of the staff the report about a member's removal from groups."""
    subject = f"offboarding:{member_id}"
    facts = {"member": member_id}
    shown = Promise(staff_id, "offboarding:report", facts, subject=subject, replaces=replaces)
    await promise(tx, [shown], now)
