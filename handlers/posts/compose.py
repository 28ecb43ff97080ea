"""Writing a post in the private chat: words or a file, the label, a preview as it will stand, then Post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, about
from handlers.language import Html, Say, isolated, text
from handlers.presses import Write
from handlers.screens import Screen, lines, plain
from handlers.talk import LONGEST, Told, said
from handlers.vocabulary import ask_label
from storage import documents, members, posts, topics
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.lengths import units
from storage.posts import Post, PostDraft, PostState, Source
from storage.refusals import Refusal
from storage.tlp import Label, parse
from storage.topics import Topic

CAPTION = 900
"""The longest text under a file, in Telegram's units, with room for the label and the author."""


_ONLY = "only"
"""Where the answers keep the one label that is possible."""


@dataclass(frozen=True)
class Data:
    """What the form asks with: the topic, its labels, who writes, and where it will stand."""

    topic: Topic
    labels: tuple[Label, ...]
    name: str | None
    organisation: str | None
    place: str | None


async def write(context: Context, press: Write) -> None:
    """Begin a post in a topic; where only one label is possible nobody is asked for it."""
    async with context.reading() as tx:
        topic = await posts.check(tx, context.viewer, press.topic, context.now)
    possible = posts.labels(topic, context.policy.max_label)
    answers: dict[str, Any] = {"topic": topic.id}
    if len(possible) == 1:
        answers[_ONLY] = possible[0].name
    await context.begin("topic-post", answers)


async def _prepare(tx: Transaction, viewer: Viewer, answers: Answers) -> Data:
    topic = await topics.known_to_bot(tx, int(answers["topic"]))  # whether it is open still is asked when it is posted
    if topic is None:
        raise Refusal("topic:unknown")
    member = await members.by_id(tx, viewer.id)
    names = await members.organisation_names(tx, [viewer.organisation_id] if viewer.organisation_id else [])
    place = await posts.place_of(tx, topic)
    labels = tuple(posts.labels(topic, Label.AMBER))
    organisation = names.get(viewer.organisation_id or 0)
    return Data(topic, labels, member.name if member else None, organisation, place.group.title if place else None)


def _ask_body(form: Form, say: Say) -> Question:
    data: Data = form.data
    asked = say("Write your post for “{topic}”, or send a file with a few words.", topic=data.topic.title(say.language))
    mind = say("Public and community matters only: nothing operational, personal or classified.")
    return Question(Html(lines([asked, mind])))


def _read_body(_form: Form, reply: Reply) -> dict[str, Any]:
    file = reply.document
    if file is None and not reply.html:
        raise Refusal("post:nothing")
    if units(reply.html or "") > (CAPTION if file else LONGEST):
        raise Refusal("post:long", limit=CAPTION if file else LONGEST)
    if file is None:
        return {"html": reply.html, "kind": "text"}
    documents.check_file(file.file_name or "file", file.file_size or 0)
    return {"html": reply.html or "", "kind": "document", "file_id": file.file_id, "name": (file.file_name or "")[:200]}


def _show_body(_form: Form, _say: Say, answer: Any) -> Html:
    return isolated(plain(answer["html"], 60) or answer.get("name") or "–")


def _ask_label(form: Form, say: Say) -> Question:
    data: Data = form.data
    most = form.policy.max_label.rank
    return ask_label(say("How is it marked?"), [label for label in data.labels if label.rank <= most], say)


def _read_label(form: Form, reply: Reply) -> str:
    if reply.text is None:
        raise Refusal("answer:choose")
    label = parse(reply.text[:40])
    posts.check_label(form.data.topic, label, form.policy.max_label)
    return label.name


def _draft(answers: Answers) -> PostDraft:
    written = answers["body"]
    label = Label[answers.get(_ONLY) or answers["label"]]
    return PostDraft(int(answers["topic"]), label, written["html"], written["kind"], written.get("file_id"))


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    post = await posts.submit(tx, viewer, _draft(answers), context.policy.max_label, context.now)
    await posts.tell_author(tx, post, context.now, context.replaces)


def _summary(form: Form, say: Say) -> Screen:
    """Return the post as it will stand, in the language of the group, and under it where it goes."""
    data: Data = form.data
    draft, standing = _draft(form.answers), Say(form.policy.default_language)
    post = Post(label=draft.label, source=Source.PRIVATE, state=PostState.QUEUED)
    titles = (data.topic.emoji, data.topic.title("en"), data.topic.title("ru"))
    told = Told(titles, draft.html, draft.kind, data.name, data.organisation, None, form.now)
    shown = said(told, post, standing)
    place = isolated(data.place) if data.place and not draft.label.named_audience else None
    goes = say("It goes to: {place}, and to those who follow the topic live.", place=place) if place else say(
        "It goes in private to the members of the topic who follow it live; everybody in it finds it under Last posts."
    )  # fmt: skip
    return Screen(lines([shown.text, "———", goes, say("Nothing is sent before you press Post.")]), label=draft.label)


POST = Dialogue(
    name="topic-post",
    title=text("Write a post"),
    steps=(
        Step("body", text("Text"), _ask_body, _read_body, _show_body),
        Step(
            "label",
            text("Label"),
            _ask_label,
            _read_label,
            lambda _form, _say, answer: Label[answer].value,
            when=lambda answers: _ONLY not in answers,
        ),
    ),
    finish=_finish,
    submit=text("Post"),
    needs=Action.POST,
    prepare=_prepare,
    summary=_summary,
    check=about("topic"),
)
