"""Reading: what became of promises, for those who redraw, count and report."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import (
    func,
    select,
)

from storage.database import Transaction
from storage.outbox.tables import WAITING, OutboxRow, OutboxState


async def copies(tx: Transaction, subject: str) -> list[OutboxRow]:
    """Return the delivered copies of `subject`, so that each can be edited in place."""
    sent = select(OutboxRow).where(OutboxRow.subject == subject, OutboxRow.message_id.is_not(None))
    return list(await tx.scalars(sent.order_by(OutboxRow.id)))


async def last_copy(tx: Transaction, subject: str) -> int | None:
    """Return the message that the newest copy of `subject` stands in, or will stand in."""
    place = func.coalesce(OutboxRow.message_id, OutboxRow.replaces)
    newest = select(place).where(OutboxRow.subject == subject).order_by(OutboxRow.id.desc())
    return await tx.scalar(newest.limit(1))


async def will_replace(tx: Transaction, member_id: int, message_id: int | None) -> bool:
    """Tell whether something waits to be shown in place of a message."""
    waiting = select(OutboxRow.id).where(OutboxRow.member_id == member_id, OutboxRow.state.in_(WAITING))
    return await tx.scalar(waiting.where(OutboxRow.replaces == message_id).limit(1)) is not None


async def tally(tx: Transaction, subject: str) -> dict[OutboxState, int]:
    """Return how many copies of `subject` are in each state."""
    rows = await tx.execute(
        select(OutboxRow.state, func.count()).where(OutboxRow.subject == subject).group_by(OutboxRow.state)
    )
    return {row[0]: row[1] for row in rows}


async def counts(tx: Transaction) -> dict[str, int]:
    """Return how many messages are in each state."""
    rows = await tx.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
    return {str(state): count for state, count in rows}


async def report(tx: Transaction, subject: str) -> Mapping[int, tuple[OutboxState, str | None]]:
    """Return for each recipient of `subject` how it ended and why."""
    rows = await tx.execute(
        select(OutboxRow.member_id, OutboxRow.state, OutboxRow.reason).where(OutboxRow.subject == subject)
    )
    return {row.member_id: (row.state, row.reason) for row in rows if row.member_id is not None}
