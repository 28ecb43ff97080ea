"""Health: links are looked at again and again, and who answers for a document is told once that its link is dead."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import aliased

from storage import audit, members, topics
from storage.audit import Event
from storage.database import Transaction, insert
from storage.documents.links import clean_url, url_key
from storage.documents.sharing import FIRST_LOOK, watched
from storage.documents.tables import OPEN, Document, DocumentLink, LinkState, carried
from storage.outbox import Lane, Promise, promise
from storage.refusals import Refusal

EVERY = timedelta(weeks=1)
SPREAD = timedelta(hours=12)
"""Over how long links that were looked at together are spread."""
TRYING = timedelta(hours=1)
"""How long one who claimed a link has for it; after a crash it is due again then."""
PAUSES = (timedelta(hours=6), timedelta(hours=24), EVERY, 2 * EVERY, 3 * EVERY, 4 * EVERY)
"""After how long one looks again after so many failures in a row."""
APART = timedelta(hours=4)
"""How far apart two failures are at least to be two: a site that is down for an hour is not dead."""
DIES_AFTER = 2
BUSY = timedelta(days=1)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(hours=1), 4 * EVERY
WORKS = timedelta(days=1)
"""When a link is looked at again that somebody says to work."""
AT_ONCE = 200


class Found(StrEnum):
    """What a look found: a page, one that asks who comes, nothing, or a site that asks to come later."""

    WELL = "well"
    WALL = "wall"
    NOTHING = "nothing"
    BUSY = "busy"


@dataclass(frozen=True)
class DueLink:
    """A link to be looked at; `until` is for how long nobody else does."""

    document_id: int
    url: str
    until: datetime


@dataclass(frozen=True)
class Look:
    """What one look at a link brought: `problem` is a code where something is wrong, `wait` what a site asks for.

    `moved` is where redirects led that were all permanent, `safely` whether nobody on the way could have forged them.
    """

    found: Found
    problem: str | None = None
    moved: str | None = None
    safely: bool = False
    wait: timedelta | None = None


async def link_health(tx: Transaction, document_ids: Collection[int]) -> dict[int, DocumentLink]:
    """Return how the links of documents, permitted to their reader, were found, by document."""
    rows = await tx.scalars(select(DocumentLink).where(DocumentLink.document_id.in_(document_ids)))
    return {row.document_id: row for row in rows}


def _looked_at() -> ColumnElement[bool]:
    """Return which documents' links are looked at: whose address may be known outside, while lists show them."""
    return and_(Document.url.is_not(None), Document.label.in_(OPEN), carried())


async def claim_links(tx: Transaction, now: datetime, limit: int) -> list[DueLink]:
    """Return links that are due, and let nobody else look at them meanwhile."""
    due = select(DocumentLink, Document.url).join(Document, Document.id == DocumentLink.document_id)
    due = due.where(DocumentLink.due_at <= now, _looked_at()).order_by(DocumentLink.due_at, DocumentLink.document_id)
    held = due.limit(limit).with_for_update(of=DocumentLink, skip_locked=True)
    found = [(link, url) for link, url in (await tx.execute(held)).all() if url is not None]
    for link, _ in found:
        link.due_at = now + TRYING
    return [DueLink(link.document_id, url, link.due_at) for link, url in found]


async def watch_links(tx: Transaction, now: datetime) -> None:
    """Let the links be looked at that nobody watches yet, `AT_ONCE` at a time."""
    known = exists().where(DocumentLink.document_id == Document.id)
    found = list(await tx.scalars(select(Document.id).where(_looked_at(), ~known).limit(AT_ONCE)))
    rows = [
        {"document_id": one, "state": LinkState.UNKNOWN, "failures": 0, "due_at": now + _jitter(one), "since": now}
        for one in found
    ]
    if rows:  # another process may do the same just now
        await tx.execute(insert(tx, DocumentLink).on_conflict_do_nothing(), rows)


async def look_anew(tx: Transaction, row: Document, now: datetime) -> None:
    """Begin anew with the link of a document whose address, or label, has changed."""
    if row.file_id is None:
        row.read_at, row.read_tries = None, 0  # another text may stand there
    known = await tx.get(DocumentLink, row.id, with_for_update=True)
    if row.url is None or row.label.named_audience:
        if known is not None:
            await tx.delete(known)
    elif known is None:
        watched(tx, row, now)
    else:
        known.state, known.since, known.due_at = LinkState.UNKNOWN, now, now + FIRST_LOOK
        known.url = known.problem = known.checked_at = known.told = None
        known.failures = 0


