"""What is told of roles: to who gets or loses one, and to administrators where it concerns them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.buttons import Button
from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated
from handlers.presses import Home
from handlers.screens import Screen
from handlers.staff.words import office
from storage import staff
from storage.access import Action, Viewer, allowed
from storage.database import Transaction
from storage.outbox import Facts
from storage.staff import Held


@dataclass(frozen=True)
class Told:
    """What a notice about a role says: which, whose (to others than the holder), until when."""

    held: Held
    name: str | None
    until: datetime | None


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Told]:
    held = await staff.described(tx, facts)
    name = await staff.name_of(tx, facts["member"]) if "member" in facts else None
    found: dict[int, Told] = {}
    for viewer in viewers:
        if facts.get("member", viewer.id) == viewer.id:
            found[viewer.id] = Told(held, None, held.until)
        elif allowed(viewer, Action.GIVE_ROLES):
            found[viewer.id] = Told(held, name, held.until)
    return found


def _given(told: Told, say: Say, _policy: Policy) -> Screen:
    role = office(told.held, say)
    words = say("You have a new role: {role}. /help shows what you can do now.", role=role)
    if told.until is not None:
        words = say("You have a new role: {role}, until {day}. /help shows what you can do now.", role=role,
                    day=say.day(told.until))  # fmt: skip
    return _to_menu(words, say)


def _taken(told: Told, say: Say, _policy: Policy) -> Screen:
    return _to_menu(say("You no longer have this role: {role}.", role=office(told.held, say)), say)


def _ending(told: Told, say: Say, _policy: Policy) -> Screen:
    role, day = office(told.held, say), say.day(told.until) if told.until else "–"
    if told.name is None:
        return _to_menu(say("Your role ends on {day}: {role}. An administrator can renew it.", day=day, role=role), say)
    name = isolated(told.name)
    return _to_menu(say("The role of {name} ends on {day}: {role}.", name=name, day=day, role=role), say)


def _ended(told: Told, say: Say, _policy: Policy) -> Screen:
    role = office(told.held, say)
    if told.name is None:
        return _to_menu(say("The term of your role is over: {role}.", role=role), say)
    words = say("The term of {name} is over, and the seat is free: {role}.", name=isolated(told.name), role=role)
    return _to_menu(words, say)


def _to_menu(words: Html, say: Say) -> Screen:
    return Screen(words, ((Button(say("Menu"), Home()),),))


async def _load_new(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, str]:
    name = await staff.name_of(tx, facts["member"])
    return {viewer.id: name for viewer in viewers if allowed(viewer, Action.GIVE_ROLES)}


def _new(name: str, say: Say, _policy: Policy) -> Screen:
    return _to_menu(say("{name} is an administrator now.", name=isolated(name)), say)


NOTICES = (
    Notice("role:given", _given, _load),
    Notice("role:taken", _taken, _load),
    Notice("role:ending", _ending, _load),
    Notice("role:ended", _ended, _load),
    Notice("role:administrator", _new, _load_new),
)
