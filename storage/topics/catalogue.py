"""The catalogue: which topics there are for whom; one that is not for a viewer does not exist."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_, select

from storage import access
from storage.access import Viewer
from storage.database import Transaction
from storage.refusals import Refusal
from storage.topics.readers import reader_in
from storage.topics.tables import Level, Policy, Subscription, Topic


def known(viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition under which a topic exists for `viewer`: a closed one only for whom it has let in."""
    return or_(Topic.policy != Policy.CLOSED, inside(viewer))


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition under which `viewer` reads what is said in a topic; the same rule as `reads`."""
    return or_(Topic.policy == Policy.OPEN, inside(viewer))


def inside(viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition under which a topic's doors stand open to `viewer`: they are in it, or moderate it."""
    mine = (Subscription.topic_id == Topic.id) & (Subscription.member_id == viewer.id)
    return or_(exists().where(mine), access.moderated(viewer, Topic.id))


def reads(viewer: Viewer, topic: Topic, level: Level | None) -> bool:
    """Tell whether `viewer`, who stands at `level`, reads what is said in a topic; the same rule as `readable`."""
    return reader_in(viewer, topic.id, level).reads(topic.id, topic.policy)


async def catalogue(tx: Transaction, viewer: Viewer) -> list[Topic]:
    """Return the topics that exist for `viewer`, in their order."""
    return list(await tx.scalars(select(Topic).where(known(viewer)).order_by(Topic.position)))


async def everything(tx: Transaction) -> list[Topic]:
    """Return all topics, for the operator and for what has no reader."""
    return list(await tx.scalars(select(Topic).order_by(Topic.position)))


async def known_to_bot(tx: Transaction, topic_id: int) -> Topic | None:
    """Return a topic whatever its policy, for what happens in its own group."""
    return await tx.get(Topic, topic_id)


async def by_id(tx: Transaction, viewer: Viewer, topic_id: int) -> Topic:
    """Return a topic; one that is not for `viewer` and one that never was are refused alike with `topic:unknown`."""
    topic = await tx.scalar(select(Topic).where(Topic.id == topic_id, known(viewer)))
    if topic is None:
        raise Refusal("topic:unknown")
    return topic


async def titles(tx: Transaction, viewer: Viewer, topic_ids: Sequence[int]) -> dict[int, str]:
    """Return titles by topic id, in the viewer's language; topics that do not exist for them are missing."""
    found = await tx.scalars(select(Topic).where(Topic.id.in_(topic_ids), known(viewer)))
    return {topic.id: topic.title(viewer.language) for topic in found}
