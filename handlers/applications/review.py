"""The reviewers' side: the list of what waits, claiming, approving, a question, a decline with its reason."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from handlers.applications.card import Approve, Ask, Claim, Decline, Thread, card, draw, said
from handlers.applications.standing import REASONS
from handlers.buttons import Button, Press, Row, turns
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Option, Question, Step, about, line
from handlers.language import Say, isolated, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import access, applications, digests, members
from storage.access import Action, Viewer
from storage.applications import Application, ApplicationKind, ApplicationState
from storage.database import Transaction
from storage.members import BELONGING
from storage.outbox import Promise, promise
from storage.refusals import Refusal

PAGE = 5


@dataclass(frozen=True)
class Review(Press, prefix="app.open"):
    """Open this application's card (0: the list from number `first` on)."""

    application: int
    first: int


async def approve(context: Context, press: Approve) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = await applications.approve(tx, me, press.application, context.policy.admission, context.now)
        if row.state is ApplicationState.APPROVED:
            await _schedule(context, tx, row)
    await context.toast(context.say("Approved."))


async def _schedule(context: Context, tx: Transaction, row: Application) -> None:
    member = await members.by_id(tx, row.member_id)
    policy, working = context.policy, context.services.is_working_day
    if member is None or member.state not in BELONGING:
        return
    await digests.schedule(tx, member, policy.digest_weekday, policy.digest_time, context.now, working)
    if row.kind is ApplicationKind.POST:  # in another country, perhaps, by another clock
        await digests.set_zone(tx, await access.viewer(tx, member.id), member.zone, context.now, working)


async def claim(context: Context, press: Claim) -> None:
    async with context.transaction() as tx:
        await applications.claim(tx, await context.myself(tx), press.application, context.now)


async def ask_reason(context: Context, press: Decline) -> None:
    async with context.reading() as tx:
        await applications.decidable(tx, context.viewer, press.application)
    await context.begin("decline", {"application": press.application})


async def ask_question(context: Context, press: Ask) -> None:
    async with context.reading() as tx:
        await applications.decidable(tx, context.viewer, press.application)
    await context.begin("question", {"application": press.application})


async def open_card(context: Context, press: Review) -> None:
    if press.application == 0:
        await _list(context, press.first)
        return
    async with context.reading() as tx:
        found = await card(tx, context.viewer, press.application)
    screen = draw(found, context.say, context.policy)
    back: Row = (Button(context.say("Back"), Review(0, press.first)),)
    await context.show(Screen(screen.text, (*screen.buttons, back)))


async def read_remarks(context: Context, press: Thread) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await applications.thread(tx, context.viewer, press.application, press.first or None, PAGE)
    title = say("All that was said on <code>A-{number}</code>", number=press.application)
    words = lines([title, *said([(remark.kind, remark.text) for remark in page.items], say)])
    rows = turns(page, lambda first: Thread(press.application, first))
    await context.show(Screen(words, (*rows, (Button(say("Back"), Review(press.application, 0)),))))


async def review(context: Context) -> None:
    await _list(context, 0)


async def _list(context: Context, first: int) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await applications.waiting(tx, context.viewer, first or None, PAGE)
    rows: list[Row] = [
        (Button(_label(row.id, row.name, vetted=row.state is ApplicationState.VETTED), Review(row.id, first)),)
        for row in page.items
    ]
    rows += turns(page, lambda first: Review(0, first))
    words = say("Applications that are waiting, oldest first. ✓: ready to be decided.")
    if not page.items:
        words = say("No application is waiting.")
    await context.show(Screen(words, (*rows, (Button(say("Menu"), Home()),))))


def _label(number: int, name: str, *, vetted: bool) -> str:
    return f"A-{number} {'✓' if vetted else '·'} {name}"[:40]


def _ask_why(_form: Form, say: Say) -> Question:
    options = tuple(Option(say(label), code) for code, (label, _) in REASONS.items())
    return Question(
        say("Why do you decline it? Choose a reason or write your own: the applicant will read it."), options
    )


def _show_why(_form: Form, say: Say, answer: Any) -> str:
    return say(REASONS[answer][0]) if answer in REASONS else isolated(answer)


async def _decline(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    # Where somebody was quicker, the card that takes the form's place says who.
    with suppress(Refusal):
        await applications.decline(tx, viewer, answers["application"], answers["why"], context.now)
    await _card_again(context, tx, viewer, answers)


def _ask_what(_form: Form, say: Say) -> Question:
    return Question(say("What would you like to know? The applicant reads it without your name."))


async def _question(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    with suppress(Refusal):
        await applications.ask(tx, viewer, answers["application"], answers["question"], context.now)
    await _card_again(context, tx, viewer, answers)


async def _card_again(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    facts = {"application": answers["application"]}
    shown = Promise(
        viewer.id, "application:card", facts, subject=f"application:{answers['application']}", replaces=context.replaces
    )
    await promise(tx, [shown], context.now)


DECLINE = Dialogue(
    name="decline",
    title=text("Decline an application"),
    steps=(Step("why", text("Reason"), _ask_why, line(400), _show_why),),
    finish=_decline,
    submit=text("Decline"),
    needs=Action.REVIEW,
    style="danger",
    left=lambda answers: ("application:card", {"application": answers["application"]}),
    check=about("application"),
)
QUESTION = Dialogue(
    name="question",
    title=text("Question to an applicant"),
    steps=(Step("question", text("Question"), _ask_what, line(400), lambda _f, _s, a: isolated(a)),),
    finish=_question,
    submit=text("Send"),
    needs=Action.REVIEW,
    left=lambda answers: ("application:card", {"application": answers["application"]}),
    check=about("application"),
)
