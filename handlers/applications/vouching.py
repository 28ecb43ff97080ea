"""Vouching: what members are asked about an applicant and answer, and objections for the secretariat alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.applications.card import Objections
from handlers.buttons import Button, Press, Row, turns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Question, Step, about, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import applications, members
from storage.access import Action, Viewer, allowed
from storage.applications import Application, Attestation, ObjectionState
from storage.database import Transaction
from storage.outbox import Facts
from storage.refusals import Refusal

PAGE = 5
VOUCHES = {
    Attestation.MET: text("I have met them in person"),
    Attestation.WORKED: text("I have worked with them"),
    Attestation.OFFICE: text("I know them by their office"),
    Attestation.CANNOT: text("I cannot vouch"),
}
JUDGED = {
    ObjectionState.OPEN: text("open"),
    ObjectionState.DISMISSED: text("dismissed"),
    ObjectionState.UPHELD: text("upheld"),
}


@dataclass(frozen=True)
class Attest(Press, prefix="vouch"):
    """Say how one knows this applicant."""

    application: int
    attestation: Attestation


@dataclass(frozen=True)
class Object(Press, prefix="vouch.no"):
    """Object to this applicant: asks for the reason."""

    application: int


@dataclass(frozen=True)
class Candidates(Press, prefix="vouch.list"):
    """List the applicants one may vouch for, from number `first` on."""

    first: int


@dataclass(frozen=True)
class Candidate(Press, prefix="vouch.open"):
    """Read what members are asked about this applicant."""

    application: int


@dataclass(frozen=True)
class Judge(Press, prefix="obj.judge"):
    """Uphold (1) or dismiss (0) this objection; `sure` is 1 at the second press."""

    objection: int
    uphold: int
    sure: int


@dataclass(frozen=True)
class Asked:
    """What a member reads of an applicant: this and no more (R-03)."""

    number: int
    name: str
    organisation: str
    country: str


async def candidates(context: Context) -> None:
    await _list(context, 0)


async def turn(context: Context, press: Candidates) -> None:
    await _list(context, press.first)


async def _list(context: Context, first: int) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await applications.candidates(tx, context.viewer, first or None, PAGE, context.now)
    rows: list[Row] = [(Button(row.name[:40], Candidate(row.id)),) for row in page.items]
    rows += turns(page, Candidates)
    words = say("Applicants that members are asked about. Do you know them?")
    if not page.items:
        words = say("There is nobody you are asked about now.")
    await context.show(Screen(words, (*rows, (Button(say("Menu"), Home()),))))


async def open_candidate(context: Context, press: Candidate) -> None:
    async with context.reading() as tx:
        row = await applications.candidate(tx, context.viewer, press.application, context.now)
    await context.show(_card(_asked(row), context.say, context.policy))


async def attest(context: Context, press: Attest) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        policy = context.policy.admission
        await applications.vouch(tx, me, press.application, press.attestation, policy, context.now)
    say = context.say
    words = say("Thank you. You have said: {attestation}.", attestation=say(VOUCHES[press.attestation]))
    change: Row = (Button(say("Change it"), Candidate(press.application)), Button(say("Menu"), Home()))
    await context.show(Screen(words, (change,)))


async def ask_objection(context: Context, press: Object) -> None:
    async with context.reading() as tx:
        await applications.candidate(tx, context.viewer, press.application, context.now)
    await context.begin("objection", {"application": press.application})


def _ask_why(_form: Form, say: Say) -> Question:
    return Question(say("What speaks against this applicant? Only the secretariat reads it; nobody learns it is you."))


async def _object(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    await applications.object_to(tx, viewer, answers["application"], answers["why"], context.now)
    words = context.say("Thank you. The secretariat reads your objection; until then nothing is decided.")
    return Screen(words, ((Button(context.say("Menu"), Home()),),))


OBJECTION = Dialogue(
    name="objection",
    title=text("Objection"),
    steps=(Step("why", text("Objection"), _ask_why, line(1000), lambda _f, _s, a: isolated(a)),),
    finish=_object,
    submit=text("Send"),
    needs=Action.VOUCH,
    style="danger",
    check=about("application"),
)


async def read_objections(context: Context, press: Objections) -> None:
    say = context.say
    async with context.reading() as tx:
        found = await applications.objections(tx, context.viewer, press.application)
        people = await members.by_ids(tx, [one.member_id for one in found])
    parts = [say("Objections to <code>A-{number}</code>", number=press.application)]
    rows: list[Row] = []
    for number, one in enumerate(found, 1):
        by = isolated(members.called(people.get(one.member_id)))
        parts.append(say("{number}. {name} ({state}): {text}", number=number, name=by, state=say(JUDGED[one.state]),
                         text=isolated(one.text)))  # fmt: skip
        if one.state is ObjectionState.OPEN:
            dismiss = Button(say("Dismiss {number}", number=number), Judge(one.id, 0, 1))
            rows.append((dismiss, Button(say("Uphold {number}", number=number), Judge(one.id, 1, 0), style="danger")))
    await context.show(Screen(lines(parts), (*rows, (Button(say("Menu"), Home()),))))


async def judge(context: Context, press: Judge) -> None:
    say = context.say
    if not press.sure:
        async with context.reading() as tx:
            _, row = await applications.objection(tx, context.viewer, press.objection)
        words = say("Uphold the objection to {name}? It blocks them: they cannot apply again.", name=isolated(row.name))
        sure = Button(say("Uphold it"), Judge(press.objection, 1, 1), style="danger")
        await context.show(Screen(words, ((sure, Button(say("Back"), Objections(row.id))),)))
        return
    async with context.transaction() as tx:
        me = await context.myself(tx)
        uphold = bool(press.uphold)
        await applications.judge(tx, me, press.objection, context.policy.admission, context.now, uphold=uphold)
    done = say("The objection is upheld, the applicant is blocked.") if uphold else say("The objection is dismissed.")
    await context.show(Screen(done, ((Button(say("Menu"), Home()),),)))


def _asked(row: Application) -> Asked:
    return Asked(row.id, row.name, row.organisation, row.country)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Asked | int]:
    found: dict[int, Asked | int] = {}
    for viewer in viewers:
        try:
            row = await applications.candidate(tx, viewer, facts["application"], None)
            found[viewer.id] = _asked(row)
        except Refusal:
            found[viewer.id] = facts["application"]
    return found


def _card(found: Asked | int, say: Say, _policy: Policy) -> Screen:
    if isinstance(found, int):
        return Screen(say("This question about an applicant is closed."))
    words = say(
        "{name} ({organisation}, {country}) is nominated. Do you know them?",
        name=isolated(found.name),
        organisation=isolated(found.organisation),
        country=say.country(found.country),
    )
    rows: list[Row] = [(Button(say(label), Attest(found.number, kind)),) for kind, label in VOUCHES.items()]
    rows.append((Button(say("Object"), Object(found.number), style="danger"),))
    return Screen(Html(words), tuple(rows))


def _objected(facts: Facts, say: Say, _policy: Policy) -> Screen:
    words = say("Somebody objects to <code>A-{number}</code>; the clock stands still.", number=facts["application"])
    return Screen(words, ((Button(say("Read objections"), Objections(facts["application"])),),))


async def _secretariat(_tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Facts]:
    return {viewer.id: facts for viewer in viewers if allowed(viewer, Action.JUDGE_OBJECTION)}


NOTICES = (Notice("vouch:card", _card, _load), Notice("objection:made", _objected, _secretariat))
