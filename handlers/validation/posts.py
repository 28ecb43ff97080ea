"""The focal point's side: the posts that wait, a page at a time; what is ticked on the screen is confirmed at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from handlers.buttons import GREATEST, Button, Press, Row, turns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Say, isolated
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage import members, validation
from storage.access import Action, Viewer, allowed
from storage.database import Transaction
from storage.members import Member, MemberState
from storage.outbox import Facts
from storage.pages import Page

PAGE = 8
_EVERY = (1 << PAGE) - 1


@dataclass(frozen=True)
class Posts(Press, prefix="posts"):
    """Show the page that begins with member `first`, without the ticks of `unticked` (bits, by place on the page).

    `seen` tells which people stood there: where others do now, the ticks mean nothing.
    """

    first: int
    unticked: int
    seen: int


@dataclass(frozen=True)
class ConfirmTicked(Press, prefix="posts.yes"):
    """Confirm the posts of those who are ticked on this page; see `Posts`."""

    first: int
    unticked: int
    seen: int


async def posts(context: Context) -> None:
    await _show(context, 0, 0)


async def turn(context: Context, press: Posts) -> None:
    await _show(context, press.first, press.unticked, press.seen)


async def confirm_ticked(context: Context, press: ConfirmTicked) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        page = await validation.posts(tx, me, press.first or None, PAGE)
        same = _sum(page) == press.seen
        ticked = [member.id for n, member in enumerate(page.items) if not press.unticked >> n & 1]
        confirmed = await validation.confirm_posts(tx, me, ticked, context.now) if same else 0
    say = context.say
    if not same:
        await context.toast(say("The list has changed meanwhile: please look again."), alert=True)
        await _show(context, press.first, 0)
        return
    await context.toast(say.many("{n} post confirmed.", "{n} posts confirmed.", confirmed))
    if page.following:
        await _show(context, page.following, 0)
    else:
        await _finished(context)


async def _finished(context: Context) -> None:
    say = context.say
    async with context.reading() as tx:
        left = await validation.count(tx, context.viewer)
    done = say("That was the last page. Thank you.")
    still = say.many("{n} member still waits.", "{n} members still wait.", left) if left else None
    again: Row = (Button(say("See who waits"), Open("posts")),) if left else ()
    await context.show(Screen(lines([done, still]), (*([again] if again else []), (Button(say("Menu"), Home()),))))


async def _show(context: Context, first: int, unticked: int, seen: int | None = None) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await validation.posts(tx, context.viewer, first or None, PAGE)
        names = await members.organisation_names(tx, [m.organisation_id for m in page.items if m.organisation_id])
    if not page.items:
        nobody = say("No post waits to be confirmed by you.")
        await context.show(Screen(nobody, ((Button(say("Menu"), Home()),),)))
        return
    if seen not in (None, 0, _sum(page)):
        unticked = 0
    await context.show(_screen(page, names, unticked & _EVERY, say))


def _screen(page: Page[Member], names: Mapping[int, str], unticked: int, say: Say) -> Screen:
    asked = say("Who of them still holds their post? Press a name to take its tick away: that one stays as it is.")
    listed = [_line(n, member, names, say) for n, member in enumerate(page.items, 1)]
    first, seen = page.items[0].id, _sum(page)
    rows: list[Row] = [
        (Button(_label(n, member, ticked=not unticked >> n & 1), Posts(first, unticked ^ 1 << n, seen)),)
        for n, member in enumerate(page.items)
    ]
    confirm = Button(say("Confirm the ticked"), ConfirmTicked(first, unticked, seen), style="success")
    rows += [(confirm,), *turns(page, lambda first: Posts(first, 0, 0)), (Button(say("Menu"), Home()),)]
    return Screen(lines([f"<b>{say('Confirm posts')}</b>", asked, "\n".join(listed)]), tuple(rows))


def _line(number: int, member: Member, names: Mapping[int, str], say: Say) -> str:
    facts = {
        "number": number,
        "name": isolated(members.called(member)),
        "organisation": isolated(names.get(member.organisation_id or 0, "–")),
        "country": say.country(member.country) if member.country else "–",
    }
    if member.state is MemberState.SUSPENDED:
        return say("{number}. {name}, {organisation}, {country}: suspended", **facts)
    return say("{number}. {name}, {organisation}, {country}", **facts)


def _label(place: int, member: Member, *, ticked: bool) -> str:
    return f"{'✓' if ticked else '–'} {place + 1}. {members.called(member)}"[:40]


def _sum(page: Page[Member]) -> int:
    """Return a number that other people on the page would not have; never 0, which stands for a page not seen yet."""
    return crc32(",".join(str(member.id) for member in page.items).encode()) % GREATEST + 1


async def _load(tx: Transaction, _facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, int]:
    found = {v.id: await validation.count(tx, v) for v in viewers if allowed(v, Action.CONFIRM_POSTS)}
    return {viewer_id: waiting for viewer_id, waiting in found.items() if waiting}


def _waiting(count: int, say: Say, _policy: Policy) -> Screen:
    words = say.many(
        "The post of {n} member in your reach waits to be confirmed.",
        "The posts of {n} members in your reach wait to be confirmed.",
        count,
    )
    return Screen(words, ((Button(say("Confirm posts"), Open("posts"), style="primary"),),))


WAITING = Notice("membership:posts", _waiting, _load)
