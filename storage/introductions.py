"""Introductions: contact that the bot brokers; a refusal and silence look the same to the one who asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Select, String, Text, delete, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, audit, directory, members
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Base, Moment, Transaction, one_of
from storage.members import BELONGING, Member
from storage.outbox import Promise, promise, shown
from storage.pages import Page, page
from storage.refusals import Refusal

CLOSES_AFTER = timedelta(days=7)
DAY = timedelta(days=1)
MOST_A_DAY = 5


class IntroductionState(StrEnum):
    """Where a wish for contact stands.

    `refused` and `withheld` (asked again after a refusal for ever: the other one never reads it) are never told;
    to the asker they are `asked`, then no answer.
    """

    ASKED = "asked"
    SHARED = "shared"
    REFUSED = "refused"
    WITHHELD = "withheld"
    UNANSWERED = "unanswered"


class Introduction(Base):
    """One member's wish to be in contact with another; `closes_at` is when the asker is told of no answer.

    `named` is what the other one was called in the directory when asked, None where the name was hidden. `told` is
    whether the asker knows the end; with `bars` the other one does not want to be asked by them again.
    """

    __tablename__ = "introduction"
    __table_args__ = (Index("ix_introduction_told_closes", "told", "closes_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(Text)
    state: Mapped[IntroductionState] = mapped_column(one_of(IntroductionState))
    answer: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    closes_at: Mapped[datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    told: Mapped[bool] = mapped_column(default=False)
    named: Mapped[str | None] = mapped_column(String(120))
    bars: Mapped[bool] = mapped_column(default=False)


@dataclass(frozen=True)
class Asker:
    """What is told of the one who asks: they agree to it before they send."""

    name: str
    organisation: str | None
    country: str | None


@dataclass(frozen=True)
class Asked:
    """A wish for contact as the one who asked may know it: `answer` once it was shared, `over` once it closed."""

    number: int
    name: str | None
    purpose: str
    asked_at: datetime
    closes_at: datetime
    answer: str | None
    over: bool


@dataclass(frozen=True)
class Wish:
    """A wish for contact as the one who is asked reads it; `open` while it can be answered."""

    number: int
    asker: Asker
    purpose: str
    closes_at: datetime
    open: bool


async def ask(tx: Transaction, viewer: Viewer, number: int, purpose: str, now: datetime) -> Introduction:
    """Ask the member behind a directory entry for contact.

    Whether they will ever read it changes nothing of what is done here, so that it cannot be told from outside.

    Refusals: `directory:gone`, `introduction:not-wished`, `introduction:self`,
    `introduction:waits`, `introduction:limit` (with `hours`).
    """
    access.require(viewer, Action.INTRODUCE)
    entry = await directory.entry(tx, viewer, number)
    if entry.member_id == viewer.id:
        raise Refusal("introduction:self")
    if not entry.contactable:
        raise Refusal("introduction:not-wished")
    await _not_too_often(tx, viewer.id, entry.member_id, now)
    state = IntroductionState.WITHHELD if await _barred(tx, viewer.id, entry.member_id) else IntroductionState.ASKED
    row = Introduction(
        asker_id=viewer.id, target_id=entry.member_id, purpose=purpose, state=state, asked_at=now,
        closes_at=now + CLOSES_AFTER, told=False, bars=False,
        named=await directory.name_of(tx, viewer, number),
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    await audit.record(tx, Event.INTRODUCTION_ASKED, now, actor=viewer.id, subject=row.target_id, introduction=row.id)
    read = Promise(row.target_id, "introduction:asked", {"introduction": row.id}, subject=f"introduction:{row.id}")
    await promise(tx, [read], now)
    return row


async def share(tx: Transaction, viewer: Viewer, number: int, answer: str, now: datetime) -> None:
    """Tell the asker how to reach oneself; they read it at once. Refusal: `introduction:closed`."""
    row = await _open(tx, viewer, number, now)
    row.state, row.answer, row.answered_at, row.told = IntroductionState.SHARED, answer, now, True
    await _answered(tx, row, now, actor=viewer.id)
    await promise(tx, [Promise(row.asker_id, "introduction:shared", {"introduction": row.id})], now)


async def refuse(tx: Transaction, viewer: Viewer, number: int, now: datetime, *, for_ever: bool) -> None:
    """Decline a wish: nobody is told, and nothing is logged before it closes. Refusal: `introduction:closed`."""
    row = await _open(tx, viewer, number, now)
    row.state, row.answered_at, row.bars = IntroductionState.REFUSED, now, for_ever


async def close(tx: Transaction, now: datetime) -> None:
    """Tell those whose wish was not answered in time, whatever the reason, that there was no answer."""
    due = select(Introduction).where(Introduction.told.is_(False), Introduction.closes_at <= now)
    for row in await tx.scalars(due.order_by(Introduction.closes_at, Introduction.id).with_for_update()):
        row.told = True
        if row.state is IntroductionState.ASKED:
            row.state = IntroductionState.UNANSWERED
        await _answered(tx, row, now, actor=None)
        await promise(tx, [Promise(row.asker_id, "introduction:unanswered", {"introduction": row.id})], now)


async def forget(tx: Transaction, member_id: int, now: datetime) -> None:
    """Delete what a person asked and was asked, and let the cards that others have of it say so."""
    theirs = or_(Introduction.asker_id == member_id, Introduction.target_id == member_id)
    for row in await tx.scalars(select(Introduction).where(theirs)):
        subject = f"introduction:{row.id}"
        place = (await shown(tx, subject)).get(row.target_id)
        if row.asker_id == member_id and place is not None:
            await promise(tx, [Promise(row.target_id, "introduction:gone", subject=subject, replaces=place)], now)
    await tx.execute(delete(Introduction).where(theirs))


async def asked(tx: Transaction, viewer: Viewer, number: int) -> Asked:
    """Return one's own wish for contact. Refusal: `introduction:unknown`."""
    access.require(viewer, Action.BELONG)
    row = await tx.scalar(_of_asker(viewer).where(Introduction.id == number))
    if row is None:
        raise Refusal("introduction:unknown")
    return _as_asker(row)


