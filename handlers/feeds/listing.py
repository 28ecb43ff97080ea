"""Listing: the feeds of the topics that one moderates, and one feed: paused, resumed, removed."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context
from handlers.feeds.adding import AddFeed
from handlers.feeds.words import APPROVALS, STATES, TARGETS, named, standing
from handlers.language import Html, Say, isolated
from handlers.presses import Home, Open, OpenFeeds
from handlers.screens import Screen, lines
from storage import feeds as storage
from storage.feeds import FeedState, Standing

PAGE = 6


@dataclass(frozen=True)
class TurnFeeds(Press, prefix="feeds.page"):
    """Show the feeds of a topic (0: of all that one keeps) from feed `first` on."""

    topic: int
    first: int


@dataclass(frozen=True)
class ShowFeed(Press, prefix="feed"):
    """Show one feed."""

    feed: int


@dataclass(frozen=True)
class ShowWaiting(Press, prefix="feed.wait"):
    """Show the items of a feed that wait for a decision once more."""

    feed: int


@dataclass(frozen=True)
class RestFeed(Press, prefix="feed.rest"):
    """Pause a feed (1), or let it be read again (0)."""

    feed: int
    rest: int


@dataclass(frozen=True)
class RemoveFeed(Press, prefix="feed.gone"):
    """Remove a feed; `sure` is 1 at the second press."""

    feed: int
    sure: int


async def feeds(context: Context) -> None:
    await turn(context, TurnFeeds(0, 0))


async def of_topic(context: Context, press: OpenFeeds) -> None:
    await turn(context, TurnFeeds(press.topic, 0))


async def turn(context: Context, press: TurnFeeds) -> None:
    say, topic = context.say, press.topic
    async with context.reading() as tx:
        page, found = await storage.listed(tx, context.viewer, topic or None, press.first or None, PAGE)
    about = say("What other sites publish comes into a topic from its feeds, past a moderator or by itself.")
    shown = [_line(number, one, say) for number, one in enumerate(found, 1)]
    body = lines([f"<b>{say('Feeds')}</b>", about, "\n".join(shown) or say("There is no feed yet.")])
    openers = [Button(say("Open {n}", n=number), ShowFeed(one.feed.id)) for number, one in enumerate(found, 1)]
    rows = [*columns(openers, 3), *turns(page, lambda first: TurnFeeds(topic, first))]
    add: Row = (Button(say("Add a feed"), AddFeed(topic), style="primary"),)
    back: Row = (Button(say("Back"), Open("keeping")), Button(say("Menu"), Home()))
    await context.show(Screen(body, (*rows, add, back)))


def _line(number: int, one: Standing, say: Say) -> str:
    rest = f"{isolated(one.topic.title(say.language))} · {say(STATES[one.feed.state])}"
    return f"{number}. <b>{named(one.feed)}</b>\n{rest}"


async def show(context: Context, press: ShowFeed) -> None:
    async with context.reading() as tx:
        found = await storage.standing(tx, context.viewer, press.feed)
    await context.show(_screen(found, context.say))


def _screen(found: Standing, say: Say) -> Screen:
    feed = found.feed
    topic = say("Topic: {topic}", topic=isolated(found.topic.title(say.language)))
    does = Html(f"{say(TARGETS[feed.target])} {say(APPROVALS[feed.approval])}")
    waits = say("Waiting for a decision: {n}. Held for another day: {m}.", n=found.waiting, m=found.held)
    address = isolated(feed.url)
    text = lines([f"<b>{named(feed)}</b>", f"{address}\n{topic}", does, standing(found, say), waits])
    remove = Button(say("Remove"), RemoveFeed(feed.id, 0), style="danger")
    back: Row = (Button(say("Back"), Open("feeds")), Button(say("Menu"), Home()))
    again: list[Row] = [(Button(say("Show what waits"), ShowWaiting(feed.id)),)] if found.waiting else []
    return Screen(text, ((_switch(found, say), remove), *again, back))


def _switch(found: Standing, say: Say) -> Button:
    feed = found.feed
    if feed.state is FeedState.ACTIVE:
        return Button(say("Pause"), RestFeed(feed.id, 1))
    label = say("Resume") if feed.state is FeedState.PAUSED else say("Try again")
    return Button(label, RestFeed(feed.id, 0), style="primary")


async def rest(context: Context, press: RestFeed) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        if press.rest:
            await storage.pause(tx, me, press.feed, context.now)
        else:
            await storage.resume(tx, me, press.feed, context.now)
    await show(context, ShowFeed(press.feed))


async def show_waiting(context: Context, press: ShowWaiting) -> None:
    async with context.transaction() as tx:
        await storage.show_waiting(tx, await context.myself(tx), press.feed, context.now)


async def remove(context: Context, press: RemoveFeed) -> None:
    say = context.say
    if not press.sure:
        async with context.reading() as tx:
            found = await storage.standing(tx, context.viewer, press.feed)
        asked = say("Remove the feed “{title}”? What it brought stays; what waits is dropped.", title=named(found.feed))
        sure = Button(say("Remove"), RemoveFeed(press.feed, 1), style="danger")
        await context.show(Screen(asked, ((sure, Button(say("Back"), ShowFeed(press.feed))),)))
        return
    async with context.transaction() as tx:
        await storage.remove(tx, await context.myself(tx), press.feed, context.now)
    await feeds(context)
