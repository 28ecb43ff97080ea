"""Who would get a draft, by example, and who is left out of it and why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.announcements import draft
from handlers.announcements.audience import OpenLeftOut, OpenSample
from handlers.announcements.draft import LEFT_OUT
from handlers.announcements.presses import OpenAudience
from handlers.buttons import Button, Row, pages
from handlers.context import Context
from handlers.language import Html, Say, isolated
from handlers.screens import Screen, lines
from handlers.vocabulary import CATEGORIES
from storage import members
from storage.announcements import LeftOut
from storage.database import Transaction
from storage.members import Member

SAMPLE, PAGE = 5, 8


@dataclass(frozen=True)
class _People:
    """Members in an order of their own, and what their organisations are called."""

    members: tuple[Member, ...]
    houses: dict[int, str]

    def said(self, member: Member, say: Say) -> Html:
        """Return a member's name, with organisation, country and category as far as they are known."""
        house = self.houses.get(member.organisation_id or 0)
        country = say.country(member.country) if member.country else None
        category = say(CATEGORIES[member.category]) if member.category else None
        known = [str(isolated(fact)) for fact in (house, country, category) if fact]
        return Html(" · ".join([f"<b>{isolated(members.called(member))}</b>", *known]))


async def _people(tx: Transaction, ids: Sequence[int]) -> _People:
    found = await members.by_ids(tx, ids)
    there = tuple(found[n] for n in ids if n in found)
    houses = await members.organisation_names(tx, [m.organisation_id for m in there if m.organisation_id])
    return _People(there, houses)


async def sample(context: Context, press: OpenSample) -> None:
    """Show some of those who would get it: chance picks them, the same ones as long as the audience stays."""
    say, n = context.say, press.announcement
    async with context.reading() as tx:
        reached = (await draft.read(tx, context.viewer, n, context.now)).reach.recipients
        turns = max(1, -(-len(reached) // SAMPLE))
        first = press.turn % turns * SAMPLE
        people = await _people(tx, _shuffled(n, reached)[first : first + SAMPLE])
    told = "\n".join(people.said(member, say) for member in people.members)
    of = say.many("{n} member", "{n} members", len(reached))
    head = say("A sample, picked by chance, of those who would get it: {members} in all.", members=of)
    nobody = say("This audience is empty: nobody would get it. Choose another one.")
    others = (Button(say("Others"), OpenSample(n, (press.turn + 1) % turns)),) if turns > 1 else ()
    back: Row = (*others, Button(say("Back"), OpenAudience(n)))
    await context.show(Screen(lines([head, told]) if told else nobody, (back,)))


def _shuffled(announcement_id: int, reached: Sequence[int]) -> list[int]:
    return sorted(reached, key=lambda n: hashlib.sha256(f"{announcement_id}:{n}".encode()).digest())


async def left_out(context: Context, press: OpenLeftOut) -> None:
    """Show who is meant and would get nothing, by reason."""
    say, n = context.say, press.announcement
    async with context.reading() as tx:
        why = (await draft.read(tx, context.viewer, n, context.now)).reach.left_out
        reasons = list(LeftOut)
        ids = sorted(why, key=lambda member_id: (reasons.index(why[member_id]), member_id))
        offset = max(0, min(press.offset, (len(ids) - 1) // PAGE * PAGE))
        people = await _people(tx, ids[offset : offset + PAGE])
    told = [
        say("{name}: {state}", name=isolated(members.called(member)), state=say(LEFT_OUT[why[member.id]]))
        for member in people.members
    ]
    before = OpenLeftOut(n, offset - PAGE) if offset else None
    after = OpenLeftOut(n, offset + PAGE) if len(ids) > offset + PAGE else None
    turning = pages(before, after, offset // PAGE + 1, -(-len(ids) // PAGE))
    head, nobody = say("Meant, but left out"), say("Nobody is left out.")
    back: Row = (Button(say("Back"), OpenAudience(n)),)
    await context.show(Screen(lines([f"<b>{head}</b>", "\n".join(told) or nobody]), (*turning, back)))
