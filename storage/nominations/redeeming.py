"""Redeeming: one person takes a link, applies by it, and its sender is told; what is over is swept and forgotten."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, or_, select, update

from storage import access, audit
from storage.access import Action, Viewer
from storage.database import Base, Transaction
from storage.nominations.sending import SECRET_BYTES, hash_of, require_sender
from storage.nominations.tables import Nomination, NominationState
from storage.outbox import Promise, promise
from storage.refusals import Refusal

_NOTHING: dict[str, Any] = {
    "name": "–", "organisation": None, "category": None, "country": None, "reason": None, "email": None
}  # fmt: skip


async def find(tx: Transaction, viewer: Viewer, secret: str, now: datetime, *, lock: bool = False) -> Nomination:
    """Return the nomination whose link opens the form for `viewer`; `lock` holds it.

    Refusal: `nomination:unknown` in every other case, so that a link tells nothing of itself.
    """
    found = select(Nomination).where(Nomination.secret_sha256 == hash_of(secret))
    row = await tx.scalar(found.with_for_update() if lock else found)
    if row is not None and access.allowed(viewer, Action.APPLY):
        if row.state is NominationState.USED and row.used_by == viewer.id:
            return row
        if row.state_at(now) is NominationState.OPEN and await _sender_may(tx, row):
            return row
    raise Refusal("nomination:unknown")


async def _sender_may(tx: Transaction, row: Nomination) -> bool:
    """Tell whether who sent the link could send it now: it is void when they have left or lost their office."""
    sender = (await access.viewers(tx, [row.by_id]))[row.by_id]
    try:
        await require_sender(tx, sender, row)
    except Refusal:
        return False
    return True


async def redeem(tx: Transaction, viewer: Viewer, secret: str, now: datetime) -> Nomination:
    """Take a link: it is this person's from now on, until they have applied. Refuses as `find` does."""
    row = await find(tx, viewer, secret, now, lock=True)
    if row.state is NominationState.OPEN:
        row.state, row.used_by, row.used_at = NominationState.USED, viewer.id, now
        event = audit.Event.NOMINATION_USED
        await audit.record(tx, event, now, actor=viewer.id, subject=row.by_id, nomination=row.id)
    return row


async def applied(tx: Transaction, row: Nomination, now: datetime) -> None:
    """Spend a link by which somebody has applied: it opens nothing any more, and its sender is told once."""
    row.secret_sha256 = hash_of(secrets.token_urlsafe(SECRET_BYTES))
    told = Promise(row.by_id, "nomination:applied", {"nomination": row.id}, key=f"nomination:{row.id}:applied")
    await promise(tx, [told], now)


async def ended(tx: Transaction, nomination_id: int, outcome: str, now: datetime) -> None:
    """Tell the sender once what became of the application that came by their link."""
    row = await by_id(tx, nomination_id)
    if row is not None:
        facts = {"nomination": row.id, "outcome": outcome}
        await promise(tx, [Promise(row.by_id, "nomination:ended", facts, key=f"nomination:{row.id}:ended")], now)


async def by_id(tx: Transaction, nomination_id: int) -> Nomination | None:
    """Return a nomination, for those who review the application that came by it."""
    return await tx.get(Nomination, nomination_id)


async def expire(tx: Transaction, now: datetime) -> None:
    """Note which open links are too old."""
    late = update(Nomination).where(Nomination.state == NominationState.OPEN, Nomination.expires_at <= now)
    await tx.execute(late.values(state=NominationState.EXPIRED))


async def forget(tx: Transaction, member_id: int) -> None:
    """Keep no name of an erased person: what they sent and what they used is blank, and open links are void."""
    theirs = update(Nomination).where(or_(Nomination.by_id == member_id, Nomination.used_by == member_id))
    await tx.execute(theirs.where(Nomination.state == NominationState.OPEN).values(state=NominationState.REVOKED))
    await tx.execute(theirs.values(_NOTHING))


async def drop_old(tx: Transaction, before: datetime) -> None:
    """Delete links that ended before a moment and by which nobody's kept application came."""
    application = Base.metadata.tables["application"]
    kept = exists().where(application.c.nomination_id == Nomination.id)
    await tx.execute(delete(Nomination).where(Nomination.expires_at < before, ~kept))
