"""Answering: who asks and why, sharing how to be reached, or declining, which nobody is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, turns
from handlers.context import Context, Policy
from handlers.feature import Notice, notice
from handlers.forms import Answers, Dialogue, Form, Option, Question, Step, line
from handlers.introductions.asking import introduced
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage import introductions, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.introductions import Wish as Wished
from storage.outbox import Facts
from storage.refusals import Refusal

PAGE, LONGEST = 5, 200
MY_EMAIL = "@"
"""The answer that stands for one's stored e-mail address; nothing that is typed reads so."""


@dataclass(frozen=True)
class Wishes(Press, prefix="intro.list"):
    """List the members who ask oneself, from request `first` on."""

    first: int


@dataclass(frozen=True)
class Wish(Press, prefix="intro"):
    """Read who asks, and why."""

    introduction: int


@dataclass(frozen=True)
class Share(Press, prefix="intro.share"):
    """Share how to be reached."""

    introduction: int


@dataclass(frozen=True)
class Refuse(Press, prefix="intro.no"):
    """Decline, also for the future where `for_ever` is 1; `sure` is 1 at the second press."""

    introduction: int
    for_ever: int
    sure: int


async def wishes(context: Context) -> None:
    await _list(context, 0)


async def turn_wishes(context: Context, press: Wishes) -> None:
    await _list(context, press.first)


async def _list(context: Context, first: int) -> None:
    say = context.say
    async with context.reading() as tx:
        page, found = await introductions.waiting(tx, context.viewer, first or None, PAGE, context.now)
    words = say("Members who ask how to reach you:") if found else say("Nobody asks how to reach you now.")
    rows: list[Row] = [(Button(one.asker.name[:24], Wish(one.number)),) for one in found]
    back: Row = (Button(say("Back"), Open("directory")), Button(say("Menu"), Home()))
    await context.show(Screen(words, (*rows, *turns(page, Wishes), back)))


async def open_wish(context: Context, press: Wish) -> None:
    async with context.reading() as tx:
        found = await introductions.wish(tx, context.viewer, press.introduction, context.now)
    await context.show(_card(found, context.say, context.policy))


def _card(found: Wished, say: Say, _policy: Policy) -> Screen:
    if not found.open:
        return Screen(say("This request is closed."), ((Button(say("Menu"), Home()),),))
    asks = say("{who} asks how to reach you:", who=introduced(found.asker, say))
    purpose = f"<blockquote>{isolated(found.purpose)}</blockquote>"
    then = say(
        "If you decline or do not answer, nobody is told: on {day} they read that there was no answer.",
        day=say.day(found.closes_at),
    )
    number = found.number
    rows: tuple[Row, ...] = (
        (Button(say("Share how to reach me"), Share(number), style="primary"),),
        (Button(say("Decline"), Refuse(number, 0, 0), style="danger"),),
        (Button(say("Decline for good"), Refuse(number, 1, 0), style="danger"),),
        (Button(say("Menu"), Home()),),
    )
    return Screen(lines([asks, purpose, then]), rows)


async def refuse(context: Context, press: Refuse) -> None:
    say = context.say
    if not press.sure:
        async with context.reading() as tx:
            found = await introductions.wish(tx, context.viewer, press.introduction, context.now)
        await context.show(_ask_sure(found, press, say))
        return
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await introductions.refuse(tx, me, press.introduction, context.now, for_ever=bool(press.for_ever))
    done = say("You have declined. Nobody is told.")
    await context.show(Screen(done, ((Button(say("Menu"), Home()),),)))


def _ask_sure(found: Wished, press: Refuse, say: Say) -> Screen:
    name = isolated(found.asker.name)
    if press.for_ever:
        label = say("Decline for good")
        words = say("Decline, and never be asked by {name} again? They will not learn it.", name=name)
    else:
        label = say("Decline")
        words = say("Decline the request of {name}? They will not learn it.", name=name)
    sure = Button(label, Refuse(press.introduction, press.for_ever, 1), style="danger")
    return Screen(words, ((sure, Button(say("Back"), Wish(press.introduction))),))


async def share(context: Context, press: Share) -> None:
    async with context.reading() as tx:
        found = await introductions.wish(tx, context.viewer, press.introduction, context.now)
    if not found.open:
        raise Refusal("introduction:closed")
    await context.begin("contact", {"introduction": press.introduction})


async def _email(tx: Transaction, viewer: Viewer, _answers: Answers) -> str | None:
    person = await members.by_id(tx, viewer.id)
    return person.email if person is not None else None


def _ask_contact(form: Form, say: Say) -> Question:
    asked = say("How can they reach you? Write one line: an e-mail address, or a name in Telegram.")
    if form.data is None:
        return Question(asked)
    stored = say("Your stored e-mail address: {address}", address=isolated(form.data))
    return Question(Html(lines([asked, stored])), (Option(say("Share my e-mail"), MY_EMAIL),))


def _show_contact(form: Form, _say: Say, answer: str) -> str:
    return isolated((form.data or "–") if answer == MY_EMAIL else answer)


async def _tell(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    answer = await _email(tx, viewer, answers) if answers["contact"] == MY_EMAIL else answers["contact"]
    if answer is None:
        raise Refusal("button:old")
    await introductions.share(tx, viewer, answers.get("introduction", 0), answer, context.now)
    say = context.say
    return Screen(say("They can read now how to reach you."), ((Button(say("Menu"), Home()),),))


CONTACT = Dialogue(
    name="contact",
    title=text("How to reach me"),
    steps=(Step("contact", text("How to reach me"), _ask_contact, line(LONGEST), _show_contact),),
    finish=_tell,
    submit=text("Send"),
    needs=Action.BELONG,
    prepare=_email,
)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Wished]:
    found: dict[int, Wished] = {}
    for viewer in viewers:
        with suppress(Refusal):
            wish = await introductions.wish(tx, viewer, facts["introduction"], None)
            if wish.open:
                found[viewer.id] = wish
    return found


def _gone(_facts: Facts, say: Say, _policy: Policy) -> Screen:
    erased = say("This request was erased together with the data of the member who made it.")
    return Screen(erased, ((Button(say("Menu"), Home()),),))


READ = (Notice("introduction:asked", _card, _load), notice("introduction:gone", _gone))
