"""Submitting, releasing, returning and cancelling; above a number of readers it takes two administrators."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update

from storage import access, audit, members
from storage.access import Action, Viewer
from storage.announcements.audience import Audience, AudienceKind, recipients
from storage.announcements.tables import Announcement, AnnouncementState, by_id
from storage.database import Transaction
from storage.members import Role
from storage.outbox import Lane, OutboxRow, OutboxState, Promise, promise, shown
from storage.refusals import Refusal
from storage.tlp import Label

RELEASE_WITHIN = timedelta(minutes=30)
STOPPED = "cancelled"
_STOPPABLE = (OutboxState.QUEUED, OutboxState.HELD)
BOUND = 16
"""How many digits of the hash a release is bound to: as many as a button carries."""


@dataclass(frozen=True)
class Draft:
    """What an author composed; `text` is Telegram HTML."""

    title: str
    text: str
    label: Label
    audience: Audience

    @property
    def digest(self) -> str:
        """A hash of everything that a release is bound to."""
        content = [self.title, self.text, self.label.value, self.audience.facts()]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


async def submit(
    tx: Transaction, viewer: Viewer, draft: Draft, two_person_above: int, now: datetime, shown: int | None = None
) -> Announcement:
    """Send to the frozen audience, or put it before a second administrator.

    The author is told how it goes, in place of the message `shown`. Refusals: `announcement:nobody`,
    `announcement:no-second`.
    """
    access.require(viewer, Action.ANNOUNCE)
    meant = await recipients(tx, draft.audience)
    if not meant:
        raise Refusal("announcement:nobody")
    others = [m.id for m in await members.holders(tx, Role.ADMINISTRATOR) if m.id != viewer.id]
    needs_release = len(meant) > two_person_above
    if needs_release and not others:
        raise Refusal("announcement:no-second", above=two_person_above)
    row = _row(draft, viewer, len(meant), now)
    tx.add(row)
    await tx.flush()  # gives the announcement its number
    event = audit.Event.ANNOUNCEMENT_SUBMITTED
    await audit.record(tx, event, now, actor=viewer.id, announcement=row.id, recipients=len(meant))
    if needs_release:
        await promise(tx, _cards(row, dict.fromkeys(others)), now)
    else:
        await _send(tx, row, meant, now)
    await _tell(tx, row, shown, now)
    return row


async def release(tx: Transaction, viewer: Viewer, announcement_id: int, digest: str, now: datetime) -> None:
    """Release somebody else's announcement, exactly as it was shown; `digest` is the beginning of its hash then.

    Refusals: `announcement:decided`, `announcement:own`, `announcement:late`, `announcement:changed`,
    `announcement:author-gone` (the author may no longer announce), `announcement:nobody`.
    """
    row = await _awaiting(tx, viewer, announcement_id)
    if row.author_id == viewer.id:
        raise Refusal("announcement:own")
    if now - row.submitted_at > RELEASE_WITHIN:
        raise Refusal("announcement:late")
    audience = Audience(AudienceKind(row.audience["kind"]), row.audience["value"])
    now_shown = Draft(row.title, row.text, row.label, audience).digest[:BOUND]
    if not now_shown == digest == row.digest[:BOUND]:
        raise Refusal("announcement:changed")
    author = (await access.viewers(tx, [row.author_id]))[row.author_id]
    if not access.allowed(author, Action.ANNOUNCE):
        raise Refusal("announcement:author-gone")
    meant = await recipients(tx, audience)
    if not meant:
        raise Refusal("announcement:nobody")
    row.released_by = viewer.id
    event = audit.Event.ANNOUNCEMENT_RELEASED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.author_id, announcement=row.id)
    await _send(tx, row, meant, now)
    await _redraw(tx, row, now)
    await tell_author(tx, row, now)


async def give_back(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> None:
    """Return an announcement to its author unsent. Refusal: `announcement:decided`."""
    row = await _awaiting(tx, viewer, announcement_id)
    row.released_by = viewer.id
    event = audit.Event.ANNOUNCEMENT_RETURNED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.author_id, announcement=row.id)
    await turn_back(tx, row, now)


async def turn_back(tx: Transaction, row: Announcement, now: datetime) -> None:
    """Let an announcement go back to its author, who can send it again; every card says so."""
    row.state = AnnouncementState.RETURNED
    await promise(tx, [Promise(row.author_id, "announcement:returned", {"announcement": row.id})], now)
    await _redraw(tx, row, now)
    await tell_author(tx, row, now)


async def cancel(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> None:
    """Stop what is not sent yet; what is on its way arrives. Refusal: `announcement:decided`."""
    row = await by_id(tx, viewer, announcement_id, lock=True)
    if row.state not in (AnnouncementState.SENDING, AnnouncementState.AWAITING):
        raise Refusal("announcement:decided")
    waiting = update(OutboxRow).where(OutboxRow.subject == row.subject, OutboxRow.state.in_(_STOPPABLE))
    await tx.execute(waiting.values(state=OutboxState.WITHHELD, reason=STOPPED, settled_at=now))
    event = audit.Event.ANNOUNCEMENT_CANCELLED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.author_id, announcement=row.id)
    if row.state is AnnouncementState.AWAITING:
        row.state = AnnouncementState.CANCELLED
        await _redraw(tx, row, now)
    await tell_author(tx, row, now)


async def _awaiting(tx: Transaction, viewer: Viewer, announcement_id: int) -> Announcement:
    row = await by_id(tx, viewer, announcement_id, lock=True)
    if row.state is not AnnouncementState.AWAITING:
        raise Refusal("announcement:decided")
    return row


async def _send(tx: Transaction, row: Announcement, meant: list[int], now: datetime) -> None:
    row.state, row.sent_at, row.audience_count = AnnouncementState.SENDING, now, len(meant)
    facts = {"announcement": row.id}
    await promise(
        tx,
        [
            Promise(member_id, "announcement:text", facts, Lane.BULK, row.subject, key=f"{row.subject}:{member_id}")
            for member_id in meant
        ],
        now,
    )


async def tell_author(tx: Transaction, row: Announcement, now: datetime) -> None:
    """Let the author's progress message say how the announcement stands, in its place."""
    await _tell(tx, row, (await shown(tx, row.told)).get(row.author_id), now)


async def _tell(tx: Transaction, row: Announcement, place: int | None, now: datetime) -> None:
    facts = {"announcement": row.id}
    told = Promise(row.author_id, "announcement:progress", facts, subject=row.told, replaces=place)
    await promise(tx, [told], now)


async def _redraw(tx: Transaction, row: Announcement, now: datetime) -> None:
    await promise(tx, _cards(row, await shown(tx, f"announcement-release:{row.id}")), now)


def _cards(row: Announcement, staff: Mapping[int, int | None]) -> list[Promise]:
    facts, subject = {"announcement": row.id}, f"announcement-release:{row.id}"
    return [Promise(m, "announcement:release", facts, subject=subject, replaces=at) for m, at in staff.items()]


def _row(draft: Draft, viewer: Viewer, count: int, now: datetime) -> Announcement:
    return Announcement(
        author_id=viewer.id,
        state=AnnouncementState.AWAITING,
        title=draft.title,
        text=draft.text,
        label=draft.label,
        audience=draft.audience.facts(),
        audience_count=count,
        digest=draft.digest,
        submitted_at=now,
    )
