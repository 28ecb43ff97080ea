"""Voting: what readers choose in an announcement's poll, until it expires."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, func, select

from storage import members
from storage.access import Viewer
from storage.announcements.own import own_copy
from storage.announcements.poll import Poll
from storage.announcements.tables import Announcement, Recipient, by_id
from storage.database import Transaction
from storage.members import Member
from storage.refusals import Refusal


@dataclass(frozen=True)
class Tally:
    """How many chose each option of a poll, and how many voted."""

    counts: tuple[int, ...]
    voters: int


async def vote(
    tx: Transaction, viewer: Viewer, announcement_id: int, option: int, now: datetime
) -> tuple[Announcement, Recipient]:
    """Choose an option: where several may be chosen it is added or taken away, else it takes the place of another.

    Refusals: those of `own_copy`, `button:old` where there is no such option, and `announcement:voted` once it is over.
    """
    row, copy = await own_copy(tx, viewer, announcement_id, lock=True)
    poll = None if row.poll is None else Poll.of(row.poll)
    if poll is None or not 0 <= option < len(poll.options):
        raise Refusal("button:old")
    if row.expires_at is not None and row.expires_at <= now:
        raise Refusal("announcement:voted")
    chosen = set(copy.vote or ())
    chosen = chosen ^ {option} if poll.several else {option}
    copy.vote = sorted(chosen) or None
    return row, copy


async def tally(tx: Transaction, row: Announcement) -> Tally | None:
    """Count the votes in an announcement's poll; None where there is none."""
    if row.poll is None:
        return None
    counts: Counter[int] = Counter()
    voters = 0
    for chosen, number in await _choices(tx, row):
        voters += number
        counts.update(dict.fromkeys(chosen, number))
    return Tally(tuple(counts[n] for n in range(len(row.poll["options"]))), voters)


async def _choices(tx: Transaction, row: Announcement) -> list[tuple[list[int], int]]:
    """Return each set of options that was chosen together, and by how many."""
    written = cast(Recipient.vote, Text)
    mine = select(written, func.count()).where(Recipient.announcement_id == row.id, Recipient.vote.is_not(None))
    return [(_options(one), number) for one, number in await tx.execute(mine.group_by(written))]


def _options(written: str) -> list[int]:
    return [int(number) for number in written.strip("[]").split(",") if number.strip()]


async def voters(
    tx: Transaction, viewer: Viewer, announcement_id: int, option: int, offset: int, limit: int
) -> tuple[list[str], int]:
    """Return by name who chose an option, and how many they are; an anonymous poll names nobody.

    Refusals: `announcement:unknown`, `announcement:anonymous`, `button:old`.
    """
    row = await by_id(tx, viewer, announcement_id)
    if row.poll is None:
        raise Refusal("button:old")
    if Poll.of(row.poll).anonymous:
        raise Refusal("announcement:anonymous")
    written: Any = cast(Recipient.vote, Text)
    chosen = select(written).where(Recipient.announcement_id == row.id, Recipient.vote.is_not(None)).distinct()
    sets = [one for one in await tx.scalars(chosen) if option in _options(one)]
    found = select(Member).join(Recipient, Recipient.member_id == Member.id)
    found = found.where(Recipient.announcement_id == row.id, written.in_(sets))
    total = await tx.scalar(found.with_only_columns(func.count())) or 0
    people = await tx.scalars(found.order_by(Member.name, Member.id).offset(max(offset, 0)).limit(limit))
    return [members.called(person) for person in people], total
