"""Threads: each topic that is open to all has one in every forum of the network, kept in step with the topic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage import errands
from storage.database import Transaction
from storage.errands import Errand, ErrandKind, ErrandState
from storage.groups.binding import everyone, tell_staff
from storage.groups.tables import BoundGroup, Thread

LONGEST_NAME = 128


async def forums(tx: Transaction) -> list[BoundGroup]:
    """Return the forums of the whole network."""
    return [group for group in await everyone(tx) if group.forum and group.topic_id is None]


async def open_in(
    tx: Transaction, group: BoundGroup, topic_id: int, name: str, color: int | None, now: datetime
) -> None:
    """Give a topic its thread in a forum: a new one, or the one it had."""
    row = await tx.scalar(select(Thread).where(Thread.group_id == group.id, Thread.topic_id == topic_id))
    if row is None:
        row = Thread(group_id=group.id, topic_id=topic_id, name=name[:LONGEST_NAME], closed=False, asked_at=now)
        tx.add(row)
        await tx.flush()
    if row.thread_id is None or row.problem is not None:
        row.thread_id, row.problem, row.asked_at = None, None, now
        facts: dict[str, Any] = {"thread": row.id, "name": row.name} | ({"icon_color": color} if color else {})
        await errands.send(tx, ErrandKind.OPEN_THREAD, group.chat_id, facts, now)
    elif row.closed:
        await set_closed(tx, topic_id, now, closed=False)


async def rename(tx: Transaction, topic_id: int, name: str, now: datetime) -> None:
    """Let a topic's threads bear its new name."""
    for row, group in await of_topic(tx, topic_id):
        if row.name != name[:LONGEST_NAME]:
            row.name = name[:LONGEST_NAME]
            await _tell(tx, ErrandKind.NAME_THREAD, row, group, now, name=row.name)


async def set_closed(tx: Transaction, topic_id: int, now: datetime, *, closed: bool) -> None:
    """Close or reopen a topic's threads."""
    for row, group in await of_topic(tx, topic_id):
        if row.closed is not closed:
            row.closed = closed
            await _tell(tx, ErrandKind.CLOSE_THREAD if closed else ErrandKind.REOPEN_THREAD, row, group, now)


async def put_right(tx: Transaction, row: Thread, group: BoundGroup, now: datetime, *, closed: bool) -> None:
    """Undo what somebody did to a thread who may not."""
    await _tell(tx, ErrandKind.CLOSE_THREAD if closed else ErrandKind.REOPEN_THREAD, row, group, now)


async def _tell(
    tx: Transaction, kind: ErrandKind, row: Thread, group: BoundGroup, now: datetime, **facts: object
) -> None:
    if row.thread_id is not None:
        where = {"thread": row.id, "message_thread_id": row.thread_id}
        await errands.send(tx, kind, group.chat_id, {**where, **facts}, now)


async def part(tx: Transaction, topic_id: int, now: datetime) -> None:
    """Take a topic out of the forums: its threads are closed there and are no longer its own."""
    await set_closed(tx, topic_id, now, closed=True)
    for row, _ in await of_topic(tx, topic_id):
        await tx.delete(row)
    await tx.flush()


async def of_topic(tx: Transaction, topic_id: int) -> list[tuple[Thread, BoundGroup]]:
    """Return a topic's threads, with the forums they are in."""
    joined = select(Thread, BoundGroup).join(BoundGroup, BoundGroup.id == Thread.group_id)
    found = await tx.execute(joined.where(Thread.topic_id == topic_id, BoundGroup.lost_at.is_(None)))
    return [(row[0], row[1]) for row in found]


async def in_chat(tx: Transaction, group: BoundGroup, thread_id: int) -> Thread | None:
    """Return the thread with Telegram's number in a forum, if it is a topic's."""
    return await tx.scalar(select(Thread).where(Thread.group_id == group.id, Thread.thread_id == thread_id))


async def broken(tx: Transaction, row: Thread, problem: str, now: datetime) -> None:
    """Note that nothing can be posted to a thread, and tell administrators once."""
    if row.problem is None:
        row.problem = problem
        key = f"thread:{row.id}:{now.isoformat()}"
        await tell_staff(tx, "group:thread", {"thread": row.id, "problem": problem}, now, key=key)


async def made(tx: Transaction, group: BoundGroup, name: str, thread_id: int, now: datetime) -> None:
    """Note a thread that the bot has made, by its name, where the answer that told its number was lost."""
    waiting = (Thread.group_id == group.id, Thread.name == name, Thread.thread_id.is_(None))
    row = await tx.scalar(select(Thread).where(*waiting).with_for_update())
    if row is None:
        return
    row.thread_id, row.problem = thread_id, None
    for errand in await errands.of_kind(tx, ErrandKind.OPEN_THREAD, group.chat_id):
        if errand.facts.get("thread") == row.id:
            await errands.settle(tx, errand.id, now)


async def settle(tx: Transaction, errand: Errand, made: int | None, now: datetime) -> None:
    """Note what became of an errand about a thread: `made` is the number of the one that was opened."""
    row = await tx.get(Thread, errand.facts.get("thread", 0), with_for_update=True)
    if row is None:
        return
    if errand.state is ErrandState.DONE and made is not None:
        row.thread_id, row.problem = made, None
    elif errand.state is ErrandState.FAILED:
        await broken(tx, row, errand.reason or "", now)
