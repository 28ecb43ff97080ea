"""Following: at which level a member gets a topic, and how they come in and leave."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update

from storage import access, groups, members, removals
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import Member, Night
from storage.refusals import Refusal
from storage.topics.catalogue import by_id
from storage.topics.tables import Level, Policy, Subscription

HEARING = (Level.LIVE, Level.DIGEST)
"""The levels at which a topic is in the digest; whoever gets it live reads there what mattered."""


async def levels(tx: Transaction, member_id: int) -> dict[int, Level]:
    """Return the member's level in each topic they belong to, by topic id."""
    rows = await tx.execute(
        select(Subscription.topic_id, Subscription.level).where(Subscription.member_id == member_id)
    )
    return {row[0]: row[1] for row in rows}


async def subscribe(
    tx: Transaction, member_id: int, topic_ids: Iterable[int], now: datetime, level: Level = Level.DIGEST
) -> None:
    """Let a member follow topics; what they follow or mute already stays as it is."""
    held = await levels(tx, member_id)
    for topic_id in set(topic_ids) - set(held):
        tx.add(Subscription(member_id=member_id, topic_id=topic_id, level=level, since=now))
    await tx.flush()


async def set_level(tx: Transaction, viewer: Viewer, topic_id: int, level: Level, now: datetime) -> None:
    """Follow a topic at a level, or change it. Refusals: `topic:unknown`, `topic:on-request`."""
    access.require(viewer, Action.BELONG)
    topic = await by_id(tx, viewer, topic_id)
    row = await _subscription(tx, viewer.id, topic_id)
    if row is not None:
        row.level = level
    elif topic.policy is Policy.OPEN or access.moderates(viewer, topic_id):
        await subscribe(tx, viewer.id, [topic_id], now, level)
    else:
        raise Refusal("topic:on-request")


async def leave(tx: Transaction, viewer: Viewer, topic_id: int, now: datetime) -> None:
    """Leave a topic; whoever must be let in is also taken out of the groups that are its own."""
    access.require(viewer, Action.BELONG)
    topic = await by_id(tx, viewer, topic_id)
    await drop(tx, viewer.id, topic_id)
    if topic.policy is not Policy.OPEN and not access.moderates(viewer, topic_id):
        await shut_out(tx, await members.held(tx, viewer.id), topic_id, now, by=viewer.id)


async def drop(tx: Transaction, member_id: int, topic_id: int) -> None:
    """End what a member gets of a topic."""
    await tx.execute(delete(Subscription).where(_mine(member_id, topic_id)))


async def shut_out(tx: Transaction, member: Member, topic_id: int, now: datetime, *, by: int | None) -> None:
    """Take a member out of the groups that are a topic's own."""
    own = [group for group in await groups.everyone(tx) if group.topic_id == topic_id]
    await removals.from_groups(tx, member, own, now, by=by)


async def choose_night(tx: Transaction, viewer: Viewer, night: Night) -> None:
    """Note what a member wants of what comes at night."""
    access.require(viewer, Action.BELONG)
    await tx.execute(update(Member).where(Member.id == viewer.id).values(night=night))


def _mine(member_id: int, topic_id: int) -> ColumnElement[bool]:
    return (Subscription.member_id == member_id) & (Subscription.topic_id == topic_id)


async def _subscription(tx: Transaction, member_id: int, topic_id: int) -> Subscription | None:
    return await tx.scalar(select(Subscription).where(_mine(member_id, topic_id)).with_for_update())
