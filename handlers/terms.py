"""Terms: what a member agrees to, accepted before anything is asked and again when they change (R-07)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handlers.buttons import Button, Press
from handlers.context import Context, Policy
from handlers.feature import Feature, notice, tap
from handlers.language import Html, Say, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import applications
from storage.consents import GRACE, TERMS_VERSION, Accepted
from storage.members import MemberState
from storage.outbox import Facts
from storage.refusals import Refusal


@dataclass(frozen=True)
class Accept(Press, prefix="terms.yes"):
    """Accept the terms in force, whose version stands on the screen."""

    version: str


def terms(say: Say, policy: Policy) -> Html:
    """Return the terms as a person reads them; their hash is kept with the consent."""
    points = (
        say("Share public and community documents only: nothing classified, operational, personal or under secrecy."),
        say("No names or pictures of suspects, victims, witnesses or minors; no live cases; no threat reports."),
        say("Not for official correspondence. Telegram and whoever runs this bot can read what is written here."),
        say(
            "Keep to the Traffic Light Protocol label of each item. You can leave and be erased at any time: /privacy."
        ),
    )
    title = say("The terms of {network}, version {version}", network=policy.network, version=TERMS_VERSION)
    return Html(lines([f"<b>{title}</b>", "\n".join(f"• {point}" for point in points)]))


def accepted(say: Say, policy: Policy) -> Accepted:
    """Return the terms as somebody who reads them in this language accepts them."""
    return Accepted(TERMS_VERSION, terms(say, policy))


def _asking(lead: Callable[[Say], str]) -> Callable[[Facts, Say, Policy], Screen]:
    def render(_facts: Facts, say: Say, policy: Policy) -> Screen:
        button = Button(say("Accept"), Accept(TERMS_VERSION), style="success")
        return Screen(lines([lead(say), terms(say, policy)]), ((button,),))

    return render


NEW = _asking(
    lambda say: say(
        "The terms have changed. Please accept them within {days} days; after that you can only read.", days=GRACE.days
    )
)
OVERDUE = _asking(lambda say: say("You have not accepted the new terms, so you can only read until you do."))
APPROVED = _asking(
    lambda say: say("Your application was approved. The terms have changed meanwhile; accept them to become a member.")
)


async def accept(context: Context, press: Accept) -> None:
    if press.version != TERMS_VERSION:
        raise Refusal("button:old")
    if not context.viewer.active and context.viewer.state is not MemberState.APPROVED:
        raise Refusal("access:members")
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await applications.accept_terms(tx, me, accepted(context.say, context.policy), context.now)
    say = context.say
    await context.show(Screen(say("Thank you. The terms are accepted."), ((Button(say("Menu"), Home()),),)))


FEATURE = Feature(
    name="terms",
    handlers=(tap(Accept, accept),),
    notices=(notice("terms:new", NEW), notice("terms:overdue", OVERDUE), notice("terms:approved", APPROVED)),
    refusals={
        "terms:first": text("Please accept the new terms first; until then you can only read. /status shows them."),
    },
)
