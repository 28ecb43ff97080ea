"""Handing a seat over: a successor is chosen, what passes is read, one press does it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, turns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Say, isolated
from handlers.presses import Home
from handlers.screens import Screen, lines
from handlers.staff.card import HandOver
from handlers.staff.listing import OpenMember
from handlers.staff.words import office
from storage import members, seats, staff
from storage.access import Viewer
from storage.database import Transaction
from storage.outbox import Facts
from storage.staff import Held

PAGE = 8


@dataclass(frozen=True)
class Successor(Press, prefix="seat.to"):
    """Read what would pass from a member to this successor."""

    member: int
    successor: int


@dataclass(frozen=True)
class Pass(Press, prefix="seat.pass"):
    """Let it pass; with `leave` the predecessor is off-boarded in the same act."""

    member: int
    successor: int
    leave: int


async def candidates(context: Context, press: HandOver) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await seats.successors(tx, context.viewer, press.member, press.first or None, PAGE)
        name = await staff.name_of(tx, press.member)
    rows: list[Row] = [(Button(members.called(m)[:40], Successor(press.member, m.id)),) for m in page.items]
    rows += turns(page, lambda first: HandOver(press.member, first))
    rows.append((Button(say("Back"), OpenMember(press.member)),))
    words = say("Who takes the seat of {name}? Those of the same organisation or country come first.",
                name=isolated(name))  # fmt: skip
    await context.show(Screen(words, tuple(rows)))


async def preview(context: Context, press: Successor) -> None:
    say = context.say
    async with context.reading() as tx:
        found = await seats.bundle(tx, context.viewer, press.member, press.successor)
    one, other = isolated(members.called(found.predecessor)), isolated(members.called(found.successor))
    title = say("From {name} to {successor}", name=one, successor=other)
    passed = _passed(found.roles, found.topics, found.applications, found.nominations, say)
    kept = say("E-mail, directory entry, introductions, digests and everything private stay with {name}.", name=one)
    hand_over = Button(say("Hand over"), Pass(press.member, press.successor, 0), style="success")
    leave = Button(say("Hand over and off-board"), Pass(press.member, press.successor, 1), style="danger")
    back: Row = (Button(say("Back"), HandOver(press.member, 0)),)
    await context.show(Screen(lines([f"<b>{title}</b>", "\n".join(passed), kept]), ((hand_over,), (leave,), back)))


def _passed(roles: Sequence[Held], topics: int, applications: int, nominations: int, say: Say) -> list[str]:
    named: list[str] = [
        say("{role}, until {day}", role=office(held, say), day=say.day(held.until)) if held.until else office(held, say)
        for held in roles
    ]
    if not named:
        named.append(say("no role"))
    return [
        *named,
        say.many("{n} topic", "{n} topics", topics),
        say.many("{n} application taken", "{n} applications taken", applications),
        say.many("{n} open nomination", "{n} open nominations", nominations),
    ]


async def hand_over(context: Context, press: Pass) -> None:
    leave, where = bool(press.leave), context.replaces
    async with context.transaction() as tx:
        me = await staff.acting(tx, context.member.id, press.member, press.successor)
        await seats.hand_over(tx, me, press.member, press.successor, context.now, offboard=leave, replaces=where)
    if leave:
        return  # the report takes the place of the question
    say = context.say
    back: Row = (Button(say("Back to the card"), OpenMember(press.successor)), Button(say("Menu"), Home()))
    await context.show(Screen(say("Handed over. Both are told."), (back,)))


@dataclass(frozen=True)
class Told:
    """What both read of it: the other's name, and what has passed."""

    name: str
    roles: tuple[Held, ...]
    topics: int
    applications: int
    nominations: int


def _loading(reader: str, other: str) -> Notice:
    async def load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Told]:
        roles = tuple([await staff.described(tx, role) for role in facts["roles"]])
        name = await staff.name_of(tx, facts[other])
        told = Told(name, roles, facts["topics"], facts["applications"], facts["nominations"])
        return {viewer.id: told for viewer in viewers if viewer.id == facts[reader]}

    draw = _received if reader == "successor" else _given
    return Notice("seat:received" if reader == "successor" else "seat:given", draw, load)


def _received(told: Told, say: Say, _policy: Policy) -> Screen:
    words = say("You take over from {name}:", name=isolated(told.name))
    passed = _passed(told.roles, told.topics, told.applications, told.nominations, say)
    return Screen(lines([words, "\n".join(passed)]), ((Button(say("Menu"), Home()),),))


def _given(told: Told, say: Say, _policy: Policy) -> Screen:
    words = say("What you did for the network has passed to {name}. Thank you.", name=isolated(told.name))
    return Screen(words, ((Button(say("Menu"), Home()),),))


NOTICES = (_loading("successor", "predecessor"), _loading("predecessor", "successor"))
