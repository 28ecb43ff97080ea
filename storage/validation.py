"""Validation: every year each member's post is confirmed, or the membership is suspended and ends (R-09)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from storage import access, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import BELONGING, Member, MemberRole, MemberState, Role
from storage.membership import UNCONFIRMED, Step, move
from storage.outbox import OutboxRow, Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal

DUE_AFTER = timedelta(days=330)
_NEWS = timedelta(days=7)
_BATCH = 200


@dataclass(frozen=True)
class Course:
    """How a state runs out: a reminder after `reminded`, and `step` after `ends`, never both at once."""

    state: MemberState
    reminded: timedelta
    ends: timedelta
    step: Step
    notice: str


COURSES = (
    Course(MemberState.SUSPENDED, timedelta(days=14), timedelta(days=30), Step.EXPIRED, "membership:overdue"),
    Course(MemberState.DUE, timedelta(days=21), timedelta(days=35), Step.OVERDUE, "membership:due"),
)
"""Due for 35 days with a reminder 14 days before they end, then suspended for 30 with one after 14 days."""


async def advance(tx: Transaction, now: datetime) -> None:
    """Let time do its work: who fell due is asked, reminded, suspended, reminded, and let go.

    Everything counts from `state_since`, so that after a long silence nobody skips a stage or hears two at once.
    """
    for course in COURSES:
        await _end(tx, course, now)
        await _remind(tx, course, now)
    await _fall_due(tx, now)
    await _tell_focal_points(tx, now)


async def _end(tx: Transaction, course: Course, now: datetime) -> None:
    warned = (Member.reminded_at >= Member.state_since, Member.reminded_at <= now - (course.ends - course.reminded))
    over = _running(course).where(Member.state_since <= now - course.ends, *warned)
    for member in await _held(tx, over):
        if course.step is Step.EXPIRED:
            await move(tx, member, course.step, now, by=None)
            continue
        told = {"until": _ends(MemberState.SUSPENDED, now)}
        with suppress(Refusal):  # the last administrator stays due until there is another one
            await move(tx, member, course.step, now, by=None, reason=UNCONFIRMED, told=told)


async def _remind(tx: Transaction, course: Course, now: datetime) -> None:
    unwarned = or_(Member.reminded_at.is_(None), Member.reminded_at < Member.state_since)
    late = await _held(tx, _running(course).where(Member.state_since <= now - course.reminded, unwarned))
    for member in late:
        member.reminded_at = now
    # After a silence of months the time that the reminder leaves is what counts.
    until = (now + course.ends - course.reminded).isoformat()
    await promise(tx, [Promise(m.id, course.notice, {"until": until, "again": True}) for m in late], now)


async def _fall_due(tx: Transaction, now: datetime) -> None:
    belongs = Member.state.in_(BELONGING - {MemberState.DUE})
    for member in await _held(tx, select(Member).where(belongs, Member.validated_at <= now - DUE_AFTER)):
        await move(tx, member, Step.FELL_DUE, now, by=None, told={"until": _ends(MemberState.DUE, now)})


def _running(course: Course) -> Select[Any]:
    found = select(Member).where(Member.state == course.state)
    return found.where(Member.state_reason == UNCONFIRMED) if course.state is MemberState.SUSPENDED else found


def _ends(state: MemberState, now: datetime) -> str:
    return next((now + course.ends).isoformat() for course in COURSES if course.state is state)


async def _held(tx: Transaction, found: Select[Any]) -> Sequence[Member]:
    """Hold those who are found and nobody else holds now; the others come with the next tick."""
    locked = found.order_by(Member.id).limit(_BATCH).with_for_update(skip_locked=True, key_share=True)
    return (await tx.scalars(locked.execution_options(populate_existing=True))).all()


async def _tell_focal_points(tx: Transaction, now: datetime) -> None:
    """Tell focal points, once in an ISO week, that members of their reach fell due within the last seven days."""
    year, week, _ = now.isocalendar()
    mine = {member_id: f"posts:{member_id}:{year}-W{week}" for member_id in await _concerned(tx, now)}
    known = set(await tx.scalars(select(OutboxRow.key).where(OutboxRow.key.in_(mine.values()))))
    news = [Promise(member_id, "membership:posts", key=key) for member_id, key in mine.items() if key not in known]
    await promise(tx, news, now)


async def _concerned(tx: Transaction, now: datetime) -> Sequence[int]:
    holder = aliased(Member)
    reach = or_(MemberRole.country == Member.country, MemberRole.organisation_id == Member.organisation_id)
    found = (
        select(holder.id)
        .join(MemberRole, MemberRole.member_id == holder.id)
        .join(Member, reach & (Member.id != holder.id))
        .where(MemberRole.role == Role.FOCAL_POINT, holder.state.in_(BELONGING))
        .where(Member.state == MemberState.DUE, Member.state_since > now - _NEWS)
    )
    return (await tx.scalars(found.distinct().order_by(holder.id))).all()


def confirmable(member: Member) -> bool:
    """Tell whether a member's post waits to be confirmed: they are due, or suspended because it was not."""
    suspended = member.state is MemberState.SUSPENDED and member.state_reason == UNCONFIRMED
    return suspended or member.state is MemberState.DUE


