"""Reports: from which groups somebody has been removed, and from which they could not be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage import access, members, removals
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import Member, MemberState
from storage.refusals import Refusal
from storage.removals import Removal, RemovalState


@dataclass(frozen=True)
class Report:
    """How far somebody's removal from the groups is; `failed` are groups with the reason (a code or a quotation)."""

    member_id: int
    name: str
    state: MemberState
    done: int
    waiting: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


async def removed(tx: Transaction, viewer: Viewer, member_id: int) -> Report:
    """Return the report about a member to staff in whose reach they are. Refusal: `member:unknown`."""
    member = await _reached(tx, viewer, member_id)
    rows = await removals.of(tx, member.id)
    return Report(
        member.id,
        members.called(member),
        member.state,
        sum(row.state is RemovalState.DONE for row in rows),
        tuple(row.title for row in rows if row.state is RemovalState.WAITING),
        tuple((row.title, row.reason or "") for row in rows if row.state is RemovalState.FAILED),
    )


async def try_again(tx: Transaction, viewer: Viewer, member_id: int, now: datetime) -> None:
    """Try once more to remove somebody from the groups where it failed.

    Refusals: `member:unknown`, `member:inside` for somebody who belongs again.
    """
    member = await _reached(tx, viewer, member_id)
    if member.state in members.BELONGING:
        raise Refusal("member:inside")
    await removals.again(tx, member, now, by=viewer.id)


async def failed(tx: Transaction, viewer: Viewer, removal_id: int) -> tuple[str, str, str] | None:
    """Return whom, from which group, and why somebody could not be removed; None to who may not know.

    Of somebody whom the bot has never met the name is empty.
    """
    row = await tx.get(Removal, removal_id)
    if row is None or not access.allowed(viewer, Action.HAND_OVER):
        return None
    member = await members.by_id(tx, row.member_id) if row.member_id is not None else None
    return members.called(member) if member else "", row.title, row.reason or ""


async def _reached(tx: Transaction, viewer: Viewer, member_id: int) -> Member:
    member = await members.by_id(tx, member_id)
    if member is None or not access.covers(viewer, Action.OFFBOARD, member.country, member.organisation_id):
        raise Refusal("member:unknown")
    return member
