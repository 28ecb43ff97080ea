"""The audit log: every staff act, in the transaction of the act, each row chained to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, Transaction

_START = "0" * 64
_AT_ONCE = 500
_LOCK = 7_311_402  # any number, the same in every process: PostgreSQL's advisory lock on the chain


class Event(StrEnum):
    """What can be audited, as `subject:action`."""

    ROLE_GIVEN = "role:given"
    ROLE_TAKEN = "role:taken"
    ROLE_EXPIRED = "role:expired"
    SEAT_HANDED_OVER = "seat:handed over"
    NOMINATION_MADE = "nomination:made"
    NOMINATION_REVOKED = "nomination:revoked"
    NOMINATION_USED = "nomination:used"
    APPLICATION_SUBMITTED = "application:submitted"
    APPLICATION_VOUCHED = "application:vouched"
    APPLICATION_OBJECTED = "application:objected"
    APPLICATION_OBJECTION_DISMISSED = "application:objection dismissed"
    APPLICATION_VETTED = "application:vetted"
    APPLICATION_CLAIMED = "application:claimed"
    APPLICATION_ASKED = "application:asked"
    APPLICATION_VOTED = "application:voted"
    APPLICATION_APPROVED = "application:approved"
    APPLICATION_DECLINED = "application:declined"
    APPLICATION_LAPSED = "application:lapsed"
    APPLICATION_WITHDRAWN = "application:withdrawn"
    MEMBER_ADDED = "member:added"
    MEMBER_INVITED = "member:invited"
    MEMBER_ACTIVATED = "member:activated"
    MEMBER_CHANGED_POST = "member:changed post"
    MEMBER_DUE = "member:due"
    MEMBER_VALIDATED = "member:validated"
    MEMBER_SOON_IDLE = "member:soon idle"
    MEMBER_IDLE = "member:idle"
    MEMBER_RETURNED = "member:returned"
    MEMBER_SUSPENDED = "member:suspended"
    MEMBER_REINSTATED = "member:reinstated"
    MEMBER_EXPIRED = "member:expired"
    MEMBER_OFFBOARDED = "member:offboarded"
    MEMBER_BLOCKED = "member:blocked"
    MEMBER_UNBLOCKED = "member:unblocked"
    MEMBER_MUTED = "member:muted"
    MEMBER_UNMUTED = "member:unmuted"
    MEMBER_LEFT = "member:left"
    MEMBER_ERASED = "member:erased"
    MEMBER_EMAIL_READ = "member:email read"
    TERMS_ACCEPTED = "terms:accepted"
    DIRECTORY_CHANGED = "directory:changed"
    INTRODUCTION_ASKED = "introduction:asked"
    INTRODUCTION_ANSWERED = "introduction:answered"
    GROUP_REMOVED_FROM = "group:removed from"
    DOCUMENT_SHARED = "document:shared"
    DOCUMENT_FROZEN = "document:frozen"
    DOCUMENT_RELEASED = "document:released"
    DOCUMENT_WITHDRAWN = "document:withdrawn"
    DOCUMENT_READDRESSED = "document:readdressed"
    DOCUMENT_ARCHIVED = "document:archived"
    DOCUMENT_MOVED = "document:moved"
    DOCUMENT_WORKS = "document:works"
    DOCUMENT_RETURNED = "document:returned"
    DOCUMENT_LABELLED = "document:labelled"
    DOCUMENT_REPLACED = "document:replaced"
    DOCUMENT_CHANGED = "document:changed"
    DOCUMENT_CONFIRMED = "document:confirmed"
    DOCUMENT_HANDED_OVER = "document:handed over"
    DOCUMENT_FLAGGED = "document:flagged"
    DOCUMENT_HIDDEN = "document:hidden"
    DOCUMENT_KEPT = "document:kept"
    ANNOUNCEMENT_SUBMITTED = "announcement:submitted"
    ANNOUNCEMENT_RELEASED = "announcement:released"
    ANNOUNCEMENT_RETURNED = "announcement:returned"
    ANNOUNCEMENT_CANCELLED = "announcement:cancelled"
    ANNOUNCEMENT_UNDONE = "announcement:undone"
    ANNOUNCEMENT_PAUSED = "announcement:paused"
    ANNOUNCEMENT_RESUMED = "announcement:resumed"
    ANNOUNCEMENT_CORRECTED = "announcement:corrected"
    ANNOUNCEMENT_RETRACTED = "announcement:retracted"
    ANNOUNCEMENT_ANSWERED = "announcement:answered"
    AUDIENCE_LIST_KEPT = "announcement:list-kept"
    AUDIENCE_LIST_DROPPED = "announcement:list-dropped"
    GROUP_BOUND = "group:bound"
    GROUP_LOST = "group:lost"
    GROUP_GIVEN = "group:given"
    GROUP_INTRUDER = "group:intruder"
    POST_MADE = "post:made"
    POST_HIDDEN = "post:hidden"
    POST_KEPT = "post:kept"
    POST_REMOVED = "post:removed"
    REPORT_MADE = "report:made"
    BREACH_REPORTED = "breach:reported"
    BREACH_RELEASED = "breach:released"
    BREACH_UPHELD = "breach:upheld"
    TOPIC_CREATED = "topic:created"
    TOPIC_RENAMED = "topic:renamed"
    TOPIC_CLOSED = "topic:closed"
    TOPIC_REOPENED = "topic:reopened"
    TOPIC_POLICY = "topic:policy"
    TOPIC_PUT_OUT = "topic:put out"
    TOPIC_ADMITTED = "topic:admitted"
    TOPIC_REFUSED = "topic:refused"
    FEED_ADDED = "feed:added"
    FEED_PAUSED = "feed:paused"
    FEED_RESUMED = "feed:resumed"
    FEED_REMOVED = "feed:removed"
    FEED_PUBLISHED = "feed:published"
    FEED_REJECTED = "feed:rejected"
    CONTRIBUTION_MADE = "contribution:made"
    CONTRIBUTION_ACCEPTED = "contribution:accepted"
    CONTRIBUTION_DECLINED = "contribution:declined"
    CONTRIBUTION_CHANGED = "contribution:changed"
    CONTRIBUTION_WITHDRAWN = "contribution:withdrawn"
    ISSUE_NOTED = "issue:noted"
    ISSUE_PINNED = "issue:pinned"
    ISSUE_UNPINNED = "issue:unpinned"
    ISSUE_APPROVED = "issue:approved"
    ISSUE_REOPENED = "issue:reopened"
    NETWORK_PAUSED = "network:paused"
    NETWORK_RESUMED = "network:resumed"
    ALARM_RAISED = "alarm:raised"
    ALARM_OVER = "alarm:over"


class AuditRow(Base):
    """One act: who, whom, when, facts; `digest` covers the row and the digest before it."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[Event] = mapped_column(String(40))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Moment)
    digest: Mapped[str] = mapped_column(String(64))


