"""Voting: the press under an announcement, and what administrators see of the votes."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.announcements.ballot import terms, voted
from handlers.announcements.presses import OpenReport, Vote
from handlers.announcements.reading import content_of, draw
from handlers.buttons import Button, Press, Row, columns, pages
from handlers.context import Context
from handlers.language import Html, Say, isolated
from handlers.screens import Screen, lines
from storage import announcements
from storage.announcements import Tally
from storage.announcements.poll import Poll
from storage.refusals import Refusal

BAR, NAMES = 10, 10


@dataclass(frozen=True)
class OpenVotes(Press, prefix="ann.votes"):
    """Show how an announcement's poll stands."""

    announcement: int


@dataclass(frozen=True)
class OpenVoters(Press, prefix="ann.voters"):
    """Show who chose an option, from this name on."""

    announcement: int
    option: int
    offset: int


async def vote(context: Context, press: Vote) -> None:
    """Keep what a reader chooses, and show it in place, with the counts."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row, copy = await announcements.vote(tx, me, press.announcement, press.option, context.now)
        place = copy.message_id
        content = content_of(row, me.language, copy, await announcements.tally(tx, row))
    seen = draw(content, context.say, context.policy)
    if place not in (None, context.replaces):
        await context.redraw(seen, place)
    await context.show(seen)


async def votes(context: Context, press: OpenVotes) -> None:
    async with context.reading() as tx:
        row = await announcements.looked_at(tx, context.viewer, press.announcement)
        tally = await announcements.tally(tx, row)
    if row.poll is None or tally is None:
        raise Refusal("button:old")
    poll, say = Poll.of(row.poll), context.say
    named = [
        Button(say("Names: {number}", number=n + 1), OpenVoters(row.id, n, 0))
        for n in range(len(poll.options))
        if tally.counts[n] and not poll.anonymous
    ]
    back: Row = (Button(say("Back"), OpenReport(row.id)),)
    body = lines([_counted(poll, tally, say), voted(tally.voters, say), f"<i>{terms(poll, say)}</i>"])
    await context.show(Screen(body, (*columns(named, 3), back), row.label))


def _counted(poll: Poll, tally: Tally, say: Say) -> Html:
    rows = [f"<b>📊 {say('{title}', title=poll.question)}</b>"]
    for n, option in enumerate(poll.options):
        count = tally.counts[n]
        share = count / tally.voters if tally.voters else 0
        filled = round(BAR * share)
        rows.append(f"{n + 1}. {say('{title}', title=option)}")
        rows.append(f"{'▰' * filled}{'▱' * (BAR - filled)} {say.number(count)} ({round(100 * share)} %)")
    return Html("\n".join(rows))


async def voters(context: Context, press: OpenVoters) -> None:
    n, option, offset = press.announcement, press.option, max(press.offset, 0)
    async with context.reading() as tx:
        found, total = await announcements.voters(tx, context.viewer, n, option, offset, NAMES)
        row = await announcements.looked_at(tx, context.viewer, n)
    poll, say = Poll.of(row.poll or {}), context.say
    if not 0 <= option < len(poll.options):
        raise Refusal("button:old")
    before = OpenVoters(n, option, max(offset - NAMES, 0)) if offset else None
    after = OpenVoters(n, option, offset + NAMES) if total > offset + NAMES else None
    turning = pages(before, after, offset // NAMES + 1, -(-total // NAMES))
    back: Row = (Button(say("Back"), OpenVotes(n)),)
    head = f"<b>{option + 1}. {say('{title}', title=poll.options[option])}</b>"
    listed = "\n".join(isolated(name) for name in found) or say("Nobody chose this.")
    await context.show(Screen(lines([head, listed]), (*turning, back), row.label))
