"""The applicant's side: where one stands, notes, answers, taking it back, and what is said when it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from handlers.applications.card import title
from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice, notice
from handlers.forms import Answers, Dialogue, Form, Question, Step, about, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import Begin, ConfirmPost, Home, Open
from handlers.screens import Screen, lines
from handlers.terms import Accept, terms
from handlers.vocabulary import STANDING
from storage import applications
from storage.access import Action, Viewer
from storage.applications import ApplicationKind
from storage.consents import TERMS_VERSION
from storage.database import Transaction
from storage.members import MemberState
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.validation import confirmable

REASONS = {
    "scope": (text("Outside the scope"), text("the network is for practitioners of its field")),
    "unclear": (text("Details are unclear"), text("your name, organisation or work could not be understood")),
    "unknown": (text("Could not be confirmed"), text("your affiliation could not be confirmed")),
    "double": (text("Applied twice"), text("there is another membership or application of yours")),
    "later": (text("Not now"), text("no new members are admitted at present")),
}
"""Reason codes: how the button reads, and what the applicant is told."""

REFUSED = {
    ApplicationKind.POST: text("The change of your post was not confirmed:"),
    ApplicationKind.CORRECTION: text("The correction of your profile was not confirmed:"),
}
WITHDRAWING = {
    ApplicationKind.JOIN: text("Withdraw your application? You may apply again later."),
    ApplicationKind.POST: text(
        "Take the change of your post back? You are a member again with the post you had; roles do not come back."
    ),
    ApplicationKind.CORRECTION: text("Take the correction of your profile back?"),
}
WITHDRAWN = {
    ApplicationKind.JOIN: text("Your application was withdrawn."),
    ApplicationKind.POST: text("The change of your post was withdrawn. You are a member as before."),
    ApplicationKind.CORRECTION: text("The correction was withdrawn. Nothing has changed."),
}
UNCONFIRMED = text("Your membership is suspended until you confirm that you still hold your post.")


@dataclass(frozen=True)
class Withdraw(Press, prefix="app.back"):
    """Take one's own application back; `sure` is 1 at the second press."""

    sure: int


@dataclass(frozen=True)
class Answer(Press, prefix="app.answer"):
    """Answer this question of the reviewers."""

    remark: int


async def status(context: Context) -> None:
    say, viewer = context.say, context.viewer
    async with context.reading() as tx:
        row = await applications.open_one(tx, viewer.id)
    waits = confirmable(context.member)
    unconfirmed = waits and not viewer.active
    parts: list[str | None] = [say(UNCONFIRMED if unconfirmed else STANDING[viewer.state])]
    rows: list[Row] = []
    if waits:
        rows.append((Button(say("Confirm"), ConfirmPost(), style="success"),))
        rows.append((Button(say("Change my post"), Open("post")), Button(say("Leave"), Open("leave"))))
    if row is not None:
        parts += [title(row, say), say("Sent: {moment}", moment=say.moment(row.submitted_at))]
        rows.append((Button(say("Add a note"), Begin("note")),))
        rows.append((Button(say("Withdraw it"), Withdraw(0), style="danger"),))
    elif context.policy.open_to(viewer):
        rows.append((Button(say("Apply"), Begin("application"), style="primary"),))
    if viewer.state is MemberState.APPROVED or (viewer.active and context.member.terms_due_at is not None):
        parts.append(terms(say, context.policy))
        rows.append((Button(say("Accept"), Accept(TERMS_VERSION), style="success"),))
    if viewer.active or viewer.state is MemberState.SUSPENDED:
        rows.append((Button(say("My profile"), Open("profile")),))
    rows.append((Button(say("Menu"), Home()),))
    await context.show(Screen(lines(parts), tuple(rows)))


async def withdraw(context: Context, press: Withdraw) -> None:
    say = context.say
    if not press.sure:
        async with context.reading() as tx:
            row = await applications.open_one(tx, context.member.id)
        words = say(WITHDRAWING[row.kind if row else ApplicationKind.JOIN])
        sure: Row = (Button(say("Withdraw it"), Withdraw(1), style="danger"), Button(say("Back"), Open("status")))
        await context.show(Screen(words, (sure,)))
        return
    async with context.transaction() as tx:
        kind = await applications.withdraw(tx, context.member.id, context.now)
    await context.show(Screen(say(WITHDRAWN[kind]), ((Button(say("Menu"), Home()),),)))


async def answer(context: Context, press: Answer) -> None:
    async with context.reading() as tx:
        await applications.question(tx, context.viewer.id, press.remark)
    await context.begin("answer", {"remark": press.remark})


def _ask_answer(form: Form, say: Say) -> Question:
    quoted = f"<blockquote>{isolated(form.data or '–')}</blockquote>"
    return Question(Html(lines([say("The reviewers ask:"), quoted, say("Your answer?")])))


