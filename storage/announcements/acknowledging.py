"""Acknowledging: who has read an announcement, in time or late, and who is still to be chased."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from storage import members
from storage.access import Viewer
from storage.announcements.own import own_copy
from storage.announcements.tables import Announcement, Copy, Recipient, by_id
from storage.database import Transaction
from storage.members import BELONGING, Member, Organisation
from storage.outbox import OutboxState
from storage.refusals import Refusal

HAVING = (OutboxState.SENT, OutboxState.UNKNOWN)
"""How a copy ended that its reader has, or may have."""


@dataclass(frozen=True)
class Acknowledged:
    """How many of those who were `asked` have acknowledged an announcement as it reads now, and how many `late`."""

    asked: int
    done: int
    late: int


@dataclass(frozen=True)
class Read:
    """An announcement as its reader has it; `current` tells that it was the newest version that they acknowledged."""

    row: Announcement
    copy: Recipient
    current: bool


async def acknowledge(tx: Transaction, viewer: Viewer, announcement_id: int, version: int, now: datetime) -> Read:
    """Keep that a reader has acknowledged a version; the first time counts, and an old version does not.

    Refusals: those of `own_copy`, and `button:old` where nobody is asked to.
    """
    row, copy = await own_copy(tx, viewer, announcement_id, lock=True)
    if row.acknowledge_by is None:
        raise Refusal("button:old")
    if version != row.version:
        return Read(row, copy, current=False)
    if copy.acknowledged_version != version:
        copy.acknowledged_version, copy.acknowledged_at = version, now
    return Read(row, copy, current=True)


def is_late(row: Announcement, copy: Copy | Recipient) -> bool:
    """Tell whether a reader has acknowledged after the deadline."""
    return None not in (copy.acknowledged_at, row.acknowledge_by) and copy.acknowledged_at > row.acknowledge_by  # type: ignore[operator]


def missing(row: Announcement) -> ColumnElement[bool]:
    """Return the SQL condition under which a recipient has not acknowledged an announcement as it reads now."""
    return or_(Recipient.acknowledged_version.is_(None), Recipient.acknowledged_version < row.version)


def _asked(row: Announcement) -> ColumnElement[bool]:
    """Return the condition under which somebody counts: they have it, and belong to the network now."""
    has = or_(Recipient.state.in_(HAVING), Recipient.acknowledged_version.is_not(None))
    return and_(Recipient.announcement_id == row.id, has, Member.state.in_(BELONGING))


async def acknowledgements(tx: Transaction, row: Announcement) -> Acknowledged | None:
    """Count who has acknowledged an announcement; None where nobody is asked to."""
    if row.acknowledge_by is None:
        return None
    late = and_(~missing(row), Recipient.acknowledged_at > row.acknowledge_by)
    counted = select(func.count(), _number(~missing(row)), _number(late))
    found = await tx.execute(counted.join(Member, Member.id == Recipient.member_id).where(_asked(row)))
    asked, done, after = found.one()
    return Acknowledged(asked, done or 0, after or 0)


def _number(condition: ColumnElement[bool]) -> Any:
    return func.sum(case((condition, 1), else_=0))


class Grouping(StrEnum):
    """By what those who are chased are grouped."""

    COUNTRY = "country"
    ORGANISATION = "organisation"


_NUMBER = re.compile("[0-9]{1,9}")
_COLUMN: dict[Grouping, Any] = {Grouping.COUNTRY: Member.country, Grouping.ORGANISATION: Member.organisation_id}


@dataclass(frozen=True)
class Group:
    """A country or an organisation: `value` is its code or number (empty: not known), `missing` of `asked` to chase."""

    value: str
    name: str | None
    missing: int
    asked: int


async def chase(tx: Transaction, viewer: Viewer, announcement_id: int, by: Grouping) -> list[Group]:
    """Return where those are who have not acknowledged an announcement, most of them first."""
    row = await by_id(tx, viewer, announcement_id)
    column, late = _COLUMN[by], _number(missing(row))
    counted = select(column, late, func.count()).join(Member, Member.id == Recipient.member_id).where(_asked(row))
    rows = (await tx.execute(counted.group_by(column).having(late > 0).order_by(late.desc(), column))).all()
    names: dict[int, str] = {}
    if by is Grouping.ORGANISATION:
        found = select(Organisation.id, Organisation.name).where(Organisation.id.in_([r[0] for r in rows if r[0]]))
        names = {row.id: row.name for row in await tx.execute(found)}
    return [Group("" if r[0] is None else str(r[0]), names.get(r[0]), r[1], r[2]) for r in rows]


async def chased(
    tx: Transaction, viewer: Viewer, announcement_id: int, by: Grouping, value: str, offset: int, limit: int
) -> tuple[list[str], int]:
    """Return by name who has not acknowledged an announcement in one of the groups, and how many there are.

    Refusal: `button:old` for what is no group.
    """
    row = await by_id(tx, viewer, announcement_id)
    if value and by is Grouping.ORGANISATION and not _NUMBER.fullmatch(value):
        raise Refusal("button:old")
    wanted: Any = (int(value) if by is Grouping.ORGANISATION else value) if value else None
    found = select(Member).join(Recipient, Member.id == Recipient.member_id)
    found = found.where(_asked(row), missing(row), _COLUMN[by].is_not_distinct_from(wanted))
    total = await tx.scalar(found.with_only_columns(func.count())) or 0
    people = await tx.scalars(found.order_by(Member.name, Member.id).offset(max(offset, 0)).limit(limit))
    return [members.called(person) for person in people], total
