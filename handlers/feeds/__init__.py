"""Feeds: what other sites publish, brought into a topic by its moderators or by itself."""

from __future__ import annotations

from handlers.feature import Command, Feature, place, tap
from handlers.feeds.adding import ADD, NOTICES, AddFeed, add
from handlers.feeds.items import CARD, DecideItem, decide
from handlers.feeds.listing import (
    RemoveFeed,
    RestFeed,
    ShowFeed,
    ShowWaiting,
    TurnFeeds,
    feeds,
    of_topic,
    remove,
    rest,
    show,
    show_waiting,
    turn,
)
from handlers.language import text
from handlers.presses import OpenFeeds
from storage.access import Action

FEATURE = Feature(
    name="feeds",
    commands=(Command("feeds", text("Keep the feeds of your topics"), feeds, Action.MODERATE),),
    handlers=(
        tap(OpenFeeds, of_topic, Action.MODERATE),
        tap(TurnFeeds, turn, Action.MODERATE),
        tap(ShowFeed, show, Action.MODERATE),
        tap(ShowWaiting, show_waiting, Action.MODERATE),
        tap(RestFeed, rest, Action.MODERATE),
        tap(RemoveFeed, remove, Action.MODERATE),
        tap(AddFeed, add, Action.MODERATE),
        tap(DecideItem, decide, Action.MODERATE),
        place("feeds", feeds, Action.MODERATE),
    ),
    dialogues=(ADD,),
    notices=(CARD, *NOTICES),
    refusals={
        "feed:address": text("That is no address of a feed. It looks like https://example.org/feed.xml."),
        "feed:known": text("This topic has that feed already: “{title}”."),
        "feed:many": text("A topic can have {most} feeds. Remove one first."),
        "feed:unknown": text("There is no such feed any more. /feeds lists them all."),
        "feed:no-item": text("There is no such item any more."),
        "feed:decided": text("This item has been decided already, or has expired."),
        "feed:closed": text("The topic is closed: nothing new comes into it."),
    },
)
