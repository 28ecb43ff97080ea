"""Seats: what somebody did for the network passes to a successor in one act, and nothing private with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, or_, select, update

from storage import access, applications, audit, members, staff
from storage.access import Action, Viewer
from storage.applications import Application
from storage.applications.cards import redraw
from storage.database import Transaction, wake
from storage.members import BELONGING, Member, MemberRole, Role
from storage.membership import TRANSITIONS, Step
from storage.nominations import Nomination, NominationState
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.topics import Subscription

SEATED = TRANSITIONS[Step.OFFBOARDED].sources
"""The states in which somebody has something to hand over."""

CODE = "post"
"""The reason for which somebody is off-boarded who has handed over their seat: they left the post."""


@dataclass(frozen=True)
class Bundle:
    """What would pass from `predecessor` to `successor`: roles, and how many topics, applications and links."""

    predecessor: Member
    successor: Member
    roles: tuple[staff.Held, ...]
    topics: int
    applications: int
    nominations: int


async def successors(
    tx: Transaction, viewer: Viewer, predecessor_id: int, first: int | None, size: int
) -> Page[Member]:
    """Return a page of who could follow somebody, those of the same organisation or country first.

    Refusals: `member:unknown`, `seat:self`.
    """
    member = await _predecessor(tx, viewer, predecessor_id)
    near = or_(Member.organisation_id == member.organisation_id, Member.country == member.country)
    rank = case((near, 0), else_=1)
    there = select(Member).where(Member.state.in_(BELONGING), Member.id.not_in([viewer.id, member.id]))
    return await page(tx, there, (rank, func.coalesce(Member.name, ""), Member.id), first, size)


async def _predecessor(tx: Transaction, viewer: Viewer, member_id: int, *, lock: bool = False) -> Member:
    access.require(viewer, Action.HAND_OVER)
    if member_id == viewer.id:
        raise Refusal("seat:self")
    member = await staff.by_id(tx, viewer, member_id, lock=lock)
    if member.state not in SEATED:
        raise Refusal("membership:state")
    return member


async def _both(
    tx: Transaction, viewer: Viewer, predecessor_id: int, successor_id: int, *, lock: bool = False
) -> tuple[Member, Member]:
    if successor_id in (viewer.id, predecessor_id):
        raise Refusal("seat:self")
    predecessor = await _predecessor(tx, viewer, predecessor_id, lock=lock)
    successor = await members.by_id(tx, successor_id, lock=lock)
    if successor is None or successor.state not in BELONGING:
        raise Refusal("seat:successor")
    return predecessor, successor


async def bundle(tx: Transaction, viewer: Viewer, predecessor_id: int, successor_id: int) -> Bundle:
    """Return what would pass. Refusals: `member:unknown`, `seat:self`, `seat:successor`, `membership:state`."""
    predecessor, successor = await _both(tx, viewer, predecessor_id, successor_id)
    follows = select(func.count()).select_from(Subscription).where(Subscription.member_id == predecessor.id)
    return Bundle(
        predecessor,
        successor,
        await staff.held(tx, predecessor.id),
        await tx.scalar(follows) or 0,
        len(await _claimed(tx, predecessor.id)),
        len(await _links(tx, predecessor.id)),
    )


async def hand_over(
    tx: Transaction,
    viewer: Viewer,
    predecessor_id: int,
    successor_id: int,
    now: datetime,
    *,
    offboard: bool,
    replaces: int | None = None,
) -> None:
    """Let a successor take a seat: roles with their reach and end, topics, open tasks. Both are told.

    With `offboard` the predecessor leaves in the same act. Refusals: those of `bundle`, and of `staff.act`.
    """
    predecessor, successor = await _both(tx, viewer, predecessor_id, successor_id, lock=True)
    roles = await _pass_roles(tx, viewer, predecessor, successor, now)
    topics = await _pass_topics(tx, predecessor.id, successor.id)
    claimed = await _pass_claims(tx, predecessor.id, successor.id, now)
    links = await _links(tx, predecessor.id)
    await tx.execute(update(Nomination).where(Nomination.id.in_(links)).values(by_id=successor.id))
    passed = {"roles": roles, "topics": topics, "applications": claimed, "nominations": links}
    event = audit.Event.SEAT_HANDED_OVER
    await audit.record(tx, event, now, actor=viewer.id, subject=predecessor.id, successor=successor.id, **passed)
    counts = {"topics": topics, "applications": len(claimed), "nominations": len(links)}
    facts = {"predecessor": predecessor.id, "successor": successor.id, "roles": roles, **counts}
    told = [Promise(successor.id, "seat:received", facts), Promise(predecessor.id, "seat:given", facts)]
    await promise(tx, told, now)
    if offboard:
        await staff.act(tx, viewer, predecessor.id, Step.OFFBOARDED, now, code=CODE, reason=CODE, replaces=replaces)


async def _pass_roles(
    tx: Transaction, viewer: Viewer, predecessor: Member, successor: Member, now: datetime
) -> list[dict[str, object]]:
    rows = list(await tx.scalars(select(MemberRole).where(MemberRole.member_id == predecessor.id)))
    passed = [staff.facts_of(staff.office_of(row), row.alternate) for row in rows]
    for row in rows:
        if await _yields(tx, row, successor.id):
            row.member_id, row.since, row.given_by = successor.id, now, viewer.id
        else:
            await tx.delete(row)
    await tx.flush()
    wake(tx, "staff")
    if any(row.role is Role.ADMINISTRATOR for row in rows):
        but = (successor.id, viewer.id, predecessor.id)
        await staff.tell_administrators(tx, "role:administrator", {"member": successor.id}, now, but=but)
    return passed


async def _yields(tx: Transaction, row: MemberRole, successor_id: int) -> bool:
    """Make room for a role at the successor; tell whether there is any: who holds the same keeps the better seat."""
    same = select(MemberRole).where(MemberRole.member_id == successor_id)
    for held in list(await tx.scalars(same)):
        if staff.office_of(held) != staff.office_of(row):
            continue
        if row.alternate or not held.alternate:
            return False
        await tx.delete(held)  # the alternate becomes the principal
        await tx.flush()
    return True


async def _pass_topics(tx: Transaction, predecessor_id: int, successor_id: int) -> int:
    followed = select(Subscription.topic_id).where(Subscription.member_id == successor_id)
    mine = Subscription.member_id == predecessor_id
    had = list(await tx.scalars(select(Subscription.id).where(mine)))
    fresh = update(Subscription).where(mine, Subscription.topic_id.not_in(followed))
    await tx.execute(fresh.values(member_id=successor_id).execution_options(synchronize_session=False))
    await tx.execute(delete(Subscription).where(mine).execution_options(synchronize_session=False))
    return len(had)


async def _claimed(tx: Transaction, member_id: int) -> list[int]:
    taken = select(Application.id).where(Application.claimed_by == member_id, Application.state.in_(applications.OPEN))
    return list(await tx.scalars(taken.order_by(Application.id)))


async def _pass_claims(tx: Transaction, predecessor_id: int, successor_id: int, now: datetime) -> list[int]:
    passed = await _claimed(tx, predecessor_id)
    for row in await tx.scalars(select(Application).where(Application.id.in_(passed)).with_for_update()):
        own = row.member_id == successor_id  # nobody takes care of their own application
        row.claimed_by = None if own else successor_id
        await redraw(tx, row.id, now)
    return passed


async def _links(tx: Transaction, member_id: int) -> list[int]:
    sent = select(Nomination.id).where(Nomination.by_id == member_id, Nomination.state == NominationState.OPEN)
    return list(await tx.scalars(sent.order_by(Nomination.id)))
