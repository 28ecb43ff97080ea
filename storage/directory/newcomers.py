"""Newcomers: members who have just let the directory show their name, told to all members once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from storage.access import Viewer
from storage.database import Transaction
from storage.directory.tables import DirectoryEntry
from storage.members import BELONGING, Member, Organisation


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A new member as the directory shows them; what they do not show is None. `number` is their entry's."""

    id: int
    number: int
    name: str
    organisation: str | None
    country: str | None
    at: datetime


async def introduced_between(tx: Transaction, since: datetime, until: datetime) -> list[Newcomer]:
    """Return who let the directory show their name for the first time in a period, and still does, by date."""
    return await _newcomers(tx, (DirectoryEntry.introduced_at >= since) & (DirectoryEntry.introduced_at < until))


async def introduced(tx: Transaction, ids: Collection[int]) -> list[Newcomer]:
    """Return some members as the directory introduces them; who is no longer to be found there is missing."""
    return await _newcomers(tx, DirectoryEntry.member_id.in_(ids)) if ids else []


def to(viewer: Viewer, newcomers: Sequence[Newcomer]) -> list[Newcomer]:
    """Return who is introduced to a viewer: others, if the viewer is a member."""
    return [one for one in newcomers if viewer.active and one.id != viewer.id]


async def _newcomers(tx: Transaction, which: ColumnElement[bool]) -> list[Newcomer]:
    columns = (Member.id, DirectoryEntry.number, Member.name, Organisation.name, Member.country)
    shows = (DirectoryEntry.shows_organisation, DirectoryEntry.shows_country, DirectoryEntry.introduced_at)
    found = (
        select(*columns, *shows)
        .join(Member, Member.id == DirectoryEntry.member_id)
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
        .where(DirectoryEntry.shows_name, DirectoryEntry.published_at.is_not(None), Member.state.in_(BELONGING), which)
        .order_by(DirectoryEntry.introduced_at, Member.id)
    )
    return [
        Newcomer(n, number, name or "", house if with_house else None, country if with_country else None, at)
        for n, number, name, house, country, with_house, with_country, at in await tx.execute(found)
        if at is not None
    ]
