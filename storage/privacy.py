"""What is kept about a person, as a copy for them, and its erasure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Table, delete, exists, func, select, update

from storage import audit, dialogues, inbox, members
from storage.audit import AuditRow
from storage.database import Base, Transaction
from storage.members import Member, MemberState, Organisation, Role
from storage.outbox import OutboxRow
from storage.refusals import Refusal

Rows = list[dict[str, Any]]

_ENDED_WITH_A_MEMBERSHIP = {"subscription", "digest_schedule"}
_ERASED_WITH_A_PERSON = {"consent", "subscription", "topic_request", "application", "digest_schedule", "digest"}
_OWNER = "member_id"
CLOSED_FOR = timedelta(days=30)
LEFT_FOR = timedelta(days=90)


async def copy_of(tx: Transaction, member_id: int) -> dict[str, Rows]:
    """Return every row that is about a person, by table; found through the schema, so that none is forgotten.

    Of a row that is about somebody else (an application that the person decided) only its number and part are told.
    """
    found: dict[str, Rows] = {}
    for table in Base.metadata.sorted_tables:
        for column in _pointing_at_members(table):
            whole = column.name in ("id", _OWNER) or _OWNER not in table.columns
            shown = select(table) if whole else select(table.c.id, column)
            rows = (await tx.execute(shown.where(column == member_id))).mappings()
            found.setdefault(table.name, []).extend(dict(row) for row in rows)
    member = await members.by_id(tx, member_id)
    if member is not None and member.organisation_id is not None:
        names = await members.organisation_names(tx, [member.organisation_id])
        found["organisation"] = [{"id": number, "name": name} for number, name in names.items()]
    if member is not None and member.telegram_id is not None:
        found["inbox"] = await inbox.of_person(tx, member.telegram_id)
    return {name: rows for name, rows in found.items() if rows}


def _pointing_at_members(table: Table) -> list[Column[Any]]:
    if table.name == Member.__tablename__:
        return [table.c.id]
    return [c for c in table.columns if any(key.column.table.name == Member.__tablename__ for key in c.foreign_keys)]


async def leave(tx: Transaction, member_id: int, now: datetime) -> None:
    """End a membership at the member's own wish. Refusals: `privacy:no-member`, `privacy:last-administrator`."""
    member = await _going(tx, member_id)
    if member.state not in (MemberState.ACTIVE, MemberState.SUSPENDED):
        raise Refusal("privacy:no-member")
    member.state = MemberState.LEFT
    await audit.record(tx, audit.Event.MEMBER_LEFT, now, actor=member_id, subject=member_id)
    await members.take_roles(tx, member_id)
    await dialogues.end(tx, member_id)
    await _clear(tx, _ENDED_WITH_A_MEMBERSHIP, member_id)


async def erase(tx: Transaction, member_id: int, now: datetime) -> None:
    """Erase a person: names, account and choices go; the audit log keeps a number without a name.

    Refusal: `privacy:last-administrator`.
    """
    member = await _going(tx, member_id)
    await audit.record(tx, audit.Event.MEMBER_ERASED, now, actor=member_id, subject=member_id)
    await members.take_roles(tx, member_id)
    await dialogues.end(tx, member_id)
    await tx.execute(delete(OutboxRow).where(OutboxRow.member_id == member_id))
    await _clear(tx, _ERASED_WITH_A_PERSON, member_id)
    if member.telegram_id is not None:
        await inbox.erase_person(tx, member.telegram_id)
    organisation_id = member.organisation_id
    await tx.execute(update(Member).where(Member.id == member_id).values(_NOBODY))
    tx.expire(member)
    if organisation_id is not None:
        await _drop_unused(tx, organisation_id)


_NOBODY: dict[str, Any] = {
    "telegram_id": None,
    "name": None,
    "organisation_id": None,
    "category": None,
    "country": None,
    "language": "en",
    "language_chosen": False,
    "zone": "UTC",
    "joined_at": None,
    "unreachable_since": None,
    "state": MemberState.ERASED,
}


async def _drop_unused(tx: Transaction, organisation_id: int) -> None:
    """Delete an organisation that nobody and nothing belongs to any more: its name could name its only person."""
    keys = (c for t in Base.metadata.sorted_tables for c in t.columns if _points_at_organisations(c))
    used = [exists().where(column == organisation_id) for column in keys]
    await tx.execute(delete(Organisation).where(Organisation.id == organisation_id, *(~use for use in used)))


def _points_at_organisations(column: Column[Any]) -> bool:
    return any(key.column.table.name == Organisation.__tablename__ for key in column.foreign_keys)


async def forget(tx: Transaction, now: datetime) -> None:
    """Keep what the privacy notice promises: drop closed applications and people who left, each after its time."""
    application = Base.metadata.tables["application"]
    closed = application.c.decided_at < now - CLOSED_FOR
    unsuccessful = application.c.state.in_(["declined", "withdrawn"])
    await tx.execute(delete(application).where(closed, unsuccessful))
    left = select(AuditRow.subject_id).where(AuditRow.event == audit.Event.MEMBER_LEFT).group_by(AuditRow.subject_id)
    long_ago = left.having(func.max(AuditRow.at) < now - LEFT_FOR)
    gone = select(Member.id).where(Member.id.in_(long_ago), Member.state == MemberState.LEFT)
    for member_id in await tx.scalars(gone):
        await erase(tx, member_id, now)


async def _clear(tx: Transaction, names: Collection[str], member_id: int) -> None:
    for table in Base.metadata.sorted_tables:
        if table.name in names:
            await tx.execute(delete(table).where(table.c.member_id == member_id))


async def _going(tx: Transaction, member_id: int) -> Member:
    # All administrators are held first: of the last two who go at once, one stays.
    administrators = [m.id for m in await members.holders(tx, Role.ADMINISTRATOR, lock=True)]
    member = await members.by_id(tx, member_id, lock=True)
    if member is None:
        raise Refusal("access:denied")
    if administrators == [member_id]:
        raise Refusal("privacy:last-administrator")
    return member
