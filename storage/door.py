"""The door: who may be in which group of the network, who is let in, and who is shown out again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from storage import access, audit, errands, groups, members, mutes, removals, topics
from storage.access import Viewer
from storage.database import Transaction
from storage.errands import ErrandKind
from storage.groups import BoundGroup, GroupMember
from storage.members import BELONGING, Member, MemberState
from storage.outbox import Promise, promise
from storage.topics import Topic

SUSPECTS = 1000
"""How many people are looked for in one group at one sweep."""


class Way(StrEnum):
    """How somebody came to be inside a group."""

    REQUEST = "request"
    ADDED = "added"
    LINK = "link"
    FOLDER = "folder"
    APPROVED = "approved"
    SEEN = "seen"
    SWEPT = "swept"


@dataclass(frozen=True)
class Knock:
    """A request to join: who asks (and in which private chat they can be told), and by which link of the bot."""

    telegram_id: int
    chat_id: int
    link: str | None = None


async def entitled(tx: Transaction, group: BoundGroup, viewer: Viewer) -> bool:
    """Tell whether somebody may be inside a group: a member, and of a topic's own group one who reads the topic."""
    if not viewer.active:
        return False
    if group.topic_id is None:
        return True
    topic = await tx.get(Topic, group.topic_id)
    level = (await topics.levels(tx, viewer.id)).get(group.topic_id)
    return topic is not None and topics.reads(viewer, topic, level)


async def knock(tx: Transaction, group: BoundGroup, viewer: Viewer, knocked: Knock, now: datetime) -> bool:
    """Answer a request to join: let the entitled in, tell everybody else why not. Return whether they are let in.

    Until the request is answered Telegram lets the bot write to a stranger, so the message goes first.
    """
    asked = {"user_id": knocked.telegram_id}
    admitted = await entitled(tx, group, viewer)
    if admitted:
        await errands.send(tx, ErrandKind.ADMIT, group.chat_id, asked, now)
    else:
        key = f"door:{group.id}:{viewer.id}:{now.isoformat()}"
        told = Promise(viewer.id, "door:declined", {"group": group.id}, key=key, chat_id=knocked.chat_id)
        await promise(tx, [told], now)
        await errands.send(tx, ErrandKind.DECLINE, group.chat_id, asked, now, after=key)
    if knocked.link is not None and admitted:
        await errands.send(tx, ErrandKind.REVOKE, group.chat_id, {"invite_link": knocked.link}, now)
    return admitted


async def arrived(
    tx: Transaction, group: BoundGroup, telegram_id: int, way: Way, now: datetime, *, by: int | None = None
) -> bool:
    """Somebody is inside a group: note the entitled, and remove everybody else. Return whether they may stay.

    `by` is the Telegram number of who let them in, where that is known. Staff are told of each intruder once.
    """
    member = await members.by_telegram(tx, telegram_id)
    if member is not None:
        held = await members.offices(tx, [member.id])
        if await entitled(tx, group, access.viewer_of(member, held[member.id])):
            new = await groups.presence.came(tx, group.id, member.id, now)
            if new or way is Way.SEEN:  # a muted one who speaks is not restricted there yet
                await mutes.keep(tx, group, member, now)
            return True
    if await removals.of_intruder(tx, group, telegram_id, now, member_id=member.id if member else None):
        await _tell(tx, group, member, telegram_id, way, now, by)
    return False


async def _tell(
    tx: Transaction, group: BoundGroup, member: Member | None, telegram_id: int, way: Way, now: datetime, by: int | None
) -> None:
    host = await members.by_telegram(tx, by) if by is not None else None
    subject = member.id if member is not None else None
    facts = {"group": group.id, "way": way.value, "member": subject, "by": host.id if host else None}
    await audit.record(
        tx, audit.Event.GROUP_INTRUDER, now, actor=host.id if host else None, subject=subject, chat=group.chat_id,
        way=way.value,
    )  # fmt: skip
    key = f"intruder:{group.id}:{telegram_id}:{now.isoformat()}"
    await groups.tell_staff(tx, "door:intruder", facts, now, key=key)


async def gone(tx: Transaction, group: BoundGroup, telegram_id: int) -> None:
    """Note that somebody is out of a group."""
    member = await members.by_telegram(tx, telegram_id)
    if member is not None:
        await groups.presence.went(tx, group.id, member.id)


async def unmet(tx: Transaction, group: BoundGroup) -> list[int]:
    """Return the Telegram numbers of members who might be inside a group without the bot's having met them there."""
    inside = select(GroupMember.member_id).where(GroupMember.group_id == group.id)
    unknown = select(Member.telegram_id).where(Member.state.in_(BELONGING), Member.id.not_in(inside))
    found = await tx.scalars(unknown.where(Member.telegram_id.is_not(None)).order_by(Member.id).limit(SUSPECTS))
    return [telegram_id for telegram_id in found if telegram_id is not None]


async def suspects(tx: Transaction, group: BoundGroup) -> list[int]:
    """Return the Telegram numbers of people who might be inside a group and must not be: a sweep looks for them.

    These are whom the bot knows to be inside and who lost their right since, and everybody it has met who is no member.
    """
    inside = select(GroupMember.member_id).where(GroupMember.group_id == group.id)
    known = (await tx.scalars(select(Member).where(Member.id.in_(inside)))).all()
    outside = select(Member).where(Member.state.not_in(BELONGING), Member.state != MemberState.ERASED)
    strangers = await tx.scalars(outside.order_by(Member.id.desc()).limit(SUSPECTS))
    held = await members.offices(tx, [m.id for m in known])
    lost = [m for m in known if not await entitled(tx, group, access.viewer_of(m, held[m.id]))]
    found = {m.id: m.telegram_id for m in [*lost, *strangers.all()]}
    return [telegram_id for telegram_id in found.values() if telegram_id is not None]
