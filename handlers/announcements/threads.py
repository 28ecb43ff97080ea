"""Replies: a reader writes to those who announced, each of these can answer, and both see the thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from telegram import Message, Update
from telegram.ext import filters

from handlers.announcements.presses import Answer, OpenReport, OpenThreads
from handlers.buttons import Button, Press, Row, pages
from handlers.context import Context, Policy
from handlers.feature import Notice, guard
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, about
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Action, Viewer
from storage.announcements import Announcement, Card, Said, Thread
from storage.database import Transaction
from storage.lengths import units
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.tlp import Label

LONGEST, SHOWN, LISTED = 1000, 3, 8


@dataclass(frozen=True)
class AnswerReader(Press, prefix="ann.answer.to"):
    """Answer a reader in their thread."""

    announcement: int
    member: int


@dataclass(frozen=True)
class OpenThread(Press, prefix="ann.thread"):
    """Show a reader's thread, from this remark on, counted from the newest."""

    announcement: int
    member: int
    offset: int


class ToAnnouncement(filters.MessageFilter):
    """Lets through what answers a message of ours under which one can reply."""

    def filter(self, message: Message) -> bool:
        return _answered(message) is not None


def _answered(message: Message) -> Answer | AnswerReader | None:
    """Return what the Reply or Answer button of the answered message says, if it has one."""
    answered = message.reply_to_message
    keyboard = answered.reply_markup.inline_keyboard if answered is not None and answered.reply_markup else ()
    for button in (one for row in keyboard for one in row):
        data = str(button.callback_data or "")
        pressed = Answer.unpack(data) or AnswerReader.unpack(data)
        if pressed is not None:
            return pressed
    return None


async def take(_update: Update, context: Context) -> None:
    """Open the form with what was written as an answer in Telegram."""
    guard(context, Action.BELONG)
    pressed = _answered(context.message)
    assert pressed is not None
    written = {"text": _written(Reply.of(context.message))}
    if isinstance(pressed, Answer):
        await reply(context, pressed, written)
    else:
        await answer(context, pressed, written)


async def reply(context: Context, press: Answer, written: Answers | None = None) -> None:
    """Ask a reader what they want to say; what they have stays."""
    guard(context, Action.BELONG)
    context.keep()
    async with context.reading() as tx:
        await announcements.may_remark(tx, context.viewer, press.announcement, context.now)
    await context.begin("announcement-reply", {"announcement": press.announcement, **(written or {})})


async def answer(context: Context, press: AnswerReader, written: Answers | None = None) -> None:
    """Ask for an answer to a reader; the card stays."""
    guard(context, Action.ANNOUNCE)
    context.keep()
    async with context.reading() as tx:
        await announcements.thread(tx, context.viewer, press.announcement, press.member, 0, 1)
    given = {"announcement": press.announcement, "member": press.member, **(written or {})}
    await context.begin("announcement-answer", given)


def _written(reply: Reply) -> str:
    if reply.text is None:
        raise Refusal("answer:text")
    words = reply.text.strip()
    if not any(c.isalnum() for c in words):
        raise Refusal("answer:empty")
    if units(words) > LONGEST:
        raise Refusal("answer:long", limit=LONGEST)
    return words


def _read(_form: Form, reply: Reply) -> str:
    return _written(reply)


def _ask_reply(form: Form, say: Say) -> Question:
    words = say(
        "What do you want to say on <code>N-{number}</code>? The administrators read it; at most {most} characters.",
        number=form.answers["announcement"],
        most=LONGEST,
    )
    return Question(words)


def _ask_answer(form: Form, say: Say) -> Question:
    words = say(
        "Your answer on <code>N-{number}</code>? At most {most} characters.",
        number=form.answers["announcement"],
        most=LONGEST,
    )
    return Question(words)


async def _label(tx: Transaction, viewer: Viewer, answers: Answers) -> Label | None:
    """Return the label that what is written carries; None where it cannot be sent any more."""
    try:
        if "member" in answers:
            return (await announcements.by_id(tx, viewer, answers["announcement"])).label
        return (await announcements.own_copy(tx, viewer, answers["announcement"]))[0].label
    except Refusal:
        return None


def _summary(form: Form, say: Say) -> Screen:
    head = say("Your words on <code>N-{number}</code>:", number=form.answers["announcement"])
    asked = say("Please read it once more. Nothing is sent before you submit.")
    return Screen(lines([f"<b>{head}</b>", isolated(form.answers["text"]), asked]), label=form.data)


