"""What is kept about a person, as a copy for them, and its erasure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Table, delete, exists, or_, select, update

from storage import dialogues, inbox, members, membership, nominations
from storage.database import Base, Transaction
from storage.members import Channel, Member, MemberState, Night, Organisation
from storage.membership import Step
from storage.outbox import OutboxRow, says
from storage.refusals import Refusal

Rows = list[dict[str, Any]]

_ERASED_WITH_A_PERSON = (
    "consent", "subscription", "topic_request", "application", "application_remark", "vouch", "objection",
    "digest_schedule", "digest", "directory_entry", "directory_lookup", "group_member", "report", "review", "mute",
    "post", "document_mark", "document_flag", "document_audience", "mail_address",
    "announcement_remark", "announcement_guess",
)  # fmt: skip
_OWNER = "member_id"
_WRITER = {
    "nomination": "by_id", "desk_item": "author_id", "announcement": "author_id", "announcement_revision": "author_id",
}  # fmt: skip
"""Who wrote something: the nominee, or whoever decided on a contribution or a release, reads nothing of it."""
_OF_OTHERS = frozenset(
    {
        "token",
        "label",
        "url",
        "url_key",
        "archive_url",
        "shared_by",
        "owner_id",
        "successor_id",
        "frozen_at",
        "hidden_at",
    }
)
"""What others may have made of a document since, and who no longer sees it is not told."""
_UNTOLD = {
    ("introduction", "asker_id"): frozenset({"target_id", "state", "answered_at", "bars"}),
    ("review", "member_id"): frozenset({"decided_by"}),
    ("mute", "member_id"): frozenset({"by_id", "lifted_by"}),
    ("desk_item", "author_id"): frozenset({"decided_by"}),
    ("mail_address", "member_id"): frozenset({"code"}),
    ("breach", "member_id"): frozenset({"decided_by"}),
    ("document", "shared_by"): _OF_OTHERS,
    ("document", "owner_id"): _OF_OTHERS,
}
"""What a copy leaves out, by the table and how it points at the person: how somebody else answered is theirs, and what
a code was would prove an address without a look into its mailbox."""
CLOSED_FOR = timedelta(days=30)
LEFT_FOR = timedelta(days=90)


async def copy_of(tx: Transaction, member_id: int) -> dict[str, Rows]:
    """Return every row that is about a person, by table; found through the schema, so that none is forgotten.

    Of a row that is about somebody else (an application that the person decided) only its number and part are told.
    """
    found: dict[str, Rows] = {}
    for table in Base.metadata.sorted_tables:
        for column in _pointing_at_members(table):
            owned = _WRITER.get(table.name, _OWNER)
            whole = column.name in ("id", owned) or owned not in table.columns
            untold = _UNTOLD.get((table.name, column.name), frozenset())
            told = [c for c in table.columns if c.name not in untold]
            shown = select(*told) if whole else select(table.c.id, column)
            # By number: where a row lies in the database would tell that somebody changed it meanwhile.
            ordered = shown.where(column == member_id).order_by(*table.primary_key.columns)
            rows = [dict(row) for row in (await tx.execute(ordered)).mappings()]
            there = found.setdefault(table.name, [])
            known = {repr(row) for row in there}  # who shared a document mostly owns it too
            there.extend(row for row in rows if repr(row) not in known)
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
    """End a membership at the member's own wish. Refusals: `privacy:no-member`, `membership:last-administrator`."""
    member = await _held(tx, member_id)
    if member.state not in membership.TRANSITIONS[Step.LEFT].sources:
        raise Refusal("privacy:no-member")
    await membership.move(tx, member, Step.LEFT, now, by=member_id)


async def erase(tx: Transaction, member_id: int, now: datetime) -> None:
    """Erase a person: names, account and choices go; the audit log keeps a number without a name.

    Refusal: `membership:last-administrator`.
    """
    member = await _held(tx, member_id)
    await membership.move(tx, member, Step.ERASED, now, by=member_id)
    await dialogues.end(tx, member_id)
    await tx.execute(delete(OutboxRow).where(OutboxRow.member_id == member_id))
    remarks = (OutboxRow.notice == "document:comment", says("by", member_id))
    await tx.execute(delete(OutboxRow).where(*remarks))  # their words, on the way to somebody else
    await membership.clear(tx, _ERASED_WITH_A_PERSON, member_id)
    await nominations.forget(tx, member_id)
    wishes = Base.metadata.tables["introduction"]
    await tx.execute(delete(wishes).where(or_(wishes.c.asker_id == member_id, wishes.c.target_id == member_id)))
    breaches = Base.metadata.tables["breach"]  # the cases stay: what they froze is not released by an erasure
    told = update(breaches).where(breaches.c.member_id == member_id)
    await tx.execute(told.values(member_id=None, words=None))
    await _leave_to_the_house(tx, member_id)
    if member.telegram_id is not None:
        await inbox.erase_person(tx, member.telegram_id)
    organisation_id = member.organisation_id
    await tx.flush()
    await tx.execute(update(Member).where(Member.id == member_id).values(_NOBODY))
    tx.expire(member)
    if organisation_id is not None:
        await _drop_unused(tx, organisation_id)


async def _leave_to_the_house(tx: Transaction, member_id: int) -> None:
    """Let what a digest carries of a person stay, as their organisation's (R-11); what no editor accepted goes."""
    desk = Base.metadata.tables["desk_item"]
    mine = desk.c.author_id == member_id
    await tx.execute(delete(desk).where(mine, desk.c.state != "accepted"))
    await tx.execute(update(desk).where(mine).values(author_id=None))


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
    "state_reason": None,
    "email": None,
    "validated_at": None,
    "reminded_at": None,
    "vouches_from": None,
    "last_seen_at": None,
    "terms_version": None,
    "terms_due_at": None,
    "read_only": False,
    "night": Night.HOLD,
    "quiet_from": "21:00",
    "quiet_until": "08:00",
    "channel": Channel.TELEGRAM,
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
    unsuccessful = application.c.state.in_(["declined", "withdrawn", "lapsed"])
    await tx.execute(delete(application).where(closed, unsuccessful))
    await nominations.drop_old(tx, now - CLOSED_FOR)
    gone = select(Member.id).where(Member.state == MemberState.LEFT, Member.state_since < now - LEFT_FOR)
    for member_id in await tx.scalars(gone):
        await erase(tx, member_id, now)


async def _held(tx: Transaction, member_id: int) -> Member:
    member = await members.by_id(tx, member_id, lock=True)
    if member is None:
        raise Refusal("access:denied")
    return member
