"""The applicant's side: where one stands, taking it back, and what is said when it is decided."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import notice
from handlers.language import Say, isolated, text
from handlers.presses import Begin, Home
from handlers.screens import Screen, lines
from handlers.vocabulary import STANDING
from storage import applications
from storage.access import Action, allowed
from storage.outbox import Facts

REASONS = {
    "scope": (text("Outside the scope"), text("the network is for practitioners of its field")),
    "unclear": (text("Details are unclear"), text("your name, organisation or work could not be understood")),
    "unknown": (text("Could not be confirmed"), text("your affiliation could not be confirmed")),
    "double": (text("Applied twice"), text("there is another membership or application of yours")),
    "later": (text("Not now"), text("no new members are admitted at present")),
}
"""Reason codes: how the button reads, and what the applicant is told."""


@dataclass(frozen=True)
class Withdraw(Press, prefix="app.back"):
    """Take one's own application back; `sure` is 1 at the second press."""

    sure: int


async def status(context: Context) -> None:
    say, viewer = context.say, context.viewer
    async with context.reading() as tx:
        row = await applications.open_one(tx, viewer.id)
    rows: list[Row] = []
    sent = None
    if row is not None:
        number = say("Application <code>A-{number}</code>", number=row.id)
        sent = lines([number, say("Sent: {moment}", moment=say.moment(row.submitted_at))])
        rows.append((Button(say("Withdraw it"), Withdraw(0), style="danger"),))
    elif allowed(viewer, Action.APPLY):
        rows.append((Button(say("Apply"), Begin("application"), style="primary"),))
    rows.append((Button(say("Menu"), Home()),))
    words = say(STANDING[viewer.state])
    await context.show(Screen(lines([words, sent]), tuple(rows)))


async def withdraw(context: Context, press: Withdraw) -> None:
    say = context.say
    if not press.sure:
        sure: Row = (Button(say("Withdraw it"), Withdraw(1), style="danger"), Button(say("Back"), Home()))
        await context.show(Screen(say("Withdraw your application? You may apply again later."), (sure,)))
        return
    async with context.transaction() as tx:
        await applications.withdraw(tx, context.member.id, context.now)
    done = say("Your application was withdrawn. You may apply again.")
    await context.show(Screen(done, ((Button(say("Menu"), Home()),),)))


def _approved(_facts: Facts, say: Say, policy: Policy) -> Screen:
    welcome = say("Welcome to {network}: your application was approved.", network=policy.network)
    then = say("Your weekly digest is set up. Follow topics, share a link, or just write some words to search.")
    return Screen(lines([f"<b>{welcome}</b>", then]), ((Button(say("Open the menu"), Home(), style="primary"),),))


def _declined(facts: Facts, say: Say, policy: Policy) -> Screen:
    reason = facts["reason"]
    why = say(REASONS[reason][1]) if reason in REASONS else isolated(reason)
    words = say("Thank you for your interest in {network}. Your application was declined:", network=policy.network)
    again = say("You may apply again when this has changed.")
    return Screen(lines([words, f"<i>{why}</i>", again]), ((Button(say("Menu"), Home()),),))


APPROVED = notice("application:approved", _approved)
DECLINED = notice("application:declined", _declined)