async def _finish_reply(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    n = answers["announcement"]
    await announcements.remark(tx, viewer, n, answers["text"], context.now)
    thread = await announcements.thread(tx, viewer, n, viewer.id, 0, SHOWN)
    return _thread(thread, 0, context, context.say("Sent: the administrators have it."))


async def _finish_answer(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    n, member_id = answers["announcement"], answers["member"]
    await announcements.answer(tx, viewer, n, member_id, answers["text"], context.now)
    thread = await announcements.thread(tx, viewer, n, member_id, 0, SHOWN)
    return _thread(thread, 0, context, context.say("Your answer is on its way."))


async def open_thread(context: Context, press: OpenThread) -> None:
    async with context.reading() as tx:
        thread = await announcements.thread(
            tx, context.viewer, press.announcement, press.member, max(press.offset, 0), SHOWN
        )
    await context.show(_thread(thread, max(press.offset, 0), context))


def _thread(found: Thread, offset: int, context: Context, done: Html | None = None) -> Screen:
    say, n, member = context.say, found.row.id, found.member_id
    mine = member == context.viewer.id
    said = [
        f"<b>{_author(one, say, mine=mine)}</b>, {say.moment(one.at)}\n{_plain(one.text, say)}" for one in found.said
    ]
    named = say("Replies on <code>N-{number}</code>, with {name}", number=n, name=isolated(found.name))
    head = say("Your replies on <code>N-{number}</code>", number=n) if mine else named
    older = OpenThread(n, member, offset + SHOWN) if found.total > offset + SHOWN else None
    newer = OpenThread(n, member, max(offset - SHOWN, 0)) if offset else None
    turning = pages(newer, older, offset // SHOWN + 1, -(-found.total // SHOWN))
    ways: Row = (Button(say("Reply"), Answer(n)), Button(say("Menu"), Home()))
    if not mine:
        ways = (Button(say("Answer"), AnswerReader(n, member)), Button(say("Back"), OpenThreads(n, 0)))
    nothing = say("Nothing was written yet.")
    return Screen(lines([done, f"<b>{head}</b>", *(said or [nothing])]), (*turning, ways), found.row.label)


def _author(said: Said, say: Say, *, mine: bool) -> Html:
    if mine:
        return say("You") if said.by_reader else say("The administrators")
    return isolated(said.author)


def _plain(words: str, say: Say) -> Html:
    return say("{title}", title=words)


async def threads(context: Context, press: OpenThreads) -> None:
    n, offset, say = press.announcement, max(press.first, 0), context.say
    async with context.reading() as tx:
        found, total = await announcements.threads(tx, context.viewer, n, offset, LISTED)
    listed = [
        say("{name}: waits for an answer", name=isolated(one.name))
        if one.waits
        else say("{name}: answered", name=isolated(one.name))
        for one in found
    ]
    rows: list[Row] = [
        (Button(f"{'● ' * one.waits}{one.name}"[:40], OpenThread(n, one.member_id, 0)),) for one in found
    ]
    before = OpenThreads(n, max(offset - LISTED, 0)) if offset else None
    after = OpenThreads(n, offset + LISTED) if total > offset + LISTED else None
    rows += pages(before, after, offset // LISTED + 1, -(-total // LISTED))
    rows.append((Button(say("Back"), OpenReport(n)),))
    head = say("Replies on <code>N-{number}</code>", number=n)
    nothing = say("Nobody has written yet.")
    await context.show(Screen(lines([f"<b>{head}</b>", "\n".join(listed) or nothing]), tuple(rows)))


async def _load_card(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Card]:
    card, staff = await announcements.card(tx, facts["remark"], viewers)
    return {} if card is None else {viewer.id: card for viewer in staff}


def _card(card: Card, say: Say, _policy: Policy) -> Screen:
    n, member = card.row.id, card.member_id
    head = say("{name} on <code>N-{number}</code>:", name=isolated(card.said.author), number=n)
    answered = None
    if card.answered is not None:
        by = say("Answered by {name}:", name=isolated(card.answered.author))
        answered = f"<b>{by}</b>\n{_plain(card.answered.text, say)}"
    ways: Row = (Button(say("Answer"), AnswerReader(n, member)), Button(say("Open thread"), OpenThread(n, member, 0)))
    written = f"<b>{head}</b>\n{_plain(card.said.text, say)}"
    return Screen(lines([written, answered]), (ways, (Button(say("Menu"), Home()),)), card.row.label)


async def _load_answer(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    found = await announcements.answered(tx, facts["remark"], viewers)
    return {} if found is None else dict.fromkeys([viewer.id for viewer in viewers], found)


def _answer(content: tuple[Announcement, str, int], say: Say, _policy: Policy) -> Screen:
    row, words, member = content
    head = say("The administrators answer you on <code>N-{number}</code>:", number=row.id)
    ways = (Button(say("Reply"), Answer(row.id)), Button(say("Open thread"), OpenThread(row.id, member, 0)))
    return Screen(lines([f"<b>{head}</b>", _plain(words, say)]), (ways, (Button(say("Menu"), Home()),)), row.label)


CARD = Notice("announcement:remark", _card, _load_card)
ANSWERED = Notice("announcement:answer", _answer, _load_answer)
REPLY = Dialogue(
    name="announcement-reply",
    title=text("Reply to an announcement"),
    steps=(Step("text", text("Text"), _ask_reply, _read),),
    finish=_finish_reply,
    submit=text("Send"),
    needs=Action.BELONG,
    prepare=_label,
    summary=_summary,
    check=about("announcement"),
)
ANSWER = Dialogue(
    name="announcement-answer",
    title=text("Answer to a reader"),
    steps=(Step("text", text("Text"), _ask_answer, _read),),
    finish=_finish_answer,
    submit=text("Send"),
    needs=Action.ANNOUNCE,
    prepare=_label,
    summary=_summary,
    check=about("announcement", "member"),
)
