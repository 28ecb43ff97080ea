"""The digest's place: when the next one comes, how it is set, and the doors to every choice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from handlers.buttons import Button, Press, Row
from handlers.context import Context
from handlers.digests.words import CHANNELS, FREQUENCIES, nights
from handlers.language import Html, Say
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from handlers.zones import offset
from storage import digests, members
from storage.access import Viewer
from storage.database import Transaction
from storage.digests import Break, DigestSchedule, Frequency
from storage.members import Member

Alter = Callable[[Transaction, Viewer], Awaitable[object]]


class Choice(StrEnum):
    """What of a digest can be chosen."""

    FREQUENCY = "often"
    DAY = "day"
    HOUR = "hour"
    ZONE = "zone"
    NOTHING_NEW = "empty"
    NIGHT = "night"


@dataclass(frozen=True)
class Preview(Press, prefix="digest.now"):
    """Show the digest as of now."""


@dataclass(frozen=True)
class Change(Press, prefix="digest.change"):
    """Show the digest's place below a digest, which stays."""


@dataclass(frozen=True)
class Choose(Press, prefix="digest.choose"):
    """Offer what can be chosen of one thing."""

    what: Choice


@dataclass(frozen=True)
class Pause(Press, prefix="digest.pause"):
    """Send no digest for now."""


@dataclass(frozen=True)
class PauseFor(Press, prefix="digest.away"):
    """Send no digest for so long."""

    length: Break


@dataclass(frozen=True)
class Resume(Press, prefix="digest.resume"):
    """Send digests again."""


async def show(context: Context) -> None:
    """Show when the next digest comes and what can be changed."""
    await context.show(_screen(context, *await read(context)))


async def show_below(context: Context, _press: Change) -> None:
    """Show the same as a new message."""
    await context.send(_screen(context, *await read(context)))


async def read(context: Context) -> tuple[DigestSchedule, Member]:
    """Return the member's schedule, which they are given if they have none, and their row."""
    async with context.reading() as tx:
        row = await digests.of(tx, context.viewer)
        member = await members.by_id(tx, context.viewer.id)
    return (row, member) if row and member else await alter(context, digests.of)


async def save(context: Context, change: Alter) -> None:
    """Make a change, and show in place what has come of it."""
    row, member = await alter(context, change)
    await context.toast(context.say("Saved."))
    await context.show(_screen(context, row, member))


async def alter(context: Context, change: Alter) -> tuple[DigestSchedule, Member]:
    """Make a change in the update's writing transaction; return the schedule and the member as they are then."""
    policy, working = context.policy, context.services.is_working_day
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await digests.schedule(tx, context.member, policy.digest_weekday, policy.digest_time, context.now, working)
        await change(tx, me)
        await tx.flush()
        row, member = await digests.of(tx, me), await members.by_id(tx, me.id)
    assert row is not None
    assert member is not None
    return row, member


def _screen(context: Context, row: DigestSchedule, member: Member) -> Screen:
    say = Say(member.language, member.zone)
    heading = f"<b>{say('Your digest')}</b>"
    told = [heading, _next(row, say), "\n".join(_facts(row, member, say, context.now))]
    doors: tuple[Row, ...] = (
        (Button(say("How often"), Choose(Choice.FREQUENCY)), Button(say("When nothing is new"), Choose(Choice.NOTHING_NEW))),
        (Button(say("Change day"), Choose(Choice.DAY)), Button(say("Change time"), Choose(Choice.HOUR))),
        (Button(say("Change time zone"), Choose(Choice.ZONE)), Button(say("Quiet hours"), Choose(Choice.NIGHT))),
    )
    if row.frequency is Frequency.DAILY:
        doors = (doors[0], doors[1][1:], doors[2])
    if context.policy.mail:
        doors = (*doors, (Button(say("Delivery: {channel}", channel=say(CHANNELS[member.channel])), Open("channel")),))
    look = (
        Button(say("Preview now"), Preview(), style="primary"),
        Button(say("Earlier digests"), Open("digest.earlier")),
    )
    return Screen(lines(told), (look, *doors, *_pausing(row, say), (Button(say("Menu"), Home()),)))


def _pausing(row: DigestSchedule, say: Say) -> tuple[Row, ...]:
    """Return the one tap that stops digests; of who has stopped them, for how long, and the one that ends it."""
    if not row.paused:
        return ((Button(say("Pause"), Pause()),),)
    lengths = (
        Button(say("For a week"), PauseFor(Break.WEEK)),
        Button(say("For two weeks"), PauseFor(Break.FORTNIGHT)),
        Button(say("For a month"), PauseFor(Break.MONTH)),
    )
    endless = (Button(say("Until I resume"), Pause()),) if row.paused_until else ()
    return (lengths, (*endless, Button(say("Resume"), Resume(), style="success")))


def _next(row: DigestSchedule, say: Say) -> Html:
    if row.paused:
        if row.paused_until is None:
            return say("It is paused: nothing comes until you resume it.")
        return say("It is paused: nothing comes before {day}.", day=say.day(row.paused_until))
    local = row.next_due_at.astimezone(ZoneInfo(say.zone))
    facts = {"weekday": say.weekday(local.weekday()), "day": say.date(local.date()), "at": f"{local:%H:%M}"}
    if row.frequency is Frequency.DAILY or local.weekday() == row.weekday:
        return say("The next one comes on {weekday}, {day}, {at} your time.", **facts)
    return say("The next one comes on another day than usual: {weekday}, {day}, {at} your time.", **facts)


def _facts(row: DigestSchedule, member: Member, say: Say, now: datetime) -> list[Html]:
    return [
        say("How often: {often}", often=say(FREQUENCIES[row.frequency])),
        say("Day: {weekday}", weekday=_day(row, say)),
        say("Time: {at}", at=row.at),
        say("Time zone: {zone} ({offset})", zone=say.zone_name(say.zone), offset=offset(say.zone, now)),
        say("When nothing is new, one line says so.") if row.quiet_line else say("When nothing is new, nothing comes."),
        say("Quiet hours: {hours}", hours=nights(*member.quiet_hours, say)),
    ]


def _day(row: DigestSchedule, say: Say) -> str:
    if row.frequency is Frequency.DAILY:
        return say("working days")
    if row.frequency is Frequency.MONTHLY:
        return say("the first {weekday} of the month", weekday=say.weekday(row.weekday))
    return say.weekday(row.weekday)
