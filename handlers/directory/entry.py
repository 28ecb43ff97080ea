"""One's own entry: each field is a tap, the preview is what others read, publishing and taking down are one tap."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context
from handlers.directory.card import described
from handlers.forms import Answers, Dialogue, Form, Question, Step, line
from handlers.language import Say, isolated, text
from handlers.presses import Begin, Home, Open
from handlers.screens import Screen, lines
from storage import directory
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.directory import LANGUAGES, Mine
from storage.members import Category

LONGEST = 300
FIELDS = {
    "name": text("Name"),
    "organisation": text("Organisation"),
    "category": text("Category"),
    "country": text("Country"),
    "topics": text("Topics"),
    "email": text("E-mail"),
    "contact": text("Requests for contact"),
}


@dataclass(frozen=True)
class Tick(Press, prefix="ent.tick"):
    """Show a field to others (1) or not (0)."""

    field: str
    on: int


@dataclass(frozen=True)
class Language(Press, prefix="ent.lang"):
    """Name a language that one speaks (1) or not (0); without a code the languages are shown."""

    language: str
    on: int


@dataclass(frozen=True)
class Published(Press, prefix="ent.pub"):
    """Publish the entry (1) or take it down (0)."""

    on: int


async def my_entry(context: Context) -> None:
    async with context.reading() as tx:
        found = await directory.mine(tx, context.viewer)
    await context.show(_screen(found, context.say))


async def tick(context: Context, press: Tick) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await directory.tick(tx, me, press.field, context.now, on=bool(press.on))
        found = await directory.mine(tx, me)
    await context.show(_screen(found, context.say))


async def publish(context: Context, press: Published) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        if press.on:
            await directory.publish(tx, me, context.now)
        else:
            await directory.take_down(tx, me, context.now)
        found = await directory.mine(tx, me)
    await context.show(_screen(found, context.say))


async def speak(context: Context, press: Language) -> None:
    if not press.language:
        async with context.reading() as tx:
            found = await directory.mine(tx, context.viewer)
    else:
        async with context.transaction() as tx:
            me = await context.myself(tx)
            await directory.speak(tx, me, press.language, context.now, on=bool(press.on))
            found = await directory.mine(tx, me)
    await context.show(_languages(found, context.say))


def _screen(found: Mine, say: Say) -> Screen:
    since = found.entry.published_at
    if since is None:
        standing = say("Not published: nobody reads anything of you here.")
        lead = say("This is what members would read:")
    else:
        standing = say("Published since {day}: members can find you by what you show.", day=say.day(since))
        lead = say("This is what members read:")
    how = say("Tap a field to show or hide it.")
    parts = [f"<b>{say('My entry in the directory')}</b>", standing, _care(found, say), lead,
             f"<blockquote>{described(found.preview, say)}</blockquote>", how]  # fmt: skip
    return Screen(lines(parts), tuple(_rows(found, say)))


def _care(found: Mine, say: Say) -> str | None:
    if found.category is Category.CSO:
        return say(
            "For people in civil society, being found can be a risk. Show only what is safe for you, or nothing."
        )
    return None


def _rows(found: Mine, say: Say) -> list[Row]:
    shown = found.entry.shown
    offered = [field for field in FIELDS if field != "email" or found.email is not None or field in shown]
    rows = columns([_tick(say(FIELDS[f]), Tick(f, int(f not in shown)), ticked=f in shown) for f in offered], 2)
    rows.append((Button(say("Languages"), Language("", 0)), Button(say("About my work"), Begin("about"))))
    if found.entry.published_at is None:
        rows.append((Button(say("Publish"), Published(1), style="primary"),))
    else:
        rows.append((Button(say("Take down"), Published(0)),))
    rows.append((Button(say("Directory"), Open("directory")), Button(say("Menu"), Home())))
    return rows


def _languages(found: Mine, say: Say) -> Screen:
    spoken = found.entry.spoken
    ticks = [_tick(Say(c).own_name, Language(c, int(c not in spoken)), ticked=c in spoken) for c in LANGUAGES]
    words = say("Which languages do you speak? Members read them in your entry.")
    return Screen(words, (*columns(ticks, 2), (Button(say("Back"), Open("entry")),)))


def _tick(label: str, press: Press, *, ticked: bool) -> Button:
    return Button(f"✓ {label}" if ticked else label, press)


def _ask_about(_form: Form, say: Say) -> Question:
    return Question(say("What do you work on, in one line? Members read it in your entry; skip to leave it out."))


async def _describe(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    await directory.describe(tx, viewer, answers["about"], context.now)
    return _screen(await directory.mine(tx, viewer), context.say)


ABOUT = Dialogue(
    name="about",
    title=text("About my work"),
    steps=(
        Step("about", text("About my work"), _ask_about, line(LONGEST), lambda _f, _s, a: isolated(a), optional=True),
    ),
    finish=_describe,
    submit=text("Save"),
    needs=Action.BELONG,
)
