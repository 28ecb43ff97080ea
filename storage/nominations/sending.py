"""Sending: a link is made, made anew and revoked by its sender; its secret is told once and only hashed here."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select

from storage import access, audit, members
from storage.access import MATRIX, Action, Viewer
from storage.database import Transaction
from storage.members import Role
from storage.nominations.tables import (
    INVITATIONS,
    LIFETIME,
    Nomination,
    NominationKind,
    NominationState,
    Reach,
    Written,
)
from storage.pages import Page, page
from storage.refusals import Refusal

SECRET_BYTES = 18


async def reach(tx: Transaction, viewer: Viewer) -> Reach:
    """Return where `viewer` may nominate; nowhere for who holds no such office."""
    holding = [office for office in viewer.offices if Action.NOMINATE in MATRIX[office.role]]
    everywhere = any(office.role is not Role.FOCAL_POINT for office in holding)
    countries = frozenset(office.country for office in holding if office.country is not None)
    ids = [office.organisation_id for office in holding if office.organisation_id is not None]
    return Reach(None if everywhere else countries, await members.organisation_names(tx, ids))


async def nominate(tx: Transaction, viewer: Viewer, written: Written, now: datetime) -> str:
    """Nominate somebody and return the secret of their link, which is kept nowhere (R-01).

    Refusals: those of `access.require`, and `nomination:reach` where country and organisation are not in reach.
    """
    row = Nomination(kind=NominationKind.NOMINATION, by_id=viewer.id, made_at=now, **asdict(written))
    await require_sender(tx, viewer, row)
    return await _issue(tx, viewer, row, now)


async def invite(tx: Transaction, viewer: Viewer, name: str, now: datetime) -> str:
    """Invite somebody (`name` is the sender's own note) and return the secret of their link.

    Refusals: those of `access.require`, and `nomination:enough` with `INVITATIONS` open ones.
    """
    row = Nomination(kind=NominationKind.INVITATION, by_id=viewer.id, made_at=now, name=name)
    await require_sender(tx, viewer, row)
    await require_room(tx, viewer, now)
    return await _issue(tx, viewer, row, now)


async def require_room(tx: Transaction, viewer: Viewer, now: datetime) -> None:
    """Refuse with `nomination:enough` where a member has as many open invitations as one may have."""
    mine = (Nomination.by_id == viewer.id, Nomination.kind == NominationKind.INVITATION)
    still = (Nomination.state == NominationState.OPEN, Nomination.expires_at > now)
    if (await tx.scalar(select(func.count(Nomination.id)).where(*mine, *still)) or 0) >= INVITATIONS:
        raise Refusal("nomination:enough", limit=INVITATIONS)


async def renew(tx: Transaction, viewer: Viewer, nomination_id: int, now: datetime) -> tuple[Nomination, str]:
    """Give an open or expired nomination a new link; the old one is void. Return it and the new secret.

    Refusals: those of `own` and of making it anew, and `nomination:closed` for a used or revoked one.
    """
    row = await own(tx, viewer, nomination_id, lock=True)
    if row.state in (NominationState.USED, NominationState.REVOKED):
        raise Refusal("nomination:closed")
    await require_sender(tx, viewer, row)
    if row.kind is NominationKind.INVITATION and row.state_at(now) is NominationState.EXPIRED:
        await require_room(tx, viewer, now)
    return row, await _issue(tx, viewer, row, now)


async def require_sender(tx: Transaction, viewer: Viewer, row: Nomination) -> None:
    """Refuse unless `viewer` may send this link now."""
    if row.kind is NominationKind.INVITATION:
        access.require(viewer, Action.INVITE)
        return
    access.require(viewer, Action.NOMINATE)
    organisation_id = await members.known_organisation(tx, row.organisation or "")
    if not access.covers(viewer, Action.NOMINATE, row.country, organisation_id):
        raise Refusal("nomination:reach")


async def _issue(tx: Transaction, viewer: Viewer, row: Nomination, now: datetime) -> str:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    row.state, row.secret_sha256, row.expires_at = NominationState.OPEN, hash_of(secret), now + LIFETIME
    tx.add(row)
    await tx.flush()
    event = audit.Event.NOMINATION_MADE
    await audit.record(tx, event, now, actor=viewer.id, nomination=row.id, kind=row.kind.value)
    return secret


def hash_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def revoke(tx: Transaction, viewer: Viewer, nomination_id: int, now: datetime) -> None:
    """Make one's own open link void. Refusals: those of `own`, and `nomination:closed`."""
    row = await own(tx, viewer, nomination_id, lock=True)
    if row.state_at(now) is not NominationState.OPEN:
        raise Refusal("nomination:closed")
    row.state = NominationState.REVOKED
    await audit.record(tx, audit.Event.NOMINATION_REVOKED, now, actor=viewer.id, nomination=row.id)


async def own(tx: Transaction, viewer: Viewer, nomination_id: int, *, lock: bool = False) -> Nomination:
    """Return a nomination to who sent it; `lock` holds it. Refusal: `nomination:gone`, also for another's."""
    access.require(viewer, Action.BELONG)
    row = await tx.get(Nomination, nomination_id, with_for_update=lock or None)
    if row is None or row.by_id != viewer.id:
        raise Refusal("nomination:gone")
    return row


async def sent(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[Nomination]:
    """Return a page of what `viewer` has sent, the newest first."""
    access.require(viewer, Action.BELONG)
    mine = select(Nomination).where(Nomination.by_id == viewer.id)
    return await page(tx, mine, (Nomination.id,), first, size, newest_first=True)
