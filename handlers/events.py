"""Events and deadlines: what is coming, the archive, and one event's card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from zoneinfo import ZoneInfo

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context
from handlers.feature import Command, Feature, guard, place, tap
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home, Open, OpenEvent
from handlers.screens import Screen, lines
from storage import events
from storage.access import Action
from storage.events import Event
from storage.pages import Page
from storage.tlp import Label, highest

RUSSIAN = "ru"


@dataclass(frozen=True)
class Coming(Press, prefix="events.coming"):
    """Show coming events from one on."""

    first: int


@dataclass(frozen=True)
class Past(Press, prefix="events.past"):
    """Show past events from one on; 0 is the latest."""

    first: int


async def show_coming(context: Context, press: Coming | None = None) -> None:
    """Show what has not ended."""
    async with context.reading() as tx:
        page = await events.coming(tx, context.viewer, context.now, press.first if press else None)
    archive: Row = (Button(context.say("Past events"), Past(0)), Button(context.say("Menu"), Home()))
    await context.show(_list(page, context.say("Events and deadlines"), Coming, (archive,), context.say))


async def show_past(context: Context, press: Past) -> None:
    """Show the archive."""
    async with context.reading() as tx:
        page = await events.past(tx, context.viewer, context.now, press.first or None)
    back: Row = (Button(context.say("Back"), Open("events")),)
    await context.show(_list(page, context.say("Past events"), Past, (back,), context.say))


async def show_card(context: Context, press: OpenEvent) -> None:
    """Show one event."""
    await context.show(await drawn(context, press.event))


async def drawn(context: Context, event_id: int) -> Screen:
    """Return the card of an event."""
    async with context.reading() as tx:
        event = await events.by_id(tx, context.viewer, event_id)
    return _card(event, context)


async def open_link(context: Context, token: str) -> None:
    """Show the event of a deep link."""
    guard(context, Action.BELONG)
    async with context.reading() as tx:
        event = await events.by_token(tx, context.viewer, token)
    await context.show(_card(event, context))


def _list(page: Page[Event], heading: Html, turn: type[Coming | Past], last: tuple[Row, ...], say: Say) -> Screen:
    shown = [_line(number, event, say) for number, event in enumerate(page.items, 1)]
    openers = [Button(say("Open {n}", n=number), OpenEvent(event.id)) for number, event in enumerate(page.items, 1)]
    body = lines(shown) if shown else say("Nothing is here yet.")
    return Screen(
        lines([f"<b>{heading}</b>", body]), (*columns(openers, 3), *turns(page, turn), *last), _label(page.items)
    )


def _line(number: int, event: Event, say: Say) -> str:
    rows = [
        f"{number}. <b>{_title(event, say)}</b>",
        f"{_when(event, say)} · {_place(event, say)}",
    ]
    if event.deadline_at is not None:
        rows.append(say("Deadline: {when}", when=say.moment(event.deadline_at)))
    return "\n".join(rows)


def _card(event: Event, context: Context) -> Screen:
    say = context.say
    rows = [
        say("When: {when}", when=_when(event, say)),
        say("Place: {place}", place=_place(event, say)),
        None if event.online else say("Time there: {when}", when=_there(event, say)),
        event.deadline_at and say("Deadline: {when}", when=say.moment(event.deadline_at)),
        event.organiser and say("Organiser: {name}", name=event.organiser),
        event.pillar and say("Pillar of the Strategy: {pillar}", pillar=event.pillar),
    ]
    invented = say("This event is invented, for trying the bot out.") if event.demo else None
    body = "\n".join(row for row in rows if row)
    return Screen(lines([f"<b>{_title(event, say)}</b>", body, invented]), _moves(event, context), event.label)


def _moves(event: Event, context: Context) -> tuple[Row, ...]:
    moves: Row = (Button(context.say("Back"), Open("events")), Button(context.say("Menu"), Home()))
    if event.label is not Label.CLEAR:
        return (moves,)
    link = f"https://t.me/{context.policy.bot_username}?start=ev_{event.token}"
    return ((Button(context.say("Copy link"), copy=link),), moves)


def _title(event: Event, say: Say) -> str:
    return escape(event.title_ru if say.language == RUSSIAN else event.title_en, quote=False)


def _place(event: Event, say: Say) -> Html:
    name = event.place_ru if say.language == RUSSIAN else event.place_en
    return say("online") if event.online else isolated(name)


def _when(event: Event, say: Say) -> str:
    zone = ZoneInfo(event.zone)
    first, last = event.starts_at.astimezone(zone).date(), event.ends_at.astimezone(zone).date()
    if first == last:
        return say.moment(event.starts_at)
    return say("{start} to {end}", start=say.moment(event.starts_at), end=say.date(last))


def _there(event: Event, say: Say) -> str:
    zone = ZoneInfo(event.zone)
    starts, ends = event.starts_at.astimezone(zone), event.ends_at.astimezone(zone)
    days: list[date] = sorted({starts.date(), ends.date()})
    return f"{' – '.join(say.date(day) for day in days)}, {starts:%H:%M}"


def _label(found: Sequence[Event]) -> Label | None:
    return highest([event.label for event in found])


FEATURE = Feature(
    name="events",
    commands=(Command("events", text("Events and deadlines"), show_coming, Action.BELONG),),
    handlers=(
        place("events", show_coming, Action.BELONG),
        tap(Coming, show_coming, Action.BELONG),
        tap(Past, show_past, Action.BELONG),
        tap(OpenEvent, show_card, Action.BELONG),
    ),
    refusals={"event:unknown": text("I know no such event, or it is not open to you.")},
    links={"ev": open_link},
    items={"event": drawn},
)
