"""The report of an announcement: one line for each of its frozen recipients, nobody left out and nobody twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage.access import Viewer
from storage.announcements.poll import Poll
from storage.announcements.tables import Announcement, Recipient, by_id
from storage.database import Transaction
from storage.members import Member, Organisation
from storage.outbox import OutboxState


@dataclass(frozen=True)
class ReportLine:
    """How it ended for one recipient, and what they did; `name` is None where somebody was erased.

    `vote` are the options that they chose, empty where the poll is anonymous.
    """

    name: str | None
    organisation: str | None
    country: str | None
    language: str
    state: OutboxState
    reason: str | None
    ended_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_version: int | None
    reminders: int
    vote: tuple[str, ...] = ()


async def report_of(tx: Transaction, viewer: Viewer, announcement_id: int) -> tuple[Announcement, list[ReportLine]]:
    """Return an announcement and the lines of its report, sorted by country, organisation and name."""
    row = await by_id(tx, viewer, announcement_id)
    facts = select(
        Member.name, Organisation.name, Member.country, Member.language, Recipient.state, Recipient.reason,
        Recipient.settled_at, Recipient.acknowledged_at, Recipient.acknowledged_version, Recipient.reminders,
        Recipient.vote,
    ).select_from(Recipient)  # fmt: skip
    joined = facts.join(Member, Member.id == Recipient.member_id).outerjoin(
        Organisation, Organisation.id == Member.organisation_id
    )
    mine = joined.where(Recipient.announcement_id == row.id)
    poll = None if row.poll is None else Poll.of(row.poll)
    rows: Any = await tx.execute(mine.order_by(Member.country, Organisation.name, Member.name, Member.id))
    return row, [_line(found, poll) for found in rows]


def _line(found: Any, poll: Poll | None) -> ReportLine:
    *facts, vote = found
    told: tuple[Any, ...] = (*facts, _named(poll, vote))
    return ReportLine(*told)


def _named(poll: Poll | None, vote: list[int] | None) -> tuple[str, ...]:
    if poll is None or poll.anonymous:
        return ()
    return tuple(poll.options[n] for n in vote or () if n < len(poll.options))
