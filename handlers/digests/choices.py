"""What can be chosen of a digest: each choice one tap from its place, each value one tap more, redrawn in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context
from handlers.digests.schedule import Choice, Choose, Pause, PauseFor, Resume, read, save
from handlers.digests.words import FREQUENCIES, nights
from handlers.language import Html, Say, capital
from handlers.presses import Begin, Open
from handlers.screens import Screen
from handlers.zones import by_country
from storage import digests, profile
from storage.applications import ZONES
from storage.digests import DigestSchedule, Frequency, Wishes
from storage.members import Member
from storage.refusals import Refusal

HOURS = range(6, 22)
NIGHTS = ((20, 8), (21, 8), (22, 7), (23, 7), (0, 0))
"""From which hour until which it can be quiet; the last is never."""


@dataclass(frozen=True)
class SetFrequency(Press, prefix="digest.often"):
    """Send the digest so often."""

    frequency: Frequency


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
class SetLine(Press, prefix="digest.line"):
    """When nothing is new, send a line that says so (1), or nothing (0)."""

    line: int


@dataclass(frozen=True)
class SetNight(Press, prefix="digest.night"):
    """Let nothing make a sound between these hours; the same hour twice is never."""

    begin: int
    end: int


@dataclass(frozen=True)
class _Set:
    """How it is set now, in the reader's words."""

    row: DigestSchedule
    member: Member
    say: Say
    now: datetime


_Offer = tuple[Html, Sequence[Row]]


async def offer(context: Context, press: Choose) -> None:
    """Offer the values of one choice, the present one ticked."""
    row, member = await read(context)
    say = context.say
    question, rows = _OFFERS[press.what](_Set(row, member, say, context.now))
    await context.show(Screen(question, (*rows, (Button(say("Back"), Open("digest")),))))


def _frequencies(it: _Set) -> _Offer:
    off = it.row.paused and it.row.paused_until is None
    found = [
        _option(capital(it.say(name)), SetFrequency(often), often is it.row.frequency and not off)
        for often, name in FREQUENCIES.items()
    ]
    options = [*found, _option(it.say("Off"), Pause(), off)]
    return it.say("How often should your digest come?"), columns(options, 1)


def _days(it: _Set) -> _Offer:
    days = [_option(capital(it.say.weekday(n)), SetDay(n), n == it.row.weekday) for n in range(7)]
    return it.say("On which day should your digest come?"), columns(days, 3)


def _hours(it: _Set) -> _Offer:
    hours = [_option(f"{n:02}:00", SetHour(n), f"{n:02}:00" == it.row.at) for n in HOURS]
    return it.say("At what time should your digest come?"), columns(hours, 4)


def _zones(it: _Set) -> _Offer:
    zones = [_option(name, SetZone(zone), zone == it.member.zone) for name, zone in by_country(it.say, it.now)]
    other: Row = (Button(it.say("Name another city"), Begin("zone")),)
    question = it.say("By which clock should your digest come? Times of events follow it too.")
    return question, (*columns(zones, 2), other)


def _lines(it: _Set) -> _Offer:
    named = ((1, it.say("Say so in one line")), (0, it.say("Send nothing")))
    options = [_option(name, SetLine(line), bool(line) is it.row.quiet_line) for line, name in named]
    return it.say("What should come when nothing is new?"), columns(options, 1)


def _nights(it: _Set) -> _Offer:
    begins, ends = it.member.quiet_hours
    options = []
    for begin, end in NIGHTS:
        mine = (begins, ends) == (time(begin), time(end)) or (begin == end and begins == ends)
        options.append(_option(capital(nights(time(begin), time(end), it.say)), SetNight(begin, end), mine))
    question = it.say("At which hours should nothing make a sound? What is urgent comes all the same.")
    return question, columns(options, 2)


_OFFERS: dict[Choice, Callable[[_Set], _Offer]] = {
    Choice.FREQUENCY: _frequencies,
    Choice.DAY: _days,
    Choice.HOUR: _hours,
    Choice.ZONE: _zones,
    Choice.NOTHING_NEW: _lines,
    Choice.NIGHT: _nights,
}


def _option(label: str, press: Press, chosen: bool) -> Button:  # noqa: FBT001 - whether it is ticked
    return Button(f"✓ {label}" if chosen else label, press)


async def set_frequency(context: Context, press: SetFrequency) -> None:
    """Change how often it comes."""
    await _wish(context, Wishes(frequency=press.frequency))


async def set_day(context: Context, press: SetDay) -> None:
    """Change the day."""
    if press.weekday not in range(7):
        raise Refusal("button:old")
    await _wish(context, Wishes(weekday=press.weekday))


async def set_hour(context: Context, press: SetHour) -> None:
    """Change the hour."""
    if press.hour not in HOURS:
        raise Refusal("button:old")
    await _wish(context, Wishes(at=time(press.hour)))


async def set_line(context: Context, press: SetLine) -> None:
    """Change what comes when nothing is new."""
    if press.line not in (0, 1):
        raise Refusal("button:old")
    await _wish(context, Wishes(quiet_line=bool(press.line)))


async def _wish(context: Context, wishes: Wishes) -> None:
    now, working = context.now, context.services.is_working_day
    await save(context, lambda tx, me: digests.change(tx, me, wishes, now, working))


async def set_zone(context: Context, press: SetZone) -> None:
    """Change the member's time zone."""
    if press.zone not in ZONES.values():
        raise Refusal("button:old")
    now, working = context.now, context.services.is_working_day
    await save(context, lambda tx, me: digests.set_zone(tx, me, press.zone, now, working))


async def set_night(context: Context, press: SetNight) -> None:
    """Change the quiet hours."""
    if (press.begin, press.end) not in NIGHTS:
        raise Refusal("button:old")
    await save(context, lambda tx, me: profile.set_quiet_hours(tx, me, time(press.begin), time(press.end)))


async def pause(context: Context, _press: Pause) -> None:
    """Stop sending until they resume."""
    await save(context, digests.pause)


async def pause_for(context: Context, press: PauseFor) -> None:
    """Stop sending for a while."""
    now = context.now
    await save(context, lambda tx, me: digests.pause(tx, me, digests.end_of(press.length, now, me.zone)))


async def resume(context: Context, _press: Resume) -> None:
    """Send again."""
    now, working = context.now, context.services.is_working_day
    await save(context, lambda tx, me: digests.resume(tx, me, now, working))
