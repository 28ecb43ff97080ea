"""The audience of a draft: in words and counted, group by group, with the ways to narrow and to widen it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handlers.announcements import draft
from handlers.announcements.describing import DIMENSIONS, advice, described
from handlers.announcements.draft import Drafted
from handlers.announcements.presses import OpenAudience, OpenDraft
from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say
from handlers.screens import Screen, lines
from storage import announcements
from storage.announcements import Audience, Dimension
from storage.announcements.choosing import MOST_BLOCKS, Place, block_at, conditions_in, drop_block, everybody, mark_of

ROOM = 1500
"""How many characters the audience has on its own screens."""
CHOSEN = tuple(dimension for dimension in Dimension if dimension is not Dimension.EVERYBODY)


@dataclass(frozen=True)
class OpenBlock(Press, prefix="ann.block"):
    """Choose in one group of the audience; one after the last begins with its first condition."""

    announcement: int
    block: int


@dataclass(frozen=True)
class OpenPicker(Press, prefix="ann.pick"):
    """Offer the values of a dimension for the place of a condition, from this page on."""

    announcement: int
    place: int
    dimension: Dimension
    page: int


@dataclass(frozen=True)
class ChooseAll(Press, prefix="ann.all"):
    """Let a group be everybody."""

    announcement: int
    block: int


@dataclass(frozen=True)
class DropBlock(Press, prefix="ann.unblock"):
    """Take the group away that has this mark."""

    announcement: int
    block: int
    mark: str


@dataclass(frozen=True)
class Clear(Press, prefix="ann.clear"):
    """Begin the audience anew: it is nobody."""

    announcement: int


@dataclass(frozen=True)
class OpenSample(Press, prefix="ann.some"):
    """Show some of those who would get it, others at each turn."""

    announcement: int
    turn: int


@dataclass(frozen=True)
class OpenLeftOut(Press, prefix="ann.out"):
    """Show who is meant and would get nothing, and why, from this one on."""

    announcement: int
    offset: int


@dataclass(frozen=True)
class KeepList(Press, prefix="ann.keep"):
    """Keep the audience under a name."""

    announcement: int


async def audience(context: Context, press: OpenAudience) -> None:
    await show_again(context, press.announcement)


async def open_block(context: Context, press: OpenBlock) -> None:
    await show_again(context, press.announcement, press.block)


async def show_again(context: Context, announcement_id: int, block: int | None = None) -> None:
    """Show the audience in place of what was pressed, with one group to choose in: the last, unless one is told."""
    async with context.reading() as tx:
        found = await draft.read(tx, context.viewer, announcement_id, context.now)
    await context.show(_screen(found, block, context.say))


def _screen(found: Drafted, block: int | None, say: Say) -> Screen:
    meant = found.row.meant
    last = len(meant.blocks) - 1
    here = last if block is None else block
    here = max(0, min(here, last + 1, MOST_BLOCKS - 1))
    head = say("Audience of announcement <code>N-{number}</code>", number=found.row.id)
    parts = [f"<b>{head}</b>", standing(found, say), _where(len(meant.blocks), here, say)]
    return Screen(lines(parts), _ways(found, here, say))


def standing(found: Drafted, say: Say) -> str:
    """Return the audience in words, how many it reaches now, and what its author has to know of it."""
    words = described(found.row.meant, found.names, say, ROOM)
    told = "\n".join(advice(found.row, found.names, say))
    return lines([say("For: {whom}", whom=words), "\n".join(draft.counted(found.reach, say)), told])


def _where(count: int, here: int, say: Say) -> Html | None:
    """Return in which group is chosen, where there are several."""
    if here == count > 0:
        return say("You begin another group: it gets the announcement as well.")
    return say("You choose in group {n} of {count}.", n=here + 1, count=count) if count > 1 else None


def _ways(found: Drafted, here: int, say: Say) -> tuple[Row, ...]:
    n, meant = found.row.id, found.row.meant
    whole = bool(conditions_in(meant, here, Dimension.EVERYBODY))
    choices = [
        ticked(say(DIMENSIONS[d]), OpenPicker(n, Place(here, d).number, d, 0), bool(conditions_in(meant, here, d)))
        for d in CHOSEN
    ]
    everybody: Row = (ticked(say("Everybody"), ChooseAll(n, here), whole),)
    ways: list[Row] = [everybody, *columns(choices, 2), *_groups(n, meant, here, say)]
    if meant.blocks:
        people = [Button(say("Who gets it"), OpenSample(n, 0)), Button(say("Who is left out"), OpenLeftOut(n, 0))]
        ways += [tuple(people), (Button(say("Keep as list"), KeepList(n)), Button(say("Clear"), Clear(n)))]
    return (*ways, (Button(say("Back"), OpenDraft(n)),))


def _groups(n: int, meant: Audience, here: int, say: Say) -> list[Row]:
    """Return the groups to go to, the one to begin, and the way to take this one away."""
    count = len(meant.blocks)
    if not count:
        return []
    there = [ticked(say("Group {n}", n=at + 1), OpenBlock(n, at), at == here) for at in range(count)]
    rows = columns(there, 3) if count > 1 or here == count else []
    more = [Button(say("Or…"), OpenBlock(n, count))] if here < count < MOST_BLOCKS else []
    mark = mark_of(block_at(meant, here))
    less = [Button(say("Remove group"), DropBlock(n, here, mark))] if here < count > 1 else []
    return [*rows, *columns([*more, *less], 2)]


def ticked(label: str, press: Press, chosen: bool) -> Button:  # noqa: FBT001 - whether it is ticked
    return Button(f"✓ {label}" if chosen else label, press)


async def change(context: Context, announcement_id: int, changed: Callable[[Audience], Audience]) -> None:
    """Let a tap change the audience of one's own draft."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = await announcements.edit(tx, me, announcement_id, context.now)
        row.audience = changed(row.meant).facts()


async def choose_all(context: Context, press: ChooseAll) -> None:
    await change(context, press.announcement, lambda meant: everybody(meant, press.block))
    await show_again(context, press.announcement, press.block)


async def remove_block(context: Context, press: DropBlock) -> None:
    await change(context, press.announcement, lambda meant: drop_block(meant, press.block, press.mark))
    await show_again(context, press.announcement)


async def clear(context: Context, press: Clear) -> None:
    await change(context, press.announcement, lambda _meant: Audience())
    await show_again(context, press.announcement)


def _drawn(found: Drafted, say: Say, _policy: Policy) -> Screen:
    return _screen(found, None, say)


AUDIENCE = Notice("announcement:audience", _drawn, draft.load)
