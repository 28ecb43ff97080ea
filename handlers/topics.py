"""Topics: the catalogue, one topic's card, following, muting, and asking to be let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Press, Row, pages
from handlers.context import Context, Policy
from handlers.feature import Command, Feature, Notice, place, tap
from handlers.language import Say, isolated, text
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage import members, topics
from storage.access import Action, Viewer, moderates
from storage.database import Transaction
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.topics import Level, RequestState, Topic
from storage.topics import Policy as Entry

PAGE = 6
PILLARS = {
    "P1": text("Prevention"),
    "P2": text("Prevent and combat"),
    "P3": text("Capacity"),
    "P4": text("Human rights"),
}


DECIDED = {
    RequestState.ADMITTED: text("Approved by {by}."),
    RequestState.REFUSED: text("Declined by {by}."),
}


@dataclass(frozen=True)
class List(Press, prefix="top.list"):
    """Show the catalogue from this page on."""

    page: int


@dataclass(frozen=True)
class Show(Press, prefix="top"):
    """Show one topic."""

    topic: int


@dataclass(frozen=True)
class Set(Press, prefix="top.set"):
    """Change one's standing in a topic: `follow`, `mute`, `unmute`, `leave`, `ask`."""

    topic: int
    to: str


@dataclass(frozen=True)
class Decide(Press, prefix="top.dec"):
    """Decide on a wish to join: `yes` is 1 to let the member in."""

    request: int
    yes: int


async def catalogue(context: Context) -> None:
    await _list(context, 0)


async def turn(context: Context, press: List) -> None:
    await _list(context, press.page)