async def note_look(tx: Transaction, due: DueLink, look: Look, now: datetime) -> None:
    """Note what a look at a link brought; if somebody has changed something meanwhile, it says nothing."""
    row = await tx.scalar(select(Document).where(Document.id == due.document_id, _looked_at()).with_for_update())
    link = await tx.get(DocumentLink, due.document_id, with_for_update=True)
    if row is None or link is None or (row.url, link.due_at) != (due.url, due.until):
        return
    judge(link, look, now)
    if link.state is LinkState.WELL and look.found is Found.WELL:
        link.url = look.moved
        await _follow(tx, row, look, now)
    await _tell(tx, row, link, now)


def judge(link: DocumentLink, look: Look, now: datetime) -> None:
    """Let a link pass into the state in which it was found, and say when it is looked at again."""
    if look.found is Found.BUSY:
        wait = min(max(look.wait or BUSY, SHORTEST_WAIT), LONGEST_WAIT)
        link.checked_at, link.due_at = now, now + wait
    elif look.found is Found.NOTHING:
        _fails(link, look.problem, now)
    else:
        _answers(link, look, now)


def _answers(link: DocumentLink, look: Look, now: datetime) -> None:
    state = LinkState.WELL if look.found is Found.WELL else LinkState.WALL
    _pass(link, state, now)
    link.failures, link.problem, link.checked_at = 0, look.problem, now
    link.due_at = now + EVERY + _jitter(link.document_id)
    if state is LinkState.WELL:
        link.told = None


def _fails(link: DocumentLink, problem: str | None, now: datetime) -> None:
    link.problem, link.checked_at = problem, now
    if link.state is LinkState.FAILING and now - link.since < APART:
        link.due_at = link.since + PAUSES[0]  # no second failure yet, only the first once more
        return
    link.failures += 1
    _pass(link, LinkState.FAILING if link.failures < DIES_AFTER else LinkState.DEAD, now)
    link.due_at = now + PAUSES[min(link.failures, len(PAUSES)) - 1]


def _pass(link: DocumentLink, state: LinkState, now: datetime) -> None:
    dying = (link.state, state) == (LinkState.FAILING, LinkState.DEAD)
    if link.state is not state and not dying:  # it does not work since the first failure
        link.since = now
    link.state = state


def _jitter(document_id: int) -> timedelta:
    return timedelta(minutes=document_id * 7919 % (SPREAD // timedelta(minutes=1)))


async def _follow(tx: Transaction, row: Document, look: Look, now: datetime) -> None:
    """Give a document the address where its page stands for good, unless another document has that one."""
    url = _clean(look.moved or "")
    if url is None or url == row.url or not (look.safely or url_key(url) == row.url_key):
        return
    key, other = url_key(url), aliased(Document)
    if await tx.scalar(select(other.id).where(other.url_key == key, other.id != row.id).limit(1)) is not None:
        return
    row.url, row.url_key = url, key
    await audit.record(tx, Event.DOCUMENT_MOVED, now, actor=None, subject=row.owner_id, document=row.id)


def _clean(url: str) -> str | None:
    try:
        cleaned = clean_url(url)
    except Refusal:
        return None
    return cleaned if cleaned.startswith("https:") else None


async def _tell(tx: Transaction, row: Document, link: DocumentLink, now: datetime) -> None:
    """Tell who answers for a document that its link is dead or behind a wall; each once until it was well again."""
    worse = link.state is LinkState.DEAD and link.told is not LinkState.DEAD
    if not (worse or (link.state is LinkState.WALL and link.told is None)):
        return
    link.told = link.state
    name = "document:dead" if worse else "document:wall"
    told = await responsible(tx, row)
    await promise(tx, [Promise(member_id, name, {"document": row.id}, Lane.BULK) for member_id in told], now)


async def responsible(tx: Transaction, row: Document) -> list[int]:
    """Return who answers for a document: its owner, or where that one is out of reach its topic's moderators."""
    owner = await members.by_id(tx, row.owner_id) if row.owner_id is not None else None
    if owner is not None and owner.state in members.BELONGING and owner.unreachable_since is None:
        return [owner.id]
    return await topics.moderators(tx, row.topic_id)
