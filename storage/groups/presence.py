"""Presence: whom the bot knows to be inside which group."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from storage.database import Transaction, insert
from storage.groups.tables import GroupMember


async def came(tx: Transaction, group_id: int, member_id: int, now: datetime) -> bool:
    """Note that somebody is inside a group; return whether that was not known."""
    row = {"group_id": group_id, "member_id": member_id, "since": now}
    new = insert(tx, GroupMember).values(row).on_conflict_do_nothing(index_elements=["group_id", "member_id"])
    return await tx.scalar(new.returning(GroupMember.id)) is not None


async def went(tx: Transaction, group_id: int, member_id: int) -> None:
    """Note that somebody is out of a group."""
    mine = (GroupMember.group_id == group_id, GroupMember.member_id == member_id)
    await tx.execute(delete(GroupMember).where(*mine))


async def inside(tx: Transaction, group_id: int) -> set[int]:
    """Return the ids of the people whom the bot knows to be inside a group."""
    return set(await tx.scalars(select(GroupMember.member_id).where(GroupMember.group_id == group_id)))


async def of_member(tx: Transaction, member_id: int) -> set[int]:
    """Return the ids of the groups that the bot knows a person to be inside."""
    return set(await tx.scalars(select(GroupMember.group_id).where(GroupMember.member_id == member_id)))


async def count(tx: Transaction, group_id: int) -> int:
    """Return how many people the bot knows to be inside a group."""
    found = select(func.count()).select_from(GroupMember).where(GroupMember.group_id == group_id)
    return await tx.scalar(found) or 0
