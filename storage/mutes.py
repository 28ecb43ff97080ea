"""Mutes: a member who may say nothing for a time, neither to the bot's topics nor in the groups."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, audit, errands, groups, members
from storage.access import Viewer
from storage.database import Base, Moment, Transaction
from storage.errands import Errand, ErrandKind, ErrandState
from storage.groups import BoundGroup, GroupKind
from storage.members import Member
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal

KEEP = timedelta(days=90)
SHORTEST = errands.PATIENCE + timedelta(minutes=1)
"""A restriction that ends when it is made lasts for ever in Telegram: what is left of a mute must outlast an errand."""
_SENDS = tuple(
    f"can_send_{kind}"
    for kind in (
        "messages", "audios", "documents", "photos", "videos", "video_notes", "voice_notes", "polls", "other_messages",
    )
)  # fmt: skip
_ELSE = (
    "can_add_web_page_previews", "can_react_to_messages", "can_change_info", "can_invite_users", "can_pin_messages",
    "can_manage_topics",
)  # fmt: skip
"""What a mute leaves as the group has it for everybody."""


class Mute(Base):
    """One member's silence until a moment, or until it was lifted; who keeps the topic `topic_id` may lift it.

    `reason` is a code, for the one who is muted and for the log.
    """

    __tablename__ = "mute"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    reason: Mapped[str] = mapped_column(String(40))
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))


async def muted_until(tx: Transaction, member_id: int, now: datetime) -> datetime | None:
    """Return until when a member may say nothing; None where they may speak."""
    standing = (Mute.member_id == member_id, Mute.lifted_at.is_(None), Mute.until > now)
    return await tx.scalar(select(func.max(Mute.until)).where(*standing))


async def require_voice(tx: Transaction, member_id: int, now: datetime) -> None:
    """Refuse with `post:muted` (until when) whoever is muted."""
    until = await muted_until(tx, member_id, now)
    if until is not None:
        raise Refusal("post:muted", until=until)


async def mute(
    tx: Transaction, member: Member, topic_id: int, until: datetime, reason: str, now: datetime, *, by: int
) -> Mute:
    """Let a member say nothing until a moment, here and in every supergroup where they are known to be."""
    row = Mute(member_id=member.id, topic_id=topic_id, reason=reason, by_id=by, at=now, until=until)
    tx.add(row)
    await tx.flush()
    event = audit.Event.MEMBER_MUTED
    await audit.record(tx, event, now, actor=by, subject=member.id, reason=reason, until=until.isoformat())
    longest = await muted_until(tx, member.id, now)
    for group in await _of(tx, member):
        await _restrict(tx, group, member, longest or until, now, mute_id=row.id)
    return row


async def lift(tx: Transaction, viewer: Viewer, mute_id: int, now: datetime) -> Mute:
    """Let a muted member speak again; they are told. Refusals: `mute:unknown`, `mute:over`."""
    row = await tx.get(Mute, mute_id, with_for_update=True)
    if row is None or row.member_id == viewer.id or not access.moderates(viewer, row.topic_id):
        raise Refusal("mute:unknown")
    if row.lifted_at is not None or row.until <= now:
        raise Refusal("mute:over")
    row.lifted_at, row.lifted_by = now, viewer.id
    await audit.record(tx, audit.Event.MEMBER_UNMUTED, now, actor=viewer.id, subject=row.member_id)
    await tx.flush()
    member, still = await members.by_id(tx, row.member_id), await muted_until(tx, row.member_id, now)
    for group in await _of(tx, member):
        await _restrict(tx, group, member, still, now, mute_id=row.id)
    if still is None:
        await promise(tx, [Promise(row.member_id, "mute:lifted", {"mute": row.id})], now)
    return row


async def keep(tx: Transaction, group: BoundGroup, member: Member, now: datetime) -> None:
    """Restrict a muted member in a group to which they have come, or in which they could still speak."""
    until = await muted_until(tx, member.id, now)
    if until is not None:
        mine = select(func.max(Mute.id)).where(Mute.member_id == member.id)
        await _restrict(tx, group, member, until, now, mute_id=await tx.scalar(mine))


async def standing(tx: Transaction, viewer: Viewer, first: int | None, size: int, now: datetime) -> Page[Mute]:
    """Return a page of the mutes that `viewer` could lift."""
    mine = select(Mute).where(Mute.lifted_at.is_(None), Mute.until > now, Mute.member_id != viewer.id)
    return await page(tx, mine.where(access.moderated(viewer, Mute.topic_id)), (Mute.id,), first, size)


async def _of(tx: Transaction, member: Member | None) -> list[BoundGroup]:
    inside = await groups.presence.of_member(tx, member.id) if member is not None else set()
    return [group for group in await groups.everyone(tx) if group.id in inside]


async def _restrict(
    tx: Transaction, group: BoundGroup, member: Member | None, until: datetime | None, now: datetime, *, mute_id: Any
) -> None:
    """Restrict somebody until a moment, or (None) give everything back; basic groups and channels know no such thing.

    What is left of a mute may be too short for that: what they say then is deleted as it comes.
    """
    account = member.telegram_id if member is not None else None
    if account is None or group.kind is not GroupKind.SUPERGROUP or (until is not None and until < now + SHORTEST):
        return
    permissions = {**dict.fromkeys(_SENDS, until is None), **dict.fromkeys(_ELSE, True)}
    facts: dict[str, Any] = {"mute": mute_id, "user_id": account, "permissions": permissions}
    facts |= {"use_independent_chat_permissions": True}
    facts |= {"until_date": int(until.timestamp())} if until is not None else {}
    await errands.send(tx, ErrandKind.RESTRICT, group.chat_id, facts, now)


async def settle(tx: Transaction, errand: Errand, now: datetime) -> None:
    """Tell administrators of a restriction that failed, once for each mute and group."""
    row = await tx.get(Mute, errand.facts.get("mute") or 0)
    group = await groups.by_chat(tx, errand.chat_id)
    if row is None or group is None or errand.state is not ErrandState.FAILED:
        return
    lifted = "until_date" not in errand.facts
    facts = {"mute": row.id, "group": group.id, "problem": errand.reason or "–", "lifted": lifted}
    await groups.tell_staff(tx, "mute:failed", facts, now, key=f"mute:{row.id}:{group.id}:{lifted}")


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop mutes that ended more than `KEEP` ago."""
    await tx.execute(delete(Mute).where(Mute.until < now - KEEP))
