"""One topic's card: what it is, who leads it, how one gets it, and the way into it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from telegram.error import BadRequest, Forbidden

from handlers.buttons import Button, Press, Row
from handlers.context import Context
from handlers.language import Html, Say, isolated
from handlers.presses import Home, Open, OpenPosts, OpenTopic, Write
from handlers.screens import Screen, lines
from handlers.topics.keeping import Keep
from handlers.topics.words import LEVELS, POLICIES, STANDING, pillars
from storage import access, door, groups, members, posts, topics
from storage.access import Action, require
from storage.database import Transaction
from storage.groups import BoundGroup
from storage.members import Member
from storage.refusals import Refusal
from storage.topics import Level, Policy, Topic

LINK_LIVES = timedelta(hours=1)


@dataclass(frozen=True)
class Set(Press, prefix="top.set"):
    """Change one's standing in a topic: `live`, `digest`, `mute`, `leave`, `ask`."""

    topic: int
    to: str


@dataclass(frozen=True)
class WayIn(Press, prefix="top.in"):
    """Ask for a personal link into the group of a topic."""

    topic: int


@dataclass(frozen=True)
class Found:
    """What the card tells: the topic, where the reader stands in it, its leads and its group."""

    topic: Topic
    level: Level | None
    waiting: bool
    reads: bool
    keeps: bool
    leads: tuple[Member, ...]
    group: BoundGroup | None
    inside: bool


async def show(context: Context, press: OpenTopic) -> None:
    await _card(context, press.topic)


async def _card(context: Context, topic_id: int) -> None:
    async with context.reading() as tx:
        found = await _find(tx, context, topic_id)
    say = context.say
    topic = found.topic
    words = [
        f"<b>{say('{emoji} {title}', emoji=topic.emoji, title=topic.title(say.language))}</b>",
        say("{description}", description=topic.description(say.language)),
        "\n".join([
            say("Pillar: {pillars}", pillars=pillars(topic, say)),
            say("Who is in: {policy}", policy=say(POLICIES[topic.policy])),
            say("What is said there is marked: {label}", label=topic.label.value),
            *([_leads(found.leads, say)] if found.leads else []),
        ]),
        say("This topic is closed: it can be read, and nothing new is posted.") if topic.closed_at else None,
        _standing(found, say),
    ]  # fmt: skip
    await context.show(Screen(lines(words), tuple(_rows(found, say))))


async def _find(tx: Transaction, context: Context, topic_id: int) -> Found:
    viewer = context.viewer
    topic = await topics.by_id(tx, viewer, topic_id)
    level = (await topics.levels(tx, viewer.id)).get(topic_id)
    reads = topics.reads(viewer, topic, level)
    place = await posts.place_of(tx, topic) if reads else None
    inside = place is not None and place.group.id in await groups.presence.of_member(tx, viewer.id)
    return Found(
        topic, level, await topics.waits(tx, viewer.id, topic_id), reads, access.moderates(viewer, topic_id),
        tuple(await topics.leads(tx, topic_id)), place.group if place else None, inside,
    )  # fmt: skip


def _leads(leads: tuple[Member, ...], say: Say) -> Html:
    named = (
        say("{name} ({country})", name=isolated(members.called(m)), country=say.country(m.country))
        if m.country else isolated(members.called(m))
        for m in leads
    )  # fmt: skip
    return say("Led by: {names}", names=Html(", ".join(named)))


def _standing(found: Found, say: Say) -> Html:
    if found.waiting:
        return say("You have asked to join; its leads decide.")
    if found.level is None and found.topic.policy is Policy.REQUEST:
        return say("You are not in this topic: ask to join it.")
    return say(STANDING[found.level])


def _rows(found: Found, say: Say) -> list[Row]:
    topic, level, rows = found.topic, found.level, []
    if level is not None or topic.policy is Policy.OPEN or found.keeps:
        offered = Level if level is not None else (Level.DIGEST, Level.LIVE)
        rows.append(tuple(_choice(topic, one, level, say) for one in offered))
    elif not found.waiting:
        rows.append((Button(say("Ask to join"), Set(topic.id, "ask"), style="primary"),))
    if found.reads:
        write = [Button(say("Write a post"), Write(topic.id))] if not topic.closed_at else []
        rows.append((Button(say("Last posts"), OpenPosts(topic.id)), *write))
    if found.group is not None and not found.inside:
        rows.append((Button(say("Join the group"), WayIn(topic.id)),))
    keep = [Button(say("Manage this topic"), Keep(topic.id))] if found.keeps else []
    leave = [Button(say("Leave the topic"), Set(topic.id, "leave"))] if level is not None else []
    rows += [(*keep, *leave)] if keep or leave else []
    rows.append((Button(say("Back"), Open("topics")), Button(say("Menu"), Home())))
    return rows


def _choice(topic: Topic, one: Level, level: Level | None, say: Say) -> Button:
    if level is None:
        subscribe = say("Follow live") if one is Level.LIVE else say("Subscribe")
        return Button(subscribe, Set(topic.id, one.value), style="primary" if one is Level.DIGEST else None)
    label = say(LEVELS[one])
    return Button(f"✓ {label}" if one is level else label, Set(topic.id, one.value))


async def change(context: Context, press: Set) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        if press.to in set(Level):
            await topics.set_level(tx, me, press.topic, Level(press.to), context.now)
        elif press.to == "leave":
            await topics.leave(tx, me, press.topic, context.now)
        elif press.to == "ask":
            await topics.ask(tx, me, press.topic, context.now)
        else:
            raise Refusal("button:old")
    if press.to == "leave":
        await _after_leaving(context, press.topic)
    else:
        await _card(context, press.topic)


async def _after_leaving(context: Context, topic_id: int) -> None:
    """Show the card again; who has left a closed topic has nothing to be shown any more."""
    try:
        await _card(context, topic_id)
    except Refusal:
        say = context.say
        words = say("You have left the topic.")
        await context.show(Screen(words, ((Button(say("Back"), Open("topics")), Button(say("Menu"), Home())),)))


async def way_in(context: Context, press: WayIn) -> None:
    """Make a link into the group that works for an hour; the door asks who uses it."""
    async with context.reading() as tx:
        topic = await topics.by_id(tx, context.viewer, press.topic)
        place = await posts.place_of(tx, topic)
        if place is None or not await door.entitled(tx, place.group, context.viewer):
            raise Refusal("topic:no-group")
    require(context.viewer, Action.BELONG)
    say, link = context.say, None
    with suppress(BadRequest, Forbidden):
        made = await context.bot.create_chat_invite_link(
            place.group.chat_id, expire_date=context.now + LINK_LIVES, creates_join_request=True,
            name=f"M-{context.viewer.id}",
        )  # fmt: skip
        link = made.invite_link
    if link is None:
        raise Refusal("topic:no-link")
    words = say(
        "Your way into “{group}”: press the button, then ask to join there. The door knows you and opens at once. The "
        "link is yours, works for one hour, and lets nobody else in.",
        group=isolated(place.group.title),
    )
    rows: tuple[Row, ...] = (
        (Button(say("Open the group"), url=link),),
        (Button(say("Back"), OpenTopic(press.topic)), Button(say("Menu"), Home())),
    )
    await context.show(Screen(words, rows))
