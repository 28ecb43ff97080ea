"""Roles: administrators see, give and take them; who gets or loses one is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Option, Question, Step, about, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from handlers.staff.acts import hold
from handlers.staff.card import Roles
from handlers.staff.listing import OpenMember
from handlers.staff.words import ROLES, SEATS, office
from storage import staff, topics
from storage.access import Action, Viewer, allowed
from storage.applications import ZONES
from storage.database import Transaction
from storage.members import Office, Role
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.staff import TERMS, Card, Held, Seat
from storage.topics import Topic

WHOLE = (Role.ADMINISTRATOR, Role.APPROVER, Role.AUDITOR)
"""The roles without a reach."""
FORMS = {Role.MODERATOR: "moderator", Role.FOCAL_POINT: "focal-point"}
ORGANISATION = "organisation"


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
    return say("{role}, until {day}", role=named, day=say.day(held.until)) if held.until else named


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
    await _shown_again(context, press.member)


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
        await _shown_again(context, press.member)
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


async def _shown_again(context: Context, member_id: int) -> None:
    say = context.say
    back: Row = (Button(say("Back to the roles"), Roles(member_id)), Button(say("Menu"), Home()))
    await context.show(Screen(say("Done. The member is told."), (back,)))


@dataclass(frozen=True)
class Asked:
    """What the forms ask with: whom they are about, and the topics."""

    card: Card | None
    topics: tuple[Topic, ...]

    @property
    def name(self) -> Html:
        return isolated(self.card.name if self.card else "–")


async def _prepare(tx: Transaction, viewer: Viewer, answers: Answers) -> Asked:
    try:
        found = await staff.card(tx, viewer, answers["member"])
    except Refusal:
        found = None
    return Asked(found, tuple(await topics.catalogue(tx)))


def _ask_topic(form: Form, say: Say) -> Question:
    asked: Asked = form.data
    options = tuple(Option(f"{t.emoji} {t.title(say.language)}", str(t.id)) for t in asked.topics)
    return Question(say("Which topic shall {name} moderate?", name=asked.name), options)


def _show_topic(form: Form, say: Say, answer: Any) -> str:
    return next((isolated(t.title(say.language)) for t in form.data.topics if str(t.id) == answer), "–")


def _ask_reach(form: Form, say: Say) -> Question:
    asked: Asked = form.data
    card = asked.card
    options = [Option(card.organisation[:40], ORGANISATION)] if card and card.organisation else []
    own = card.country if card else None
    countries = sorted(ZONES, key=lambda code: (code != own, say.country(code)))
    options += [Option(say.country(code), code) for code in countries]
    words = say("Focal point of what shall {name} be: of their organisation, or of a country?", name=asked.name)
    return Question(words, tuple(options), 2)


def _show_reach(form: Form, say: Say, answer: Any) -> str:
    card: Card | None = form.data.card
    if answer == ORGANISATION:
        return isolated(card.organisation if card else "–")
    return say.country(answer)


def _ask_seat(_form: Form, say: Say) -> Question:
    words = say("Principal or alternate? Each country and organisation has one of both.")
    return Question(words, tuple(Option(say(label), str(int(code))) for code, label in SEATS.items()), 2)


def _ask_term(_form: Form, say: Say) -> Question:
    words = say("For how long? Sixty days before the end you are warned.")
    options = tuple(Option(say.many("{n} month", "{n} months", n), str(n)) for n in TERMS)
    return Question(words, options, 3)


def _ask_letter(_form: Form, say: Say) -> Question:
    return Question(say("The number or date of the letter that names them, if there is one?"))


def _read(form: Form, say: Say) -> Screen:
    asked: Asked = form.data
    steps = MODERATOR.steps if "topic" in form.answers else FOCAL_POINT.steps
    role = say(ROLES[Role.MODERATOR if "topic" in form.answers else Role.FOCAL_POINT])
    title = say("Give {name} the role: {role}?", name=asked.name, role=role)
    rows = [
        say("{kind}: {text}", kind=say(step.title), text=Html(step.show(form, say, form.answers[step.name])))
        for step in steps
        if step.show is not None and form.answers.get(step.name)
    ]
    return Screen(lines([f"<b>{title}</b>", "\n".join(rows)]))


async def _give_moderator(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    seat = Seat(Office(Role.MODERATOR, topic_id=int(answers["topic"])))
    return await _finish(context, tx, viewer, answers["member"], seat)


async def _give_focal_point(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    found = await staff.by_id(tx, viewer, answers["member"])
    office = Office(Role.FOCAL_POINT, country=answers["reach"])
    if answers["reach"] == ORGANISATION:
        office = Office(Role.FOCAL_POINT, organisation_id=found.organisation_id)
    seat = Seat(office, int(answers["term"]), answers["seat"] == "1", answers.get("letter"))
    return await _finish(context, tx, viewer, found.id, seat)


async def _finish(context: Context, tx: Transaction, viewer: Viewer, member_id: int, seat: Seat) -> Screen:
    await staff.give(tx, viewer, member_id, seat, context.now)
    say = context.say
    back: Row = (Button(say("Back to the roles"), Roles(member_id)), Button(say("Menu"), Home()))
    return Screen(say("Done. The member is told."), (back,))


MODERATOR = Dialogue(
    name="moderator",
    title=text("Moderator"),
    steps=(Step("topic", text("Topic"), _ask_topic, show=_show_topic),),
    finish=_give_moderator,
    submit=text("Give the role"),
    needs=Action.GIVE_ROLES,
    prepare=_prepare,
    summary=_read,
    hold=hold,
    check=about("member"),
)
FOCAL_POINT = Dialogue(
    name="focal-point",
    title=text("Focal point"),
    steps=(
        Step("reach", text("Reach"), _ask_reach, show=_show_reach),
        Step("seat", text("Seat"), _ask_seat, show=lambda _f, say, a: say(SEATS[a == "1"])),
        Step("term", text("Term"), _ask_term, show=lambda _f, say, a: say.many("{n} month", "{n} months", int(a))),
        Step("letter", text("Letter"), _ask_letter, line(120), lambda _f, _s, a: isolated(a), optional=True),
    ),
    finish=_give_focal_point,
    submit=text("Give the role"),
    needs=Action.GIVE_ROLES,
    prepare=_prepare,
    summary=_read,
    hold=hold,
    check=about("member"),
)


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
