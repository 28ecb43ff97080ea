"""The forms about topics: a new one, other titles, who may come in, and whom to let in."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from handlers.buttons import Button, Row
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Option, Question, Reply, Step, about, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from handlers.topics.keeping import Keep, LetIn
from handlers.topics.words import POLICIES
from handlers.vocabulary import PILLARS, ask_label
from storage import members, topics
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.outbox import Promise, promise
from storage.refusals import Refusal
from storage.tlp import Label, parse
from storage.topics import LONGEST_DESCRIPTION, LONGEST_TITLE, Policy, TopicDraft

_JOINERS = "\u200d\ufe0f"
_EMOJI = 8


def _ask(words: str) -> Callable[[Form, Say], Question]:
    return lambda _form, say: Question(say(words))


def _read_emoji(_form: Form, reply: Reply) -> str:
    """Read one emoji: symbols only, and no more than one picture of them."""
    written = (reply.text or "").strip()
    kinds = {unicodedata.category(c) for c in written if c not in _JOINERS}
    if not kinds or len(written) > _EMOJI or not kinds <= {"So", "Sk", "Mn"}:
        raise Refusal("topic:emoji")
    return written


def _ask_pillars(_form: Form, say: Say) -> Question:
    options = tuple(Option(say(name), code) for code, name in PILLARS.items())
    return Question(say("Which pillars does it belong to? Tick them, then press Done."), options, several=True)


def _show_pillars(_form: Form, say: Say, answer: Any) -> str:
    return ", ".join(say(PILLARS[code]) for code in PILLARS if code in answer)


def _ask_policy(_form: Form, say: Say) -> Question:
    options = tuple(Option(say(words)[:60], policy.value) for policy, words in POLICIES.items())
    return Question(say("Who may come into the topic?"), options)


def _show_policy(_form: Form, say: Say, answer: Any) -> str:
    return say(POLICIES[Policy(answer)])


def _offered(form: Form) -> list[Label]:
    most = Label.GREEN if form.answers.get("policy") == Policy.OPEN else Label.AMBER
    return [label for label in Label if label.rank <= min(most.rank, form.policy.max_label.rank)]


def _ask_label(form: Form, say: Say) -> Question:
    asked = say("How is what is said there marked, unless it is marked otherwise?")
    amber = say("TLP:AMBER needs a named audience: only a topic that lets its members in can carry it.")
    return ask_label(Html(lines([asked, amber])), _offered(form), say)


def _read_label(form: Form, reply: Reply) -> str:
    if reply.text is None:
        raise Refusal("answer:choose")
    label = parse(reply.text[:40])
    if label not in _offered(form):
        raise Refusal("topic:label", label=label.value)
    return label.name


def _titles(answers: Answers) -> dict[str, str]:
    return {"en": answers["title_en"], "ru": answers["title_ru"]}


async def _create(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    descriptions = {code: answers.get(f"about_{code}") or "" for code in ("en", "ru")}
    pillars = tuple(code for code in PILLARS if code in answers["pillars"]) or ("P1",)
    draft = TopicDraft(
        _titles(answers), descriptions, answers["emoji"], pillars, Policy(answers["policy"]), Label[answers["label"]]
    )
    topic = await topics.create(tx, viewer, draft, context.policy.max_label, context.now)
    await _done(context, tx, viewer, topic.id)


async def _rename(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    topic = await topics.rename(tx, viewer, int(answers["topic"]), _titles(answers), context.now)
    await _done(context, tx, viewer, topic.id)


async def _set_policy(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    policy, label = Policy(answers["policy"]), Label[answers["label"]]
    number = int(answers["topic"])
    await topics.set_policy(tx, viewer, number, policy, label, context.policy.max_label, context.now)
    await _done(context, tx, viewer, number)


async def _done(context: Context, tx: Transaction, viewer: Viewer, topic_id: int) -> None:
    told = Promise(viewer.id, "topic:kept", {"topic": topic_id}, replaces=context.replaces)
    await promise(tx, [told], context.now)


async def _match(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    topic = await topics.kept(tx, viewer, int(answers["topic"]))
    found = await topics.matching(tx, viewer, topic.id, answers["who"])
    say = context.say
    rows: list[Row] = [(Button(members.called(m)[:40], LetIn(topic.id, m.id)),) for m in found]
    rows.append((Button(say("Back"), Keep(topic.id)), Button(say("Menu"), Home())))
    words = say("Whom do you let into “{topic}”?", topic=topic.title(say.language))
    nobody = say("No member outside the topic is called “{who}”.", who=isolated(answers["who"]))
    return Screen(words if found else nobody, tuple(rows))


def _plain(_form: Form, _say: Say, answer: Any) -> str:
    return isolated(answer)


_TITLES = (
    Step(
        "title_en", text("Title in English"), _ask(text("What is its title in English?")), line(LONGEST_TITLE), _plain
    ),
    Step(
        "title_ru", text("Title in Russian"), _ask(text("What is its title in Russian?")), line(LONGEST_TITLE), _plain
    ),
)
_DOORS = (
    Step("policy", text("Who is in"), _ask_policy, show=_show_policy),
    Step("label", text("Label"), _ask_label, _read_label, lambda _form, _say, answer: Label[answer].value),
)
NEW = Dialogue(
    name="topic",
    title=text("New topic"),
    steps=(
        *_TITLES,
        Step("about_en", text("About it, in English"), _ask(text("What is it about? One sentence in English.")),
             line(LONGEST_DESCRIPTION), _plain, optional=True),
        Step("about_ru", text("About it, in Russian"), _ask(text("What is it about? One sentence in Russian.")),
             line(LONGEST_DESCRIPTION), _plain, optional=True),
        Step("emoji", text("Emoji"), _ask(text("Send one emoji for it.")), _read_emoji, _plain),
        Step("pillars", text("Pillar"), _ask_pillars, show=_show_pillars),
        *_DOORS,
    ),
    finish=_create,
    submit=text("Create"),
    needs=Action.KEEP_TOPICS,
)  # fmt: skip
RENAME = Dialogue(
    name="topic-name",
    title=text("Rename a topic"),
    steps=_TITLES,
    finish=_rename,
    submit=text("Rename"),
    needs=Action.MODERATE,
    check=about("topic"),
)
POLICY = Dialogue(
    name="topic-policy",
    title=text("Who may come in"),
    steps=_DOORS,
    finish=_set_policy,
    submit=text("Confirm"),
    needs=Action.KEEP_TOPICS,
    check=about("topic"),
)
LET_IN = Dialogue(
    name="topic-let-in",
    title=text("Let a member in"),
    steps=(
        Step("who", text("Name"), _ask(text("Write the member’s name, or a part of it.")), line(60), _plain),
    ),
    finish=_match,
    submit=text("Find"),
    needs=Action.MODERATE,
    check=about("topic"),
    straight=True,
)  # fmt: skip