async def _asked(tx: Transaction, viewer: Viewer, answers: Answers) -> str | None:
    with suppress(Refusal):
        return (await applications.question(tx, viewer.id, answers["remark"])).text
    return None


async def _answer(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    await applications.answer(tx, viewer, answers["remark"], answers["answer"], context.now)
    return _thanks(context.say)


def _ask_note(_form: Form, say: Say) -> Question:
    return Question(say("What should the reviewers know besides?"))


async def _note(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    await applications.add_note(tx, viewer, answers["note"], context.now)
    return _thanks(context.say)


def _thanks(say: Say) -> Screen:
    return Screen(
        say("Thank you. The reviewers can read it now."), ((Button(say("See my application"), Open("status")),),)
    )


ANSWER = Dialogue(
    name="answer",
    title=text("Answer to the reviewers"),
    steps=(Step("answer", text("Your answer"), _ask_answer, line(600), lambda _f, _s, a: isolated(a)),),
    finish=_answer,
    submit=text("Send"),
    needs=Action.AWAIT,
    prepare=_asked,
    check=about("remark"),
)
NOTE = Dialogue(
    name="note",
    title=text("Note on your application"),
    steps=(Step("note", text("Note"), _ask_note, line(500), lambda _f, _s, a: isolated(a)),),
    finish=_note,
    submit=text("Send"),
    needs=Action.AWAIT,
)


async def _load_question(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, tuple[int, str]]:
    found: dict[int, tuple[int, str]] = {}
    for viewer in viewers:
        with suppress(Refusal):
            asked = await applications.question(tx, viewer.id, facts["remark"])
            found[viewer.id] = (asked.id, asked.text)
    return found


def _question(content: tuple[int, str], say: Say, _policy: Policy) -> Screen:
    number, asked = content
    words = lines([say("The reviewers of your application ask:"), f"<blockquote>{isolated(asked)}</blockquote>"])
    return Screen(words, ((Button(say("Answer"), Answer(number), style="primary"),),))


def _answered(facts: Facts, say: Say, _policy: Policy) -> Screen:
    return Screen(
        say("The applicant of <code>A-{number}</code> has answered: see the card.", number=facts["application"])
    )


def _vetted(facts: Facts, say: Say, _policy: Policy) -> Screen:
    words = say("Application <code>A-{number}</code>: enough members know you. Now the reviewers decide.",
                number=facts["number"])  # fmt: skip
    return Screen(words, ((Button(say("See my application"), Open("status")),),))


def _approved(facts: Facts, say: Say, policy: Policy) -> Screen:
    if facts.get("kind") == ApplicationKind.POST:
        words = say("Your new post was confirmed. You are a member of {network} again.", network=policy.network)
        return Screen(words, ((Button(say("Open the menu"), Home(), style="primary"),),))
    welcome = say("Welcome to {network}: your application was approved.", network=policy.network)
    then = say(
        "Your weekly digest is set up. Choose the topics you would like to follow, share a link, or just write some "
        "words to search."
    )
    rows: tuple[Row, ...] = (
        (Button(say("Choose topics"), Open("topics"), style="primary"),),
        (Button(say("Open the menu"), Home()), Button(say("My entry"), Open("entry"))),
    )
    return Screen(lines([f"<b>{welcome}</b>", then]), rows)


def _declined(facts: Facts, say: Say, policy: Policy) -> Screen:
    reason = facts["reason"]
    why = say(REASONS[reason][1]) if reason in REASONS else isolated(reason)
    if facts.get("kind") in REFUSED:
        words = say(REFUSED[facts["kind"]])
        return Screen(lines([words, f"<i>{why}</i>"]), ((Button(say("Menu"), Home()),),))
    words = say("Thank you for your interest in {network}. Your application was declined:", network=policy.network)
    again = say("You may apply again when this has changed.")
    return Screen(lines([words, f"<i>{why}</i>", again]), ((Button(say("Menu"), Home()),),))


def _lapsed(facts: Facts, say: Say, policy: Policy) -> Screen:
    if facts.get("kind") == ApplicationKind.POST:
        words = say("Nobody vouched for your new post in time, so your membership has ended. You may apply again.")
        return Screen(words, ((Button(say("Menu"), Home()),),))
    words = say(
        "Thank you for your interest in {network}. Your application has lapsed: not enough members knew you in time. "
        "You may apply again.",
        network=policy.network,
    )
    return Screen(words, ((Button(say("Menu"), Home()),),))


def _corrected(_facts: Facts, say: Say, _policy: Policy) -> Screen:
    return Screen(say("The change of your profile was confirmed."), ((Button(say("My profile"), Open("profile")),),))


NOTICES = (
    Notice("application:question", _question, _load_question),
    notice("application:answered", _answered),
    notice("application:vetted", _vetted),
    notice("application:approved", _approved),
    notice("application:declined", _declined),
    notice("application:lapsed", _lapsed),
    notice("application:corrected", _corrected),
)
