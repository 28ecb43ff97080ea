"""Threads: what a reader writes in answer to an announcement, and what those answer who may announce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from storage import access, audit, members
from storage.access import Action, Viewer, roles_with
from storage.announcements.own import own_copy
from storage.announcements.tables import Announcement, Remark, by_id, may_read
from storage.audit import Event
from storage.database import Transaction
from storage.members import Member
from storage.outbox import Promise, promise, shown
from storage.refusals import Refusal

OPEN_A_DAY = 5
"""How many remarks on one announcement a reader may have waiting for an answer, of one day."""
REMARK, ANSWER = "announcement:remark", "announcement:answer"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Said:
    """One remark of a thread: who wrote it, whether they are the reader whose thread it is, what and when."""

    author: str
    by_reader: bool
    text: str
    at: datetime


@dataclass(frozen=True)
class Thread:
    """A thread: its announcement, whose it is, a page of what was said, the oldest first, and how much there is."""

    row: Announcement
    member_id: int
    name: str
    said: tuple[Said, ...]
    total: int


@dataclass(frozen=True)
class Opening:
    """A thread in the list: whose it is, who wrote last when, and whether an answer is waited for."""

    member_id: int
    name: str
    waits: bool
    at: datetime


async def may_remark(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> Announcement:
    """Return an announcement to which a reader may write. Refusals: those of `own_copy`, and `announcement:remarks`."""
    row, _ = await own_copy(tx, viewer, announcement_id)
    waiting = [one for one in await _open(tx, row.id, viewer.id) if one.at > now - _DAY]
    if len(waiting) >= OPEN_A_DAY:
        raise Refusal("announcement:remarks", most=OPEN_A_DAY)
    return row


async def remark(tx: Transaction, viewer: Viewer, announcement_id: int, text: str, now: datetime) -> Remark:
    """Keep what a reader writes, and put it before everybody who may announce. Refusals: those of `may_remark`."""
    access.require(viewer, Action.BELONG)
    row = await may_remark(tx, viewer, announcement_id, now)
    said = Remark(announcement_id=row.id, member_id=viewer.id, author_id=viewer.id, text=text, at=now)
    tx.add(said)
    await tx.flush()
    staff = [m.id for m in await members.holders(tx, *roles_with(Action.ANNOUNCE))]
    others = [n for n in staff if n != viewer.id] or staff
    facts = {"remark": said.id}
    await promise(tx, [Promise(n, REMARK, facts, subject=_card(said)) for n in others], now)
    return said


async def answer(
    tx: Transaction, viewer: Viewer, announcement_id: int, member_id: int, text: str, now: datetime
) -> Remark:
    """Answer a reader in their thread; every card of what they wrote says who did. Refusal: `announcement:unknown`."""
    row = await _thread_of(tx, viewer, announcement_id, member_id)
    waiting = await _open(tx, row.id, member_id)
    said = Remark(announcement_id=row.id, member_id=member_id, author_id=viewer.id, text=text, at=now)
    tx.add(said)
    await tx.flush()
    told = [Promise(member_id, ANSWER, {"remark": said.id})]
    for one in waiting:
        places = await shown(tx, _card(one))
        told += [Promise(n, REMARK, {"remark": one.id}, subject=_card(one), replaces=at) for n, at in places.items()]
    await promise(tx, told, now)
    facts = {"announcement": row.id}
    await audit.record(tx, Event.ANNOUNCEMENT_ANSWERED, now, actor=viewer.id, subject=member_id, **facts)
    return said


def _card(said: Remark) -> str:
    return f"announcement-remark:{said.id}"


async def _open(tx: Transaction, announcement_id: int, member_id: int) -> list[Remark]:
    """Return what a reader wrote since they were answered last."""
    mine = (Remark.announcement_id == announcement_id, Remark.member_id == member_id)
    answered = select(func.max(Remark.id)).where(*mine, Remark.author_id.is_distinct_from(Remark.member_id))
    since = await tx.scalar(answered) or 0
    return list(await tx.scalars(select(Remark).where(*mine, Remark.id > since).order_by(Remark.id)))


async def _thread_of(tx: Transaction, viewer: Viewer, announcement_id: int, member_id: int) -> Announcement:
    row = await by_id(tx, viewer, announcement_id)
    mine = select(Remark.id).where(Remark.announcement_id == announcement_id, Remark.member_id == member_id)
    if await tx.scalar(mine.limit(1)) is None:
        raise Refusal("announcement:unknown")
    return row


async def thread(
    tx: Transaction, viewer: Viewer, announcement_id: int, member_id: int, offset: int, limit: int
) -> Thread:
    """Return a page of a thread, from the newest on: one's own, or any to who may announce.

    Refusals: those of `own_copy` for one's own, `announcement:unknown` for all others.
    """
    if access.allowed(viewer, Action.ANNOUNCE):
        row = await _thread_of(tx, viewer, announcement_id, member_id)
    elif member_id == viewer.id:
        row, _ = await own_copy(tx, viewer, announcement_id)
    else:
        raise Refusal("announcement:unknown")
    mine = select(Remark).where(Remark.announcement_id == announcement_id, Remark.member_id == member_id)
    total = await tx.scalar(mine.with_only_columns(func.count())) or 0
    found = list(await tx.scalars(mine.order_by(Remark.id.desc()).offset(max(offset, 0)).limit(limit)))
    people = await members.by_ids(tx, [member_id, *(one.author_id for one in found if one.author_id is not None)])
    said = tuple(
        Said(members.called(people.get(one.author_id or 0)), one.author_id == member_id, one.text, one.at)
        for one in reversed(found)
    )
    return Thread(row, member_id, members.called(people.get(member_id)), said, total)


async def threads(
    tx: Transaction, viewer: Viewer, announcement_id: int, offset: int, limit: int
) -> tuple[list[Opening], int]:
    """Return the threads of an announcement, those that wait for an answer first, and how many there are."""
    await by_id(tx, viewer, announcement_id)
    each = select(func.max(Remark.id)).where(Remark.announcement_id == announcement_id).group_by(Remark.member_id)
    waits = case((Remark.author_id == Remark.member_id, 1), else_=0)
    last = select(Remark, Member).join(Member, Member.id == Remark.member_id).where(Remark.id.in_(each))
    total = await tx.scalar(last.with_only_columns(func.count())) or 0
    rows = await tx.execute(last.order_by(waits.desc(), Remark.id.desc()).offset(max(offset, 0)).limit(limit))
    found = [Opening(m.id, members.called(m), said.author_id == m.id, said.at) for said, m in rows]
    return found, total


@dataclass(frozen=True)
class Card:
    """What a reader wrote, before who may announce: with who answered it and what, if somebody has."""

    row: Announcement
    member_id: int
    said: Said
    answered: Said | None


async def card(tx: Transaction, remark_id: int, viewers: Sequence[Viewer]) -> tuple[Card | None, list[Viewer]]:
    """Return what a reader wrote, with those of `viewers` who may announce."""
    one = await tx.get(Remark, remark_id)
    row = None if one is None else await tx.get(Announcement, one.announcement_id)
    if one is None or row is None:
        return None, []
    later = select(Remark).where(Remark.announcement_id == row.id, Remark.member_id == one.member_id)
    theirs = later.where(Remark.id > one.id, Remark.author_id.is_distinct_from(Remark.member_id))
    reply = await tx.scalar(theirs.order_by(Remark.id).limit(1))
    authors = [said.author_id for said in (one, reply) if said is not None and said.author_id is not None]
    people = await members.by_ids(tx, authors)
    answered = None
    if reply is not None:
        answered = Said(members.called(people.get(reply.author_id or 0)), by_reader=False, text=reply.text, at=reply.at)
    said = Said(members.called(people.get(one.author_id or 0)), by_reader=True, text=one.text, at=one.at)
    return Card(row, one.member_id, said, answered), [v for v in viewers if access.allowed(v, Action.ANNOUNCE)]


async def answered(tx: Transaction, remark_id: int, viewers: Sequence[Viewer]) -> tuple[Announcement, str, int] | None:
    """Return an answer, with what it is about and whose thread it is in, to that reader, while they may read that."""
    one = await tx.get(Remark, remark_id)
    row = None if one is None else await tx.get(Announcement, one.announcement_id)
    if one is None or row is None or not any(v.id == one.member_id and may_read(v, row) for v in viewers):
        return None
    return row, one.text, one.member_id
