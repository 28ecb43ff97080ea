"""The life of a membership: one table of transitions; every change is audited and told to whom it concerns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, Update, delete, select, update

from storage import audit, dialogues, members, removals
from storage.audit import Event
from storage.database import Base, Transaction
from storage.members import BELONGING, Channel, Member, MemberState, Role
from storage.outbox import Promise, promise
from storage.refusals import Refusal

UNCONFIRMED = "validation"
"""Why the clock suspends somebody whose post was not confirmed in time; such a suspension they can end themselves."""
VOUCHES_AFTER = timedelta(days=30)
"""How long somebody is a member before they may vouch for others (R-04)."""

_S = MemberState
_PENDING = frozenset({_S.NOMINATED, _S.VETTED})
_STRANGERS = frozenset({_S.VISITOR, _S.DECLINED, _S.LAPSED, _S.LEFT})


class Step(StrEnum):
    """What can happen to a membership."""

    APPLIED = "applied"
    VETTED = "vetted"
    APPROVED = "approved"
    ACTIVATED = "activated"
    ADDED = "added"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    CHANGED_POST = "changed post"
    STAYED = "stayed"
    FELL_DUE = "fell due"
    VALIDATED = "validated"
    SOON_IDLE = "soon idle"
    IDLE = "idle"
    RETURNED = "returned"
    OVERDUE = "overdue"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    EXPIRED = "expired"
    LEFT = "left"
    OFFBOARDED = "offboarded"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    ERASED = "erased"


@dataclass(frozen=True)
class Transition:
    """From which states a step leads where, what the log calls it, and the notice that the person gets, if any."""

    sources: frozenset[MemberState]
    target: MemberState
    event: Event
    notice: str | None = None


TRANSITIONS: dict[Step, Transition] = {
    Step.APPLIED: Transition(_STRANGERS, _S.NOMINATED, Event.APPLICATION_SUBMITTED),
    Step.VETTED: Transition(frozenset({_S.NOMINATED}), _S.VETTED, Event.APPLICATION_VETTED),
    Step.APPROVED: Transition(frozenset({_S.VETTED}), _S.APPROVED, Event.APPLICATION_APPROVED),
    Step.ACTIVATED: Transition(frozenset({_S.APPROVED}), _S.ACTIVE, Event.MEMBER_ACTIVATED, "application:approved"),
    Step.ADDED: Transition(frozenset(_S) - BELONGING - {_S.BLOCKED, _S.ERASED}, _S.ACTIVE, Event.MEMBER_ADDED, None),
    Step.DECLINED: Transition(_PENDING, _S.DECLINED, Event.APPLICATION_DECLINED, "application:declined"),
    Step.LAPSED: Transition(_PENDING, _S.LAPSED, Event.APPLICATION_LAPSED, "application:lapsed"),
    Step.WITHDRAWN: Transition(_PENDING, _S.VISITOR, Event.APPLICATION_WITHDRAWN),
    Step.CHANGED_POST: Transition(BELONGING | {_S.SUSPENDED}, _S.VETTED, Event.MEMBER_CHANGED_POST),
    Step.STAYED: Transition(frozenset({_S.VETTED}), _S.ACTIVE, Event.MEMBER_REINSTATED),
    Step.FELL_DUE: Transition(BELONGING - {_S.DUE}, _S.DUE, Event.MEMBER_DUE, "membership:due"),
    Step.VALIDATED: Transition(BELONGING | {_S.SUSPENDED}, _S.ACTIVE, Event.MEMBER_VALIDATED, "membership:validated"),
    Step.SOON_IDLE: Transition(frozenset({_S.ACTIVE}), _S.SOON_IDLE, Event.MEMBER_SOON_IDLE, "membership:soon-idle"),
    Step.IDLE: Transition(frozenset({_S.SOON_IDLE}), _S.IDLE, Event.MEMBER_IDLE, "membership:idle"),
    Step.RETURNED: Transition(frozenset({_S.SOON_IDLE, _S.IDLE}), _S.ACTIVE, Event.MEMBER_RETURNED),
    Step.OVERDUE: Transition(frozenset({_S.DUE}), _S.SUSPENDED, Event.MEMBER_SUSPENDED, "membership:overdue"),
    Step.SUSPENDED: Transition(BELONGING, _S.SUSPENDED, Event.MEMBER_SUSPENDED, "membership:suspended"),
    Step.REINSTATED: Transition(frozenset({_S.SUSPENDED}), _S.ACTIVE, Event.MEMBER_REINSTATED, "membership:reinstated"),
    Step.EXPIRED: Transition(frozenset({_S.SUSPENDED}), _S.LEFT, Event.MEMBER_EXPIRED, "membership:expired"),
    Step.LEFT: Transition(BELONGING | {_S.SUSPENDED}, _S.LEFT, Event.MEMBER_LEFT),
    Step.OFFBOARDED: Transition(
        BELONGING | {_S.SUSPENDED, _S.VETTED}, _S.LEFT, Event.MEMBER_OFFBOARDED, "membership:offboarded"
    ),
    Step.BLOCKED: Transition(frozenset(_S) - {_S.BLOCKED, _S.ERASED}, _S.BLOCKED, Event.MEMBER_BLOCKED),
    Step.UNBLOCKED: Transition(frozenset({_S.BLOCKED}), _S.VISITOR, Event.MEMBER_UNBLOCKED),
    Step.ERASED: Transition(frozenset(_S) - {_S.ERASED}, _S.ERASED, Event.MEMBER_ERASED),
}
"""Every change of state there is (see the README). A step from any other state is refused."""

_ENDS = frozenset({_S.LEFT, _S.BLOCKED, _S.ERASED, _S.DECLINED, _S.LAPSED})
_ENDED = ("subscription", "digest_schedule", "directory_entry", "document_mark", "mail_address")
"""Tables whose rows of a person end with the membership."""


async def move(
    tx: Transaction,
    member: Member,
    step: Step,
    now: datetime,
    *,
    by: int | None,
    reason: str | None = None,
    told: dict[str, Any] | None = None,
    **facts: Any,
) -> None:
    """Take one step in a person's life: the new state, its row in the audit log, its notice, and what ends with it.

    `member` must be held (`members.by_id(lock=True)`); `by` is who did it, None for the clock and the operator.
    `told` are the facts of the notice, `facts` those of the log; `reason` is kept with the state.

    Refusals: `membership:state` where the table knows no such step, `membership:last-administrator`.
    """
    transition = TRANSITIONS[step]
    if member.state not in transition.sources:
        raise Refusal("membership:state")
    before = member.state
    goes = before in BELONGING and transition.target not in BELONGING
    if goes:
        await tx.execute(_shelved_by(member.id))
        await keep_an_administrator(tx, member)
    member.state, member.state_since, member.state_reason = transition.target, now, reason
    await audit.record(tx, transition.event, now, actor=by, subject=member.id, before=before.value, **facts)
    if transition.target is _S.ACTIVE:
        _begin(member, now)
        await removals.call_off(tx, member)
    if transition.target in _ENDS and before not in _STRANGERS:
        await _end(tx, member, now, by)
    if goes:
        await removals.from_all_groups(tx, member, now, by=by)
    if transition.notice is not None:
        await promise(tx, [Promise(member.id, transition.notice, told or {})], now)


def _begin(member: Member, now: datetime) -> None:
    member.joined_at = member.joined_at or now
    member.vouches_from = member.vouches_from or now + VOUCHES_AFTER
    member.validated_at = member.validated_at or now
    member.last_seen_at = now


async def keep_an_administrator(tx: Transaction, member: Member) -> None:
    """Refuse with `membership:last-administrator` where nobody would be left to lead the network."""
    # Everybody who goes waits for the log, so of the last two who go at once the second finds the first gone.
    await audit.hold(tx)
    administrators = [m.id for m in await members.holders(tx, Role.ADMINISTRATOR)]
    if administrators == [member.id]:
        raise Refusal("membership:last-administrator")


async def end_offices(tx: Transaction, member_id: int, now: datetime, *, by: int | None) -> None:
    """Take all roles of a member, each with its row in the audit log."""
    for office in await members.take_roles(tx, member_id):
        await audit.record(tx, Event.ROLE_TAKEN, now, actor=by, subject=member_id, role=office.role.value)


async def _end(tx: Transaction, member: Member, now: datetime, by: int | None) -> None:
    """End everything that belonging meant: offices, forms, subscriptions, digests, mail, the directory, links."""
    await end_offices(tx, member.id, now, by=by)
    await dialogues.end(tx, member.id)
    await clear(tx, _ENDED, member.id)
    await tx.execute(_links_of(member.id).values(state="revoked"))
    await tx.execute(_claims_of(member.id).values(claimed_by=None))
    await tx.execute(_documents_of(member.id).values(owner_id=None))
    await tx.execute(_applications_of(member.id).values(state="withdrawn", decided_by=member.id, decided_at=now))
    member.joined_at = member.vouches_from = member.validated_at = None
    member.channel = Channel.TELEGRAM


def _links_of(member_id: int) -> Update:
    links = Base.metadata.tables["nomination"]
    return update(links).where(links.c.by_id == member_id, links.c.state == "open")


def _documents_of(member_id: int) -> Update:
    # Nobody owns them then: the moderators of the topic answer for what has no owner.
    shelved = Base.metadata.tables["document"]
    return update(shelved).where(shelved.c.owner_id == member_id)


def _shelved_by(member_id: int) -> Select[int]:
    # Held before the log is, as by all who change a document.
    shelved = Base.metadata.tables["document"]
    return select(shelved.c.id).where(shelved.c.owner_id == member_id).order_by(shelved.c.id).with_for_update()


def _claims_of(member_id: int) -> Update:
    claimed = Base.metadata.tables["application"]
    return update(claimed).where(claimed.c.claimed_by == member_id, claimed.c.state.in_(["submitted", "vetted"]))


def _applications_of(member_id: int) -> Update:
    # What decides on an application has closed it before: here somebody goes while a correction of theirs waits.
    filed = Base.metadata.tables["application"]
    return update(filed).where(filed.c.member_id == member_id, filed.c.state.in_(["submitted", "vetted"]))


async def clear(tx: Transaction, names: Collection[str], member_id: int) -> None:
    """Delete a person's own rows from these tables."""
    for table in Base.metadata.sorted_tables:
        if table.name in names:
            await tx.execute(delete(table).where(table.c.member_id == member_id))
