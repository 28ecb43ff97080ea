"""Flags: members report that something is wrong with a document; enough of them hide it, and moderators decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update

from storage import access, audit, members, topics, working_days
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction, insert
from storage.documents import fate
from storage.documents.finding import sees
from storage.documents.tables import Document, DocumentFlag, Stage
from storage.members import Role
from storage.outbox import Facts, Lane, Promise, promise, shown
from storage.refusals import Refusal

ENOUGH = 2
"""How many members' flags hide a document (R-19)."""
WORKING_DAYS = 2
"""Within how many of them it is to be decided (R-19); then whoever decides is reminded."""


class Flaw(StrEnum):
    """What is wrong with a document."""

    LABEL = "label"
    BROKEN = "broken"
    OUTDATED = "outdated"
    UNLAWFUL = "unlawful"
    OTHER = "other"


@dataclass(frozen=True)
class Flagged:
    """A reported document with how often and why it was reported, never by whom; whether its reader may see it."""

    document: Document
    reasons: tuple[tuple[Flaw, int], ...]
    readable: bool
    decider: str | None

    @property
    def reports(self) -> int:
        return sum(count for _, count in self.reasons)


async def flag(tx: Transaction, viewer: Viewer, document_id: int, flaw: Flaw, now: datetime) -> None:
    """Report a document; twice by the same member is once. Refusals: `document:unknown`, `document:own`.

    Two members' reports hide it until the decision, and so does one by a focal point or a moderator of the topic.
    """
    access.require(viewer, Action.BELONG)
    row = await fate.held(tx, viewer, document_id)
    if row.owner_id == viewer.id:
        raise Refusal("document:own")
    first = not await _open(tx, row.id)
    if not await _note(tx, viewer, row, flaw, now):
        return
    await audit.record(tx, Event.DOCUMENT_FLAGGED, now, actor=viewer.id, document=row.id, reason=flaw.value)
    hides = row.hidden_at is None and row.stage is not Stage.WITHDRAWN and await _hides(tx, viewer, row)
    if hides:
        await _hide(tx, row, now)
    asked = dict.fromkeys(await deciders(tx, row)) if first else await shown(tx, _subject(row))
    await promise(tx, _cards(row, asked, {}, silent=not (first or hides)), now)
    if first:
        await _remind_later(tx, row, asked, now)


async def _remind_later(tx: Transaction, row: Document, staff: Collection[int], now: datetime) -> None:
    facts, due = {"document": row.id, "since": now.isoformat()}, working_days.after(now, WORKING_DAYS)
    await promise(tx, [Promise(m, "document:late", facts, Lane.LIVE, due_at=due) for m in staff], now)


async def _note(tx: Transaction, viewer: Viewer, row: Document, flaw: Flaw, now: datetime) -> bool:
    said = {"document_id": row.id, "member_id": viewer.id, "reason": flaw.value, "at": now}
    anew = insert(tx, DocumentFlag).values(said)
    reopened = {"reason": flaw.value, "at": now, "closed_at": None}
    unique = ["document_id", "member_id"]
    closed = DocumentFlag.closed_at.is_not(None)
    noted = anew.on_conflict_do_update(index_elements=unique, set_=reopened, where=closed)
    return await tx.scalar(noted.returning(DocumentFlag.id)) is not None


async def _hides(tx: Transaction, viewer: Viewer, row: Document) -> bool:
    if Role.FOCAL_POINT in viewer.roles or access.moderates(viewer, row.topic_id):
        return True
    return sum(count for _, count in await _open(tx, row.id)) >= ENOUGH


async def _hide(tx: Transaction, row: Document, now: datetime) -> None:
    row.hidden_at = now
    await audit.record(tx, Event.DOCUMENT_HIDDEN, now, actor=None, subject=row.owner_id, document=row.id)
    if row.owner_id is not None:
        await promise(tx, [Promise(row.owner_id, "document:hidden", {"document": row.id})], now)


async def _open(tx: Transaction, document_id: int) -> tuple[tuple[Flaw, int], ...]:
    mine = (DocumentFlag.document_id == document_id, DocumentFlag.closed_at.is_(None))
    counted = select(DocumentFlag.reason, func.count()).where(*mine).group_by(DocumentFlag.reason)
    found = {row[0]: row[1] for row in await tx.execute(counted)}
    return tuple((flaw, found[flaw.value]) for flaw in Flaw if flaw.value in found)


