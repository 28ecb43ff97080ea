"""Adding: a short form, after which the feed is read at once and whoever added it learns what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.feeds.words import named, problem
from handlers.forms import Answers, Dialogue, Form, Option, Question, Reply, Step, line
from handlers.language import Say, isolated, text
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage import feeds
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.feeds import Approval, Standing, Target
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.topics import Topic

LONGEST = 1000
TARGETS = {
    Target.TOPIC: text("Post them in the topic"),
    Target.DIGEST: text("Keep for digests"),
}
APPROVALS = {
    Approval.MODERATOR: text("A moderator decides"),
    Approval.AUTOMATIC: text("They come by themselves"),
}


@dataclass(frozen=True)
class AddFeed(Press, prefix="feed.add"):
    """Begin to add a feed to a topic (0: to be asked which)."""

    topic: int


async def add(context: Context, press: AddFeed) -> None:
    topic = press.topic
    if not topic:
        async with context.reading() as tx:
            places = await feeds.places(tx, context.viewer)
        topic = places[0].id if len(places) == 1 else 0
    await context.begin("feed", {"topic": str(topic)} if topic else None)


async def _places(tx: Transaction, viewer: Viewer, _answers: Answers) -> list[Topic]:
    with suppress(Refusal):
        return await feeds.places(tx, viewer)
    return []


def _ask_topic(form: Form, say: Say) -> Question:
    options = tuple(Option(f"{t.emoji} {t.title(say.language)}", str(t.id)) for t in form.data)
    return Question(say("Which topic is the feed for?"), options)


def _show_topic(form: Form, say: Say, answer: Any) -> str:
    return next((isolated(t.title(say.language)) for t in form.data if str(t.id) == answer), "–")


def _ask_address(_form: Form, say: Say) -> Question:
    return Question(say("Send the address of the feed (RSS or Atom), such as https://example.org/feed.xml."))


def _read_address(form: Form, reply: Reply) -> str:
    return feeds.clean_address(line(LONGEST)(form, reply))


def _ask_target(_form: Form, say: Say) -> Question:
    options = tuple(Option(say(words), target.value) for target, words in TARGETS.items())
    return Question(say("What should become of its items?"), options)


def _ask_approval(_form: Form, say: Say) -> Question:
    options = tuple(Option(say(words), approval.value) for approval, words in APPROVALS.items())
    return Question(say("Who lets them through? At most {most} a day come in.", most=feeds.DAILY_CAP), options)


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    target, approval = Target(answers["target"]), Approval(answers["approval"])
    topic_id, url = int(answers["topic"]), answers["url"]
    await feeds.add(tx, viewer, topic_id, url, target, approval, context.now, replaces=context.replaces)


ADD = Dialogue(
    name="feed",
    title=text("Add a feed"),
    steps=(
        Step("topic", text("Topic"), _ask_topic, show=_show_topic),
        Step("url", text("Address"), _ask_address, _read_address, lambda _form, _say, answer: isolated(answer)),
        Step("target", text("Items"), _ask_target, show=lambda _form, say, answer: say(TARGETS[Target(answer)])),
        Step(
            "approval", text("Approval"), _ask_approval, show=lambda _f, say, answer: say(APPROVALS[Approval(answer)])
        ),
    ),
    finish=_finish,
    submit=text("Add this feed"),
    needs=Action.MODERATE,
    prepare=_places,
)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    found: dict[int, Any] = {}
    for viewer in viewers:
        with suppress(Refusal):
            found[viewer.id] = (await feeds.standing(tx, viewer, facts["feed"]), facts.get("items"))
    return found


def _added(content: tuple[Standing, int | None], say: Say, _policy: Policy) -> Screen:
    found, items = content
    feed = found.feed
    if feed.problem is not None:
        words = say("The feed {title} could not be read.", title=named(feed))
        again = say("It is tried again, ever less often.")
        return Screen(lines([words, problem(feed.problem, say), again]), (_ways(say),))
    if items is None:
        return Screen(say("The feed {title} was added and is read now.", title=named(feed)), (_ways(say),))
    told = say.many("{title} was read: {n} item.", "{title} was read: {n} items.", items, title=named(feed))
    return Screen(told, (_ways(say),))


def _failing(content: tuple[Standing, int | None], say: Say, _policy: Policy) -> Screen:
    found, _ = content
    feed, topic = found.feed, isolated(found.topic.title(say.language))
    words = say("The feed {title} of the topic {topic} cannot be read any more.", title=named(feed), topic=topic)
    why = problem(feed.problem, say) if feed.problem else None
    return Screen(lines([words, why, say("It is tried again once a day.")]), (_ways(say),))


def _ways(say: Say) -> Row:
    return (Button(say("Feeds"), Open("feeds")), Button(say("Menu"), Home()))


NOTICES = (Notice("feed:added", _added, _load), Notice("feed:failing", _failing, _load))
