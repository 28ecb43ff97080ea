"""The chase list: who has not acknowledged, by country and by organisation, down to the names."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from handlers.announcements.acknowledging import acknowledged_by
from handlers.announcements.presses import OpenChase, OpenReport
from handlers.buttons import Button, Press, Row, columns, pages
from handlers.context import Context
from handlers.language import Say, isolated
from handlers.screens import Screen, lines, plain
from storage import announcements
from storage.announcements import Group, Grouping

GROUPS, NAMES, LONGEST = 8, 10, 18


@dataclass(frozen=True)
class ChaseBy(Press, prefix="ann.chase.by"):
    """Show where those are who have not acknowledged, from this group on."""

    announcement: int
    by: Grouping
    offset: int


@dataclass(frozen=True)
class ChaseNames(Press, prefix="ann.chase.in"):
    """Show by name who of a group has not acknowledged, from this one on."""

    announcement: int
    by: Grouping
    value: str
    offset: int


async def chase(context: Context, press: OpenChase) -> None:
    await chase_by(context, ChaseBy(press.announcement, Grouping.COUNTRY, 0))


async def chase_by(context: Context, press: ChaseBy) -> None:
    n, offset = press.announcement, max(press.offset, 0)
    async with context.reading() as tx:
        groups = await announcements.chase(tx, context.viewer, n, press.by)
        row = await announcements.by_id(tx, context.viewer, n)
        counted = await announcements.acknowledgements(tx, row)
    say = context.say
    found = groups[offset : offset + GROUPS]
    rows = [
        say("{name}: {missing} of {asked}", name=isolated(_called(g, press.by, say)), missing=g.missing, asked=g.asked)
        for g in found
    ]
    names = [Button(_short(g, press.by, say), ChaseNames(n, press.by, g.value, 0)) for g in found]
    before = ChaseBy(n, press.by, max(offset - GROUPS, 0)) if offset else None
    after = ChaseBy(n, press.by, offset + GROUPS) if len(groups) > offset + GROUPS else None
    turning = pages(before, after, offset // GROUPS + 1, -(-len(groups) // GROUPS))
    other = Grouping.COUNTRY if press.by is Grouping.ORGANISATION else Grouping.ORGANISATION
    label = say("By organisation") if other is Grouping.ORGANISATION else say("By country")
    last: Row = (Button(label, ChaseBy(n, other, 0)), Button(say("Back"), OpenReport(n)))
    head = say("Not acknowledged: <code>N-{number}</code>", number=n)
    listed = "\n".join(rows) or say("All have acknowledged it.")
    body = lines([f"<b>{head}</b>", acknowledged_by(counted, say), listed])
    await context.show(Screen(body, (*columns(names, 2), *turning, last)))


def _called(group: Group, by: Grouping, say: Say) -> str:
    if not group.value:
        return say("not known")
    return say.country(group.value) if by is Grouping.COUNTRY else group.name or group.value


def _short(group: Group, by: Grouping, say: Say) -> str:
    return f"{plain(escape(_called(group, by, say), quote=False), LONGEST)}: {group.missing}"


async def names(context: Context, press: ChaseNames) -> None:
    n, offset = press.announcement, max(press.offset, 0)
    async with context.reading() as tx:
        found, total = await announcements.chased(tx, context.viewer, n, press.by, press.value, offset, NAMES)
    say = context.say
    before = ChaseNames(n, press.by, press.value, max(offset - NAMES, 0)) if offset else None
    after = ChaseNames(n, press.by, press.value, offset + NAMES) if total > offset + NAMES else None
    turning = pages(before, after, offset // NAMES + 1, -(-total // NAMES))
    head = say("Not acknowledged: <code>N-{number}</code>", number=n)
    listed = "\n".join(isolated(name) for name in found) or say("All have acknowledged it.")
    back: Row = (Button(say("Back"), ChaseBy(n, press.by, 0)),)
    await context.show(Screen(lines([f"<b>{head}</b>", listed]), (*turning, back)))
