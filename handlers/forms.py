"""What a form is made of: steps that ask one question each and read one answer each."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from telegram import Document, Message, MessageOriginChannel, Poll

from handlers.buttons import Style
from handlers.language import Html, Say, legible
from handlers.screens import Screen
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.refusals import Refusal

if TYPE_CHECKING:
    from handlers.context import Context, Policy

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """A form being filled: the answers so far, and `data`, what `Dialogue.prepare` fetched for its questions.

    `reviewing` tells that the summary was reached, and that what is asked now is edited.
    """

    answers: Answers
    data: Any
    viewer: Viewer
    policy: Policy
    now: datetime
    reviewing: bool = False


@dataclass(frozen=True)
class Option:
    """An answer offered as a button; `value` is at most 32 bytes and is what gets stored."""

    label: str
    value: str
    style: Style | None = None


@dataclass(frozen=True)
class Question:
    """One question. With `several`, options are ticked until Done; the answer is a list of values."""

    text: Html
    options: tuple[Option, ...] = ()
    columns: int = 1
    several: bool = False


@dataclass(frozen=True)
class Reply:
    """What a person sent as an answer; `html` is its text, or what is written under a file, as Telegram HTML.

    `photo` is the file id of a picture in its largest size. `forwarded` tells that somebody else said it before;
    `origin` is where, if that was in a channel: chat and message.
    """

    text: str | None = None
    html: str | None = None
    document: Document | None = None
    album: str | None = None
    entities: int = 0
    forwarded: bool = False
    origin: tuple[int, int] | None = None
    photo: str | None = None
    poll: Poll | None = None

    @classmethod
    def of(cls, message: Message) -> Reply:
        text = None if message.text is None else legible(message.text)
        html = legible(message.text_html) if message.text else None
        if message.caption:
            html = legible(message.caption_html)
        first = message.forward_origin
        origin = (first.chat.id, first.message_id) if isinstance(first, MessageOriginChannel) else None
        forwarded = first is not None
        photo = message.photo[-1].file_id if message.photo else None
        return cls(
            text, html, message.document, message.media_group_id, len(message.entities), forwarded, origin, photo,
            message.poll,
        )  # fmt: skip


_JOINERS = "\u200c\u200d"


def line(limit: int) -> Callable[[Form, Reply], str]:
    """Return a reader of one line of text, at most `limit` characters after folding white space.

    Refusals: `answer:text`, `answer:empty`, `answer:long`.
    """

    def read(_form: Form, reply: Reply) -> str:
        if reply.text is None:
            raise Refusal("answer:text")
        folded = " ".join("".join(c for c in reply.text if c.isprintable() or c.isspace() or c in _JOINERS).split())
        if not any(c.isalnum() for c in folded):
            raise Refusal("answer:empty")
        if len(folded) > limit:
            raise Refusal("answer:long", limit=limit)
        return folded

    return read


_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]{2,}")


def mail_address(form: Form, reply: Reply) -> str:
    """Read an e-mail address. Refusals: those of `line`, and `answer:email`."""
    written = line(254)(form, reply)
    if not _ADDRESS.fullmatch(written):
        raise Refusal("answer:email")
    return written


def choice(_form: Form, _reply: Reply) -> str:
    """Read nothing: the step is answered with its buttons only."""
    raise Refusal("answer:choose")


Enrich = Callable[["Context", Answers], Awaitable[Answers]]
"""Looks about for what the answers so far do not tell, outside any transaction, and returns them completed.

It runs before the answer that calls for it is kept: after a crash the answer comes again, and so does the look.
"""


def never(_answers: Answers) -> bool:
    """Ask a step at no turn: it is there to be edited."""
    return False


@dataclass(frozen=True)
class Step:
    """One step of a form.

    `ask` makes the question, `read` turns a typed or sent answer into a JSON value (or refuses), `show` says an
    answer on the summary (as Telegram HTML). An `optional` step can be skipped; `when` leaves a step out. One that is
    not `asked` stands on the summary only, to be edited there. `enrich` follows an answer to the step. One that
    `gathers` takes any number of answers until Done, each picture of an album too, and keeps them as a list.
    """

    name: str
    title: str
    ask: Callable[[Form, Say], Question]
    read: Callable[[Form, Reply], Any] = choice
    show: Callable[[Form, Say, Any], str] | None = None
    optional: bool = False
    when: Callable[[Answers], bool] = lambda _answers: True
    asked: Callable[[Answers], bool] = lambda _answers: True
    enrich: Enrich | None = None
    gathers: bool = False


async def nothing(_tx: Transaction, _viewer: Viewer, _answers: Answers) -> None:
    """Fetch nothing: the questions need no data."""


def about(*names: str) -> Callable[[Answers, Policy], None]:
    """Return a check that a form was opened with what it is about: a forged button brings nothing."""

    def check(answers: Answers, _policy: Policy) -> None:
        if not answers.keys() >= set(names):
            raise Refusal("button:old")

    return check


async def nobody(_tx: Transaction, _member_id: int, _answers: Answers) -> None:
    """Hold nobody: the form touches only the one who fills it."""


@dataclass(frozen=True)
class Dialogue:
    """A form: one question a message, a summary with Edit per answer, then Submit.

    `finish` runs in the writing transaction of the last press; it stores the result and promises what is said next.
    A screen that it returns is shown after the commit and kept nowhere: for a secret that is told once.
    `summary` replaces the plain list of answers, for a preview; `left` names the notice (and its facts) that stands
    in the form's place after Cancel, where something stood there before. `style` colours the last button.
    `check` refuses to open the form with the answers that are there already.
    `hold` locks other people whom `finish` changes, before the one who fills the form is locked. A `straight` form
    has no summary: its last answer submits it.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    finish: Callable[[Context, Transaction, Viewer, Answers], Awaitable[Screen | None]]
    submit: str
    needs: Action
    style: Style = "success"
    prepare: Callable[[Transaction, Viewer, Answers], Awaitable[Any]] = nothing
    summary: Callable[[Form, Say], Screen] | None = None
    left: Callable[[Answers], tuple[str, dict[str, Any]]] | None = None
    check: Callable[[Answers, Policy], None] | None = None
    hold: Callable[[Transaction, int, Answers], Awaitable[None]] = nobody
    straight: bool = False

    def visible(self, answers: Answers) -> list[Step]:
        """Return the steps that these answers leave in."""
        return [step for step in self.steps if step.when(answers)]

    def in_turn(self, answers: Answers) -> list[Step]:
        """Return the steps that are asked one after the other."""
        return [step for step in self.visible(answers) if step.asked(answers)]

    def next_open(self, answers: Answers) -> str:
        """Return the first step without an answer, or `SUMMARY`."""
        return next((step.name for step in self.in_turn(answers) if step.name not in answers), SUMMARY)

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)


ALBUM = "_album"
"""Where the answers keep the album that was answered with, so that its other pictures are not answers too.

A step that gathers takes them all; then nothing is asked before the album is through.
"""

SUMMARY = "summary"
"""The place after the last step, where everything is read again and submitted."""
