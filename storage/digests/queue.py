"""The queue of the desk: contributions are submitted, accepted or declined, worded, translated, and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from storage import access, audit, documents, members
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.digests import issues
from storage.digests.issues import Editing
from storage.digests.signing import change, going
from storage.digests.tables import DeskItem, DeskKind, DeskState
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.tlp import Label

CARRIED = (Label.CLEAR, Label.GREEN)
"""What a digest carries: it also leaves by mail."""
LONGEST_TITLE = 120
LONGEST_TEXT = 600
MOST_PINS = 3


@dataclass(frozen=True)
class Draft:
    """What somebody brings to the desk; `titles` and `texts` are plain words by language."""

    kind: DeskKind
    titles: Mapping[str, str]
    label: Label
    texts: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    until: date | None = None


def clean_link(written: str) -> str:
    """Return a link as it is stored: https, without what tracks. Refusal: `desk:link`."""
    try:
        url = documents.clean_url(written)
    except Refusal:
        raise Refusal("desk:link") from None
    if not url.startswith("https://"):
        raise Refusal("desk:link")
    return url


async def submit(
    tx: Transaction, viewer: Viewer, draft: Draft, editing: Editing, now: datetime, shown: int | None = None
) -> DeskItem:
    """Bring a contribution to the desk, for the first issue that still takes some; its author is told, at `shown`.

    Refusals: `desk:kind`, `desk:label`, `desk:link`, `desk:past`, and `desk:none` before the first issue.
    """
    access.require(viewer, Action.CONTRIBUTE)
    own = draft.kind in (DeskKind.CALL, DeskKind.NEWS)
    if draft.kind is DeskKind.PIN or not (own or access.allowed(viewer, Action.EDIT)):
        raise Refusal("desk:kind")
    issue = await issues.open_at(tx, now)
    row = await _add(tx, viewer, draft, DeskState.WAITING, issue.number, editing, now)
    await audit.record(tx, Event.CONTRIBUTION_MADE, now, actor=viewer.id, item=row.id, issue=row.planned)
    await promise(tx, [Promise(viewer.id, "desk:fate", {"item": row.id}, replaces=shown)], now)
    return row


async def pin(
    tx: Transaction, viewer: Viewer, number: int, draft: Draft, editing: Editing, now: datetime
) -> int | None:
    """Pin something on top of an issue. Refusals: `desk:pins`, and those of `change` and `submit`.

    Return the issue's number if its approval fell away, as all do here that change what may have been approved.
    """
    issue, fell = await change(tx, viewer, number, editing, now)
    if sum(row.kind is DeskKind.PIN for row in await going(tx, issue)) >= MOST_PINS:
        raise Refusal("desk:pins", most=MOST_PINS)
    row = await _add(tx, viewer, draft, DeskState.ACCEPTED, number, editing, now)
    await audit.record(tx, Event.ISSUE_PINNED, now, actor=viewer.id, item=row.id, issue=number)
    return fell


async def _add(
    tx: Transaction, viewer: Viewer, draft: Draft, state: DeskState, planned: int, editing: Editing, now: datetime
) -> DeskItem:
    if draft.label not in CARRIED:
        raise Refusal("desk:label")
    if draft.until is not None and draft.until <= editing.today(now):
        raise Refusal("desk:past")
    row = DeskItem(
        kind=draft.kind,
        state=state,
        titles=dict(draft.titles),
        texts=dict(draft.texts),
        url=None if draft.url is None else clean_link(draft.url),
        label=draft.label,
        until=draft.until,
        author_id=viewer.id,
        organisation_id=viewer.organisation_id,
        country=viewer.country,
        submitted_at=now,
        planned=planned,
    )
    tx.add(row)
    await tx.flush()
    return row


async def accept(
    tx: Transaction, viewer: Viewer, item_id: int, editing: Editing, now: datetime, into: int | None = None
) -> None:
    """Accept a contribution, for the issue it was meant for or `into` another one; its author is told once.

    Refusals: `desk:no-item`, `desk:decided`, `desk:over`.
    """
    row, _ = await _held(tx, viewer, item_id, editing, now)
    decided = row.state is not DeskState.WAITING
    if decided and (into is None or row.state is not DeskState.ACCEPTED):
        raise await _decided(tx, row)
    if into is not None:
        await _open(tx, into, editing, now)
        row.planned = into
    if not decided:
        row.planned = max(row.planned, issues.next_to_approve(await issues.coming(tx, editing, now)))
        await _decide(tx, viewer, row, DeskState.ACCEPTED, now)
    event = Event.CONTRIBUTION_CHANGED if decided else Event.CONTRIBUTION_ACCEPTED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.author_id, item=row.id, issue=row.planned)


async def _open(tx: Transaction, number: int, editing: Editing, now: datetime) -> None:
    """Refuse to mean something for an issue that is approved, or over."""
    issue = await issues.by_number(tx, number, lock=True)
    coming = {one.number for one in await issues.coming(tx, editing, now)}
    if issue.approved_at is not None or number not in coming:
        raise Refusal("desk:over", number=number)


async def decline(
    tx: Transaction, viewer: Viewer, item_id: int, reason: str, was: DeskState, editing: Editing, now: datetime
) -> int | None:
    """Decline a contribution that `was` in a state when one looked; its author is told why.

    Refusals: `desk:no-item`, `desk:decided`, `desk:begun`.
    """
    row, fell = await _held(tx, viewer, item_id, editing, now)
    if row.state is not was or was not in (DeskState.WAITING, DeskState.ACCEPTED):
        raise await _decided(tx, row)
    row.reason = reason
    await _decide(tx, viewer, row, DeskState.DECLINED, now)
    event = Event.CONTRIBUTION_DECLINED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.author_id, item=row.id)
    return fell


async def _decide(tx: Transaction, viewer: Viewer, row: DeskItem, state: DeskState, now: datetime) -> None:
    row.state, row.decided_by, row.decided_at = state, viewer.id, now
    if row.author_id not in (None, viewer.id):
        await promise(tx, [Promise(row.author_id, "desk:fate", {"item": row.id})], now)


async def _decided(tx: Transaction, row: DeskItem) -> Refusal:
    decider = await members.by_id(tx, row.decided_by) if row.decided_by else None
    return Refusal("desk:decided", by=members.called(decider))


async def word(
    tx: Transaction, viewer: Viewer, item_id: int, language: str, title: str, text: str | None, editing: Editing,
    now: datetime,
) -> int | None:  # fmt: skip
    """Word something of the desk in a language, anew or for the first time.

    Refusals: `desk:no-item`, `desk:begun`.
    """
    row, fell = await _held(tx, viewer, item_id, editing, now)
    row.titles = {**row.titles, language: title}
    others = {code: said for code, said in row.texts.items() if code != language}
    row.texts = {**others, language: text} if text else others
    facts = {"item": row.id, "language": language}
    await audit.record(tx, Event.CONTRIBUTION_CHANGED, now, actor=viewer.id, subject=row.author_id, **facts)
    return fell


async def unpin(tx: Transaction, viewer: Viewer, item_id: int, editing: Editing, now: datetime) -> int | None:
    """Take a pin off. Refusals: `desk:no-item`, `desk:begun`."""
    row, fell = await _held(tx, viewer, item_id, editing, now)
    if row.kind is not DeskKind.PIN:
        raise Refusal("desk:no-item")
    row.state = DeskState.WITHDRAWN
    await audit.record(tx, Event.ISSUE_UNPINNED, now, actor=viewer.id, item=row.id, issue=row.planned)
    return fell


async def _held(
    tx: Transaction, viewer: Viewer, item_id: int, editing: Editing, now: datetime
) -> tuple[DeskItem, int | None]:
    """Return an item to be changed, held after its issue, and the number of that if its approval fell away."""
    access.require(viewer, Action.EDIT)
    fell, number = None, await tx.scalar(select(DeskItem.issue).where(DeskItem.id == item_id))
    if number is not None:
        _, fell = await change(tx, viewer, number, editing, now)
    row = await tx.get(DeskItem, item_id, with_for_update=True, populate_existing=True)
    if row is None or row.state is DeskState.WITHDRAWN:
        raise Refusal("desk:no-item")
    if row.issue is not None:  # approved just now
        raise Refusal("desk:changed")
    return row, fell


async def withdraw(tx: Transaction, viewer: Viewer, item_id: int, now: datetime) -> None:
    """Take back a contribution of one's own on which nobody has decided. Refusals: `desk:no-item`, `desk:decided`."""
    access.require(viewer, Action.CONTRIBUTE)
    row = await tx.get(DeskItem, item_id, with_for_update=True)
    if row is None or row.author_id != viewer.id or row.kind is DeskKind.PIN:
        raise Refusal("desk:no-item")
    if row.state is not DeskState.WAITING:
        raise await _decided(tx, row)
    row.state, row.decided_by, row.decided_at = DeskState.WITHDRAWN, viewer.id, now
    await audit.record(tx, Event.CONTRIBUTION_WITHDRAWN, now, actor=viewer.id, item=row.id)


async def own(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[DeskItem]:
    """Return a page of what the viewer contributed, the newest first."""
    access.require(viewer, Action.CONTRIBUTE)
    mine = select(DeskItem).where(DeskItem.author_id == viewer.id, DeskItem.kind != DeskKind.PIN)
    return await page(tx, mine, (DeskItem.id,), first, size, newest_first=True)
