"""Asking for contact: a purpose, what the other one will read, and what comes of it – an answer, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, turns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Question, Step, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import AskContact, Home, Open
from handlers.screens import Screen, lines
from storage import directory, introductions
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.introductions import Asked as Standing
from storage.introductions import Asker
from storage.outbox import Facts
from storage.refusals import Refusal

PAGE, LONGEST = 5, 400


@dataclass(frozen=True)
class Asked(Press, prefix="intro.mine"):
    """List the members one has asked, from request `first` on."""

    first: int


@dataclass(frozen=True)
class Sides:
    """Who is asked, as the directory calls them (None: hidden, or gone), and what they are told of the asker."""

    target: str | None
    asker: Asker


async def ask(context: Context, press: AskContact) -> None:
    async with context.reading() as tx:
        await directory.entry(tx, context.viewer, press.entry)
    await context.begin("introduction", {"entry": press.entry})


async def _sides(tx: Transaction, viewer: Viewer, answers: Answers) -> Sides:
    name = None
    with suppress(Refusal):
        name = await directory.name_of(tx, viewer, answers.get("entry", 0))
    return Sides(name, await introductions.asker(tx, viewer.id))


def _ask_purpose(form: Form, say: Say) -> Question:
    return Question(say("Why would you like to be in contact with {name}?", name=called(form.data.target, say)))


def _summary(form: Form, say: Say) -> Screen:
    sides: Sides = form.data
    told = say("{name} will read this of you, and you agree to it by sending:", name=called(sides.target, say))
    purpose = f"<blockquote>{isolated(form.answers.get('purpose', '–'))}</blockquote>"
    then = say(
        "You read here how to reach them if they share it. If they do not, for whatever reason, you read after "
        "{days} days that there was no answer.",
        days=introductions.CLOSES_AFTER.days,
    )
    return Screen(lines([f"<b>{say('Ask for contact')}</b>", told, introduced(sides.asker, say), purpose, then]))


async def _send(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    row = await introductions.ask(tx, viewer, answers.get("entry", 0), answers["purpose"], context.now)
    say = context.say
    sent = say("Your request was sent. If there is no answer by {day}, you are told so.", day=say.day(row.closes_at))
    return Screen(sent, _ways(say))


WISH = Dialogue(
    name="introduction",
    title=text("Ask for contact"),
    steps=(Step("purpose", text("Purpose"), _ask_purpose, line(LONGEST), lambda _f, _s, a: isolated(a)),),
    finish=_send,
    submit=text("Send"),
    needs=Action.INTRODUCE,
    prepare=_sides,
    summary=_summary,
)


async def asked(context: Context) -> None:
    await _list(context, 0)


async def turn(context: Context, press: Asked) -> None:
    await _list(context, press.first)


async def _list(context: Context, first: int) -> None:
    say = context.say
    async with context.reading() as tx:
        page, found = await introductions.asked_by(tx, context.viewer, first or None, PAGE)
    title = f"<b>{say('Members you have asked for contact')}</b>"
    listed = [f"{called(one.name, say)} · {say.day(one.asked_at)}\n{_standing(one, say)}" for one in found]
    words = lines([title, *(listed or [say("You have asked nobody yet.")])])
    back: Row = (Button(say("Back"), Open("directory")), Button(say("Menu"), Home()))
    await context.show(Screen(words, (*turns(page, Asked), back)))


def _standing(one: Standing, say: Say) -> Html:
    if one.answer is not None:
        return say("Shared: {answer}", answer=isolated(one.answer))
    if one.over:
        return say("No answer.")
    return say("Asked; open until {day}.", day=say.day(one.closes_at))


def called(name: str | None, say: Say) -> Html:
    """Return what the directory calls somebody."""
    return isolated(name) if name is not None else say("A member")


def introduced(asker: Asker, say: Say) -> Html:
    """Return who asks, as the other one reads it."""
    return say(
        "{name} ({organisation}, {country})",
        name=isolated(asker.name),
        organisation=isolated(asker.organisation or "–"),
        country=say.country(asker.country) if asker.country else "–",
    )


def _ways(say: Say) -> tuple[Row, ...]:
    return ((Button(say("My requests"), Open("asked")), Button(say("Menu"), Home())),)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Standing]:
    found: dict[int, Standing] = {}
    for viewer in viewers:
        with suppress(Refusal):
            found[viewer.id] = await introductions.asked(tx, viewer, facts["introduction"])
    return found


def _shared(one: Standing, say: Say, _policy: Policy) -> Screen:
    words = say("{name} tells you how to reach them:", name=called(one.name, say))
    answer = f"<blockquote>{isolated(one.answer or '–')}</blockquote>"
    care = say("It is for you alone: please do not pass it on.")
    return Screen(lines([words, answer, care]), _ways(say))


def _unanswered(one: Standing, say: Say, _policy: Policy) -> Screen:
    words = say("There was no answer to your request to {name} of {day}.", name=called(one.name, say),
                day=say.day(one.asked_at))  # fmt: skip
    return Screen(words, _ways(say))


NOTICES = (
    Notice("introduction:shared", _shared, _load),
    Notice("introduction:unanswered", _unanswered, _load),
)
