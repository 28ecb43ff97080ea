"""Members and their roles as the operator sees, adds and changes them, when nobody in the chat can."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.start import Problem
from storage import access, audit, by_mail, members, membership, topics
from storage.applications import ZONES
from storage.audit import Event
from storage.database import Transaction
from storage.members import BELONGING, Member, MemberRole, MemberState, Office, Role
from storage.membership import Step
from storage.refusals import Refusal

TERM = timedelta(days=730)
"""How long a focal point is appointed where nothing else is said (R-08)."""


@dataclass(frozen=True)
class Newcomer:
    """Somebody the operator vouches for: by their Telegram account or, where they have none, a mail address."""

    telegram_id: int | None
    name: str
    organisation: str | None
    country: str | None
    category: members.Category | None
    language: str
    zone: str
    address: str | None = None


@dataclass(frozen=True)
class Reach:
    """Where a role is to hold: a country's code, an organisation's name or a topic's code, or everywhere."""

    country: str | None = None
    organisation: str | None = None
    topic: str | None = None

    @property
    def everywhere(self) -> bool:
        return self == Reach()


@dataclass(frozen=True)
class Term:
    """How a role is held: as the alternate of somebody, and until when."""

    alternate: bool = False
    until: datetime | None = None


async def add(tx: Transaction, newcomer: Newcomer, now: datetime) -> Member:
    """Make somebody a member without an application: the operator vouches, so they may vouch at once.

    Raises:
        Problem: they belong already, wait for a decision, or are suspended or blocked.
    """
    assert newcomer.telegram_id is not None
    member = await members.welcome(tx, newcomer.telegram_id, newcomer.language, newcomer.zone, now)
    if member.state not in access.MAY_APPLY:
        raise Problem(f"M-{member.id} has this account and is {member.state}: nothing was changed.")
    await _describe(tx, member, newcomer)
    member.vouches_from = now
    await membership.move(tx, member, Step.ADDED, now, by=None)
    return member


async def invite(tx: Transaction, newcomer: Newcomer, now: datetime) -> Member:
    """Invite somebody without Telegram by mail: they are a member once they open the link and accept the terms.

    Raises:
        Problem: the address is none, or a member gets mail there.
    """
    assert newcomer.address is not None
    try:
        member = await by_mail.invite(tx, newcomer.address, newcomer.language, newcomer.zone, now)
    except Refusal as refusal:
        if refusal.reason == "mail:taken":
            raise Problem(f"M-{refusal.facts['member']} gets mail at this address: nothing was changed.") from None
        raise Problem("This is no mail address, such as name@example.org.") from None
    await _describe(tx, member, newcomer)
    return member


async def _describe(tx: Transaction, member: Member, newcomer: Newcomer) -> None:
    if newcomer.organisation is not None:
        member.organisation_id = (await members.organisation(tx, newcomer.organisation)).id
    member.name, member.category, member.country = newcomer.name, newcomer.category, newcomer.country
    member.zone = ZONES.get(newcomer.country or "", newcomer.zone)


async def give(tx: Transaction, telegram_id: int, role: Role, reach: Reach, term: Term, now: datetime) -> Member:
    """Give a member a role, audited as done by nobody in the network.

    Raises:
        Problem: they do not belong, hold it already, its reach is missing or does not fit, or the seat is taken.
    """
    member = await _belonging(tx, telegram_id)
    office = await _office(tx, role, reach)
    focal = role is Role.FOCAL_POINT
    if term.alternate and not focal:
        raise Problem("Only a focal point has an alternate.")
    taken = await members.seat(tx, office, alternate=term.alternate) if focal else None
    if taken is not None:
        raise Problem(f"M-{taken.member_id} holds this seat: take it from them first.")
    until = term.until or (now + TERM if focal else None)
    alternate = term.alternate if focal else None
    if not await members.give_role(tx, member.id, office, now, until=until, alternate=alternate):
        raise Problem(f"M-{member.id} holds this role already.")
    ends = {} if until is None else {"until": until.isoformat()}
    await audit.record(tx, Event.ROLE_GIVEN, now, actor=None, subject=member.id, **_facts(office), **ends)
    return member


async def take(tx: Transaction, telegram_id: int, role: Role, reach: Reach, now: datetime) -> Member:
    """Take a role from a member; without a reach, wherever they hold it.

    Raises:
        Problem: nobody has this account, they do not hold it, or they are the last administrator.
    """
    member = await _known(tx, telegram_id)
    held = [row for row in await members.held_roles(tx, [member.id]) if row.role is role]
    if not reach.everywhere:
        office = await _office(tx, role, reach)
        held = [row for row in held if _held(row) == office]
    if not held:
        raise Problem(f"M-{member.id} does not hold this role.")
    if role is Role.ADMINISTRATOR:
        await _keep_an_administrator(tx, member)
    for office in await members.take_roles(tx, member.id, [row.id for row in held]):
        await audit.record(tx, Event.ROLE_TAKEN, now, actor=None, subject=member.id, **_facts(office))
    return member


