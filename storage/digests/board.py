"""The desk as editors see it: one issue in the making, the queue, one contribution, and the reminder to approve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, or_, select

from storage import access, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.digests import desk, issues
from storage.digests.desk import Item, Words
from storage.digests.issues import Editing
from storage.digests.signing import asked, digest_of, passed
from storage.digests.tables import DeskItem, DeskKind, DeskState, DigestIssue
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.wall_time import moment

_SOON = timedelta(hours=24)


@dataclass(frozen=True)
class Board:
    """One issue on the desk.

    `items` go out with it, or would if it were approved now; `left_out` would not, for their last day is over before.
    `waiting` counts the contributions on which nobody has decided. `begun` tells that its week has begun somewhere.
    `digest` names what an approval would be bound to. `before` and `after` are the numbers of its neighbours.
    """

    number: int
    week: int
    monday: date
    deadline_at: datetime
    closed: bool
    approved_by: str | None
    approved_at: datetime | None
    note: Words
    items: tuple[Item, ...]
    left_out: tuple[Item, ...]
    waiting: int
    begun: bool
    digest: str
    before: int | None
    after: int | None

    @property
    def pins(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.kind is DeskKind.PIN)


@dataclass(frozen=True)
class Card:
    """A contribution as its author and the editors read it.

    `number` is the issue it is meant for or went out with, `deadline_at` until when that takes contributions, and
    `closed` the number of an issue that took none any more when it was submitted. `sent` tells that an approved issue
    has it.
    """

    item: Item
    state: DeskState
    author_id: int | None
    author: str | None
    decided_by: str | None
    reason: str | None
    number: int
    sent: bool
    deadline_at: datetime | None
    closed: int | None

    def over(self, today: date) -> bool:
        """Tell whether its last day has passed before it went out."""
        return not self.sent and self.item.until is not None and self.item.until < today


@dataclass(frozen=True)
class Waiting:
    """What an issue waits with for its approval: contributions that were accepted, and those nobody decided on."""

    number: int
    accepted: int
    waiting: int


async def board(tx: Transaction, viewer: Viewer, number: int | None, editing: Editing, now: datetime) -> Board:
    """Return an issue as it stands on the desk, or (None) the one in the making.

    Refusals: `desk:none` before the first issue, `desk:over` where its week has ended.
    """
    access.require(viewer, Action.EDIT)
    coming = await issues.coming(tx, editing, now)
    chosen = number or issues.in_the_making(coming).number
    numbers = [issue.number for issue in coming]
    if chosen not in numbers:
        raise Refusal("desk:over", number=chosen)
    at = numbers.index(chosen)
    neighbours = (numbers[at - 1] if at else None, numbers[at + 1] if at + 1 < len(numbers) else None)
    return await _board(tx, coming[at], neighbours, editing, now)


async def _board(
    tx: Transaction, issue: DigestIssue, neighbours: tuple[int | None, int | None], editing: Editing, now: datetime
) -> Board:
    rows = await desk.found(tx, asked(issue))
    gone = {r.id for r, _ in rows if issue.approved_at is None and passed(r.until, issue, editing.today(now))}
    by = await members.by_id(tx, issue.approved_by) if issue.approved_by else None
    return Board(
        number=issue.number,
        week=issue.iso_week,
        monday=issue.monday,
        deadline_at=issue.deadline_at,
        closed=issue.deadline_at <= now,
        approved_by=members.called(by) if by else None,
        approved_at=issue.approved_at,
        note=desk.words(issue.note),
        items=tuple(item for row, item in rows if row.id not in gone),
        left_out=tuple(item for row, item in rows if row.id in gone),
        waiting=await _waiting(tx),
        begun=issues.has_begun(issue, now),
        digest=digest_of(issue, [row for row, _ in rows if row.id not in gone]),
        before=neighbours[0],
        after=neighbours[1],
    )


async def _waiting(tx: Transaction) -> int:
    return await tx.scalar(select(func.count()).where(DeskItem.state == DeskState.WAITING)) or 0


async def queue(
    tx: Transaction, viewer: Viewer, first: int | None, size: int, editing: Editing, now: datetime
) -> Page[DeskItem]:
    """Return a page of what waits for an editor or for an issue, by the issue it is meant for."""
    access.require(viewer, Action.EDIT)
    waits = or_(DeskItem.state == DeskState.WAITING, DeskItem.state == DeskState.ACCEPTED)
    matters = or_(DeskItem.until.is_(None), DeskItem.until >= editing.today(now), DeskItem.state == DeskState.WAITING)
    listed = select(DeskItem).where(waits, matters, DeskItem.issue.is_(None), DeskItem.kind != DeskKind.PIN)
    return await page(tx, listed, (DeskItem.planned, DeskItem.id), first, size)


async def card(tx: Transaction, viewer: Viewer, item_id: int) -> Card:
    """Return something of the desk to its author or an editor. Refusal: `desk:no-item`."""
    found = await desk.found(tx, select(DeskItem).where(DeskItem.id == item_id))
    if not found:
        raise Refusal("desk:no-item")
    row, item = found[0]
    if not (access.allowed(viewer, Action.EDIT) or (row.author_id == viewer.id and viewer.active)):
        raise Refusal("desk:no-item")
    people = await members.by_ids(tx, [one for one in (row.author_id, row.decided_by) if one])
    number = row.issue or row.planned
    meant = await tx.get(DigestIssue, number)
    around = await tx.scalars(
        select(DigestIssue).where(DigestIssue.number < row.planned).order_by(DigestIssue.number.desc()).limit(2)
    )
    return Card(
        item=item,
        state=row.state,
        author_id=row.author_id,
        author=_name(row.author_id, people),
        decided_by=_name(row.decided_by, people),
        reason=row.reason,
        number=number,
        sent=row.issue is not None,
        deadline_at=meant.deadline_at if meant else None,
        closed=issues.closed_before(list(around), row.submitted_at),
    )


def _name(member_id: int | None, people: dict[int, members.Member]) -> str | None:
    return members.called(people[member_id]) if member_id in people else None


async def remind(tx: Transaction, editing: Editing, now: datetime) -> None:
    """Tell the editors once that contributions have closed, and once more a day before an issue leaves unapproved."""
    for issue in await issues.coming(tx, editing, now):
        if issue.approved_at is not None or issue.deadline_at > now:
            continue
        leaves = moment(issue.monday, time(), editing.zone)
        due = issue.deadline_at
        if now >= leaves - _SOON and await _holds_something(tx, issue):
            due = max(due, leaves - _SOON)
        if issue.told_at is None or issue.told_at < due:
            await _tell(tx, issue.number, due, now)


async def _holds_something(tx: Transaction, issue: DigestIssue) -> bool:
    return bool(await _waiting(tx) or issue.note or await desk.found(tx, asked(issue)))


async def _tell(tx: Transaction, number: int, due: datetime, now: datetime) -> None:
    issue = await issues.by_number(tx, number, lock=True)
    if issue.approved_at is not None or (issue.told_at is not None and issue.told_at >= due):
        return  # meanwhile
    issue.told_at = now
    editors = await members.holders(tx, *access.roles_with(Action.EDIT))
    key = f"desk:{number}:{int(due.timestamp())}"
    promised = [Promise(m.id, "desk:waits", {"issue": number}, key=f"{key}:{m.id}") for m in editors]
    await promise(tx, promised, now)


async def waits(tx: Transaction, number: int, viewers: Sequence[Viewer]) -> dict[int, Waiting]:
    """Return what waits for an issue that is not approved, for those who may edit."""
    may = [viewer for viewer in viewers if access.allowed(viewer, Action.EDIT)]
    issue = await issues.by_number(tx, number)
    if not may or issue.approved_at is not None:
        return {}
    rows = await desk.found(tx, asked(issue))
    told = Waiting(number, sum(row.kind is not DeskKind.PIN for row, _ in rows), await _waiting(tx))
    return {viewer.id: told for viewer in may}