async def asked_by(
    tx: Transaction, viewer: Viewer, first: int | None, size: int
) -> tuple[Page[Introduction], list[Asked]]:
    """Return a page of one's own wishes for contact, the newest first."""
    access.require(viewer, Action.BELONG)
    found = await page(tx, _of_asker(viewer), (Introduction.id,), first, size, newest_first=True)
    return found, [_as_asker(row) for row in found.items]


async def wish(tx: Transaction, viewer: Viewer, number: int, now: datetime | None) -> Wish:
    """Return a wish for contact with oneself; without `now` whatever its time. Refusal: `introduction:closed`."""
    access.require(viewer, Action.BELONG)
    row = await tx.scalar(_of_target(viewer).where(Introduction.id == number))
    if row is None:
        raise Refusal("introduction:closed")
    return await _as_target(tx, row, now)


async def waiting(
    tx: Transaction, viewer: Viewer, first: int | None, size: int, now: datetime
) -> tuple[Page[Introduction], list[Wish]]:
    """Return a page of the wishes for contact with oneself that can be answered, the newest first."""
    access.require(viewer, Action.BELONG)
    listed = _of_target(viewer).where(Introduction.state == IntroductionState.ASKED, Introduction.closes_at > now)
    found = await page(tx, listed, (Introduction.id,), first, size, newest_first=True)
    return found, [await _as_target(tx, row, now) for row in found.items]


async def asker(tx: Transaction, member_id: int) -> Asker:
    """Return what the other one is told of the member who asks."""
    person = await members.by_id(tx, member_id)
    number = person.organisation_id if person is not None else None
    organisations = await members.organisation_names(tx, [number]) if number is not None else {}
    return Asker(members.called(person), organisations.get(number or 0), person.country if person else None)


async def _open(tx: Transaction, viewer: Viewer, number: int, now: datetime) -> Introduction:
    access.require(viewer, Action.BELONG)
    row = await tx.scalar(_of_target(viewer).where(Introduction.id == number).with_for_update(of=Introduction))
    if row is None or row.state is not IntroductionState.ASKED or row.closes_at <= now:
        raise Refusal("introduction:closed")
    return row


def _of_asker(viewer: Viewer) -> Select[Introduction]:
    return select(Introduction).where(Introduction.asker_id == viewer.id)


def _of_target(viewer: Viewer) -> Select[Introduction]:
    """Return the wishes that a member may read: not what they never want to read, and of who still belongs."""
    return select(Introduction).where(
        Introduction.target_id == viewer.id,
        Introduction.state != IntroductionState.WITHHELD,
        Introduction.asker_id == Member.id,
        Member.state.in_(BELONGING),
    )


def _as_asker(row: Introduction) -> Asked:
    shared = row.state is IntroductionState.SHARED
    return Asked(row.id, row.named, row.purpose, row.asked_at, row.closes_at, row.answer if shared else None, row.told)


async def _as_target(tx: Transaction, row: Introduction, now: datetime | None) -> Wish:
    is_open = row.state is IntroductionState.ASKED and (now is None or row.closes_at > now)
    return Wish(row.id, await asker(tx, row.asker_id), row.purpose, row.closes_at, is_open)


async def _not_too_often(tx: Transaction, asker_id: int, target_id: int, now: datetime) -> None:
    mine = select(Introduction.asked_at).where(Introduction.asker_id == asker_id)
    if await tx.scalar(mine.where(Introduction.target_id == target_id, Introduction.told.is_(False)).limit(1)):
        raise Refusal("introduction:waits")
    recent = mine.where(Introduction.asked_at > now - DAY).order_by(Introduction.asked_at.desc()).limit(MOST_A_DAY)
    asked_at = list(await tx.scalars(recent))
    if len(asked_at) == MOST_A_DAY:
        hours = math.ceil((asked_at[-1] + DAY - now).total_seconds() / 3600)
        raise Refusal("introduction:limit", most=MOST_A_DAY, hours=hours)


async def _barred(tx: Transaction, asker_id: int, target_id: int) -> bool:
    bars = (Introduction.asker_id == asker_id, Introduction.target_id == target_id, Introduction.bars)
    return bool(await tx.scalar(select(func.count()).where(*bars)))


async def _answered(tx: Transaction, row: Introduction, now: datetime, *, actor: int | None) -> None:
    """Log that a wish has ended. The log knows no refusal either: that ends as silence does, by the clock."""
    shared = row.state is IntroductionState.SHARED
    facts = {"introduction": row.id, "shared": shared}
    await audit.record(tx, Event.INTRODUCTION_ANSWERED, now, actor=actor, subject=row.asker_id, **facts)
