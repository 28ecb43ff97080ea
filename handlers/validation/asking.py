"""The member's side: being asked, reminded, suspended and let go, and confirming with one tap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from handlers.buttons import Button, Row
from handlers.context import Context, Policy
from handlers.feature import Notice, notice
from handlers.language import Say, isolated, text
from handlers.presses import ConfirmPost, Home, Open
from handlers.screens import Screen, lines
from storage import profile, validation
from storage.access import Viewer
from storage.database import Transaction
from storage.members import MemberState, Role
from storage.outbox import Facts

Asked = tuple[str, bool, str]
"""Until when a post has to be confirmed, whether it is a reminder, and the organisation."""

CONFIRMED = {
    "oneself": text("Thank you. Your post is confirmed; you are asked again in about a year."),
    Role.FOCAL_POINT: text("Your focal point has confirmed that you still hold your post. You need not do anything."),
    Role.ADMINISTRATOR: text("The secretariat has confirmed that you still hold your post. You need not do anything."),
}


async def confirm(context: Context, _press: ConfirmPost) -> None:
    async with context.transaction() as tx:
        await validation.confirm(tx, await context.myself(tx), context.now)
    await context.toast(context.say("Confirmed."))
    await context.close()


async def _due(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Asked]:
    return {v.id: await _asked(tx, facts, v) for v in viewers if v.state is MemberState.DUE}


async def _overdue(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Asked]:
    return {v.id: await _asked(tx, facts, v) for v in viewers if v.state is MemberState.SUSPENDED}


async def _asked(tx: Transaction, facts: Facts, viewer: Viewer) -> Asked:
    found = await profile.mine(tx, viewer)
    return facts["until"], bool(facts.get("again")), found.organisation or "–"


def _ask(content: Asked, say: Say, policy: Policy) -> Screen:
    until, again, organisation = content
    lead = say("A reminder: a year has passed, or nearly.") if again else say("A year has passed, or nearly.")
    words = say(
        "Do you still hold your post at {organisation}? Please confirm it until {day}; otherwise your membership of "
        "{network} is suspended.",
        organisation=isolated(organisation),
        day=_day(until, say),
        network=policy.network,
    )
    return Screen(lines([lead, words]), _ways(say))


def _ask_suspended(content: Asked, say: Say, policy: Policy) -> Screen:
    until, again, organisation = content
    lead = say("Your membership of {network} is suspended: your post was not confirmed.", network=policy.network)
    if again:
        lead = say("A reminder: your membership of {network} is still suspended.", network=policy.network)
    words = say(
        "Do you still hold your post at {organisation}? Confirm it, and everything is as before; after {day} the "
        "membership ends.",
        organisation=isolated(organisation),
        day=_day(until, say),
    )
    return Screen(lines([lead, words]), _ways(say))


def _day(until: str, say: Say) -> str:
    return say.day(datetime.fromisoformat(until))


def _ways(say: Say) -> tuple[Row, ...]:
    return (
        (Button(say("Confirm"), ConfirmPost(), style="success"),),
        (Button(say("Change my post"), Open("post")), Button(say("Leave"), Open("leave"))),
    )


def _validated(facts: Facts, say: Say, _policy: Policy) -> Screen:
    return Screen(say(CONFIRMED[facts["by"]]), ((Button(say("Menu"), Home()),),))


def _expired(_facts: Facts, say: Say, policy: Policy) -> Screen:
    words = say(
        "Your membership of {network} has ended: your post was not confirmed in time. You may apply again.",
        network=policy.network,
    )
    return Screen(words, ((Button(say("Menu"), Home()),),))


NOTICES = (
    Notice("membership:due", _ask, _due),
    Notice("membership:overdue", _ask_suspended, _overdue),
    notice("membership:validated", _validated),
    notice("membership:expired", _expired),
)
