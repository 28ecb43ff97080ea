"""The administrators' side: cards that everybody sees change, the list of what waits, a decline with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from handlers.applications.standing import REASONS
from handlers.buttons import Button, Press, Row, turns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Option, Question, Step, line
from handlers.language import Say, isolated, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from handlers.vocabulary import CATEGORIES
from storage import applications, digests, members, topics
from storage.access import Action, Viewer, allowed
from storage.applications import Application, ApplicationState
from storage.database import Transaction
from storage.outbox import Facts, Promise, promise
from storage.refusals import Refusal

PAGE = 5
STATES = {
    ApplicationState.APPROVED: text("Approved by {by}."),
    ApplicationState.DECLINED: text("Declined by {by}."),
    ApplicationState.WITHDRAWN: text("Withdrawn by the applicant."),
}


@dataclass(frozen=True)
class Approve(Press, prefix="app.yes"):
    """Approve this application."""

    application: int


@dataclass(frozen=True)
class Decline(Press, prefix="app.no"):
    """Decline this application: asks for the reason."""

    application: int


@dataclass(frozen=True)
class Review(Press, prefix="app.open"):
    """Open this application's card (0: the list from number `first` on)."""

    application: int
    first: int


@dataclass(frozen=True)
class Card:
    """What a reviewer reads."""

    application: Application
    topics: tuple[str, ...]
    by: str
    approvals: int


async def card(tx: Transaction, viewer: Viewer, application_id: int) -> Card:
    """Return what a reviewer reads of an application now."""
    row = await applications.by_id(tx, viewer, application_id)
    titles = await topics.titles(tx, row.topics, viewer.language)
    by = members.called(await members.by_id(tx, row.decided_by) if row.decided_by else None)
    return Card(row, tuple(titles[t] for t in row.topics if t in titles), by, await applications.approvals(tx, row.id))


def draw(found: Card | int, say: Say, policy: Policy) -> Screen:
    """Return the card: what the applicant wrote, where it stands, and the two decisions while it waits.

    Of an application that was erased only its number is left.
    """
    if isinstance(found, int):
        title = say("Application <code>A-{number}</code>", number=found)
        return Screen(lines([f"<b>{title}</b>", say("Erased at the applicant's wish.")]))
    row = found.application
    facts = (
        say("Name: {name}", name=isolated(row.name)),
        say("Organisation: {organisation}", organisation=isolated(row.organisation)),
        say("Category: {category}", category=say(CATEGORIES[row.category])),
        say("Country: {country}", country=say.country(row.country)),
        say("Topics: {topics}", topics=", ".join(found.topics) or "–"),
        say("Sent: {moment}", moment=say.moment(row.submitted_at)),
    )
    title = say("Application <code>A-{number}</code>", number=row.id)
    if row.state is not ApplicationState.SUBMITTED:
        decided = say(STATES[row.state], by=isolated(found.by))
        return Screen(lines([f"<b>{title}</b>", "\n".join(facts), f"<b>{decided}</b>"]))
    approvals = None
    if policy.approvals > 1:
        approvals = say("Approvals: {have} of {need}", have=found.approvals, need=policy.approvals)
    decide: Row = (
        Button(say("Approve"), Approve(row.id), style="success"),
        Button(say("Decline"), Decline(row.id), style="danger"),
    )
    return Screen(lines([f"<b>{title}</b>", "\n".join(facts), approvals]), (decide,))


async def approve(context: Context, press: Approve) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = await applications.approve(tx, me, press.application, context.policy.approvals, context.now)
        if row.state is ApplicationState.APPROVED:
            await topics.subscribe(tx, row.member_id, row.topics, context.now)
            await _schedule(context, tx, row.member_id)
    await context.toast(context.say("Approved."))


async def _schedule(context: Context, tx: Transaction, member_id: int) -> None:
    member = await members.by_id(tx, member_id)
    assert member is not None
    policy, working = context.policy, context.services.is_working_day
    await digests.schedule(tx, member, policy.digest_weekday, policy.digest_time, context.now, working)


async def ask_reason(context: Context, press: Decline) -> None:
    async with context.reading() as tx:
        await applications.decidable(tx, context.viewer, press.application)
    await context.begin("decline", {"application": press.application})


async def open_card(context: Context, press: Review) -> None:
    if press.application == 0:
        await _list(context, press.first)
        return
    async with context.reading() as tx:
        found = await card(tx, context.viewer, press.application)
    screen = draw(found, context.say, context.policy)
    back: Row = (Button(context.say("Back"), Review(0, press.first)),)
    await context.show(Screen(screen.text, (*screen.buttons, back)))


async def review(context: Context) -> None:
    await _list(context, 0)


async def _list(context: Context, first: int) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await applications.waiting(tx, context.viewer, first or None, PAGE)
    rows: list[Row] = [(Button(f"A-{row.id} · {row.name}"[:40], Review(row.id, first)),) for row in page.items]
    rows += turns(page, lambda first: Review(0, first))
    words = say("Applications that are waiting, oldest first.") if page.items else say("No application is waiting.")
    await context.show(Screen(words, (*rows, (Button(say("Menu"), Home()),))))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    found: dict[int, Card | int] = {}
    for viewer in viewers:
        if allowed(viewer, Action.REVIEW):
            try:
                found[viewer.id] = await card(tx, viewer, facts["application"])
            except Refusal:
                found[viewer.id] = facts["application"]
    return found


CARD = Notice("application:card", draw, _load)


def _ask_why(_form: Form, say: Say) -> Question:
    options = tuple(Option(say(label), code) for code, (label, _) in REASONS.items())
    return Question(
        say("Why do you decline it? Choose a reason or write your own: the applicant will read it."), options
    )


def _show_why(_form: Form, say: Say, answer: Any) -> str:
    return say(REASONS[answer][0]) if answer in REASONS else isolated(answer)


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    # Where somebody was quicker, the card that takes the form's place says who.
    with suppress(Refusal):
        await applications.decline(tx, viewer, answers["application"], answers["why"], context.now)
    facts = {"application": answers["application"]}
    await promise(tx, [Promise(viewer.id, "application:card", facts, replaces=context.replaces)], context.now)


DECLINE = Dialogue(
    name="decline",
    title=text("Decline an application"),
    steps=(Step("why", text("Reason"), _ask_why, line(400), _show_why),),
    finish=_finish,
    submit=text("Decline"),
    needs=Action.REVIEW,
    style="danger",
    left=lambda answers: ("application:card", {"application": answers["application"]}),
)