async def record(
    tx: Transaction, event: Event, now: datetime, *, actor: int | None, subject: int | None = None, **facts: Any
) -> None:
    """Append one act to the chain. `facts` hold ids and codes, never a message's text."""
    await hold(tx)
    last = await tx.scalar(select(AuditRow.digest).order_by(AuditRow.id.desc()).limit(1))
    row = AuditRow(event=event, actor_id=actor, subject_id=subject, facts=facts, at=now.astimezone(UTC))
    row.digest = _digest(row, last or _START)
    tx.add(row)
    await tx.flush()  # the next record in this transaction chains to this one


async def hold(tx: Transaction) -> None:
    """Hold the chain for the rest of the transaction: what others record meanwhile is there to be read now."""
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def first_broken(tx: Transaction) -> int | None:
    """Return the id of the first row that does not fit the chain, or None if all do."""
    before = _START
    async for row in walk(tx):
        if row.digest != _digest(row, before):
            return row.id
        before = row.digest
    return None


async def walk(tx: Transaction, *, since: datetime | None = None, actor: int | None = None) -> AsyncIterator[AuditRow]:
    """Return the acts since a moment, or of one actor, oldest first, without ever holding them all."""
    found = select(AuditRow).order_by(AuditRow.id).limit(_AT_ONCE)
    found = found if since is None else found.where(AuditRow.at >= since)
    found = found if actor is None else found.where(AuditRow.actor_id == actor)
    some = list(await tx.scalars(found))
    while some:
        for row in some:
            yield row
        some = list(await tx.scalars(found.where(AuditRow.id > some[-1].id)))


async def last(tx: Transaction) -> AuditRow | None:
    """Return the newest act: who keeps its digest elsewhere can tell later that no act after it was cut off."""
    return await tx.scalar(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))


async def rows(tx: Transaction, *, since: datetime | None = None) -> list[AuditRow]:
    """Return the acts since a moment, oldest first."""
    found = select(AuditRow).order_by(AuditRow.id)
    return list(await tx.scalars(found if since is None else found.where(AuditRow.at >= since)))


def _digest(row: AuditRow, before: str) -> str:
    content = [before, str(row.event), row.actor_id, row.subject_id, row.facts, row.at.isoformat()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
