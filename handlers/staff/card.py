"""A member's card: what staff read of somebody, and what the reader may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context
from handlers.language import Say, isolated, text
from handlers.presses import Open
from handlers.screens import Screen, lines
from handlers.staff.listing import AskOffboard, OpenMember
from handlers.staff.words import STATES, office, reason
from handlers.vocabulary import CATEGORIES
from storage import seats, staff
from storage.access import Action, Viewer, allowed
from storage.database import Transaction
from storage.membership import Step
from storage.staff import Card


@dataclass(frozen=True)
class Email(Press, prefix="mem.mail"):
    """Read this member's e-mail address."""

    member: int


@dataclass(frozen=True)
class AskSuspend(Press, prefix="mem.hold"):
    """Suspend this member: asks for the reason."""

    member: int


@dataclass(frozen=True)
class Reinstate(Press, prefix="mem.back"):
    """Reinstate this member; `sure` is 1 at the second press."""

    member: int
    sure: int


@dataclass(frozen=True)
class Block(Press, prefix="mem.block"):
    """Block this member; `sure` is 1 at the second press."""

    member: int
    sure: int


@dataclass(frozen=True)
class Unblock(Press, prefix="mem.free"):
    """Unblock this person; `sure` is 1 at the second press."""

    member: int
    sure: int


@dataclass(frozen=True)
class Roles(Press, prefix="role"):
    """See and change this member's roles."""

    member: int


@dataclass(frozen=True)
class HandOver(Press, prefix="seat"):
    """Choose who takes this member's seat, from the candidate with the id `first` on."""

    member: int
    first: int


QUICK: dict[Step, tuple[type[Reinstate | Block | Unblock], str]] = {
    Step.REINSTATED: (Reinstate, text("Reinstate")),
    Step.BLOCKED: (Block, text("Block")),
    Step.UNBLOCKED: (Unblock, text("Unblock")),
}
"""The acts that ask for no reason, and their buttons."""


async def open_card(context: Context, press: OpenMember) -> None:
    async with context.reading() as tx:
        screen = await card(tx, context.viewer, press.member, context.say)
    await context.show(screen)


async def card(tx: Transaction, viewer: Viewer, member_id: int, say: Say) -> Screen:
    """Return the card of a member as `viewer` may read it. Refusal: `member:unknown`."""
    found = await staff.card(tx, viewer, member_id)
    steps = await staff.possible(tx, viewer, member_id)
    return Screen("\n".join(facts(found, say)), (*_acts(found, viewer, steps, say), _back(say)))


def _back(say: Say) -> Row:
    return (Button(say("Back"), Open("members")),)


def facts(found: Card, say: Say) -> list[str]:
    """Return the lines of a card."""
    shown = [f"<b>{isolated(found.name)}</b>", say("Number: <code>M-{number}</code>", number=found.id)]
    if found.organisation:
        shown.append(say("Organisation: {organisation}", organisation=isolated(found.organisation)))
    if found.category:
        shown.append(say("Category: {category}", category=say(CATEGORIES[found.category])))
    if found.country:
        shown.append(say("Country: {country}", country=say.country(found.country)))
    state = say(STATES[found.state])
    since = say("State: {state}, since {day}", state=state, day=say.day(found.since)) if found.since else None
    shown.append(since or say("State: {state}", state=state))
    if found.by_mail:
        shown.append(say("Reached: by e-mail"))
    if found.reason:
        shown.append(say("Reason: {reason}", reason=reason(found.reason, say)))
    if found.roles:
        shown.append(say("Roles: {roles}", roles=", ".join(office(held, say) for held in found.roles)))
    return shown


def _acts(found: Card, viewer: Viewer, steps: Sequence[Step], say: Say) -> list[Row]:
    buttons: list[Button] = []
    if Step.SUSPENDED in steps:
        buttons.append(Button(say("Suspend"), AskSuspend(found.id), style="danger"))
    buttons += [_quick(found.id, step, say) for step in QUICK if step in steps]
    if Step.OFFBOARDED in steps:
        buttons.append(Button(say("Off-board"), AskOffboard(found.id), style="danger"))
    if viewer.id != found.id and allowed(viewer, Action.HAND_OVER) and found.state in seats.SEATED:
        buttons.append(Button(say("Hand over"), HandOver(found.id, 0)))
    if allowed(viewer, Action.GIVE_ROLES):
        buttons.append(Button(say("Change roles"), Roles(found.id)))
        if found.has_email:
            buttons.append(Button(say("Show the e-mail"), Email(found.id)))
    return columns(buttons, 2)


def _quick(member_id: int, step: Step, say: Say) -> Button:
    press, label = QUICK[step]
    return Button(say(label), press(member_id, 0), style="danger" if step is Step.BLOCKED else None)


async def show_email(context: Context, press: Email) -> None:
    say = context.say
    async with context.transaction() as tx:
        me = await context.myself(tx)
        address = await staff.email(tx, me, press.member, context.now)
        found = await staff.card(tx, me, press.member)
    shown = say("E-mail: {address}", address=isolated(address or "–"))
    noted = say("That you have read it stands in the audit log.")
    back: Row = (Button(say("Back"), OpenMember(press.member)),)
    await context.show(Screen(lines(["\n".join([*facts(found, say), shown]), noted]), (back,)))
