"""The card: all that a reviewer reads of an application, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Say, isolated, text
from handlers.screens import LIMIT, Screen, lines
from handlers.vocabulary import CATEGORIES
from storage import applications, members, nominations
from storage.access import Action, Viewer, allowed
from storage.applications import (
    OPEN,
    STEERED,
    Application,
    ApplicationKind,
    ApplicationState,
    Attestation,
    Doubts,
    RemarkKind,
    Standing,
)
from storage.database import Transaction
from storage.lengths import units
from storage.nominations import Nomination, NominationKind
from storage.outbox import Facts
from storage.refusals import Refusal

STATES = {
    ApplicationState.APPROVED: text("Approved by {by}."),
    ApplicationState.DECLINED: text("Declined by {by}."),
    ApplicationState.WITHDRAWN: text("Withdrawn by the applicant."),
    ApplicationState.LAPSED: text("Lapsed: not enough members vouched in time."),
}
ATTESTATIONS = {
    Attestation.MET: text("has met them in person"),
    Attestation.WORKED: text("has worked with them"),
    Attestation.OFFICE: text("knows them by their office"),
    Attestation.CANNOT: text("cannot vouch"),
}
REMARKS = {
    RemarkKind.QUESTION: text("Asked"),
    RemarkKind.ANSWER: text("Answered"),
    RemarkKind.NOTE: text("Noted"),
}
_SHOWN = (6, 2, 0)
"""How many remarks and vouches stand on the card: fewer where it would be too long; the rest is behind a button."""


@dataclass(frozen=True)
class Approve(Press, prefix="app.yes"):
    """Approve this application."""

    application: int


@dataclass(frozen=True)
class Decline(Press, prefix="app.no"):
    """Decline this application: asks for the reason."""

    application: int


@dataclass(frozen=True)
class Ask(Press, prefix="app.ask"):
    """Ask the applicant a question."""

    application: int


@dataclass(frozen=True)
class Claim(Press, prefix="app.take"):
    """Take care of this application, or give it back."""

    application: int


@dataclass(frozen=True)
class Thread(Press, prefix="app.said"):
    """Read all that was said on this application, from remark number `first` on."""

    application: int
    first: int


@dataclass(frozen=True)
class Objections(Press, prefix="obj.list"):
    """Read the objections to this applicant."""

    application: int


@dataclass(frozen=True)
class Card:
    """What one reviewer reads. `people` are the names of everybody on it, by id; who is `barred` approves no more."""

    application: Application
    people: Mapping[int, str]
    approvals: tuple[int, ...]
    wants_focal_point: bool
    said: Standing
    vouches: tuple[tuple[str, Attestation], ...]
    remarks: tuple[tuple[RemarkKind, str], ...]
    nomination: Nomination | None
    doubts: Doubts
    secretariat: bool
    barred: bool


async def card(tx: Transaction, viewer: Viewer, application_id: int) -> Card:
    """Return what a reviewer reads of an application now."""
    row = await applications.by_id(tx, viewer, application_id)
    said = await applications.standing(tx, row)
    vouches = await applications.vouches(tx, row.id)
    nomination = await nominations.by_id(tx, row.nomination_id) if row.nomination_id else None
    approvals = tuple(await applications.approvals(tx, row.id))
    named = {*approvals, row.decided_by, row.claimed_by, nomination.by_id if nomination else None} - {None}
    people = await members.by_ids(tx, [member_id for member_id in named if member_id])
    return Card(
        application=row,
        people={member_id: members.called(member) for member_id, member in people.items()},
        approvals=approvals,
        wants_focal_point=await applications.wants_focal_point(tx, row),
        said=said,
        vouches=tuple((members.called(member), vouch.attestation) for vouch, member in vouches),
        remarks=tuple((remark.kind, remark.text) for remark in await applications.remarks(tx, row.id)),
        nomination=nomination,
        doubts=await applications.doubts(tx, row),
        secretariat=allowed(viewer, Action.JUDGE_OBJECTION),
        barred=viewer.id in approvals or (nomination is not None and nomination.by_id == viewer.id),
    )


def draw(found: Card | int, say: Say, policy: Policy) -> Screen:
    """Return the card; of an application that was erased, or is out of reach now, only its number is left."""
    if isinstance(found, int):
        erased = say("Application <code>A-{number}</code>", number=found)
        return Screen(lines([f"<b>{erased}</b>", say("Erased at the applicant's wish.")]))
    words = [_words(found, say, policy, shown) for shown in _SHOWN]
    rows = _rows(found, say, policy) if found.application.state in OPEN else []
    return Screen(next((text for text in words if units(text) <= LIMIT), words[-1]), tuple(rows))


def _words(found: Card, say: Say, policy: Policy, shown: int) -> str:
    row = found.application
    parts = [
        f"<b>{title(row, say)}</b>",
        "\n".join(_facts(found, say)),
        "\n".join(_doubts(found.doubts, say)),
        "\n".join(said(found.remarks[len(found.remarks) - min(shown, len(found.remarks)) :], say)),
    ]
    if row.state in OPEN:
        return lines([*parts, "\n".join(_progress(found, say, policy, shown))])
    decided = say(STATES[row.state], by=isolated(found.people.get(row.decided_by or 0, "–")))
    return lines([*parts, f"<b>{decided}</b>"])


def title(row: Application, say: Say) -> str:
    """Return what an application is called: by its kind and number."""
    if row.kind is ApplicationKind.POST:
        return say("Change of post <code>A-{number}</code>", number=row.id)
    if row.kind is ApplicationKind.CORRECTION:
        return say("Correction of a profile <code>A-{number}</code>", number=row.id)
    return say("Application <code>A-{number}</code>", number=row.id)


def _facts(found: Card, say: Say) -> list[str]:
    row = found.application
    facts: list[str] = [
        say("Name: {name}", name=isolated(row.name)),
        say("Organisation: {organisation}", organisation=isolated(row.organisation)),
        say("Category: {category}", category=say(CATEGORIES[row.category])),
        say("Country: {country}", country=say.country(row.country)),
    ]
    if row.email:
        facts.append(say("E-mail: {address}", address=isolated(row.email)))
    if row.motive:
        facts.append(say("Their work: {motive}", motive=isolated(row.motive)))
    facts.append(say("Sent: {moment}", moment=say.moment(row.submitted_at)))
    if found.nomination is not None:
        facts.append(_nominated(found.nomination, found.people, say))
    return facts


def _nominated(nomination: Nomination, people: Mapping[int, str], say: Say) -> str:
    by = isolated(people.get(nomination.by_id, "–"))
    if nomination.kind is NominationKind.INVITATION:
        return say("Invited by {by} as {name}", by=by, name=isolated(nomination.name))
    return say(
        "Nominated by {by} as {name}, {organisation}: {reason}",
        by=by,
        name=isolated(nomination.name),
        organisation=isolated(nomination.organisation or "–"),
        reason=isolated(nomination.reason or "–"),
    )


def _doubts(doubts: Doubts, say: Say) -> list[str]:
    found: list[str] = []
    if doubts.staff:
        found.append(say("⚠️ The name resembles staff: {names}", names=isolated(", ".join(doubts.staff))))
    if doubts.same:
        found.append(say("⚠️ There is a member of that name: {names}", names=isolated(", ".join(doubts.same))))
    if doubts.mixed:
        found.append(say("⚠️ Letters of different alphabets stand in one word."))
    if doubts.differs:
        found.append(say("⚠️ Name or organisation differ from the nomination."))
    if doubts.refusals >= STEERED:
        found.append(say("⚠️ Declined {n} times in a row: the steering group decides.", n=say.number(doubts.refusals)))
    return found


def said(remarks: Sequence[tuple[RemarkKind, str]], say: Say) -> list[str]:
    """Return remarks as a reviewer reads them, one a line."""
    return [say("{kind}: {text}", kind=say(REMARKS[kind]), text=isolated(written)) for kind, written in remarks]


def _progress(found: Card, say: Say, policy: Policy, shown: int) -> list[str]:
    row, admission = found.application, policy.admission
    told: list[str] = [
        say("{name} {attestation}.", name=isolated(name), attestation=say(ATTESTATIONS[attestation]))
        for name, attestation in found.vouches[:shown]
    ]
    if admission.circulates and row.kind is ApplicationKind.JOIN:
        told.append(say("Vouches: {have} of {need}", have=found.said.vouches, need=admission.vouches))
        if admission.vouches and admission.other_organisation:
            need = admission.other_organisation
            told.append(say("From other organisations: {have} of {need}", have=found.said.others, need=need))
    if row.state is ApplicationState.SUBMITTED and row.window_until is not None and admission.objection_days:
        told.append(say("Objections until {moment}", moment=say.moment(row.window_until)))
    if found.secretariat and found.said.objections:
        told.append(say("Open objections: {n}", n=say.number(found.said.objections)))
    if admission.approvals > 1:
        told.append(say("Approvals: {have} of {need}", have=len(found.approvals), need=admission.approvals))
    if found.approvals:
        names = ", ".join(found.people.get(member_id, "–") for member_id in found.approvals)
        told.append(say("Approved so far: {names}", names=isolated(names)))
    if found.wants_focal_point:
        told.append(say("A focal point of the country or organisation has to approve as well."))
    if row.claimed_by is not None:
        told.append(say("Taken by {name}", name=isolated(found.people.get(row.claimed_by, "–"))))
    return told


def _rows(found: Card, say: Say, policy: Policy) -> list[Row]:
    row, number = found.application, found.application.id
    vetted = row.state is ApplicationState.VETTED and not found.said.objections
    ready = vetted and applications.enough(row, found.said, policy.admission)
    decline = Button(say("Decline"), Decline(number), style="danger")
    approve = Button(say("Approve"), Approve(number), style="success")
    rows: list[Row] = [(approve, decline) if ready and not found.barred else (decline,)]
    take = say("Give back") if row.claimed_by is not None else say("Take")
    rows.append((Button(say("Ask"), Ask(number)), Button(take, Claim(number))))
    if found.remarks:
        rows.append((Button(say("Read all remarks"), Thread(number, 0)),))
    if found.secretariat and found.said.objections:
        rows.append((Button(say("Read objections"), Objections(number)),))
    return rows


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Card | int]:
    found: dict[int, Card | int] = {}
    for viewer in viewers:
        if allowed(viewer, Action.REVIEW):
            try:
                found[viewer.id] = await card(tx, viewer, facts["application"])
            except Refusal:
                found[viewer.id] = facts["application"]
    return found


CARD = Notice("application:card", draw, _load)
