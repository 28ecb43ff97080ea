"""When the digest comes: its day, hour and time zone, pausing, each within three taps and in place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context
from handlers.language import Html, Say
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from handlers.zones import by_country, offset
from storage import digests
from storage.access import Viewer
from storage.applications import ZONES
from storage.database import Transaction
from storage.digests import DigestSchedule, Wishes
from storage.refusals import Refusal

HOURS = range(6, 22)

Change = Callable[[Transaction, Viewer], Awaitable[DigestSchedule]]


@dataclass(frozen=True)
class Preview(Press, prefix="digest.now"):
    """Show the digest as of now."""


@dataclass(frozen=True)
class Days(Press, prefix="digest.days"):
    """Offer the days of the week."""


@dataclass(frozen=True)
class Hours(Press, prefix="digest.hours"):
    """Offer the hours of the day."""


@dataclass(frozen=True)
class Zones(Press, prefix="digest.zones"):
    """Offer the time zones of the region."""


@dataclass(frozen=True)
class SetDay(Press, prefix="digest.day"):
    """Send the digest on this weekday, Monday = 0."""

    weekday: int


@dataclass(frozen=True)
class SetHour(Press, prefix="digest.hour"):
    """Send the digest at this local hour."""

    hour: int


@dataclass(frozen=True)
class SetZone(Press, prefix="digest.zone"):
    """Live by the clock of this zone."""

    zone: str


@dataclass(frozen=True)
class Pause(Press, prefix="digest.pause"):
    """Send no digest for now."""


@dataclass(frozen=True)
class Resume(Press, prefix="digest.resume"):
    """Send digests again."""


async def show(context: Context) -> None:
    """Show when the next digest comes and what can be changed."""
    await context.show(_screen(await _read(context), context.say, context.now))


async def days(context: Context, _press: Days) -> None:
    """Offer the days of the week."""
    row, say = await _read(context), context.say
    options = [Button(_ticked(say.weekday(n).capitalize(), n == row.weekday), SetDay(n)) for n in range(7)]
    await context.show(_choice(say("On which day should your digest come?"), columns(options, 3), say))


async def hours(context: Context, _press: Hours) -> None:
    """Offer the hours of the day."""
    row, say = await _read(context), context.say
    options = [Button(_ticked(f"{n:02}:00", f"{n:02}:00" == row.at), SetHour(n)) for n in HOURS]
    await context.show(_choice(say("At what time should your digest come?"), columns(options, 3), say))


async def zones(context: Context, _press: Zones) -> None:
    """Offer the time zones of the region, by country."""
    say = context.say
    named = by_country(say, context.now)
    options = [Button(_ticked(name, zone == say.zone), SetZone(zone)) for name, zone in named]
    question = say("By which clock should your digest come? Times of events follow it too.")
    await context.show(_choice(question, columns(options, 2), say))


async def set_day(context: Context, press: SetDay) -> None:
    """Change the day."""
    if press.weekday not in range(7):
        raise Refusal("button:old")
    now, working = context.now, context.services.is_working_day
    await _change(context, lambda tx, me: digests.change(tx, me, Wishes(weekday=press.weekday), now, working))


async def set_hour(context: Context, press: SetHour) -> None:
    """Change the hour."""
    if press.hour not in HOURS:
        raise Refusal("button:old")
    now, working = context.now, context.services.is_working_day
    wishes = Wishes(at=time(press.hour))
    await _change(context, lambda tx, me: digests.change(tx, me, wishes, now, working))


async def set_zone(context: Context, press: SetZone) -> None:
    """Change the member's time zone."""
    if press.zone not in ZONES.values():
        raise Refusal("button:old")
    now, working = context.now, context.services.is_working_day
    await _change(context, lambda tx, me: digests.set_zone(tx, me, press.zone, now, working), zone=press.zone)


async def pause(context: Context, _press: Pause) -> None:
    """Stop sending for now."""
    await _change(context, digests.pause)


async def resume(context: Context, _press: Resume) -> None:
    """Send again."""
    now, working = context.now, context.services.is_working_day
    await _change(context, lambda tx, me: digests.resume(tx, me, now, working))


async def _read(context: Context) -> DigestSchedule:
    async with context.reading() as tx:
        row = await digests.of(tx, context.viewer)
    if row is not None:
        return row
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await _ensure(context, tx)
        row = await digests.of(tx, me)
    assert row is not None
    return row


async def _change(context: Context, change: Change, zone: str | None = None) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await _ensure(context, tx)
        row = await change(tx, me)
    await context.toast(context.say("Saved."))
    say = Say(context.member.language, zone or context.member.zone)
    await context.show(_screen(row, say, context.now))


async def _ensure(context: Context, tx: Transaction) -> None:
    policy = context.policy
    working = context.services.is_working_day
    await digests.schedule(tx, context.member, policy.digest_weekday, policy.digest_time, context.now, working)


def _screen(row: DigestSchedule, say: Say, now: datetime) -> Screen:
    facts = [
        say("Day: {weekday}", weekday=say.weekday(row.weekday)),
        say("Time: {at}", at=row.at),
        say("Time zone: {zone} ({offset})", zone=say.zone_name(say.zone), offset=offset(say.zone, now)),
    ]
    heading = f"<b>{say('Your weekly digest')}</b>"
    switch = Button(say("Resume"), Resume(), style="success") if row.paused else Button(say("Pause"), Pause())
    buttons: tuple[Row, ...] = (
        (Button(say("Preview now"), Preview(), style="primary"),),
        (Button(say("Change day"), Days()), Button(say("Change time"), Hours())),
        (Button(say("Change time zone"), Zones()), switch),
        (Button(say("Menu"), Home()),),
    )
    return Screen(lines([heading, _next(row, say), "\n".join(facts)]), buttons)


def _next(row: DigestSchedule, say: Say) -> Html:
    if row.paused:
        return say("It is paused: nothing comes until you resume it.")
    weekday = row.next_due_at.astimezone(ZoneInfo(say.zone)).weekday()
    when = {"weekday": say.weekday(weekday), "when": say.moment(row.next_due_at)}
    if weekday == row.weekday:
        return say("The next one comes on: {weekday}, {when}.", **when)
    return say("The next one comes on another day than usual: {weekday}, {when}.", **when)


def _choice(question: Html, options: list[Row], say: Say) -> Screen:
    return Screen(question, (*options, (Button(say("Back"), Open("digest")),)))


def _ticked(label: str, chosen: bool) -> str:  # noqa: FBT001 - a label and whether it is ticked
    return f"✓ {label}" if chosen else label
