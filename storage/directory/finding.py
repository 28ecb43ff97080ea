"""The search: filters that match only what an entry shows, ten at a time, and no more looks than people need (R-25)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, literal, select

from storage import access, names
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.directory.entries import name_anew
from storage.directory.reading import Shown, shown
from storage.directory.tables import DirectoryEntry, DirectoryLookup
from storage.members import BELONGING, Member
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.topics import Policy, Subscription, Topic

PAGE = 10
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_AN_HOUR, MOST_A_DAY = 30, 100
KEPT = timedelta(days=30)
_SHORTEST = 2


@dataclass(frozen=True)
class Filters:
    """What is looked for; all that is given must fit. `name` is a key of `storage.names`."""

    country: str = ""
    category: str = ""
    topic: int = 0
    language: str = ""
    name: str = ""


@dataclass(frozen=True)
class Found:
    """One page of a search; `lookup` is the number of the look, by which the page is opened again."""

    lookup: int
    filters: Filters
    entries: tuple[Shown, ...]
    page: Page[DirectoryEntry]
    total: int


def named(words: str) -> Filters:
    """Return the filters of a typed name. Refusal: `directory:name` where too little of it is left."""
    key = names.key(words)
    if len(key.replace(" ", "")) < _SHORTEST:
        raise Refusal("directory:name")
    return Filters(name=key)


async def search(tx: Transaction, viewer: Viewer, filters: Filters, first: int | None, now: datetime) -> Found:
    """Return the page that begins with entry `first`, by name; those who hide it come last.

    Refusals: `directory:hour` and `directory:day` (with how long to wait).
    """
    look = await _look(tx, viewer, {**_given(filters), "first": first or 0}, now)
    return await _page(tx, viewer, look.id, filters, first)


async def seen(tx: Transaction, viewer: Viewer, lookup: int, now: datetime) -> Found:
    """Return a page that one has looked at before; within the hour it is no new look. Refusal: `directory:old`."""
    row = await _looked(tx, viewer, lookup)
    filters, first = _filters(row), row.filters["first"] or None
    if row.at <= now - HOUR:
        return await search(tx, viewer, filters, first, now)
    return await _page(tx, viewer, row.id, filters, first)


async def filters_of(tx: Transaction, viewer: Viewer, lookup: int) -> Filters:
    """Return what one looked for. Refusal: `directory:old`."""
    return _filters(await _looked(tx, viewer, lookup))


async def card(tx: Transaction, viewer: Viewer, number: int, now: datetime) -> Shown:
    """Return what an entry shows; it counts as a look. Refusals: `directory:gone`, and those of `search`."""
    await _look(tx, viewer, {"card": True}, now)
    return (await shown(tx, viewer, [await entry(tx, viewer, number)]))[0]


async def entry(tx: Transaction, viewer: Viewer, number: int) -> DirectoryEntry:
    """Return a published entry of somebody who belongs. Refusal: `directory:gone`."""
    access.require(viewer, Action.BELONG)
    found = await tx.scalar(_listed().where(DirectoryEntry.number == number))
    if found is None:
        raise Refusal("directory:gone")
    return found


async def name_of(tx: Transaction, viewer: Viewer, number: int) -> str | None:
    """Return the name on an entry, None where it is hidden. Refusal: `directory:gone`."""
    return (await shown(tx, viewer, [await entry(tx, viewer, number)]))[0].name


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop what is kept of looks, after 30 days."""
    await tx.execute(delete(DirectoryLookup).where(DirectoryLookup.at < now - KEPT))


async def _looked(tx: Transaction, viewer: Viewer, lookup: int) -> DirectoryLookup:
    access.require(viewer, Action.BELONG)
    row = await tx.get(DirectoryLookup, lookup)
    if row is None or row.member_id != viewer.id or "first" not in row.filters:
        raise Refusal("directory:old")
    return row


def _filters(row: DirectoryLookup) -> Filters:
    return Filters(**{name: value for name, value in row.filters.items() if name != "first"})


async def _page(tx: Transaction, viewer: Viewer, lookup: int, filters: Filters, first: int | None) -> Found:
    await _rename(tx)
    listed = _matching(filters)
    order = (DirectoryEntry.shows_name.is_(False), DirectoryEntry.name_key, DirectoryEntry.number)
    found = await page(tx, listed, order, first, PAGE)
    total = await tx.scalar(listed.with_only_columns(func.count())) or 0
    return Found(lookup, filters, tuple(await shown(tx, viewer, found.items)), found, total)


def _listed() -> Select[DirectoryEntry]:
    return select(DirectoryEntry).where(
        DirectoryEntry.member_id == Member.id, DirectoryEntry.published_at.is_not(None), Member.state.in_(BELONGING)
    )


def _matching(filters: Filters) -> Select[DirectoryEntry]:
    """Return the entries that fit; a filter looks only at entries that show that very field."""
    found = _listed()
    if filters.country:
        found = found.where(DirectoryEntry.shows_country, Member.country == filters.country)
    if filters.category:
        found = found.where(DirectoryEntry.shows_category, Member.category == filters.category)
    if filters.topic:
        found = found.where(DirectoryEntry.shows_topics, _follows(filters.topic))
    if filters.language:
        found = found.where(DirectoryEntry.languages.contains(f",{filters.language},", autoescape=True))
    for word in filters.name.split():
        begins = (literal(" ") + DirectoryEntry.name_key).contains(f" {word}", autoescape=True)
        found = found.where(DirectoryEntry.shows_name, begins)
    return found


def _follows(topic_id: int) -> ColumnElement[bool]:
    known = (Topic.id == topic_id) & (Topic.policy != Policy.CLOSED)
    mine = (Subscription.member_id == DirectoryEntry.member_id) & (Subscription.topic_id == Topic.id)
    return exists().where(known, mine)


async def _rename(tx: Transaction) -> None:
    """Let entries follow their members' names: a profile changes without the directory."""
    changed = select(DirectoryEntry, Member.name).where(
        DirectoryEntry.member_id == Member.id,
        DirectoryEntry.shows_name,
        DirectoryEntry.named.is_distinct_from(Member.name),
    )
    for row, name in await tx.execute(changed.order_by(DirectoryEntry.member_id).with_for_update(of=DirectoryEntry)):
        name_anew(row, name)
    await tx.flush()


def _given(filters: Filters) -> dict[str, Any]:
    return {name: value for name, value in asdict(filters).items() if value}


async def _look(tx: Transaction, viewer: Viewer, filters: dict[str, Any], now: datetime) -> DirectoryLookup:
    """Note a look, unless there were too many: the directory is to be used, not copied."""
    access.require(viewer, Action.BELONG)
    for span, most, reason in ((DAY, MOST_A_DAY, "directory:day"), (HOUR, MOST_AN_HOUR, "directory:hour")):
        mine = select(DirectoryLookup.at).where(DirectoryLookup.member_id == viewer.id, DirectoryLookup.at > now - span)
        looks = list(await tx.scalars(mine.order_by(DirectoryLookup.at.desc()).limit(most)))
        if len(looks) == most:
            wait = (looks[-1] + span - now).total_seconds()
            raise Refusal(reason, most=most, minutes=math.ceil(wait / 60), hours=math.ceil(wait / 3600))
    row = DirectoryLookup(member_id=viewer.id, filters=filters, at=now)
    tx.add(row)
    await tx.flush()
    return row
