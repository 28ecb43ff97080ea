"""Requests to join a topic: the card for its leads, the decision, and what the asker is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Press
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Say, isolated, text
from handlers.presses import Home, OpenTopic
from handlers.screens import Screen, lines
from storage import members, topics
from storage.access import Viewer, moderates
from storage.database import Transaction
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.topics import RequestState, Topic

DECIDED = {
    RequestState.ADMITTED: text("Approved by {by}."),
    RequestState.REFUSED: text("Declined by {by}."),
}


@dataclass(frozen=True)
class Decide(Press, prefix="top.dec"):
    """Decide on a wish to join: `yes` is 1 to let the member in."""

    request: int
    yes: int


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
    found: dict[int, Topic] = {}
    for viewer in viewers:
        if viewer.active:
            with suppress(Refusal):  # put out again meanwhile
                found[viewer.id] = await topics.by_id(tx, viewer, facts["topic"])
    return found


def _admitted(topic: Topic, say: Say, _policy: Policy) -> Screen:
    words = say("You are in: you now follow the topic “{topic}”.", topic=topic.title(say.language))
    return Screen(words, ((Button(say("Open the topic"), OpenTopic(topic.id)),),))


def _refused(topic: Topic, say: Say, _policy: Policy) -> Screen:
    words = say("Your request to join the topic “{topic}” was declined.", topic=topic.title(say.language))
    return Screen(words, ((Button(say("Menu"), Home()),),))


NOTICES = (
    Notice("topic:card", _render_card, _load_card),
    Notice("topic:admitted", _admitted, _load_topic),
    Notice("topic:refused", _refused, _load_topic),
)
