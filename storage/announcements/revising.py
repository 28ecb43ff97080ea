"""Revising what was sent: its words corrected in every copy, or all of it taken back; a release is asked for again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, update

from storage import audit, members
from storage.access import Viewer
from storage.announcements import cards
from storage.announcements.acknowledging import HAVING
from storage.announcements.control import withhold_rest
from storage.announcements.drafts import BOUND
from storage.announcements.progress import keep
from storage.announcements.release import RELEASE_WITHIN
from storage.announcements.revisions import awaited, drop, drop_awaited, may_announce
from storage.announcements.tables import (
    HOLDING,
    STOPPED,
    Announcement,
    AnnouncementState,
    Recipient,
    Revision,
    RevisionState,
    by_id,
)
from storage.announcements.verifying import remember_words
from storage.audit import Event
from storage.database import Transaction
from storage.members import Role
from storage.outbox import Lane, OutboxRow, OutboxState, Promise, promise
from storage.refusals import Refusal

CORRECTED, RETRACTED = "announcement:fix", "announcement:retracted"
_SUPERSEDED = "superseded"


class Held(NamedTuple):
    """Where somebody has a copy; without a number nobody knows whether it arrived, and what is new comes anew."""

    member_id: int
    message_id: int | None
    also: list[int] | None


async def correct(
    tx: Transaction,
    viewer: Viewer,
    announcement_id: int,
    language: str,
    words: tuple[str, str],
    now: datetime,
    shown: int | None = None,
) -> Revision:
    """Correct title and text in a language, or put that before a second administrator where the first words were.

    `shown` is the message in whose place its author is told of that. Refusals: `announcement:decided` (it does not hold
    any more), `announcement:same`, `announcement:alone` (nobody else could release it).
    """
    row = await _holding(tx, viewer, announcement_id)
    if language not in row.titles:
        raise Refusal("announcement:decided")
    if words == (row.titles[language], row.texts[language]):
        raise Refusal("announcement:same")
    await drop_awaited(tx, row, now)
    revision = Revision(
        announcement_id=row.id, author_id=viewer.id, state=RevisionState.DONE, language=language, title=words[0],
        text=words[1], version=row.version + 1, submitted_at=now,
    )  # fmt: skip
    tx.add(revision)
    if row.released_by is None:
        await _apply(tx, row, revision, now)
        return revision
    others = [m.id for m in await members.holders(tx, Role.ADMINISTRATOR) if m.id != viewer.id]
    if not others:
        raise Refusal("announcement:alone")
    revision.state, revision.digest = RevisionState.AWAITING, _digest(row, revision)
    await tx.flush()
    asked = [(viewer.id, shown), *((n, None) for n in others)]
    facts, subject = {"revision": revision.id}, cards.subject_of(revision)
    await promise(tx, [Promise(n, cards.CARD, facts, subject=subject, replaces=place) for n, place in asked], now)
    return revision


async def retract(tx: Transaction, viewer: Viewer, announcement_id: int, reason: str | None, now: datetime) -> Revision:
    """Take an announcement back from all who have it, and let nobody else get it. Refusal: `announcement:decided`."""
    row = await _holding(tx, viewer, announcement_id)
    await drop_awaited(tx, row, now)
    await withhold_rest(tx, row, STOPPED, now)
    row.state, row.retracted_at, row.reason = AnnouncementState.RETRACTED, now, reason
    row.finished_at = row.finished_at or now
    revision = Revision(
        announcement_id=row.id, author_id=viewer.id, state=RevisionState.DONE, version=row.version, submitted_at=now
    )
    tx.add(revision)
    event = Event.ANNOUNCEMENT_RETRACTED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.author_id, announcement=row.id)
    await _tell_readers(tx, row, revision, now)
    return revision


async def release_correction(tx: Transaction, viewer: Viewer, revision_id: int, digest: str, now: datetime) -> None:
    """Release somebody else's correction, exactly as it was shown; `digest` is the beginning of its hash then.

    Refusals: `announcement:decided`, `announcement:own`, `announcement:late`, `announcement:changed`,
    `announcement:author-gone` (who corrected it may no longer announce).
    """
    row, revision = await _awaited(tx, viewer, revision_id)
    if revision.author_id == viewer.id:
        raise Refusal("announcement:own")
    if now - revision.submitted_at > RELEASE_WITHIN:
        raise Refusal("announcement:late")
    if not _digest(row, revision)[:BOUND] == digest == revision.digest[:BOUND]:
        raise Refusal("announcement:changed")
    if not await may_announce(tx, [revision.author_id]):
        raise Refusal("announcement:author-gone")
    revision.state, revision.decided_by = RevisionState.DONE, viewer.id
    event = Event.ANNOUNCEMENT_RELEASED
    await audit.record(tx, event, now, actor=viewer.id, subject=revision.author_id, announcement=row.id)
    await _apply(tx, row, revision, now)
    await cards.redraw_correction(tx, revision, now)


async def return_correction(tx: Transaction, viewer: Viewer, revision_id: int, now: datetime) -> None:
    """Let a correction not be made. Refusal: `announcement:decided`."""
    row, revision = await _awaited(tx, viewer, revision_id)
    revision.state, revision.decided_by = RevisionState.RETURNED, viewer.id
    event = Event.ANNOUNCEMENT_RETURNED
    await audit.record(tx, event, now, actor=viewer.id, subject=revision.author_id, announcement=row.id)
    await cards.redraw_correction(tx, revision, now)


async def revise_late(tx: Transaction, now: datetime) -> None:
    """Let corrections go that nobody released in time, and reach those whose copy was on its way during one."""
    late = (Revision.state == RevisionState.AWAITING) & (Revision.submitted_at < now - RELEASE_WITHIN)
    for revision in await tx.scalars(select(Revision).where(late).with_for_update(skip_locked=True)):
        await drop(tx, revision, now)
    waiting = select(Revision).where(Revision.pending.is_not(None)).order_by(Revision.id)
    for revision in await tx.scalars(waiting.with_for_update(skip_locked=True)):
        row = await tx.get_one(Announcement, revision.announcement_id, with_for_update=True, populate_existing=True)
        await keep(tx, row)
        under_way = await _under_way(tx, row)
        landed = [n for n in revision.pending or () if n not in under_way]
        if row.version == revision.version:
            await _promise(tx, row, await _held(tx, row, Recipient.member_id.in_(landed)), now)
        revision.pending = [n for n in revision.pending or () if n in under_way] or None


def _digest(row: Announcement, revision: Revision) -> str:
    content = [row.id, row.version, revision.language, revision.title, revision.text]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


async def _holding(tx: Transaction, viewer: Viewer, announcement_id: int) -> Announcement:
    row = await by_id(tx, viewer, announcement_id, lock=True)
    if row.state not in HOLDING or row.sent_at is None:
        raise Refusal("announcement:decided")
    return row


async def _awaited(tx: Transaction, viewer: Viewer, revision_id: int) -> tuple[Announcement, Revision]:
    _, revision = await awaited(tx, viewer, revision_id)
    row = await _holding(tx, viewer, revision.announcement_id)
    await tx.refresh(revision, with_for_update=True)
    if revision.state is not RevisionState.AWAITING:
        raise Refusal("announcement:decided")
    return row, revision


async def _apply(tx: Transaction, row: Announcement, revision: Revision, now: datetime) -> None:
    assert revision.language is not None
    row.titles = {**row.titles, revision.language: revision.title or ""}
    row.texts = {**row.texts, revision.language: revision.text or ""}
    row.version, row.corrected_at = revision.version, now
    await remember_words(tx, row)
    event, facts = Event.ANNOUNCEMENT_CORRECTED, {"announcement": row.id, "version": row.version}
    await audit.record(tx, event, now, actor=revision.author_id, subject=row.author_id, **facts)
    await _tell_readers(tx, row, revision, now)


async def _tell_readers(tx: Transaction, row: Announcement, revision: Revision, now: datetime) -> None:
    """Reach whoever has a copy. What waits goes out as it is now; what is on its way is looked for later."""
    await tx.flush()
    await _stand_still(tx, row)
    under_way = sorted(await _under_way(tx, row))
    await keep(tx, row)
    earlier = (OutboxRow.subject.in_(_earlier(row)), OutboxRow.state == OutboxState.QUEUED)
    ended = {"state": OutboxState.WITHHELD, "reason": _SUPERSEDED, "settled_at": now}
    await tx.execute(update(OutboxRow).where(*earlier).values(ended))
    revision.pending = under_way or None
    await _promise(tx, row, await _held(tx, row, Recipient.member_id.not_in(under_way)), now)
    await cards.tell_author(tx, row, now)


def _earlier(row: Announcement) -> list[str]:
    """Return the names of earlier corrections in the outbox."""
    names = [f"announcement-fix:{row.id}:{version}" for version in range(2, row.version + 1)]
    return [name for name in names if name != row.revised]


async def _stand_still(tx: Transaction, row: Announcement) -> None:
    """Let no copy that waits be claimed before this transaction ends: it would leave with the words that were."""
    waits = (OutboxRow.subject.in_([row.subject, row.before, *_earlier(row)]), OutboxRow.state == OutboxState.QUEUED)
    locked = select(OutboxRow.id).where(*waits).order_by(OutboxRow.id).with_for_update()
    await tx.execute(select(func.count()).select_from(locked.subquery()))


async def _under_way(tx: Transaction, row: Announcement) -> set[int]:
    """Return to whom a copy, or an earlier correction of it, is just being sent: where they will have it is open."""
    names = [row.subject, *_earlier(row), *([row.before] if row.state is AnnouncementState.RETRACTED else [])]
    leased = (OutboxRow.subject.in_(names), OutboxRow.state == OutboxState.LEASED)
    return {n for n in await tx.scalars(select(OutboxRow.member_id).where(*leased)) if n is not None}


async def _held(tx: Transaction, row: Announcement, which: ColumnElement[bool]) -> Sequence[Held]:
    """Return who has something of it, or may have."""
    has: ColumnElement[bool] = Recipient.state.in_(HAVING)
    if row.state is AnnouncementState.RETRACTED:
        has |= Recipient.also.is_not(None)  # the pictures before words that did not follow
    found = select(Recipient.member_id, Recipient.message_id, Recipient.also)
    rows: Any = await tx.execute(
        found.where(Recipient.announcement_id == row.id, has, which).order_by(Recipient.member_id)
    )
    return [Held(*one) for one in rows]


async def _promise(tx: Transaction, row: Announcement, copies: Sequence[Held], now: datetime) -> None:
    over = row.state is AnnouncementState.RETRACTED
    notice, facts, subject = RETRACTED if over else CORRECTED, {"announcement": row.id}, row.revised
    letters = [
        Promise(
            copy.member_id, notice, facts, Lane.BULK, subject, f"{subject}:{copy.member_id}",
            replaces=_place(copy) if over else copy.message_id, silent=not row.urgent,
            also=_carriers(row, copy) if over else None,
        )
        for copy in copies
    ]  # fmt: skip
    await promise(tx, letters, now)


def _place(copy: Held) -> int | None:
    """Return where somebody has it: at its words or, without them, at what came before."""
    return copy.message_id or (copy.also[0] if copy.also else None)


def _carriers(row: Announcement, copy: Held) -> list[int] | None:
    """Return the messages in which somebody has what was attached."""
    if row.apart or not row.media or copy.message_id is None:
        return copy.also
    return [copy.message_id]