async def deciders(tx: Transaction, row: Document) -> list[int]:
    """Return the ids of who decides on a document: who moderates its topic, but its owner only if nobody else does."""
    asked = await topics.moderators(tx, row.topic_id)
    return [number for number in asked if number != row.owner_id] or asked


async def decide_flags(tx: Transaction, viewer: Viewer, document_id: int, now: datetime, *, withdraw: bool) -> None:
    """Withdraw a reported document or let it stand; its owner is told why, and every card follows.

    Refusals: `document:unknown`, `document:decided`, `document:own-flags`.
    """
    row = await _judged(tx, viewer, document_id)
    reasons, was_hidden = await _open(tx, row.id), row.hidden_at is not None
    closing = update(DocumentFlag).where(DocumentFlag.document_id == row.id, DocumentFlag.closed_at.is_(None))
    await tx.execute(closing.values(closed_at=now))
    if withdraw and row.stage is not Stage.WITHDRAWN:
        await fate.withdrawn(tx, row, now, by=viewer.id)
    elif not withdraw:
        row.hidden_at = row.hidden_at if row.stage is Stage.WITHDRAWN else None
        await audit.record(tx, Event.DOCUMENT_KEPT, now, actor=viewer.id, subject=row.owner_id, document=row.id)
    outcome = "withdrawn" if withdraw else "kept"
    await _tell_owner(tx, row, reasons, outcome, now, hidden=was_hidden)
    facts = {"outcome": outcome, "by": viewer.id, "reasons": _counted(reasons)}
    await promise(tx, _cards(row, await shown(tx, _subject(row)), facts, silent=True), now)


async def _judged(tx: Transaction, viewer: Viewer, document_id: int) -> Document:
    access.require(viewer, Action.MODERATE)
    row = await tx.get(Document, document_id, with_for_update=True)
    if row is None or not access.moderates(viewer, row.topic_id):
        raise Refusal("document:unknown")
    hidden = row.hidden_at is not None and row.stage is not Stage.WITHDRAWN
    if not hidden and not await _open(tx, row.id):
        raise Refusal("document:decided")
    if viewer.id not in await deciders(tx, row):
        raise Refusal("document:own-flags")
    return row


async def _tell_owner(
    tx: Transaction, row: Document, reasons: Collection[tuple[Flaw, int]], outcome: str, now: datetime, *, hidden: bool
) -> None:
    if row.owner_id is None or (outcome == "kept" and not hidden):
        return
    facts = {"document": row.id, "outcome": outcome, "reasons": _counted(reasons)}
    await promise(tx, [Promise(row.owner_id, "document:decided", facts)], now)


def _counted(reasons: Collection[tuple[Flaw, int]]) -> dict[str, int]:
    return {flaw.value: count for flaw, count in reasons}


def _subject(row: Document) -> str:
    return f"flags:{row.id}"


def _cards(row: Document, staff: Mapping[int, int | None], facts: Facts, *, silent: bool) -> list[Promise]:
    told, subject = {"document": row.id, **facts}, _subject(row)
    return [Promise(m, "document:flags", told, subject=subject, replaces=at, silent=silent) for m, at in staff.items()]


async def waits(tx: Transaction, document_id: int, since: datetime) -> bool:
    """Tell whether a report that was there at a moment still waits for a decision."""
    mine = (DocumentFlag.document_id == document_id, DocumentFlag.closed_at.is_(None), DocumentFlag.at <= since)
    return await tx.scalar(select(DocumentFlag.id).where(*mine).limit(1)) is not None


async def redraw(tx: Transaction, row: Document, now: datetime) -> None:
    """Let the cards of a document that waits for a decision say what is true now."""
    if await _open(tx, row.id):
        await promise(tx, _cards(row, await shown(tx, _subject(row)), {}, silent=True), now)


async def flagged(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> dict[int, Flagged]:
    """Return a reported document for each of `viewers` who moderates its topic, by their id."""
    row = await tx.get(Document, facts["document"])
    if row is None:
        return {}
    kept = facts.get("reasons")
    reasons = await _open(tx, row.id)
    if kept is not None:
        reasons = tuple((Flaw(reason), count) for reason, count in kept.items())
    decider = members.called(await members.by_id(tx, facts["by"])) if facts.get("by") else None
    found = {}
    for viewer in viewers:
        if access.moderates(viewer, row.topic_id):
            found[viewer.id] = Flagged(row, reasons, await sees(tx, viewer, row.id), decider)
    return found
