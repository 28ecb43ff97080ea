"""Signing: an editor writes a note for an issue and approves it with all that goes out; a change voids that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select, update

from storage import access, audit, members
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction, wake
from storage.digests import issues
from storage.digests.issues import Editing
from storage.digests.tables import DeskItem, DeskState, DigestIssue, DigestSchedule
from storage.refusals import Refusal

BOUND = 12
"""How many digits of the hash an approval is bound to: as many as a button carries."""


@dataclass(frozen=True)
class Approved:
    """What an approval did: how many items go out, and how many are left out because their last day has passed."""

    number: int
    items: int
    left_out: int


async def change(
    tx: Transaction, viewer: Viewer, number: int, editing: Editing, now: datetime
) -> tuple[DigestIssue, int | None]:
    """Return an issue to be changed, held, and its number if its approval fell away by that.

    Refusals: `desk:unknown`, `desk:over` where its week has ended, `desk:begun` where it may have gone out already.
    """
    access.require(viewer, Action.EDIT)
    issue = await _running(tx, number, editing, now)
    if issue.approved_at is None:
        return issue, None
    if issues.has_begun(issue, now):
        raise Refusal("desk:begun", number=number)
    await _open_again(tx, viewer, issue, now)
    return issue, number


async def _running(tx: Transaction, number: int, editing: Editing, now: datetime) -> DigestIssue:
    issue = await issues.by_number(tx, number, lock=True)
    if issue.number not in {one.number for one in await issues.coming(tx, editing, now)}:
        raise Refusal("desk:over", number=number)
    return issue


async def _open_again(tx: Transaction, viewer: Viewer, issue: DigestIssue, now: datetime) -> None:
    issue.approved_by = issue.approved_at = None
    taken = update(DeskItem).where(DeskItem.issue == issue.number).values(issue=None)
    await tx.execute(taken.execution_options(synchronize_session=False))
    await audit.record(tx, Event.ISSUE_REOPENED, now, actor=viewer.id, issue=issue.number)


async def reopen(tx: Transaction, viewer: Viewer, number: int, editing: Editing, now: datetime) -> None:
    """Withdraw the approval of an issue that nobody can have yet. Refusals: `desk:open`, `desk:begun`, `desk:over`."""
    _, fell = await change(tx, viewer, number, editing, now)
    if fell is None:
        raise Refusal("desk:open", number=number)


async def write_note(
    tx: Transaction, viewer: Viewer, number: int, language: str, html: str | None, editing: Editing, now: datetime
) -> int | None:
    """Let an issue have an editor's note in a language, or none (None).

    Return the issue's number if its approval fell away. Refusals: those of `change`.
    """
    issue, fell = await change(tx, viewer, number, editing, now)
    others = {code: said for code, said in issue.note.items() if code != language}
    issue.note = {**others, language: html} if html else others
    facts: dict[str, Any] = {"issue": number, "language": language, "written": html is not None}
    await audit.record(tx, Event.ISSUE_NOTED, now, actor=viewer.id, **facts)
    return fell


async def going(tx: Transaction, issue: DigestIssue) -> Sequence[DeskItem]:
    """Return what goes out with an issue, or would if it were approved now, held where that can change."""
    return list(await tx.scalars(asked(issue).order_by(DeskItem.id).with_for_update()))


def asked(issue: DigestIssue) -> Select[DeskItem]:
    """Return the query for what goes out with an issue, or would: without what was accepted for a later one."""
    if issue.approved_at is not None:
        return select(DeskItem).where(DeskItem.issue == issue.number)
    waiting = (DeskItem.state == DeskState.ACCEPTED, DeskItem.issue.is_(None), DeskItem.planned <= issue.number)
    return select(DeskItem).where(*waiting)


def passed(until: date | None, issue: DigestIssue, today: date) -> bool:
    """Tell whether the last day of something is over before an issue that is approved today leaves."""
    return until is not None and until < max(today, issue.monday)


def digest_of(issue: DigestIssue, rows: Sequence[DeskItem]) -> str:
    """Return a hash of all that an approval is bound to: the note, and the words of what goes out."""
    items = sorted([row.id, row.titles, row.texts, row.url, row.label.value] for row in rows)
    content = json.dumps([issue.number, issue.note, items], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:BOUND]


async def approve(
    tx: Transaction, viewer: Viewer, number: int, digest: str, editing: Editing, now: datetime
) -> Approved:
    """Approve an issue with what the editor saw, which `digest` names; members' digests that waited for it leave.

    Refusals: `desk:approved` (with `by` and `at`), `desk:changed` where it is not what the editor saw, `desk:over`.
    """
    access.require(viewer, Action.EDIT)
    issue = await _running(tx, number, editing, now)
    if issue.approved_at is not None:
        by = await members.by_id(tx, issue.approved_by) if issue.approved_by else None
        raise Refusal("desk:approved", number=number, by=members.called(by), at=issue.approved_at)
    accepted = await going(tx, issue)
    rows = [row for row in accepted if not passed(row.until, issue, editing.today(now))]
    if digest_of(issue, rows) != digest:
        raise Refusal("desk:changed")
    issue.approved_by, issue.approved_at = viewer.id, now
    for row in rows:
        row.issue = number
    waits = update(DigestSchedule).where(DigestSchedule.waits_for == number).values(waits_for=None)
    await tx.execute(waits.execution_options(synchronize_session=False))
    await audit.record(tx, Event.ISSUE_APPROVED, now, actor=viewer.id, issue=number, items=[row.id for row in rows])
    wake(tx, "digests")
    return Approved(number, len(rows), len(accepted) - len(rows))
