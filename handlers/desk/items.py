"""The queue: contributions that wait for an editor or for an issue, each decided on, worded and translated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context
from handlers.desk import answers as asked
from handlers.desk.issue import Pins, TurnQueue, fell_away
from handlers.desk.words import STATES, entry, whole
from handlers.forms import Answers, Dialogue, Form, Question, Step, about, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.digests import board, issues, queue
from storage.digests.board import Card
from storage.digests.queue import LONGEST_TEXT, LONGEST_TITLE
from storage.digests.tables import DeskKind, DeskState
from storage.refusals import Refusal
from storage.tlp import highest

PAGE = 5
LONGEST_REASON = 300


@dataclass(frozen=True)
class OpenItem(Press, prefix="desk.item"):
    """Show something of the desk to an editor."""

    item: int


@dataclass(frozen=True)
class Accept(Press, prefix="desk.take"):
    """Accept a contribution: for the issue it was meant for (0), or into this one."""

    item: int
    number: int


@dataclass(frozen=True)
class Decline(Press, prefix="desk.no"):
    """Begin to decline a contribution that is in a state now."""

    item: int
    was: DeskState


@dataclass(frozen=True)
class Word(Press, prefix="desk.word"):
    """Begin to word something of the desk in a language."""

    item: int
    language: str


async def turn(context: Context, press: TurnQueue) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await board.queue(tx, context.viewer, press.first or None, PAGE, context.policy.editing, context.now)
    shown = [entry(number, row, say) for number, row in enumerate(page.items, 1)]
    openers = [Button(say("Open {n}", n=number), OpenItem(row.id)) for number, row in enumerate(page.items, 1)]
    back: Row = (Button(say("Back"), Open("desk")), Button(say("Menu"), Home()))
    body = lines([f"<b>{say('Queue of the desk')}</b>", *(shown or [say("Nothing waits here.")])])
    rows = (*columns(openers, 3), *turns(page, TurnQueue), back)
    await context.show(Screen(body, rows, highest([row.label for row in page.items])))


async def show(context: Context, press: OpenItem) -> None:
    await _show(context, press.item, None)


async def _show(context: Context, item_id: int, done: Html | None) -> None:
    async with context.reading() as tx:
        screen = await _screen(context, tx, context.viewer, item_id, done)
    await context.show(screen)


async def _screen(context: Context, tx: Transaction, viewer: Viewer, item_id: int, done: Html | None) -> Screen:
    card = await board.card(tx, viewer, item_id)
    coming = await issues.coming(tx, context.policy.editing, context.now)
    earlier = [one.number for one in coming if one.approved_at is None and one.number < card.number]
    return _card(card, [] if card.sent else earlier, done, context)


async def _read(context: Context, item_id: int) -> Card:
    async with context.reading() as tx:
        return await board.card(tx, context.viewer, item_id)


def _card(card: Card, earlier: list[int], done: Html | None, context: Context) -> Screen:
    say, item = context.say, card.item
    by = say("Contributed by {name}.", name=isolated(card.author or "–"))
    stands = say("No. {number}: {state}", number=card.number, state=say(STATES[card.state]))
    decided = say("Decided by {name}.", name=isolated(card.decided_by)) if card.decided_by else None
    reason = say("Reason: {reason}", reason=isolated(card.reason)) if card.reason else None
    over = say("Its last day has passed: it goes out no more.") if _over(card, context) else None
    body = [whole(item, context.policy.languages, say), by, f"<b>{stands}</b>", decided, reason, over, done]
    return Screen(lines(body), (*_ways(card, earlier, context), _back(card, say)), item.label)


def _over(card: Card, context: Context) -> bool:
    return card.state is DeskState.ACCEPTED and card.over(context.policy.editing.today(context.now))


def _ways(card: Card, earlier: list[int], context: Context) -> Sequence[Row]:
    say, item = context.say, card.item
    if card.state not in (DeskState.WAITING, DeskState.ACCEPTED):
        return ()
    rows: list[Row] = []
    no = Button(say("Decline"), Decline(item.id, card.state), style="danger")
    if card.state is DeskState.WAITING:
        rows.append((Button(say("Accept"), Accept(item.id, 0), style="success"), no))
    elif item.kind is not DeskKind.PIN:
        rows.append((no,))
    rows += [(Button(say("Take into No. {number}", number=one), Accept(item.id, one)),) for one in earlier]
    codes = dict.fromkeys((*context.policy.languages, *dict(item.titles)))
    return (*rows, *columns([_wording(card, code, say) for code in codes], 2))


def _wording(card: Card, code: str, say: Say) -> Button:
    language = say.language_name(code)
    if code in dict(card.item.titles):
        return Button(say("Edit: {what}", what=language), Word(card.item.id, code))
    return Button(say("Translate: {language}", language=language), Word(card.item.id, code))


def _back(card: Card, say: Say) -> Row:
    way = Pins(card.number) if card.item.kind is DeskKind.PIN else TurnQueue(0)
    return (Button(say("Back"), way), Button(say("Menu"), Home()))


async def accept(context: Context, press: Accept) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await queue.accept(tx, me, press.item, context.policy.editing, context.now, press.number or None)
    await _show(context, press.item, None)


async def decline(context: Context, press: Decline) -> None:
    await _read(context, press.item)
    await context.begin("desk-decline", {"item": press.item, "was": press.was.value})


async def _decline(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    item, was = int(answers["item"]), DeskState(answers["was"])
    fell = await queue.decline(tx, viewer, item, answers["reason"], was, context.policy.editing, context.now)
    return await _screen(context, tx, viewer, item, fell_away(fell, context.say))


async def word(context: Context, press: Word) -> None:
    card = await _read(context, press.item)
    if press.language not in {*context.policy.languages, *dict(card.item.titles)}:
        raise Refusal("button:old")
    given = {"item": press.item, "language": press.language, "pin": card.item.kind is DeskKind.PIN}
    await context.begin("desk-words", given)


async def _prepare(tx: Transaction, viewer: Viewer, answers: Answers) -> Card:
    return await board.card(tx, viewer, int(answers["item"]))


def _ask_title(form: Form, say: Say) -> Question:
    language = say.language_name(form.answers["language"])
    asked_for = say("Write the title. Language: {language}. At most {most} characters.", language=language,
                    most=LONGEST_TITLE)  # fmt: skip
    return Question(Html(lines([asked_for, _now(dict(form.data.item.titles))])))


def _ask_text(form: Form, say: Say) -> Question:
    language = say.language_name(form.answers["language"])
    asked_for = say("Write the text. Language: {language}. At most {most} characters; if you skip it, there is none.",
                    language=language, most=LONGEST_TEXT)  # fmt: skip
    return Question(Html(lines([asked_for, _now(dict(form.data.item.texts))])))


def _now(written: dict[str, str]) -> str:
    return "\n".join(f"<blockquote>{isolated(words)}</blockquote>" for words in written.values())


async def _word(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    item, code = int(answers["item"]), answers["language"]
    title, words = answers["title"], answers.get("text")
    fell = await queue.word(tx, viewer, item, code, title, words, context.policy.editing, context.now)
    return await _screen(context, tx, viewer, item, fell_away(fell, context.say))


DECLINE = Dialogue(
    name="desk-decline",
    title=text("Decline a contribution"),
    steps=(
        Step(
            "reason", text("Reason"), asked.question(text("Why? The author reads your words.")), line(LONGEST_REASON),
            asked.own_words,
        ),
    ),
    finish=_decline,
    submit=text("Decline"),
    needs=Action.EDIT,
    check=about("item", "was"),
    straight=True,
)  # fmt: skip
WORDS = Dialogue(
    name="desk-words",
    title=text("Words of a contribution"),
    steps=(
        Step("title", text("Title"), _ask_title, line(LONGEST_TITLE), asked.own_words),
        Step(
            "text", text("Text"), _ask_text, asked.paragraphs(LONGEST_TEXT), asked.own_words, optional=True,
            when=lambda answers: not answers.get("pin"),
        ),
    ),
    finish=_word,
    submit=text("Save"),
    needs=Action.EDIT,
    prepare=_prepare,
    check=about("item", "language"),
)  # fmt: skip
