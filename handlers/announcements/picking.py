"""The pickers of an audience: the values of one dimension, ticked for one group, and counted at every tap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from handlers.announcements import draft
from handlers.announcements.audience import OpenBlock, OpenPicker, change, show_again, standing, ticked
from handlers.announcements.describing import DIMENSIONS, Names, cut, names_in, value_name
from handlers.announcements.draft import Drafted
from handlers.announcements.saved import OpenLists
from handlers.buttons import Button, Press, Row, columns, pages
from handlers.context import Context
from handlers.language import Say, isolated
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Viewer
from storage.announcements import Audience, Condition, Dimension
from storage.announcements.choosing import MOST_CONDITIONS, Place, condition_in, conditions_in, lift, tick, turn
from storage.database import Transaction
from storage.refusals import Refusal

PAGE = 8
_NARROW = {Dimension.COUNTRY, Dimension.CATEGORY, Dimension.ROLE, Dimension.LANGUAGE}
_SEVERAL = {Dimension.ROLE, Dimension.TOPIC, Dimension.LIST}
"""Of what a member can have several values, so that one can be asked for besides another, or without it."""
_ON, _OFF = "+", "-"


@dataclass(frozen=True)
class Tick(Press, prefix="ann.tick"):
    """Take a value in (`+KZ`) or out (`-KZ`): pressed twice, it stays so."""

    announcement: int
    place: int
    dimension: Dimension
    value: str


@dataclass(frozen=True)
class TurnOut(Press, prefix="ann.not"):
    """Mean all but the ticked values (1), or those (0)."""

    announcement: int
    place: int
    dimension: Dimension
    outside: int


@dataclass(frozen=True)
class Lift(Press, prefix="ann.any"):
    """Take the condition of a dimension away."""

    announcement: int
    place: int
    dimension: Dimension


@dataclass(frozen=True)
class Offered:
    """What a picker offers, in its order: value, name, and how many members have it."""

    values: tuple[tuple[str, str, int], ...]

    def page_of(self, value: str) -> int:
        """Return on which page a value stands."""
        found = [at for at, (offered, _, _) in enumerate(self.values) if offered == value]
        return found[0] // PAGE if found else 0


async def pick(context: Context, press: OpenPicker) -> None:
    await _show(context, press.announcement, Place.at(press.place, press.dimension), page=press.page)


async def _show(context: Context, announcement_id: int, place: Place, *, page: int = 0, at: str = "") -> None:
    """Show a page of a picker, the one where the value `at` stands if it is given."""
    async with context.reading() as tx:
        found = await draft.read(tx, context.viewer, announcement_id, context.now)
        _check(found.row.meant, place)
        offered = await _offered(tx, context.viewer, found.row.meant, place, context.say)
    shown = offered.page_of(at) if at else max(0, min(page, (len(offered.values) - 1) // PAGE))
    await context.show(_screen(found, place, offered, shown, context.say))


def _check(meant: Audience, place: Place) -> None:
    """Refuse a place that no button of ours names: `button:old`."""
    conditions = conditions_in(meant, place.block, place.dimension)
    there = 0 <= place.block <= len(meant.blocks) and place.nth <= len(conditions)
    if place.dimension is Dimension.EVERYBODY or not there:
        raise Refusal("button:old")


async def _offered(tx: Transaction, viewer: Viewer, meant: Audience, place: Place, say: Say) -> Offered:
    """Find what is offered: also what is ticked and has no member any more, so that it can be taken out."""
    dimension = place.dimension
    condition = condition_in(meant, place) or Condition(dimension)
    counts = await announcements.offers(tx, viewer, dimension)
    counts |= {value: 0 for value in condition.values if value not in counts}
    names = await names_in(tx, Audience(((Condition(dimension, tuple(counts)),),)), viewer.language)
    return Offered(_in_order(dimension, counts, names, say))


def _in_order(
    dimension: Dimension, counts: Mapping[str, int], names: Names, say: Say
) -> tuple[tuple[str, str, int], ...]:
    found = [(value, str(value_name(dimension, value, names, say)), n) for value, n in counts.items()]
    if dimension is not Dimension.TOPIC:
        found.sort(key=lambda offered: (offered[1].casefold(), offered[0]))
    return tuple(found)


def _screen(found: Drafted, place: Place, offered: Offered, page: int, say: Say) -> Screen:
    n, meant, dimension = found.row.id, found.row.meant, place.dimension
    condition = condition_in(meant, place) or Condition(dimension)
    shown = offered.values[page * PAGE : (page + 1) * PAGE]
    told = [say("{name}: {n}", name=isolated(name), n=say.number(count)) for _, name, count in shown]
    nothing = say("There is nothing to choose here yet.")
    buttons = [_button(n, place, condition, value, name) for value, name, _ in shown]
    rows = columns(buttons, 2 if dimension in _NARROW else 1)
    before = OpenPicker(n, place.number, dimension, page - 1) if page else None
    after = OpenPicker(n, place.number, dimension, page + 1) if len(offered.values) > (page + 1) * PAGE else None
    rows += pages(before, after, page + 1, -(-len(offered.values) // PAGE))
    rows += [*_conditions(n, place, meant, say), *_ways(n, place, meant, say)]
    head = f"<b>{say(DIMENSIONS[dimension])}</b>"
    return Screen(lines([head, standing(found, say), "\n".join(told) or nothing]), tuple(rows))


def _button(n: int, place: Place, condition: Condition, value: str, name: str) -> Button:
    chosen = value in condition.values
    return ticked(cut(name), Tick(n, place.number, place.dimension, f"{_OFF if chosen else _ON}{value}"), chosen)


def _conditions(n: int, place: Place, meant: Audience, say: Say) -> list[Row]:
    """Return the conditions of this dimension to go to; where a member can have several values, one more begins."""
    there = conditions_in(meant, place.block, place.dimension)
    places = [replace(place, nth=nth) for nth in range(max(len(there), place.nth + 1))]
    several = [
        ticked(say("Condition {n}", n=p.nth + 1), OpenPicker(n, p.number, p.dimension, 0), p == place) for p in places
    ]
    rows = columns(several, 2) if len(places) > 1 else []
    if place.dimension in _SEVERAL and place.nth < len(there) < MOST_CONDITIONS:
        further = replace(place, nth=len(there))
        rows.append((Button(say("And also…"), OpenPicker(n, further.number, place.dimension, 0)),))
    return rows


def _ways(n: int, place: Place, meant: Audience, say: Say) -> list[Row]:
    condition = condition_in(meant, place)
    ways: list[Button] = []
    if condition is not None and condition.values:
        outside = TurnOut(n, place.number, place.dimension, int(not condition.outside))
        ways.append(ticked(say("Not these"), outside, condition.outside))
    if condition is not None:
        ways.append(Button(say("Remove condition"), Lift(n, place.number, place.dimension)))
    if place.dimension is Dimension.LIST:
        ways.append(Button(say("See lists"), OpenLists(n, 0)))
    back: Row = (Button(say("Back"), OpenBlock(n, place.block)),)
    return [*columns(ways, 2), back]


async def take(context: Context, press: Tick) -> None:
    """Tick a value that is offered, or take a tick away."""
    sign, value, place = press.value[:1], press.value[1:], Place.at(press.place, press.dimension)
    if sign not in (_ON, _OFF):
        raise Refusal("button:old")
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = await announcements.edit(tx, me, press.announcement, context.now)
        if sign == _ON and value not in await announcements.offers(tx, me, press.dimension):
            raise Refusal("button:old")
        row.audience = tick(row.meant, place, value, on=sign == _ON).facts()
    await _show(context, press.announcement, place, at=value)


async def turn_out(context: Context, press: TurnOut) -> None:
    place = Place.at(press.place, press.dimension)
    await change(context, press.announcement, lambda meant: turn(meant, place, outside=bool(press.outside)))
    await _show(context, press.announcement, place)


async def lift_it(context: Context, press: Lift) -> None:
    place = Place.at(press.place, press.dimension)
    await change(context, press.announcement, lambda meant: lift(meant, place))
    await show_again(context, press.announcement, place.block)
