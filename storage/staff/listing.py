"""Listing: the members within a viewer's reach, by state and by name, and the card of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from storage import access, audit, members, names
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import BELONGING, Category, Channel, Member, MemberRole, MemberState, Role
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.topics import Topic

SEARCHED = 1_000
"""How many members a search by name looks at."""


class Shown(StrEnum):
    """Which members a list shows."""

    ALL = "all"
    ACTIVE = "active"
    DUE = "due"
    IDLE = "idle"
    SUSPENDED = "suspended"
    BLOCKED = "blocked"
    LEFT = "left"


STATES: dict[Shown, frozenset[MemberState]] = {
    Shown.ALL: BELONGING | {MemberState.SUSPENDED, MemberState.VETTED},
    Shown.ACTIVE: frozenset({MemberState.ACTIVE}),
    Shown.DUE: frozenset({MemberState.DUE}),
    Shown.IDLE: frozenset({MemberState.SOON_IDLE, MemberState.IDLE}),
    Shown.SUSPENDED: frozenset({MemberState.SUSPENDED}),
    Shown.BLOCKED: frozenset({MemberState.BLOCKED}),
    Shown.LEFT: frozenset({MemberState.LEFT}),
}
GONE = frozenset({Shown.BLOCKED, Shown.LEFT})
"""Lists for those only who may block and unblock."""


@dataclass(frozen=True)
class Held:
    """A role as staff read it: its reach in ids and in words, the seat, until when, and the letter that named them."""

    id: int
    role: Role
    topic: Topic | None
    country: str | None
    organisation: str | None
    alternate: bool | None
    until: datetime | None
    letter: str | None = None


@dataclass(frozen=True)
class Card:
    """What staff read of a member; `has_email` tells that there is an address, not which.

    `by_mail` tells that they are reached by mail only.
    """

    id: int
    name: str
    organisation: str | None
    category: Category | None
    country: str | None
    state: MemberState
    since: datetime | None
    reason: str | None
    roles: tuple[Held, ...]
    has_email: bool
    by_mail: bool = False


def filters(viewer: Viewer) -> list[Shown]:
    """Return the lists that `viewer` may open."""
    return [shown for shown in Shown if shown not in GONE or access.allowed(viewer, Action.BLOCK)]


async def listed(tx: Transaction, viewer: Viewer, shown: Shown, first: int | None, size: int) -> Page[Member]:
    """Return a page of the members within `viewer`'s reach, by name."""
    access.require(viewer, Action.SEE_MEMBERS)
    if shown not in filters(viewer):
        raise Refusal("access:denied")
    return await page(tx, _within(viewer, shown), (func.coalesce(Member.name, ""), Member.id), first, size)


async def search(tx: Transaction, viewer: Viewer, sought: str, offset: int, size: int) -> tuple[Sequence[Member], int]:
    """Return members within reach whose name sounds like `sought` (a `names.key`), and how many there are in all."""
    access.require(viewer, Action.SEE_MEMBERS)
    rows = _within(viewer, *filters(viewer)).order_by(Member.name, Member.id).limit(SEARCHED)
    wanted = sought.split()
    found = [m for m in await tx.scalars(rows) if wanted and _matches(m, wanted)]
    return found[max(offset, 0) :][:size], len(found)


def _matches(member: Member, wanted: Sequence[str]) -> bool:
    sounds = f"{names.key(member.name or '')} m{member.id}"
    return all(word in sounds for word in wanted)


def _within(viewer: Viewer, *shown: Shown) -> Select[Member]:
    states = frozenset[MemberState]().union(*(STATES[one] for one in shown))
    reach = access.within(viewer, Action.SEE_MEMBERS, Member.country, Member.organisation_id)
    return select(Member).where(Member.state.in_(states), _was_admitted(), reach)


def _was_admitted() -> ColumnElement[bool]:
    # Who applies for the first time is the reviewers' business; who changes the post is a member still.
    return or_(Member.state != MemberState.VETTED, Member.joined_at.is_not(None))


async def by_id(tx: Transaction, viewer: Viewer, member_id: int, *, lock: bool = False) -> Member:
    """Return a member within `viewer`'s reach; anybody else is refused alike with `member:unknown`."""
    access.require(viewer, Action.SEE_MEMBERS)
    member = await members.by_id(tx, member_id, lock=lock)
    seen = frozenset[MemberState]().union(*(STATES[one] for one in filters(viewer)))
    if member is None or member.state not in seen or not _known(member):
        raise Refusal("member:unknown")
    if not access.covers(viewer, Action.SEE_MEMBERS, member.country, member.organisation_id):
        raise Refusal("member:unknown")
    return member


def _known(member: Member) -> bool:
    return member.state is not MemberState.VETTED or member.joined_at is not None


async def card(tx: Transaction, viewer: Viewer, member_id: int) -> Card:
    """Return what `viewer` may read of a member. Refusal: `member:unknown`."""
    member = await by_id(tx, viewer, member_id)
    named = await members.organisation_names(tx, [member.organisation_id] if member.organisation_id else [])
    return Card(
        member.id, members.called(member), named.get(member.organisation_id or 0), member.category, member.country,
        member.state, member.state_since, member.state_reason, await held(tx, member.id), member.email is not None,
        by_mail(member),
    )  # fmt: skip


def by_mail(member: Member) -> bool:
    """Tell whether a member is reached by mail only, having no Telegram."""
    return member.telegram_id is None and member.channel is Channel.EMAIL


async def held(tx: Transaction, member_id: int) -> tuple[Held, ...]:
    """Return the roles of a member, with the names of what they reach."""
    rows = list(await tx.scalars(select(MemberRole).where(MemberRole.member_id == member_id).order_by(MemberRole.id)))
    named = await members.organisation_names(tx, [row.organisation_id for row in rows if row.organisation_id])
    topic_ids = [row.topic_id for row in rows if row.topic_id]
    topics = {topic.id: topic for topic in await tx.scalars(select(Topic).where(Topic.id.in_(topic_ids)))}
    return tuple(
        Held(
            row.id, row.role, topics.get(row.topic_id or 0), row.country, named.get(row.organisation_id or 0),
            row.alternate, row.until, row.letter,
        )
        for row in rows
    )  # fmt: skip


async def email(tx: Transaction, viewer: Viewer, member_id: int, now: datetime) -> str | None:
    """Return a member's e-mail address to an administrator; that it was read is audited."""
    access.require(viewer, Action.GIVE_ROLES)
    member = await by_id(tx, viewer, member_id)
    await audit.record(tx, audit.Event.MEMBER_EMAIL_READ, now, actor=viewer.id, subject=member.id)
    return member.email


async def described(tx: Transaction, facts: dict[str, Any]) -> Held:
    """Return a role that was noted as ids and codes (`facts_of`), with the names of what it reaches."""
    topic = await tx.get(Topic, facts["topic"]) if "topic" in facts else None
    number = facts.get("organisation")
    named = await members.organisation_names(tx, [number] if number else [])
    until = datetime.fromisoformat(facts["until"]) if "until" in facts else None
    return Held(
        0, Role(facts["role"]), topic, facts.get("country"), named.get(number or 0), facts.get("alternate"), until
    )


async def name_of(tx: Transaction, member_id: int) -> str:
    """Return what a person is called now, in a notice for somebody who may know."""
    return members.called(await members.by_id(tx, member_id))
