"""Notices to staff: the bot lost a right, a group or a thread, and what stops working by that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button
from handlers.context import Policy
from handlers.feature import Notice
from handlers.groups.card import Show
from handlers.groups.rights import consequences, how
from handlers.language import Say, isolated
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import topics
from storage.access import Action, Viewer, allowed
from storage.database import Transaction
from storage.groups import BoundGroup, Thread
from storage.outbox import Facts


@dataclass(frozen=True)
class Lost:
    """What was lost: a group with some rights, all of it, or the thread of a topic (`title` by language)."""

    group: int
    name: str
    rights: tuple[str, ...] = ()
    titles: tuple[tuple[str, str], ...] = ()
    problem: str | None = None


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Lost]:
    group = await tx.get(BoundGroup, facts["group"])
    if group is None:
        return {}
    lost = Lost(group.id, group.title, tuple(facts.get("rights", ())))
    return {viewer.id: lost for viewer in viewers if allowed(viewer, Action.BIND_GROUP)}


async def _load_thread(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Lost]:
    thread = await tx.get(Thread, facts["thread"])
    group = await tx.get(BoundGroup, thread.group_id) if thread else None
    topic = await topics.known_to_bot(tx, thread.topic_id) if thread else None
    if group is None or topic is None:
        return {}
    lost = Lost(group.id, group.title, titles=tuple(topic.titles.items()), problem=facts["problem"])
    return {viewer.id: lost for viewer in viewers if allowed(viewer, Action.BIND_GROUP)}


def _rights(lost: Lost, say: Say, policy: Policy) -> Screen:
    words = say("In “{title}” I have lost rights. This does not work any more:", title=isolated(lost.name))
    text = [words, consequences(lost.rights, say), how(lost.rights, policy.bot_username, say)]
    return Screen(lines(text), ((Button(say("Open the group"), Show(lost.group)), Button(say("Menu"), Home())),))


def _gone(lost: Lost, say: Say, _policy: Policy) -> Screen:
    words = say(
        "I am no longer in “{title}”. Requests to join it are not answered, nobody is removed from it who leaves the "
        "network, and its topics’ posts reach their followers in private only. Add me again as an administrator to "
        "go on.",
        title=isolated(lost.name),
    )
    return Screen(words, ((Button(say("Menu"), Home()),),))


def _thread(lost: Lost, say: Say, _policy: Policy) -> Screen:
    titles = dict(lost.titles)
    words = say(
        "The thread of the topic “{topic}” in “{title}” does not work: {problem}. Posts to it are held. Press “The "
        "whole network” on the group’s card to have it made anew.",
        topic=titles.get(say.language) or titles.get("en", "–"),
        title=isolated(lost.name),
        problem=lost.problem or "–",
    )
    return Screen(words, ((Button(say("Open the group"), Show(lost.group)), Button(say("Menu"), Home())),))


NOTICES = (
    Notice("group:rights", _rights, _load),
    Notice("group:lost", _gone, _load),
    Notice("group:thread", _thread, _load_thread),
)
