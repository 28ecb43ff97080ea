"""What is kept about a person, as a copy for them, and its erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select, update

from storage import audit, members
from storage.database import Base, Transaction
from storage.dialogues import DialogueRow
from storage.members import Member, MemberState, Role
from storage.outbox import OutboxRow
from storage.refusals import Refusal

_OWN = {"member_id", "author_id", "shared_by", "subject_id", "reviewer_id"}


async def copy_of(tx: Transaction, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return every row that is about a person, by table; found through the schema, so that none is forgotten."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in Base.metadata.sorted_tables:
        about = [
            column
            for column in table.columns
            if column.name in _OWN or (table.name == "member" and column.name == "id")
        ]
        for column in about:
            rows = await tx.execute(select(table).where(column == member_id))
            found.setdefault(table.name, []).extend(dict(row) for row in rows.mappings())
    return {name: rows for name, rows in found.items() if rows}


async def leave(tx: Transaction, member_id: int) -> None:
    """End a membership at the member's own wish. Refusal: `privacy:last-administrator`."""
    member = await _going(tx, member_id)
    member.state = MemberState.LEFT
    await members.take_roles(tx, member_id)


async def erase(tx: Transaction, member_id: int, now: datetime) -> None:
    """Erase a person: names, account and choices go; the audit log keeps a number without a name.

    Refusal: `privacy:last-administrator`.
    """
    member = await _going(tx, member_id)
    await audit.record(tx, audit.Event.MEMBER_ERASED, now, actor=member_id, subject=member_id)
    await members.take_roles(tx, member_id)
    await tx.execute(delete(DialogueRow).where(DialogueRow.member_id == member_id))
    await tx.execute(delete(OutboxRow).where(OutboxRow.member_id == member_id))
    for name in ("subscription", "topic_request", "consent", "application", "digest_schedule", "digest"):
        table = Base.metadata.tables.get(name)
        if table is not None:
            await _clear(tx, table, member_id)
    await tx.execute(
        update(Member)
        .where(Member.id == member_id)
        .values(
            telegram_id=None, name=None, organisation_id=None, category=None, country=None, state=MemberState.ERASED
        )
    )
    tx.expire(member)


async def _clear(tx: Transaction, table: Table, member_id: int) -> None:
    await tx.execute(delete(table).where(table.c.member_id == member_id))


async def _going(tx: Transaction, member_id: int) -> Member:
    member = await members.by_id(tx, member_id, lock=True)
    if member is None:
        raise Refusal("access:denied")
    administrators = [m.id for m in await members.holders(tx, Role.ADMINISTRATOR)]
    if administrators == [member_id]:
        raise Refusal("privacy:last-administrator")
    return member
