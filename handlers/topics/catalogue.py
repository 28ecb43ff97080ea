"""The catalogue of topics by pillar, with what is new, and the member's choice for the night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from handlers.buttons import Button, Press, Row, columns, pages
from handlers.context import Context
from handlers.language import Html, Say
from handlers.presses import Home, Open, OpenTopic
from handlers.screens import Screen, lines
from handlers.topics.words import GOT, titled
from handlers.vocabulary import PILLARS
from storage import members, posts, topics
from storage.access import Action, allowed
from storage.members import Member, Night
from storage.topics import Level, Topic

PAGE = 6
NEW = timedelta(days=7)
"""What is so young is called new; what a member has read already is not noted (R-24)."""


@dataclass(frozen=True)
class List(Press, prefix="top.list"):
    """Show the catalogue: of one pillar (empty: of all), from this page on."""

    pillar: str
    page: int


@dataclass(frozen=True)
class ChooseNight(Press, prefix="top.night"):
    """Choose what happens to live posts at night; `silent` is 1 for no sound, 0 to hold them."""

    silent: int


async def catalogue(context: Context) -> None:
    await _list(context, "", 0)


async def turn(context: Context, press: List) -> None:
    await _list(context, press.pillar if press.pillar in PILLARS else "", press.page)


async def choose_night(context: Context, press: ChooseNight) -> None:
    async with context.transaction() as tx:
        night = Night.SILENT if press.silent else Night.HOLD
        await topics.choose_night(tx, await context.myself(tx), night)
    await _list(context, "", 0)


async def _list(context: Context, pillar: str, page: int) -> None:
    async with context.reading() as tx:
        known = await topics.catalogue(tx, context.viewer)
        levels = await topics.levels(tx, context.viewer.id)
        fresh = await posts.new(tx, context.viewer, context.now - NEW)
        member = await members.by_id(tx, context.viewer.id)
    found = _by_pillar([topic for topic in known if not pillar or pillar in topic.pillars], pillar)
    count = max(1, -(-len(found) // PAGE))
    page = min(max(page, 0), count - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    say = context.say
    rows: list[Row] = [(Button(titled(topic, say), OpenTopic(topic.id)),) for _, topic in shown]
    rows += pages(
        List(pillar, page - 1) if page else None, List(pillar, page + 1) if page + 1 < count else None, page + 1, count
    )
    rows += _filters(pillar, say)
    rows.append((_night(member, say),))
    last: Row = (Button(say("Menu"), Home()),)
    if allowed(context.viewer, Action.MODERATE):
        last = (Button(say("Manage topics"), Open("keeping")), *last)
    await context.show(Screen(_words(shown, levels, fresh, say), (*rows, last)))


def _by_pillar(found: Sequence[Topic], pillar: str) -> list[tuple[str, Topic]]:
    """Return topics under the pillar asked for, or each under its first."""
    placed = [(pillar or topic.pillars[0], topic) for topic in found]
    return sorted(placed, key=lambda one: (one[0], one[1].position))


def _words(shown: Sequence[tuple[str, Topic]], levels: Mapping[int, Level], fresh: Mapping[int, int], say: Say) -> Html:
    heads = [pillar for pillar, _ in shown]
    parts: list[str] = [say("Topics. What you follow comes live or in your digest; what you mute does not.")]
    for pillar in dict.fromkeys(heads):
        rows = [_line(topic, levels.get(topic.id), fresh.get(topic.id, 0), say) for p, topic in shown if p == pillar]
        parts.append("\n".join([f"<b>{say(PILLARS[pillar]) if pillar in PILLARS else pillar}</b>", *rows]))
    return Html(lines(parts))


def _line(topic: Topic, level: Level | None, fresh: int, say: Say) -> str:
    facts = [say(GOT[level])] if level else []
    facts += [say.many("{n} new post", "{n} new posts", fresh)] if fresh else []
    facts += [say("closed")] if topic.closed_at else []
    told = f" — {', '.join(facts)}" if facts else ""
    return say("{title}{told}", title=titled(topic, say), told=Html(told))


def _filters(pillar: str, say: Say) -> list[Row]:
    buttons = [
        Button(f"✓ {say(name)}" if code == pillar else say(name), List("" if code == pillar else code, 0))
        for code, name in PILLARS.items()
    ]
    return columns(buttons, 2)


def _night(member: Member | None, say: Say) -> Button:
    assert member is not None
    if member.quiet_from == member.quiet_until:
        return Button(say("Nights: no quiet hours"), Open("digest"))
    if member.night is Night.HOLD:
        return Button(say("Nights: hold until {at}", at=member.quiet_until), ChooseNight(1))
    return Button(say("Nights: no sound"), ChooseNight(0))
