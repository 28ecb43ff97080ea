"""Binding: chats become the network's, are given to a topic, lose rights, and are lost; staff are told what stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from storage import access, audit, errands, members
from storage.access import Action, Viewer
from storage.database import Transaction, wake
from storage.groups.tables import BoundGroup, GroupKind, GroupMember, Thread
from storage.members import Role
from storage.outbox import OutboxRow, Promise, promise
from storage.refusals import Refusal


@dataclass(frozen=True)
class Chat:
    """A chat as Telegram tells of it."""

    chat_id: int
    title: str
    kind: GroupKind
    forum: bool = False
    username: str | None = None


async def bind(tx: Transaction, viewer: Viewer, chat: Chat, now: datetime) -> BoundGroup:
    """Bind a chat; binding it again refreshes what is known of it, and finds one again that was lost."""
    access.require(viewer, Action.BIND_GROUP)
    row = await tx.scalar(select(BoundGroup).where(BoundGroup.chat_id == chat.chat_id).with_for_update())
    new = row is None or row.lost_at is not None
    if row is None:
        row = BoundGroup(chat_id=chat.chat_id, title=chat.title, bound_by=viewer.id, bound_at=now, missing=[])
        tx.add(row)
    row.title, row.kind, row.forum, row.username, row.lost_at = chat.title, chat.kind, chat.forum, chat.username, None
    await tx.flush()
    if new:
        await audit.record(tx, audit.Event.GROUP_BOUND, now, actor=viewer.id, chat=chat.chat_id)
        wake(tx, "staff")  # its administrators get their list of commands
    return row


async def unbind(tx: Transaction, viewer: Viewer, group_id: int, now: datetime) -> None:
    """Let a chat go: the bot leaves it. Refusal: `group:unknown`."""
    access.require(viewer, Action.BIND_GROUP)
    row = await by_id(tx, group_id)
    await errands.send(tx, errands.ErrandKind.LEAVE, row.chat_id, {}, now)
    await _lose(tx, row, now, by=viewer.id)


async def lose(tx: Transaction, chat_id: int, now: datetime) -> None:
    """Note that the bot is no longer in a chat, and tell administrators what stops working by that."""
    row = await by_chat(tx, chat_id)
    if row is None:
        return
    await _lose(tx, row, now, by=None)
    await tell_staff(tx, "group:lost", {"group": row.id}, now, key=f"group:{row.id}:lost:{now.isoformat()}")


async def _lose(tx: Transaction, row: BoundGroup, now: datetime, *, by: int | None) -> None:
    row.lost_at, row.missing, row.strangers = now, [], None
    await tx.execute(delete(GroupMember).where(GroupMember.group_id == row.id))
    await audit.record(tx, audit.Event.GROUP_LOST, now, actor=by, chat=row.chat_id)
    wake(tx, "staff")


async def note_rights(tx: Transaction, group: BoundGroup, missing: Sequence[str], now: datetime) -> None:
    """Note which rights the bot lacks in a group, and tell administrators once of each that it has lost."""
    lost = sorted(set(missing) - set(group.missing))
    group.missing = sorted(missing)
    if lost:
        key = f"group:{group.id}:rights:{now.isoformat()}"
        await tell_staff(tx, "group:rights", {"group": group.id, "rights": lost}, now, key=key)


async def tell_staff(tx: Transaction, notice: str, facts: dict[str, Any], now: datetime, *, key: str) -> None:
    """Tell all administrators something once."""
    told = await members.holders(tx, Role.ADMINISTRATOR)
    await promise(tx, [Promise(m.id, notice, facts, key=f"{key}:{m.id}"[:120]) for m in told], now)


async def everyone(tx: Transaction) -> list[BoundGroup]:
    """Return all chats of the network."""
    return list(await tx.scalars(select(BoundGroup).where(BoundGroup.lost_at.is_(None)).order_by(BoundGroup.id)))


async def bound(tx: Transaction) -> list[int]:
    """Return the chat ids of all groups of the network in which people talk."""
    return [group.chat_id for group in await everyone(tx) if group.kind is not GroupKind.CHANNEL]


async def by_chat(tx: Transaction, chat_id: int) -> BoundGroup | None:
    """Return the bound chat with Telegram's number, if it is the network's."""
    return await tx.scalar(select(BoundGroup).where(BoundGroup.chat_id == chat_id, BoundGroup.lost_at.is_(None)))


async def by_id(tx: Transaction, group_id: int) -> BoundGroup:
    """Return a chat of the network. Refusal: `group:unknown`."""
    row = await tx.get(BoundGroup, group_id, with_for_update=True)
    if row is None or row.lost_at is not None:
        raise Refusal("group:unknown")
    return row


async def is_bound(tx: Transaction, chat_id: int) -> bool:
    """Tell whether a chat belongs to the network."""
    return await by_chat(tx, chat_id) is not None


async def migrate(tx: Transaction, old: int, new: int) -> None:
    """Let every reference follow a group that became a supergroup; doing it twice, in either order, changes nothing."""
    before = await tx.scalar(select(BoundGroup).where(BoundGroup.chat_id == old).with_for_update())
    after = await tx.scalar(select(BoundGroup).where(BoundGroup.chat_id == new).with_for_update())
    if before is not None and after is not None:
        await _merge(tx, before, after)
    elif before is not None:
        before.chat_id, before.kind = new, GroupKind.SUPERGROUP
    await tx.flush()
    await tx.execute(update(OutboxRow).where(OutboxRow.chat_id == old).values(chat_id=new))
    await errands.migrate(tx, old, new)


async def _merge(tx: Transaction, old: BoundGroup, new: BoundGroup) -> None:
    new.topic_id = new.topic_id or old.topic_id
    inside = select(GroupMember.member_id).where(GroupMember.group_id == new.id)
    moved = update(GroupMember).where(GroupMember.group_id == old.id, GroupMember.member_id.not_in(inside))
    await tx.execute(moved.values(group_id=new.id).execution_options(synchronize_session=False))
    await tx.execute(update(Thread).where(Thread.group_id == old.id).values(group_id=new.id))
    await tx.delete(old)
