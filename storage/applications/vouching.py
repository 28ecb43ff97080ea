"""Vouching: members attest that they know an applicant, or object; both decide when an application is vetted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select

from storage import access, audit, members
from storage.access import Action, Viewer
from storage.applications import cards
from storage.applications.tables import (
    OPEN,
    Admission,
    Application,
    ApplicationKind,
    ApplicationState,
    Attestation,
    Objection,
    ObjectionState,
    Vouch,
)
from storage.database import Transaction
from storage.members import Member, MemberState
from storage.membership import Step, move
from storage.nominations import Nomination
from storage.outbox import Lane, Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal

_VOUCHERS = (MemberState.ACTIVE, MemberState.DUE, MemberState.SOON_IDLE)


@dataclass(frozen=True)
class Standing:
    """What members said so far: vouches that count, those from another organisation, open objections."""

    vouches: int
    others: int
    objections: int


async def circulate(tx: Transaction, row: Application, now: datetime) -> None:
    """Ask every member who may vouch; they read name, organisation and country, and no more (R-03)."""
    row.circulated = True
    asked = await tx.scalars(_eligible(row, now))
    facts, subject = {"application": row.id}, cards.circle(row.id)
    until = row.lapses_at
    await promise(
        tx, [Promise(m, "vouch:card", facts, Lane.BULK, subject, silent=True, expires_at=until) for m in asked], now
    )


def _eligible(row: Application, now: datetime | None) -> Select[Any]:
    nominator = select(Nomination.by_id).where(Nomination.id == row.nomination_id).scalar_subquery()
    found = select(Member.id).where(
        Member.state.in_(_VOUCHERS), Member.read_only.is_(False), Member.id != row.member_id
    )
    if now is not None:
        found = found.where(Member.vouches_from <= now)
    return found.where(Member.id.is_distinct_from(nominator)).order_by(Member.id)


async def eligible(tx: Transaction, viewer: Viewer, row: Application, now: datetime | None) -> bool:
    """Tell whether `viewer` may vouch for or object to this applicant: a member for 30 days, not the nominator.

    Who was asked at a moment (`now` is None then) was so long enough a member already.
    """
    found = _eligible(row, now).where(Member.id == viewer.id)
    return access.allowed(viewer, Action.VOUCH) and await tx.scalar(found) is not None


async def candidate(tx: Transaction, viewer: Viewer, application_id: int, now: datetime | None) -> Application:
    """Return an application that members are asked about, held for the rest of the transaction.

    Refusal: `vouch:closed` where there is none, it is over, or the viewer is not asked; all three alike.
    """
    access.require(viewer, Action.VOUCH)
    row = await tx.get(Application, application_id, with_for_update=True)
    if row is None or not row.circulated or row.state not in OPEN or not await eligible(tx, viewer, row, now):
        raise Refusal("vouch:closed")
    return row


async def candidates(tx: Transaction, viewer: Viewer, first: int | None, size: int, now: datetime) -> Page[Application]:
    """Return a page of the applicants that `viewer` can vouch for and has not answered, the oldest first."""
    access.require(viewer, Action.VOUCH)
    member = await members.by_id(tx, viewer.id)
    answered = exists().where(Vouch.application_id == Application.id, Vouch.member_id == viewer.id)
    nominated = exists().where(Nomination.id == Application.nomination_id, Nomination.by_id == viewer.id)
    moved = and_(Application.state == ApplicationState.VETTED, Application.kind == ApplicationKind.POST)
    found = select(Application).where(
        Application.circulated,
        or_(Application.state == ApplicationState.SUBMITTED, moved),
        Application.member_id != viewer.id,
        ~answered,
        ~nominated,
    )
    if member is None or member.vouches_from is None or member.vouches_from > now:
        found = found.where(Application.id < 0)
    return await page(tx, found, (Application.id,), first, size)


async def vouch(
    tx: Transaction, viewer: Viewer, application_id: int, attestation: Attestation, policy: Admission, now: datetime
) -> None:
    """Attest how one knows an applicant, or that one cannot; a later word replaces the earlier one.

    Refusal: `vouch:closed`.
    """
    row = await candidate(tx, viewer, application_id, now)
    mine = select(Vouch).where(Vouch.application_id == row.id, Vouch.member_id == viewer.id)
    said = await tx.scalar(mine.with_for_update())
    if said is None:
        tx.add(Vouch(application_id=row.id, member_id=viewer.id, attestation=attestation, at=now))
    else:
        said.attestation, said.at = attestation, now
    event = audit.Event.APPLICATION_VOUCHED
    facts = {"application": row.id, "attestation": attestation.value}
    await audit.record(tx, event, now, actor=viewer.id, subject=row.member_id, **facts)
    await vet(tx, row, policy, now)
    await cards.redraw(tx, row.id, now)


async def object_to(tx: Transaction, viewer: Viewer, application_id: int, text: str, now: datetime) -> None:
    """Tell the secretariat, and nobody else, what speaks against an applicant; it stops the clock (R-05).

    Refusals: `vouch:closed`, `vouch:objected`.
    """
    row = await candidate(tx, viewer, application_id, now)
    mine = select(Objection.id).where(Objection.application_id == row.id, Objection.member_id == viewer.id)
    if await tx.scalar(mine) is not None:
        raise Refusal("vouch:objected")
    tx.add(Objection(application_id=row.id, member_id=viewer.id, text=text, state=ObjectionState.OPEN, at=now))
    await tx.flush()
    event = audit.Event.APPLICATION_OBJECTED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.member_id, application=row.id)
    secretariat = [m.id for m in await members.holders(tx, members.Role.ADMINISTRATOR)]
    facts = {"application": row.id}
    await promise(tx, [Promise(m, "objection:made", facts) for m in secretariat if m != row.member_id], now)
    await cards.redraw(tx, row.id, now)


async def objections(tx: Transaction, viewer: Viewer, application_id: int) -> list[Objection]:
    """Return the objections to an applicant, to the secretariat only."""
    access.require(viewer, Action.JUDGE_OBJECTION)
    found = select(Objection).where(Objection.application_id == application_id).order_by(Objection.id)
    return list(await tx.scalars(found))


async def objection(tx: Transaction, viewer: Viewer, objection_id: int) -> tuple[Objection, Application]:
    """Return an objection and its application, held, to the secretariat. Refusal: `objection:gone`."""
    access.require(viewer, Action.JUDGE_OBJECTION)
    found = await tx.get(Objection, objection_id, with_for_update=True)
    row = await tx.get(Application, found.application_id, with_for_update=True) if found else None
    if found is None or row is None:
        raise Refusal("objection:gone")
    return found, row


async def judge(
    tx: Transaction, viewer: Viewer, objection_id: int, policy: Admission, now: datetime, *, uphold: bool
) -> Application:
    """Dismiss an objection, which lets the clock go on, or uphold it, which blocks the applicant.

    Refusals: `objection:gone`, `objection:judged`, `objection:own`.
    """
    found, row = await objection(tx, viewer, objection_id)
    if viewer.id in {found.member_id, row.member_id}:
        raise Refusal("objection:own")
    if found.state is not ObjectionState.OPEN or row.state not in OPEN:
        raise Refusal("objection:judged")
    found.state = ObjectionState.UPHELD if uphold else ObjectionState.DISMISSED
    found.judged_by, found.judged_at = viewer.id, now
    await tx.flush()
    if uphold:
        await _block(tx, row, viewer, now)
    else:
        event = audit.Event.APPLICATION_OBJECTION_DISMISSED
        await audit.record(tx, event, now, actor=viewer.id, subject=row.member_id, application=row.id)
        if row.lapses_at is not None:
            row.lapses_at += now - found.at
        await vet(tx, row, policy, now)
    await cards.redraw(tx, row.id, now)
    return row


async def _block(tx: Transaction, row: Application, viewer: Viewer, now: datetime) -> None:
    row.close(ApplicationState.DECLINED, viewer.id, now)
    member = await members.held(tx, row.member_id)
    await move(tx, member, Step.BLOCKED, now, by=viewer.id, application=row.id)
    await promise(tx, [Promise(member.id, "application:declined", {"reason": "unknown"})], now)
    await cards.close_circle(tx, row.id, now)


async def standing(tx: Transaction, row: Application) -> Standing:
    """Return what members said so far; who has left, or nominated the applicant, does not count."""
    nominator = select(Nomination.by_id).where(Nomination.id == row.nomination_id).scalar_subquery()
    counted = (
        select(Member.organisation_id)
        .join(Vouch, Vouch.member_id == Member.id)
        .where(Vouch.application_id == row.id, Vouch.attestation != Attestation.CANNOT)
        .where(Member.state.in_(_VOUCHERS), Member.id.is_distinct_from(nominator), Member.id != row.member_id)
    )
    organisations = list(await tx.scalars(counted))
    own = row.organisation_id or await members.known_organisation(tx, row.organisation)
    others = [organisation for organisation in organisations if organisation is not None and organisation != own]
    against = select(func.count(Objection.id)).where(
        Objection.application_id == row.id, Objection.state == ObjectionState.OPEN
    )
    return Standing(len(organisations), len(others), await tx.scalar(against) or 0)


async def vouches(tx: Transaction, application_id: int) -> list[tuple[Vouch, Member]]:
    """Return who said what about an applicant, for the reviewers, in the order it was said."""
    found = select(Vouch, Member).join(Member, Member.id == Vouch.member_id)
    rows = await tx.execute(found.where(Vouch.application_id == application_id).order_by(Vouch.at, Vouch.id))
    return [(row[0], row[1]) for row in rows]


def enough(row: Application, said: Standing, policy: Admission) -> bool:
    """Tell whether enough members vouched: for a change of post one is enough (R-10), for a correction of a name
    none is asked, else it is what the policy wants.
    """
    if row.kind is ApplicationKind.CORRECTION:
        return True
    if row.kind is ApplicationKind.POST:
        return said.vouches >= min(1, policy.vouches)
    return said.vouches >= policy.vouches and said.others >= min(policy.other_organisation, policy.vouches)


async def vet(tx: Transaction, row: Application, policy: Admission, now: datetime) -> None:
    """Let an application become vetted once vouches, the time for objections and their absence allow (R-03 to R-05)."""
    await tx.flush()
    if row.state is not ApplicationState.SUBMITTED:
        return
    said = await standing(tx, row)
    over = row.window_until is None or now >= row.window_until
    if said.objections or not over or not enough(row, said, policy):
        return
    row.state, row.vetted_at = ApplicationState.VETTED, now
    member = await members.held(tx, row.member_id)
    await move(tx, member, Step.VETTED, now, by=None, application=row.id)
    if policy.circulates:
        await promise(tx, [Promise(member.id, "application:vetted", {"number": row.id})], now)