async def _list(context: Context, page: int) -> None:
    say = context.say
    async with context.reading() as tx:
        found = await topics.catalogue(tx)
        levels = await topics.levels(tx, context.viewer.id)
    count = max(1, -(-len(found) // PAGE))
    page = min(max(page, 0), count - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    rows: list[Row] = [(Button(_label(topic, levels.get(topic.id), say), Show(topic.id)),) for topic in shown]
    before, after = List(page - 1) if page else None, List(page + 1) if page + 1 < count else None
    rows += pages(before, after, page + 1, count)
    words = say("Topics. What you follow comes in your weekly digest; what you mute does not.")
    await context.show(Screen(words, (*rows, (Button(say("Menu"), Home()),))))


def _label(topic: Topic, level: Level | None, say: Say) -> str:
    mark = {Level.FOLLOW: f" · {say('following')}", Level.MUTE: f" · {say('muted')}", None: ""}[level]
    return f"{topic.emoji} {topic.title(say.language)}{mark}"


async def show(context: Context, press: Show) -> None:
    await _card(context, press.topic)


async def _card(context: Context, topic_id: int) -> None:
    async with context.reading() as tx:
        topic = await topics.by_id(tx, topic_id)
        level = (await topics.levels(tx, context.viewer.id)).get(topic_id)
        waiting = await topics.waits(tx, context.viewer.id, topic_id)
    say = context.say
    pillars = ", ".join(say(PILLARS[code]) for code in topic.pillar.split(",") if code in PILLARS)
    standing = {
        Level.FOLLOW: say("You follow this topic."),
        Level.MUTE: say("You have muted this topic: it is not in your digest."),
        None: say("You do not follow this topic."),
    }[level]
    if waiting:
        standing = say("You have asked to join; an administrator decides.")
    elif level is None and topic.policy is Entry.REQUEST:
        standing = say("This topic is on request: an administrator decides who joins.")
    title = say("{emoji} {title}", emoji=topic.emoji, title=topic.title(say.language))
    about = say("{description}", description=topic.description(say.language))
    pillar = say("Pillar: {pillars}", pillars=pillars)
    rows: list[Row] = [_choices(topic, level, say)] if not waiting else []
    rows.append((Button(say("Back"), Open("topics")), Button(say("Menu"), Home())))
    await context.show(Screen(lines([f"<b>{title}</b>", about, pillar, standing]), tuple(rows)))


def _choices(topic: Topic, level: Level | None, say: Say) -> Row:
    leave = Button(say("Unsubscribe"), Set(topic.id, "leave"))
    if level is Level.FOLLOW:
        return (Button(say("Mute"), Set(topic.id, "mute")), leave)
    if level is Level.MUTE:
        return (Button(say("Unmute"), Set(topic.id, "unmute"), style="primary"), leave)
    if topic.policy is Entry.REQUEST:
        return (Button(say("Ask to join"), Set(topic.id, "ask"), style="primary"),)
    return (Button(say("Subscribe"), Set(topic.id, "follow"), style="primary"),)


async def change(context: Context, press: Set) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        if press.to == "follow":
            await topics.follow(tx, me, press.topic, context.now)
        elif press.to in {"mute", "unmute"}:
            await topics.set_level(tx, me, press.topic, Level.MUTE if press.to == "mute" else Level.FOLLOW)
        elif press.to == "leave":
            await topics.leave(tx, me, press.topic)
        elif press.to == "ask":
            await topics.ask(tx, me, press.topic, context.now)
        else:
            raise Refusal("button:old")
    await _card(context, press.topic)


async def decide(context: Context, press: Decide) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await topics.decide(tx, me, press.request, context.now, admit=bool(press.yes))


async def _load_card(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    found: Any = None
    with suppress(Refusal):  # the one who asked may have gone since: the card says so
        request, topic, member = await topics.request(tx, facts["request"])
        decider = await members.by_id(tx, request.decided_by) if request.decided_by else None
        found = (request, topic, members.called(member), members.called(decider))
    moderated = found[1].id if found else None
    return {viewer.id: found for viewer in viewers if moderates(viewer, moderated)}


def _render_card(content: Any, say: Say, _policy: Policy) -> Screen:
    if content is None:
        return Screen(say("This request was erased together with the data of the member who made it."))
    request, topic, name, by = content
    words = say("{name} asks to join the topic “{topic}”.", name=isolated(name), topic=topic.title(say.language))
    if request.state is not RequestState.WAITING:
        decided = DECIDED[request.state]
        return Screen(lines([words, f"<b>{say(decided, by=isolated(by))}</b>"]))
    yes = Button(say("Approve"), Decide(request.id, 1), style="success")
    no = Button(say("Decline"), Decide(request.id, 0), style="danger")
    return Screen(words, ((yes, no),))


async def _load_topic(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    topic = await topics.by_id(tx, facts["topic"])
    return {viewer.id: topic for viewer in viewers if viewer.active}


def _admitted(topic: Topic, say: Say, _policy: Policy) -> Screen:
    words = say("You are in: you now follow the topic “{topic}”.", topic=topic.title(say.language))
    return Screen(words, ((Button(say("Open the topic"), Show(topic.id)),),))


def _refused(topic: Topic, say: Say, _policy: Policy) -> Screen:
    words = say("Your request to join the topic “{topic}” was declined.", topic=topic.title(say.language))
    return Screen(words, ((Button(say("Menu"), Home()),),))


FEATURE = Feature(
    name="topics",
    commands=(Command("topics", text("Choose your topics"), catalogue, Action.BELONG),),
    handlers=(
        tap(List, turn, Action.BELONG),
        tap(Show, show, Action.BELONG),
        tap(Set, change, Action.BELONG),
        tap(Decide, decide, Action.MODERATE),
        place("topics", catalogue, Action.BELONG),
    ),
    notices=(
        Notice("topic:card", _render_card, _load_card),
        Notice("topic:admitted", _admitted, _load_topic),
        Notice("topic:refused", _refused, _load_topic),
    ),
    refusals={
        "topic:unknown": text("There is no such topic. /topics lists them all."),
        "topic:on-request": text("This topic is on request: ask to join it first."),
        "topic:open": text("This topic is open: just subscribe to it."),
        "topic:no-request": text("This request no longer exists."),
        "topic:decided": text("This has already been decided, by {by}."),
    },
)
