"""Reporting a breach: what it is about, what happened, and all administrators read it at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, line
from handlers.language import Html, Say, isolated, text
from handlers.moderation.words import menu
from handlers.presses import ReportBreach
from handlers.screens import Screen, lines, plain
from storage import moderation, topics
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.moderation import NOTHING, Item, Pointer
from storage.refusals import Refusal
from storage.tlp import Label, highest
from storage.topics import Topic

LONGEST, EXCERPT, LONGEST_LINK = 500, 100, 300


@dataclass(frozen=True)
class Data:
    """What the form names, if the bot knows it and the one who fills it may see it, and a post's topic."""

    item: Item = NOTHING
    topic: Topic | None = None


async def begin(context: Context) -> None:
    """Open the form."""
    await context.begin("breach")


async def about(context: Context, press: ReportBreach) -> None:
    """Open the form about a post or a document."""
    if press.kind not in ("post", "document"):
        raise Refusal("button:old")
    await context.begin("breach", {"item": {press.kind: press.item}})


async def _prepare(tx: Transaction, viewer: Viewer, answers: Answers) -> Data:
    item = await moderation.named(tx, viewer, _pointer(answers))
    topic = await topics.known_to_bot(tx, item.post.topic_id) if item.post else None
    return Data(item, topic)


def _pointer(answers: Answers) -> Pointer:
    return Pointer(**{k: v for k, v in (answers.get("item") or {}).items() if k != "link"})


def _ask_item(_form: Form, say: Say) -> Question:
    asked = say(
        "What is it about? Paste the address of the message or of the document, or forward the message to me. If it is "
        "about something else, press Skip."
    )
    then = say("A post or document that you name is frozen at once, until the administrators decide.")
    return Question(Html(lines([asked, then])))


def _read_item(_form: Form, reply: Reply) -> dict[str, Any]:
    if reply.document is not None:
        return {"file": reply.document.file_unique_id}
    if reply.origin is not None:
        chat, message = reply.origin
        return {"chat": chat, "message": message}
    if reply.forwarded and reply.html:
        return {"said": reply.html}
    pointer = Pointer.read(reply.text or "")
    if pointer is None or reply.text is None:
        raise Refusal("breach:link")
    return {**{k: v for k, v in asdict(pointer).items() if v is not None}, "link": reply.text.strip()[:LONGEST_LINK]}


def _show_item(form: Form, say: Say, _answer: Any) -> str:
    item: Item = form.data.item
    if item.document is not None:
        return say(
            "document <code>D-{number}</code>, {title}", number=item.document.id, title=isolated(item.document.title)
        )
    if item.post is not None:
        excerpt = isolated(plain(item.post.html or "", EXCERPT) or "–")
        return say("a post in “{topic}”: {excerpt}", topic=form.data.topic.title(say.language), excerpt=excerpt)
    return say("nothing that I know; the administrators read what you have sent")


def _ask_words(_form: Form, say: Say) -> Question:
    return Question(say(
        "What happened? At most {limit} characters. Do not repeat what must not be passed on.", limit=LONGEST
    ))  # fmt: skip


def _summary(form: Form, say: Say) -> Screen:
    item: Item = form.data.item
    words = [
        f"<b>{say('Report a breach')}</b>",
        say("It is about: {item}", item=Html(_show_item(form, say, None))),
        say("What happened: {words}", words=isolated(form.answers.get("words") or "–")),
        say("When you press Submit, all administrators read it at once, with your name; what it is about is frozen."),
    ]
    return Screen(lines(words), label=label_of(item))


def label_of(item: Item) -> Label:
    """Return how strictly something about an item is sent: at least as what members alone may read."""
    carried = item.post.label if item.post else item.document.label if item.document else Label.GREEN
    return highest([carried, Label.GREEN]) or Label.GREEN


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    item = await moderation.named(tx, viewer, _pointer(answers))
    link = (answers.get("item") or {}).get("link")
    words = answers.get("words")
    await moderation.breaches.report(tx, viewer, item, context.now, words=words, link=link)
    say = context.say
    told = say("Thank you. All administrators read it now, and you will be told what they decide.")
    frozen = say("What it is about is frozen until then.") if item != NOTHING else None
    return Screen(lines([told, frozen]), menu(say))


BREACH = Dialogue(
    name="breach",
    title=text("Report a breach"),
    steps=(
        Step("item", text("What it is about"), _ask_item, _read_item, _show_item, optional=True),
        Step("words", text("What happened"), _ask_words, line(LONGEST), lambda _form, _say, answer: isolated(answer)),
    ),
    finish=_finish,
    submit=text("Submit"),
    needs=Action.BELONG,
    style="danger",
    prepare=_prepare,
    summary=_summary,
)
