"""The profile as its member reads it, and what changes at once: e-mail address and time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, line, mail_address
from handlers.language import Say, isolated, text
from handlers.presses import Begin, ConfirmPost, Home, Open
from handlers.screens import Screen, lines
from handlers.vocabulary import CATEGORIES, ROLES
from handlers.zones import by_country, of_city, offset
from storage import digests, members, profile, topics
from storage.access import Action, Viewer
from storage.applications import ZONES
from storage.database import Transaction
from storage.members import MemberRole
from storage.profile import Profile
from storage.refusals import Refusal
from storage.validation import confirmable

_CITY = 60


@dataclass(frozen=True)
class Clocks(Press, prefix="clock.list"):
    """Offer the time zones of the network's countries."""


@dataclass(frozen=True)
class SetClock(Press, prefix="clock"):
    """Live by the clock of this zone."""

    zone: str


async def show(context: Context) -> None:
    async with context.reading() as tx:
        found, titles = await _read(tx, context.viewer)
    await context.show(_screen(found, titles, context.say, context.now))


async def _read(tx: Transaction, viewer: Viewer) -> tuple[Profile, Mapping[int, str]]:
    found = await profile.mine(tx, viewer)
    mentioned = [role.topic_id for role in found.roles if role.topic_id is not None]
    return found, await topics.titles(tx, viewer, mentioned)


def _screen(found: Profile, titles: Mapping[int, str], say: Say, now: datetime) -> Screen:
    member, belongs = found.member, found.member.state in members.BELONGING
    about = [
        say("Name: {name}", name=isolated(members.called(member))),
        say("Organisation: {organisation}", organisation=isolated(found.organisation or "–")),
        say("Category: {category}", category=say(CATEGORIES[member.category]) if member.category else "–"),
        say("Country: {country}", country=say.country(member.country) if member.country else "–"),
    ]
    reached = [
        say("E-mail: {address}", address=isolated(member.email or "–")),
        say("Language: {language}", language=say.own_name),
        say("Time zone: {zone} ({offset})", zone=say.zone_name(member.zone), offset=offset(member.zone, now)),
    ]
    parts = [f"<b>{say('My profile')}</b>", "\n".join(about), "\n".join(reached), "\n".join(_since(found, say))]
    parts.append("\n".join(_role(role, found, titles, say) for role in found.roles))
    rows: list[Row] = [(Button(say("Confirm"), ConfirmPost(), style="success"),)] if confirmable(member) else []
    if belongs or confirmable(member):
        rows.append((Button(say("Change name or post"), Open("post")),))
    if belongs:
        rows.append((Button(say("Change e-mail"), Begin("email")), Button(say("Change time zone"), Clocks())))
        rows.append((Button(say("Change language"), Open("language")),))
    return Screen(lines(parts), (*rows, (Button(say("Back"), Open("settings")), Button(say("Menu"), Home()))))


def _since(found: Profile, say: Say) -> list[str]:
    member = found.member
    told: list[str] = []
    if member.joined_at is not None:
        told.append(say("Member since {day}", day=say.day(member.joined_at)))
    if member.validated_at is not None:
        told.append(say("Post confirmed on {day}", day=say.day(member.validated_at)))
    return told


def _role(role: MemberRole, found: Profile, titles: Mapping[int, str], say: Say) -> str:
    facts = {"role": say(ROLES[role.role]), "reach": isolated(_reach(role, found, titles, say))}
    if role.until is not None:
        return say("Role: {role}, {reach}, until {day}", day=say.day(role.until), **facts)
    return say("Role: {role}, {reach}", **facts)


def _reach(role: MemberRole, found: Profile, titles: Mapping[int, str], say: Say) -> str:
    if role.topic_id is not None:
        return titles.get(role.topic_id, "–")
    if role.country is not None:
        return say.country(role.country)
    if role.organisation_id is not None:
        return found.organisations.get(role.organisation_id, "–")
    return say("whole network")


async def clocks(context: Context, _press: Clocks) -> None:
    say = context.say
    options = [
        Button(f"✓ {name}" if zone == say.zone else name, SetClock(zone)) for name, zone in by_country(say, context.now)
    ]
    other: Row = (Button(say("Name another city"), Begin("zone")),)
    words = say("Which clock do you live by? Digests and the times of events follow it.")
    await context.show(Screen(words, (*columns(options, 2), other, (Button(say("Back"), Open("profile")),))))


async def set_clock(context: Context, press: SetClock) -> None:
    if press.zone not in ZONES.values():
        raise Refusal("button:old")
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await _live_by(context, tx, me, press.zone)
        found, titles = await _read(tx, me)
        screen = _screen(found, titles, Say(context.member.language, press.zone), context.now)
    await context.toast(context.say("Saved."))
    await context.show(screen)


async def _live_by(context: Context, tx: Transaction, me: Viewer, zone: str) -> None:
    policy, working = context.policy, context.services.is_working_day
    await digests.schedule(tx, context.member, policy.digest_weekday, policy.digest_time, context.now, working)
    await digests.set_zone(tx, me, zone, context.now, working)


def _ask_email(_form: Form, say: Say) -> Question:
    return Question(
        say("Your e-mail address at work? Members read it only if your directory entry shows it. Skip removes it.")
    )


async def _set_email(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    await profile.set_email(tx, viewer, answers["email"])
    return await _changed(context, tx, viewer)


async def _changed(context: Context, tx: Transaction, viewer: Viewer) -> Screen:
    await tx.flush()
    found, titles = await _read(tx, viewer)
    return _screen(found, titles, Say(context.member.language, found.member.zone), context.now)


def _ask_city(_form: Form, say: Say) -> Question:
    return Question(say("Which city's clock do you live by? Almaty, for example, or Zurich."))


def _city(form: Form, reply: Reply) -> str:
    zone = of_city(line(_CITY)(form, reply), Say(form.viewer.language))
    if zone is None:
        raise Refusal("zone:unknown")
    return zone


async def _set_zone(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    await _live_by(context, tx, viewer, answers["city"])
    return await _changed(context, tx, viewer)


EMAIL = Dialogue(
    name="email",
    title=text("E-mail"),
    steps=(Step("email", text("E-mail"), _ask_email, mail_address, optional=True),),
    finish=_set_email,
    submit=text("Save"),
    needs=Action.BELONG,
    straight=True,
)
ZONE = Dialogue(
    name="zone",
    title=text("Time zone"),
    steps=(Step("city", text("City"), _ask_city, _city),),
    finish=_set_zone,
    submit=text("Save"),
    needs=Action.BELONG,
    straight=True,
)
