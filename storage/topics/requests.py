"""Requests: members who ask to be let into a topic, and the leads who decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select

from storage import access, audit, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import Member, Role
from storage.outbox import Promise, promise, shown
from storage.refusals import Refusal
from storage.topics.catalogue import by_id
from storage.topics.following import levels, subscribe
from storage.topics.tables import Policy, RequestState, Subscription, Topic, TopicRequest


async def waits(tx: Transaction, member_id: int, topic_id: int) -> bool:
    """Tell whether the member's wish to join waits for a decision."""
    mine = (TopicRequest.member_id == member_id) & (TopicRequest.topic_id == topic_id)
    found = select(TopicRequest.id).where(mine, TopicRequest.state == RequestState.WAITING)
    return await tx.scalar(found) is not None


async def ask(tx: Transaction, viewer: Viewer, topic_id: int, now: datetime) -> None:
    """Ask to join a topic on request; its moderators get a card. Asking twice asks once. Refusal: `topic:open`."""
    access.require(viewer, Action.BELONG)
    if (await by_id(tx, viewer, topic_id)).policy is not Policy.REQUEST:
        raise Refusal("topic:open")
    if await waits(tx, viewer.id, topic_id) or topic_id in await levels(tx, viewer.id):
        return
    row = TopicRequest(member_id=viewer.id, topic_id=topic_id, state=RequestState.WAITING, at=now)
    tx.add(row)
    await tx.flush()  # gives the request its id
    asked = await moderators(tx, topic_id)
    others = [member_id for member_id in asked if member_id != viewer.id]
    await promise(tx, _cards(row.id, dict.fromkeys(others or asked)), now)


async def moderators(tx: Transaction, topic_id: int) -> list[int]:
    """Return the ids of who may moderate a topic: its leads and the administrators."""
    staff = await members.holders(tx, Role.ADMINISTRATOR, Role.MODERATOR)
    found = await access.viewers(tx, [m.id for m in staff])
    return sorted(v.id for v in found.values() if access.moderates(v, topic_id))


async def leads(tx: Transaction, topic_id: int) -> list[Member]:
    """Return a topic's leads: the moderators whose reach it is (R-12)."""
    held = await members.holders(tx, Role.MODERATOR)
    offices = await members.offices(tx, [m.id for m in held])
    return [m for m in held if any(o.topic_id == topic_id for o in offices[m.id])]


async def request(tx: Transaction, request_id: int) -> tuple[TopicRequest, Topic, Member]:
    """Return a wish to join with its topic and member, or refuse with `topic:no-request`."""
    row = await tx.get(TopicRequest, request_id, with_for_update=True)
    topic = await tx.get(Topic, row.topic_id) if row else None
    member = await tx.get(Member, row.member_id) if row else None
    if row is None or topic is None or member is None:
        raise Refusal("topic:no-request")
    return row, topic, member


async def decide(tx: Transaction, viewer: Viewer, request_id: int, now: datetime, *, admit: bool) -> None:
    """Let a member into a topic or not; tell the member and redraw every card.

    Refusals: `topic:no-request`, `topic:decided` (with `by`).
    """
    access.require(viewer, Action.MODERATE)
    row, topic, member = await request(tx, request_id)
    if not access.moderates(viewer, topic.id):
        raise Refusal("access:denied")
    if row.state is not RequestState.WAITING:
        decider = await members.by_id(tx, row.decided_by) if row.decided_by else None
        raise Refusal("topic:decided", by=members.called(decider))
    row.state = RequestState.ADMITTED if admit else RequestState.REFUSED
    row.decided_by = viewer.id
    event = audit.Event.TOPIC_ADMITTED if admit else audit.Event.TOPIC_REFUSED
    await audit.record(tx, event, now, actor=viewer.id, subject=member.id, topic=topic.code)
    if admit:
        await subscribe(tx, member.id, [topic.id], now)
    await promise(tx, [Promise(member.id, f"topic:{row.state.value}", {"topic": topic.id})], now)
    await _redraw(tx, row.id, now)


async def forget(tx: Transaction, member_id: int, now: datetime) -> None:
    """Delete what a person follows and asked for, and let the cards that administrators have of it say so."""
    await tx.execute(delete(Subscription).where(Subscription.member_id == member_id))
    rows = list(await tx.scalars(select(TopicRequest.id).where(TopicRequest.member_id == member_id)))
    await tx.execute(delete(TopicRequest).where(TopicRequest.id.in_(rows)))
    for request_id in rows:
        await _redraw(tx, request_id, now)


async def _redraw(tx: Transaction, request_id: int, now: datetime) -> None:
    await promise(tx, _cards(request_id, await shown(tx, f"topic-request:{request_id}")), now)


def _cards(request_id: int, staff: Mapping[int, int | None]) -> list[Promise]:
    facts = {"request": request_id}
    return [
        Promise(member_id, "topic:card", facts, subject=f"topic-request:{request_id}", replaces=message_id)
        for member_id, message_id in staff.items()
    ]
