"""Topics: the catalogue, one topic's card, following and muting, asking to be let in, and keeping them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telegram.ext import MessageHandler, filters

from handlers.buttons import Button
from handlers.context import Policy
from handlers.feature import Command, Feature, Notice, place, tap
from handlers.language import Say, text
from handlers.presses import Home, OpenTopic
from handlers.screens import Screen
from handlers.topics.card import Set, WayIn, change, show, way_in
from handlers.topics.catalogue import ChooseNight, List, catalogue, choose_night, turn
from handlers.topics.forms import LET_IN, NEW, POLICY, RENAME
from handlers.topics.keeping import (
    Close,
    Form,
    Keep,
    LetIn,
    People,
    PutOut,
    close,
    form,
    keep,
    let_in,
    mine,
    people,
    put_out,
)
from handlers.topics.requests import NOTICES, Decide, decide
from handlers.topics.threads import changed, made
from storage import access, topics
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.outbox import Facts
from storage.topics import Topic


async def _load_kept(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Topic]:
    return {v.id: await topics.kept(tx, v, facts["topic"]) for v in viewers if access.moderates(v, facts["topic"])}


def _kept(topic: Topic, say: Say, _policy: Policy) -> Screen:
    words = say("Done: “{topic}”. Its threads follow in a moment.", topic=topic.title(say.language))
    return Screen(words, ((Button(say("Manage this topic"), Keep(topic.id)), Button(say("Menu"), Home())),))


_THREAD = filters.ChatType.GROUPS & (
    filters.StatusUpdate.FORUM_TOPIC_EDITED
    | filters.StatusUpdate.FORUM_TOPIC_CLOSED
    | filters.StatusUpdate.FORUM_TOPIC_REOPENED
)

FEATURE = Feature(
    name="topics",
    commands=(
        Command("topics", text("Choose your topics"), catalogue, Action.BELONG),
        Command("topic", text("Manage the topics"), mine, Action.MODERATE),
    ),
    handlers=(
        tap(List, turn, Action.BELONG),
        tap(ChooseNight, choose_night, Action.BELONG),
        tap(OpenTopic, show, Action.BELONG),
        tap(Set, change, Action.BELONG),
        tap(WayIn, way_in, Action.BELONG),
        tap(Decide, decide, Action.MODERATE),
        tap(Keep, keep, Action.MODERATE),
        tap(Close, close, Action.MODERATE),
        tap(Form, form, Action.MODERATE),
        tap(People, people, Action.MODERATE),
        tap(LetIn, let_in, Action.MODERATE),
        tap(PutOut, put_out, Action.MODERATE),
        place("topics", catalogue, Action.BELONG),
        place("keeping", mine, Action.MODERATE),
        MessageHandler(_THREAD, changed),
        MessageHandler(filters.ChatType.GROUPS & filters.StatusUpdate.FORUM_TOPIC_CREATED, made),
    ),
    dialogues=(NEW, RENAME, POLICY, LET_IN),
    notices=(*NOTICES, Notice("topic:kept", _kept, _load_kept)),
    refusals={
        "topic:unknown": text("There is no such topic. /topics lists them all."),
        "topic:on-request": text("This topic is on request: ask to join it first."),
        "topic:open": text("This topic is open: just follow it."),
        "topic:no-request": text("This request no longer exists."),
        "topic:decided": text("This has already been decided, by {by}."),
        "topic:no-group": text("This topic has no group that you could join."),
        "topic:no-link": text("I cannot make a link into the group now. Its administrators know which right I lack."),
        "topic:emoji": text("Please send one emoji, and nothing else."),
        "topic:label": text("A topic cannot carry {label}. Choose one of the labels that are offered."),
        "topic:label-open": text(
            "{label} needs a named audience: a topic that is open to every member cannot carry it. Choose TLP:GREEN, "
            "or let members in on request."
        ),
        "topic:same-country": text(
            "The other lead of this topic is from the same country. A working group is led from two countries: choose "
            "somebody from another one."
        ),
    },
)
