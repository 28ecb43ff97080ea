"""Persons: who stands behind a Telegram account, and how they are reached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update

from storage.database import Transaction, insert, wake
from storage.members.tables import Member, MemberState


async def by_telegram(tx: Transaction, telegram_id: int) -> Member | None:
    """Return the person behind a Telegram account, if known."""
    return await tx.scalar(select(Member).where(Member.telegram_id == telegram_id))


async def by_id(tx: Transaction, member_id: int, *, lock: bool = False) -> Member | None:
    """Return a person by id; `lock` holds the row until the end of the transaction (PostgreSQL)."""
    found = select(Member).where(Member.id == member_id).execution_options(populate_existing=lock)
    # Others may still refer to a held person (`key_share`), so that two staff who write to each other do not lock up.
    return await tx.scalar(found.with_for_update(key_share=True) if lock else found)


async def held(tx: Transaction, member_id: int) -> Member:
    """Return a person whom a row refers to, so that there is one, held until the end of the transaction."""
    member = await by_id(tx, member_id, lock=True)
    assert member is not None
    return member


async def by_ids(tx: Transaction, member_ids: Sequence[int]) -> dict[int, Member]:
    """Return many people at once, by id."""
    found = await tx.scalars(select(Member).where(Member.id.in_(member_ids)))
    return {member.id: member for member in found}


async def in_states(tx: Transaction, states: Collection[MemberState]) -> list[Member]:
    """Return everybody who is in one of `states`, in the order they came."""
    found = select(Member).where(Member.state.in_(states)).order_by(Member.id)
    return list(await tx.scalars(found))


async def welcome(tx: Transaction, telegram_id: int, language: str, zone: str, now: datetime) -> Member:
    """Return the person behind a Telegram account, as a new visitor if the bot never met them."""
    row = {"telegram_id": telegram_id, "language": language, "zone": zone, "created_at": now}
    row |= {"state": MemberState.VISITOR, "language_chosen": False}
    await tx.execute(insert(tx, Member).values(row).on_conflict_do_nothing(index_elements=["telegram_id"]))
    member = await by_telegram(tx, telegram_id)
    assert member is not None
    return member


def called(member: Member | None) -> str:
    """Return what a member is called among members: their name, or their number where none is known."""
    if member is None:
        return "–"
    return member.name or f"M-{member.id}"


async def mark_unreachable(tx: Transaction, member_id: int, now: datetime) -> None:
    """Note that a person blocked the bot or left Telegram; nothing more is sent until they write again."""
    reached = update(Member).where(Member.id == member_id, Member.unreachable_since.is_(None))
    await tx.execute(reached.values(unreachable_since=now))


async def choose_language(tx: Transaction, member_id: int, language: str) -> None:
    """Note the language that a person chose."""
    chosen = update(Member).where(Member.id == member_id)
    await tx.execute(chosen.values(language=language, language_chosen=True))
    wake(tx, "staff")
