"""Offers: by what an audience can be chosen now, and how many members each choice has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import case, func, select

from storage import access, topics
from storage.access import Action, Viewer
from storage.announcements.audience import Dimension, condition_of
from storage.announcements.tables import AudienceList
from storage.database import Transaction
from storage.members import BELONGING, Member, MemberRole
from storage.topics import HEARING, Subscription

_BELONGS = Member.state.in_(BELONGING)


async def offers(tx: Transaction, viewer: Viewer, dimension: Dimension) -> dict[str, int]:
    """Return what can be chosen in a dimension, with how many members each choice has.

    Countries and organisations are those of members, topics those that exist for `viewer`, in their order. There is
    nothing to choose of everybody.
    """
    access.require(viewer, Action.ANNOUNCE)
    if dimension in _COLUMNS:
        return await _by_column(tx, _COLUMNS[dimension])
    return await _OTHERS[dimension](tx, viewer) if dimension in _OTHERS else {}


async def _by_column(tx: Transaction, column: Any) -> dict[str, int]:
    counted = select(column, func.count()).where(_BELONGS, column.is_not(None)).group_by(column)
    return {_written(value): n for value, n in await tx.execute(counted)}


async def _roles(tx: Transaction, _viewer: Viewer) -> dict[str, int]:
    holders = select(MemberRole.role, func.count(MemberRole.member_id.distinct()))
    counted = holders.join(Member, Member.id == MemberRole.member_id).where(_BELONGS).group_by(MemberRole.role)
    return {_written(role): n for role, n in await tx.execute(counted)}


async def _topics(tx: Transaction, viewer: Viewer) -> dict[str, int]:
    followers = select(Subscription.topic_id, func.count()).join(Member, Member.id == Subscription.member_id)
    counted = followers.where(_BELONGS, Subscription.level.in_(HEARING)).group_by(Subscription.topic_id)
    found = {_written(topic_id): n for topic_id, n in await tx.execute(counted)}
    return {str(topic.id): found.get(str(topic.id), 0) for topic in await topics.catalogue(tx, viewer)}


async def _lists(tx: Transaction, _viewer: Viewer) -> dict[str, int]:
    kept = list(await tx.scalars(select(AudienceList).order_by(AudienceList.name)))
    if not kept:
        return {}
    meant = [func.count(case((condition_of(row.meant, {}), 1))) for row in kept]
    counted = (await tx.execute(select(*meant).select_from(Member).where(_BELONGS))).one()
    return {str(row.id): n for row, n in zip(kept, counted, strict=True)}


def _written(value: Any) -> str:
    return str(getattr(value, "value", value))


_COLUMNS: Mapping[Dimension, Any] = {
    Dimension.COUNTRY: Member.country,
    Dimension.CATEGORY: Member.category,
    Dimension.LANGUAGE: Member.language,
    Dimension.ORGANISATION: Member.organisation_id,
}
_OTHERS: Mapping[Dimension, Callable[[Transaction, Viewer], Awaitable[dict[str, int]]]] = {
    Dimension.ROLE: _roles,
    Dimension.TOPIC: _topics,
    Dimension.LIST: _lists,
}
