"""Submitting, releasing and returning; to many readers, or where it is urgent, it takes two administrators."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from storage import access, audit, members
from storage.access import Action, Viewer
from storage.announcements import cards
from storage.announcements.drafts import BOUND, digest_of, edit
from storage.announcements.reaching import reach
from storage.announcements.sending import leaves_last, send
from storage.announcements.tables import Announcement, AnnouncementState, Recipient, by_id
from storage.bulk import insert_many
from storage.database import Base, Transaction
from storage.members import Role
from storage.outbox import OutboxState, Promise, promise
from storage.refusals import Refusal
from storage.tlp import Label

RELEASE_WITHIN = timedelta(minutes=30)


async def submit(
    tx: Transaction,
    viewer: Viewer,
    announcement_id: int,
    digest: str,
    two_person_above: int,
    now: datetime,
    shown: int | None = None,
) -> Announcement:
    """Freeze the audience and send, or put it before a second administrator.

    `digest` is the beginning of the hash of what its author was shown, those who were counted among it. The author is
    told how it goes, in place of the message `shown`. Refusals: `announcement:moved`, `announcement:nobody`,
    `announcement:strict` (it stays in one organisation), `announcement:no-second`, `announcement:past` (it would leave
    after it expires), and those of `edit`.
    """
    row = await edit(tx, viewer, announcement_id, now)
    meant = (await reach(tx, row.meant, row.label, now, urgent=row.urgent)).recipients
    if digest_of(row, meant)[:BOUND] != digest:
        raise Refusal("announcement:moved")
    if row.label is Label.AMBER_STRICT and len(row.meant.organisations) != 1:
        raise Refusal("announcement:strict", label=row.label)
    if not meant:
        raise Refusal("announcement:nobody")
    _check_times(row, now)
    others = [m.id for m in await members.holders(tx, Role.ADMINISTRATOR) if m.id != viewer.id]
    twice = needs_release(row, len(meant), two_person_above)
    if twice and not others:
        raise Refusal("announcement:no-second", above=two_person_above)
    await freeze(tx, row, meant)
    row.submitted_at, row.released_by = now, None
    event = audit.Event.ANNOUNCEMENT_SUBMITTED
    facts = {"announcement": row.id, "recipients": len(meant), "urgent": row.urgent, "paid": row.paid}
    await audit.record(tx, event, now, actor=viewer.id, **facts)
    if twice:
        row.state = AnnouncementState.AWAITING
        await cards.show(tx, row, others, now)
    else:
        await send(tx, row, now)
    await cards.tell_author(tx, row, now, shown)
    return row


def needs_release(row: Announcement, count: int, two_person_above: int) -> bool:
    """Tell whether a second administrator must release an announcement to so many."""
    return row.urgent or count > two_person_above


def _check_times(row: Announcement, now: datetime) -> None:
    leaves = leaves_last(row)
    if leaves is not None and leaves <= now:
        raise Refusal("announcement:past")
    ends = [at for at in (row.expires_at, row.acknowledge_by) if at is not None]
    if any(at <= (leaves or now) for at in ends):
        raise Refusal("announcement:past")


async def freeze(tx: Transaction, row: Announcement, meant: tuple[int, ...]) -> None:
    """Keep for whom an announcement is; from now on nobody is added to them."""
    await tx.flush()
    await tx.execute(delete(Recipient).where(Recipient.announcement_id == row.id))
    rows = [
        {"announcement_id": row.id, "member_id": n, "state": OutboxState.QUEUED.value, "reminders": 0} for n in meant
    ]
    await insert_many(tx, Base.metadata.tables["announcement_recipient"], rows, ("announcement_id", "member_id"))
    row.audience_count, row.digest = len(meant), digest_of(row, meant)


async def frozen(tx: Transaction, row: Announcement) -> tuple[int, ...]:
    """Return for whom an announcement is kept, in order."""
    mine = select(Recipient.member_id).where(Recipient.announcement_id == row.id)
    return tuple(await tx.scalars(mine.order_by(Recipient.member_id)))


async def release(tx: Transaction, viewer: Viewer, announcement_id: int, digest: str, now: datetime) -> None:
    """Release somebody else's announcement, exactly as it was shown; `digest` is the beginning of its hash then.

    Refusals: `announcement:decided`, `announcement:own`, `announcement:late`, `announcement:changed`,
    `announcement:author-gone` (the author may no longer announce), `announcement:past`.
    """
    row = await _awaiting(tx, viewer, announcement_id)
    if row.author_id == viewer.id:
        raise Refusal("announcement:own")
    if row.submitted_at is None or now - row.submitted_at > RELEASE_WITHIN:
        raise Refusal("announcement:late")
    now_shown = digest_of(row, await frozen(tx, row))[:BOUND]
    if not now_shown == digest == row.digest[:BOUND]:
        raise Refusal("announcement:changed")
    author = (await access.viewers(tx, [row.author_id]))[row.author_id]
    if not access.allowed(author, Action.ANNOUNCE):
        raise Refusal("announcement:author-gone")
    _check_times(row, now)
    row.released_by = viewer.id
    event = audit.Event.ANNOUNCEMENT_RELEASED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.author_id, announcement=row.id)
    await send(tx, row, now)
    await cards.redraw(tx, row, now)
    await cards.tell_author(tx, row, now)


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
    await cards.redraw(tx, row, now)
    await cards.tell_author(tx, row, now)


async def turn_back_late(tx: Transaction, now: datetime) -> None:
    """Return to their authors what nobody released in time."""
    late = (Announcement.state == AnnouncementState.AWAITING) & (Announcement.submitted_at < now - RELEASE_WITHIN)
    for row in await tx.scalars(select(Announcement).where(late).with_for_update(skip_locked=True)):
        await turn_back(tx, row, now)


async def _awaiting(tx: Transaction, viewer: Viewer, announcement_id: int) -> Announcement:
    row = await by_id(tx, viewer, announcement_id, lock=True)
    if row.state is not AnnouncementState.AWAITING:
        raise Refusal("announcement:decided")
    return row