async def listed(tx: Transaction, states: Collection[MemberState], role: Role | None) -> list[dict[str, Any]]:
    """Return people in these states, and of them only who holds `role` if one is named."""
    found = await members.in_states(tx, states)
    held: dict[int, list[MemberRole]] = {}
    for row in await members.held_roles(tx):
        held.setdefault(row.member_id, []).append(row)
    if role is not None:
        found = [m for m in found if any(row.role is role for row in held.get(m.id, ()))]
    codes = {topic.id: topic.code for topic in await topics.everything(tx)}
    used = {m.organisation_id for m in found} | {row.organisation_id for rows in held.values() for row in rows}
    names = await members.organisation_names(tx, [number for number in used if number is not None])
    return [_line(m, held.get(m.id, ()), names, codes) for m in found]


def _line(m: Member, held: Collection[MemberRole], names: dict[int, str], codes: dict[int, str]) -> dict[str, Any]:
    return {
        "id": m.id,
        "telegram_id": m.telegram_id,
        "name": m.name,
        "organisation": names.get(m.organisation_id or 0),
        "country": m.country,
        "category": m.category,
        "state": m.state,
        "channel": m.channel,
        "joined": m.joined_at.isoformat() if m.joined_at else None,
        "roles": [
            {
                "role": row.role,
                "country": row.country,
                "organisation": names.get(row.organisation_id or 0),
                "topic": codes.get(row.topic_id or 0),
                "alternate": bool(row.alternate),
                "until": row.until.isoformat() if row.until else None,
            }
            for row in held
        ],
    }


async def _known(tx: Transaction, telegram_id: int) -> Member:
    known = await members.by_telegram(tx, telegram_id)
    member = None if known is None else await members.by_id(tx, known.id, lock=True)
    if member is None:
        raise Problem(f"Nobody here has the Telegram account {telegram_id}: `member add` first.")
    return member


async def _belonging(tx: Transaction, telegram_id: int) -> Member:
    member = await _known(tx, telegram_id)
    if member.state not in BELONGING:
        raise Problem(f"M-{member.id} is {member.state} and can hold no role.")
    return member


async def _office(tx: Transaction, role: Role, reach: Reach) -> Office:
    wanted = {Role.FOCAL_POINT: "one of --country and --organisation", Role.MODERATOR: "--topic"}.get(role)
    named = [name for name in ("country", "organisation", "topic") if getattr(reach, name) is not None]
    fits = {Role.FOCAL_POINT: (["country"], ["organisation"]), Role.MODERATOR: (["topic"],)}.get(role, ([],))
    if named not in fits:
        raise Problem(f"{role.capitalize()}: {wanted or 'no country, organisation or topic'} is needed.")
    return Office(role, await _topic(tx, reach), reach.country, await _organisation(tx, reach))


async def _topic(tx: Transaction, reach: Reach) -> int | None:
    if reach.topic is None:
        return None
    codes = {topic.code: topic.id for topic in await topics.everything(tx)}
    if reach.topic not in codes:
        raise Problem(f"There is no topic {reach.topic}; there are {', '.join(sorted(codes))}.")
    return codes[reach.topic]


async def _organisation(tx: Transaction, reach: Reach) -> int | None:
    if reach.organisation is None:
        return None
    number = await members.known_organisation(tx, reach.organisation)
    if number is None:
        raise Problem("No member named this organisation yet: check how it is written (`member list`).")
    return number


async def _keep_an_administrator(tx: Transaction, member: Member) -> None:
    try:
        await membership.keep_an_administrator(tx, member)
    except Refusal:
        raise Problem(f"M-{member.id} is the last administrator: give the role to somebody else first.") from None


def _held(row: MemberRole) -> Office:
    return Office(row.role, row.topic_id, row.country, row.organisation_id)


def _facts(office: Office) -> dict[str, Any]:
    reach = {"topic": office.topic_id, "country": office.country, "organisation": office.organisation_id}
    return {"role": office.role.value} | {name: value for name, value in reach.items() if value is not None}


def end_of(day: datetime | None, zone: str, now: datetime) -> datetime | None:
    """Return the moment at which a local day ends.

    Raises:
        Problem: it has ended.
    """
    if day is None:
        return None
    end = datetime.combine(day.date() + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    if end <= now:
        raise Problem(f"{day.date()} has passed.")
    return end
