"""What authors are told: that a post was hidden, what was decided, why, what follows, and how they object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.context import Policy
from handlers.feature import Notice, notice
from handlers.language import Say, isolated
from handlers.moderation.words import REASONS, menu, objection
from handlers.screens import Screen, lines
from storage import members, moderation, topics
from storage.access import Action, Viewer, allowed
from storage.database import Transaction
from storage.groups import BoundGroup
from storage.moderation import SILENCE, Consequence, Reason, Review, ReviewState
from storage.mutes import Mute
from storage.outbox import Facts
from storage.topics import Topic


@dataclass(frozen=True)
class Own:
    """A review as the author of the post may know it."""

    review: Review
    topic: Topic
    at: datetime


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Own]:
    found = await moderation.of_author(tx, facts["review"])
    topic = await topics.known_to_bot(tx, found[1].topic_id) if found else None
    if found is None or topic is None:
        return {}
    review, post = found
    return {viewer.id: Own(review, topic, post.at) for viewer in viewers if viewer.id == post.member_id}


def _hidden(own: Own, say: Say, _policy: Policy) -> Screen:
    words = say(
        "Your post in “{topic}” of {day} was reported and is hidden until the moderators of the topic have decided. "
        "You will be told how and why, within two working days.",
        topic=own.topic.title(say.language), day=say.day(own.at),
    )  # fmt: skip
    return Screen(words, menu(say))


def _decided(own: Own, say: Say, policy: Policy) -> Screen:
    review, facts = own.review, {"topic": own.topic.title(say.language), "day": say.day(own.at)}
    if review.state is ReviewState.KEPT:
        words = say(
            "Your post in “{topic}” of {day} stands again: the moderators have looked at it and kept it.", **facts
        )
        return Screen(words, menu(say))
    reason = say(REASONS[review.reason or Reason.OTHER])
    words = say("Your post in “{topic}” of {day} was removed. Reason: {reason}.", **facts, reason=reason)
    return Screen(lines([words, _follows(review, say), objection(policy.network, say)]), menu(say))


def _follows(review: Review, say: Say) -> str | None:
    if review.consequence is Consequence.WARN:
        return say("This is a warning: please mind the rules of the topic.")
    if review.consequence in SILENCE and review.decided_at is not None:
        until = say.moment(review.decided_at + SILENCE[review.consequence])
        return say("You cannot post until {until}, neither here nor in the groups.", until=until)
    return None


def _lifted(_facts: Facts, say: Say, _policy: Policy) -> Screen:
    return Screen(say("You can post again: a moderator has lifted your mute."), menu(say))


@dataclass(frozen=True)
class Failed:
    """A mute that did not take effect in a group, or (`lifted`) did not end there, and what Telegram said."""

    name: str
    group: str
    problem: str
    lifted: bool


async def _load_failed(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Failed]:
    mute, group = await tx.get(Mute, facts["mute"]), await tx.get(BoundGroup, facts["group"])
    if mute is None or group is None:
        return {}
    member = await members.by_id(tx, mute.member_id)
    failed = Failed(members.called(member), group.title, facts["problem"], facts["lifted"])
    return {viewer.id: failed for viewer in viewers if allowed(viewer, Action.BIND_GROUP)}


def _failed(failed: Failed, say: Say, _policy: Policy) -> Screen:
    facts = {"name": isolated(failed.name), "group": isolated(failed.group), "problem": failed.problem}
    if failed.lifted:
        words = say("{name} may post again, but I could not lift the restriction in “{group}”: {problem}.", **facts)
        return Screen(words, menu(say))
    words = say(
        "{name} is muted, but I could not restrict them in “{group}”: {problem}. What they say there is deleted as it "
        "comes, where I may.",
        **facts,
    )
    return Screen(words, menu(say))


NOTICES = (
    Notice("review:hidden", _hidden, _load),
    Notice("review:decided", _decided, _load),
    notice("mute:lifted", _lifted),
    Notice("mute:failed", _failed, _load_failed),
)
