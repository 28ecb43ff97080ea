"""Roles: administrators see, give and take them; each with a second press that names whose."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context
from handlers.language import Say, isolated
from handlers.presses import Home
from handlers.screens import Screen, lines
from handlers.staff.card import Roles
from handlers.staff.listing import OpenMember
from handlers.staff.words import office
from handlers.vocabulary import ROLES
from storage import staff
from storage.members import Office, Role
from storage.refusals import Refusal
from storage.staff import Held, Seat

WHOLE = (Role.ADMINISTRATOR, Role.APPROVER, Role.AUDITOR, Role.EDITOR)
"""The roles without a reach."""
FORMS = {Role.MODERATOR: "moderator", Role.FOCAL_POINT: "focal-point"}


@dataclass(frozen=True)
class Give(Press, prefix="role.give"):
    """Give this member a role; `sure` is 1 at the second press."""

    member: int
    role: Role
    sure: int


@dataclass(frozen=True)
class Take(Press, prefix="role.take"):
    """Take the role of this number from a member; `sure` is 1 at the second press."""

    member: int
    role: int
    sure: int


async def roles(context: Context, press: Roles) -> None:
    async with context.reading() as tx:
        found = await staff.card(tx, context.viewer, press.member)
    say = context.say
    held = [_line(one, say) for one in found.roles]
    title = say("Roles of {name}", name=isolated(found.name))
    buttons: list[Button] = []
    if found.id != context.viewer.id:
        buttons = [
            Button(say("Take: {role}", role=say(ROLES[one.role])), Take(found.id, one.id, 0)) for one in found.roles
        ]
        has = {one.role for one in found.roles if one.role in WHOLE}
        free = [role for role in (*WHOLE, *FORMS) if role not in has]
        buttons += [Button(say("Give: {role}", role=say(ROLES[role])), Give(found.id, role, 0)) for role in free]
    words = "\n".join(held) or say("None but that of a member.")
    back: Row = (Button(say("Back"), OpenMember(found.id)),)
    await context.show(Screen(lines([f"<b>{title}</b>", words]), (*columns(buttons, 2), back)))


def _line(held: Held, say: Say) -> str:
    named = office(held, say)
    told = say("{role}, until {day}", role=named, day=say.day(held.until)) if held.until else named
    return f"{told} ({say('letter {letter}', letter=isolated(held.letter))})" if held.letter else told


async def give(context: Context, press: Give) -> None:
    if press.role in FORMS:
        async with context.reading() as tx:
            await staff.card(tx, context.viewer, press.member)
        await context.begin(FORMS[press.role], {"member": press.member})
        return
    if not press.sure:
        await _ask_give(context, press)
        return
    async with context.transaction() as tx:
        me = await staff.acting(tx, context.member.id, press.member)
        await staff.give(tx, me, press.member, Seat(Office(press.role)), context.now)
    await context.show(done(press.member, context.say))


async def _ask_give(context: Context, press: Give) -> None:
    say = context.say
    async with context.reading() as tx:
        found = await staff.card(tx, context.viewer, press.member)
    words = say("Give {name} the role: {role}?", name=isolated(found.name), role=say(ROLES[press.role]))
    sure = Button(say("Give the role"), Give(press.member, press.role, 1), style="success")
    await context.show(Screen(words, ((sure, Button(say("Back"), Roles(press.member))),)))


async def take(context: Context, press: Take) -> None:
    if press.sure:
        async with context.transaction() as tx:
            me = await staff.acting(tx, context.member.id, press.member)
            await staff.take(tx, me, press.role, context.now)
        await context.show(done(press.member, context.say))
        return
    say = context.say
    async with context.reading() as tx:
        found = await staff.card(tx, context.viewer, press.member)
    held = next((one for one in found.roles if one.id == press.role), None)
    if held is None:
        raise Refusal("role:gone")
    words = say("Take this role from {name}: {role}?", name=isolated(found.name), role=office(held, say))
    sure = Button(say("Take the role"), Take(press.member, press.role, 1), style="danger")
    await context.show(Screen(words, ((sure, Button(say("Back"), Roles(press.member))),)))


def done(member_id: int, say: Say) -> Screen:
    """Return what is shown after a role was given or taken."""
    back: Row = (Button(say("Back to the roles"), Roles(member_id)), Button(say("Menu"), Home()))
    return Screen(say("Done. The member is told."), (back,))