async def confirm(tx: Transaction, viewer: Viewer, now: datetime) -> None:
    """Confirm that one still holds one's post. Refusals: `validation:staff` where staff suspended the member, and
    `validation:not-due`.
    """
    access.require(viewer, Action.VALIDATE)
    member = await members.held(tx, viewer.id)
    require_confirmable(member)
    await validate(tx, member, now, by=viewer.id, told={"by": "oneself"})


def require_confirmable(member: Member) -> None:
    """Refuse where there is nothing to confirm: `validation:staff`, `validation:not-due`."""
    if member.state is MemberState.SUSPENDED and not confirmable(member):
        raise Refusal("validation:staff")
    if not confirmable(member):
        raise Refusal("validation:not-due")


async def validate(tx: Transaction, member: Member, now: datetime, *, by: int, told: dict[str, Any]) -> None:
    """Note that a member, who is held, holds their post: the year begins anew."""
    await move(tx, member, Step.VALIDATED, now, by=by, told=told)
    member.validated_at = now


async def posts(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[Member]:
    """Return a page of the members within the viewer's reach whose posts wait to be confirmed, never the viewer."""
    access.require(viewer, Action.CONFIRM_POSTS)
    return await page(tx, select(Member).where(*_waiting(viewer)), (Member.id,), first, size)


async def count(tx: Transaction, viewer: Viewer) -> int:
    """Return how many posts wait for the viewer to confirm them; 0 for who may not."""
    return await tx.scalar(select(func.count(Member.id)).where(*_waiting(viewer))) or 0


async def confirm_posts(tx: Transaction, viewer: Viewer, member_ids: Sequence[int], now: datetime) -> int:
    """Confirm the posts of members, by who knows them (R-09); return how many still waited and were in reach."""
    access.require(viewer, Action.CONFIRM_POSTS)
    found = select(Member).where(Member.id.in_(member_ids), *_waiting(viewer)).order_by(Member.id)
    held = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    confirmed = (await tx.scalars(held)).all()
    role = Role.ADMINISTRATOR if Role.ADMINISTRATOR in viewer.roles else Role.FOCAL_POINT
    for member in confirmed:
        await validate(tx, member, now, by=viewer.id, told={"by": role.value})
    return len(confirmed)


def _waiting(viewer: Viewer) -> tuple[ColumnElement[bool], ...]:
    suspended = (Member.state == MemberState.SUSPENDED) & (Member.state_reason == UNCONFIRMED)
    reach = access.within(viewer, Action.CONFIRM_POSTS, Member.country, Member.organisation_id)
    return (or_(Member.state == MemberState.DUE, suspended), Member.id != viewer.id, reach)
