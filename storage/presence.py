"""Presence: who has not been seen for long becomes idle, and any act brings them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from storage import members
from storage.database import Transaction
from storage.members import BELONGING, Channel, Member, MemberState
from storage.membership import TRANSITIONS, Step, move

IDLE_AFTER = timedelta(days=180)
NOTICE = timedelta(days=14)
"""How long somebody who will be idle soon is told before."""
_KEPT = timedelta(days=1)
_BATCH = 200


def unnoted(member: Member, now: datetime) -> bool:
    """Tell whether an act of this member has to be noted: the first of a day, and any that ends their idleness."""
    if member.state in TRANSITIONS[Step.RETURNED].sources:
        return True
    return member.state in BELONGING and (member.last_seen_at is None or member.last_seen_at <= now - _KEPT)


async def note(tx: Transaction, member_id: int, now: datetime) -> None:
    """Note that a member acts now; who was idle, or nearly, is active again."""
    member = await members.by_id(tx, member_id, lock=True)
    if member is None or not unnoted(member, now):
        return
    if member.state in TRANSITIONS[Step.RETURNED].sources:
        await move(tx, member, Step.RETURNED, now, by=member.id)
    member.last_seen_at = now


async def advance(tx: Transaction, now: datetime) -> None:
    """Tell who was not seen for half a year, and let who does not come then become idle.

    Whoever is due to confirm their post is not made idle, nor who reads by mail: nobody can see them here.
    """
    here = select(Member).where(Member.telegram_id.is_not(None), Member.channel != Channel.EMAIL)
    warned = here.where(Member.state == MemberState.SOON_IDLE, Member.state_since <= now - NOTICE)
    await _move(tx, warned, Step.IDLE, now)
    unseen = here.where(Member.state == MemberState.ACTIVE, Member.last_seen_at <= now - IDLE_AFTER)
    await _move(tx, unseen, Step.SOON_IDLE, now)


async def _move(tx: Transaction, found: Select[Any], step: Step, now: datetime) -> None:
    locked = found.order_by(Member.id).limit(_BATCH).with_for_update(skip_locked=True, key_share=True)
    told = {"until": (now + NOTICE).isoformat()} if step is Step.SOON_IDLE else None
    for member in await tx.scalars(locked.execution_options(populate_existing=True)):
        await move(tx, member, step, now, by=None, told=told)
