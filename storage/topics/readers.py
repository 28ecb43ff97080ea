"""Readers: viewers with their standing in all topics, read for many at once, so that no rule asks for each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import String, select, type_coerce

from storage import access
from storage.access import Viewer
from storage.database import Transaction, execute
from storage.topics.tables import Level, Policy, Subscription, Topic


@dataclass(frozen=True)
class Reader:
    """A viewer, and at which level they get each topic that they belong to, by topic id."""

    viewer: Viewer
    levels: Mapping[int, Level]

    def knows(self, topic_id: int, policy: Policy) -> bool:
        """Tell whether a topic exists for the reader; the same rule as `known` in SQL."""
        return policy is not Policy.CLOSED or self.inside(topic_id)

    def reads(self, topic_id: int, policy: Policy) -> bool:
        """Tell whether the reader reads what is said in a topic; the same rule as `readable` in SQL."""
        return policy is Policy.OPEN or self.inside(topic_id)

    def inside(self, topic_id: int) -> bool:
        """Tell whether a topic's doors stand open to the reader; the same rule as `inside` in SQL."""
        return topic_id in self.levels or access.moderates(self.viewer, topic_id)


def reader_in(viewer: Viewer, topic_id: int, level: Level | None) -> Reader:
    """Return a viewer as a reader of one topic, to which they belong at a level, or (None) not at all."""
    return Reader(viewer, {} if level is None else {topic_id: level})


async def readers(tx: Transaction, viewers: Collection[Viewer]) -> dict[int, Reader]:
    """Return the viewers as readers, by member id, with one question for all of them."""
    levels: dict[int, dict[int, Level]] = {viewer.id: {} for viewer in viewers}
    # Past the session and without types: these are many rows of plain columns.
    columns = (Subscription.member_id, Subscription.topic_id, type_coerce(Subscription.level, String))
    rows = await execute(tx, select(*columns).where(Subscription.member_id.in_(levels)))
    for member_id, topic_id, level in rows.all():
        levels[member_id][topic_id] = _LEVELS[level]
    return {viewer.id: Reader(viewer, levels[viewer.id]) for viewer in viewers}


_LEVELS = {level.value: level for level in Level}


async def policies(tx: Transaction) -> dict[int, Policy]:
    """Return how a member comes into each topic, by topic id."""
    return {row.id: row.policy for row in await tx.execute(select(Topic.id, Topic.policy))}
