"""Reading digests: what would come now, what came earlier, and what stands in them, each in one message's place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from operator import itemgetter

from handlers.buttons import Button, Row, columns, pages, turns
from handlers.context import Context, Policy
from handlers.digests.issue import body, openers
from handlers.digests.lines import in_the_bot, line
from handlers.digests.pages import divide, own
from handlers.digests.presses import Earlier, Item, Part
from handlers.digests.schedule import Preview
from handlers.language import Html, Say
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage import digests
from storage.access import Viewer
from storage.database import Transaction
from storage.digests import NOW, Copy, Digest, Issue
from storage.pages import Page
from storage.refusals import Refusal

_PAGE = 8
_KINDS = ("document", "event")


async def preview(context: Context, _press: Preview | None = None) -> None:
    """Show what the digest would say now; nothing changes."""
    await show_part(context, Part(NOW, 1))


async def resend(context: Context, number: int) -> None:
    """Show what one got of an issue again, as far as one may see it today."""
    await show_part(context, Part(f"n{number}", 1))


async def show_part(context: Context, press: Part) -> None:
    """Show one part of a digest."""
    async with context.reading() as tx:
        copy = await _copy(tx, context, press.digest)
        issue = await _issue(tx, context.viewer, copy, press.part)
    if copy.ref[0] != "d":
        issue = _part(issue, press.part, context.say, context.policy)
    await context.show(_screen(issue, context.say, context.policy))


async def show_item(context: Context, press: Item) -> None:
    """Show what a digest tells of in the digest's place, with a way back to it."""
    if press.kind not in _KINDS:
        raise Refusal("button:old")
    screen = await context.items[press.kind](context, press.number)
    back: Row = (Button(context.say("Back to the digest"), Part(press.digest, press.part)),)
    await context.show(replace(screen, buttons=(*screen.buttons, back)))


async def _copy(tx: Transaction, context: Context, ref: str) -> Copy:
    if ref == NOW:
        return await digests.preview(tx, context.viewer, context.now)
    kind, number = ref[:1], ref[1:]
    if kind not in "dn" or not number.isdecimal():
        raise Refusal("button:old")
    find = digests.copy_by_id if kind == "d" else digests.copy_of_issue
    return await find(tx, context.viewer, int(number[:9]))


async def _issue(tx: Transaction, viewer: Viewer, copy: Copy, part: int) -> Issue:
    """Return a part of a digest as it was sent; of what is put together now, the whole."""
    of = min(max(part, 1), len(copy.breaks)) if copy.ref[0] == "d" else 0
    return (await digests.issues_of(tx, {viewer.id: copy}, {viewer.id: viewer}, of))[viewer.id]


def _part(issue: Issue, part: int, say: Say, policy: Policy) -> Issue:
    """Return one part of what was put together now."""
    widths = [
        (section, [(0, own(section, line(told, section, say, in_the_bot(policy)))) for _, told in group])
        for section, group in groupby(issue.lines, key=itemgetter(0))
    ]
    begins = [*divide(widths), len(issue.lines)]
    here = min(max(part, 1), len(begins) - 1)
    cut = replace(issue, lines=issue.lines[begins[here - 1] : begins[here]], part=here, parts=len(begins) - 1)
    return cut if cut.last else replace(cut, told=0, reserved=0)


def _screen(issue: Issue, say: Say, policy: Policy) -> Screen:
    if issue.empty:
        return _nothing(issue, say)
    back: Row = (Button(say("Back"), Open("digest")), Button(say("Menu"), Home()))
    buttons = (*openers(issue, say), *_turns(issue.ref, issue.part, issue.parts), back)
    return Screen(body(issue, say, policy), buttons, issue.label)


def _turns(ref: str, part: int, parts: int) -> list[Row]:
    previous = Part(ref, part - 1) if part > 1 else None
    following = Part(ref, part + 1) if part < parts else None
    return pages(previous, following, part, parts)


def _nothing(issue: Issue, say: Say) -> Screen:
    words = say("Nothing new since your last digest.")
    if issue.ref != NOW:
        words = say("Digest No. {number} had nothing to say.", number=issue.number)
    return Screen(words, ((Button(say("Back"), Open("digest")),),))


async def show_earlier(context: Context, press: Earlier | None = None) -> None:
    """List the digests that one got."""
    async with context.reading() as tx:
        found = await digests.earlier(tx, context.viewer, press.first if press else None, _PAGE)
    await context.show(_list(found, context.say))


def _list(found: Page[Digest], say: Say) -> Screen:
    rows = [f"• {_named(row, say)}" for row in found.items]
    buttons = [Button(say("Open {n}", n=row.number), Part(f"d{row.id}", 1)) for row in found.items]
    body = Html("\n".join(rows)) if rows else say("You have had no digest yet.")
    back: Row = (Button(say("Back"), Open("digest")), Button(say("Menu"), Home()))
    heading = f"<b>{say('Earlier digests')}</b>"
    return Screen(lines([heading, body]), (*columns(buttons, 3), *turns(found, Earlier), back))


def _named(row: Digest, say: Say) -> Html:
    last = max(row.period_start, row.period_end - timedelta(days=1))
    return say("No. {number}: {first} – {last}", number=row.number, first=say.day(row.period_start), last=say.day(last))
