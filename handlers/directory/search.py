"""The search: filters as buttons, results ten at a time, one card; all of it in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context
from handlers.directory.card import described, headline, summary
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import AskContact, Begin, Home, Open
from handlers.screens import Screen, lines
from handlers.vocabulary import CATEGORIES
from storage import directory, topics
from storage.access import Action, Viewer
from storage.applications import ZONES
from storage.database import Transaction
from storage.directory import LANGUAGES, Filters, Found, Shown
from storage.members import Category
from storage.refusals import Refusal
from storage.topics import Topic

NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩"
LONGEST = 60
ASK, ASK_TOPIC = "?", -1
"""What stands in a filter while its choices are shown."""


@dataclass(frozen=True)
class Narrow(Press, prefix="dir"):
    """Show the filters so; one that is `?` (a topic: -1) shows its choices, one that is chosen is taken away again."""

    country: str
    category: str
    topic: int
    language: str


@dataclass(frozen=True)
class Search(Press, prefix="dir.go"):
    """Look for entries that fit these filters."""

    country: str
    category: str
    topic: int
    language: str


@dataclass(frozen=True)
class Turn(Press, prefix="dir.turn"):
    """Turn to the page of a search that begins with entry `first`."""

    lookup: int
    first: int


@dataclass(frozen=True)
class See(Press, prefix="dir.page"):
    """Go back to a page that one has looked at."""

    lookup: int


@dataclass(frozen=True)
class Card(Press, prefix="dir.card"):
    """Open one entry from a page."""

    lookup: int
    number: int


ALL = Narrow("", "", 0, "")


async def find(context: Context) -> None:
    if not context.words:
        await narrow(context, ALL)
        return
    filters = directory.named(context.words[:LONGEST])
    async with context.transaction() as tx:
        found = await directory.search(tx, await context.myself(tx), filters, None, context.now)
        known = await topics.catalogue(tx, context.viewer)
    await context.show(_results(found, known, context.say))


async def narrow(context: Context, press: Narrow) -> None:
    _sound(press)
    async with context.reading() as tx:
        known = await topics.catalogue(tx, context.viewer)
    chosen = _choices(press, known, context.say)
    await context.show(chosen or _filters(press, known, context.say))


async def search(context: Context, press: Search) -> None:
    filters = Filters(press.country, press.category, press.topic, press.language)
    _sound(Narrow(press.country, press.category, press.topic, press.language), asking=False)
    async with context.transaction() as tx:
        found = await directory.search(tx, await context.myself(tx), filters, None, context.now)
        known = await topics.catalogue(tx, context.viewer)
    await context.show(_results(found, known, context.say))


async def turn(context: Context, press: Turn) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        filters = await directory.filters_of(tx, me, press.lookup)
        found = await directory.search(tx, me, filters, press.first or None, context.now)
        known = await topics.catalogue(tx, context.viewer)
    await context.show(_results(found, known, context.say))


async def see(context: Context, press: See) -> None:
    async with context.transaction() as tx:
        found = await directory.seen(tx, await context.myself(tx), press.lookup, context.now)
        known = await topics.catalogue(tx, context.viewer)
    await context.show(_results(found, known, context.say))


async def open_card(context: Context, press: Card) -> None:
    async with context.transaction() as tx:
        shown = await directory.card(tx, await context.myself(tx), press.number, context.now)
    await context.show(_card(shown, press.lookup, context.say))


def _sound(press: Narrow, *, asking: bool = True) -> None:
    """Refuse what no button of ours says."""
    ask = (ASK,) if asking else ()
    known = (
        press.country in ("", *ask, *ZONES)
        and press.category in ("", *ask, *map(str, Category))
        and press.language in ("", *ask, *LANGUAGES)
        and press.topic >= (ASK_TOPIC if asking else 0)
    )
    if not known:
        raise Refusal("button:old")


def _filters(press: Narrow, known: Sequence[Topic], say: Say) -> Screen:
    at = (press.country, press.category, press.topic, press.language)
    values = _values(Filters(*at), known, say)
    asked = (
        Narrow("" if values[0] else ASK, *at[1:]),
        Narrow(at[0], "" if values[1] else ASK, *at[2:]),
        Narrow(at[0], at[1], 0 if values[2] else ASK_TOPIC, at[3]),
        Narrow(*at[:3], "" if values[3] else ASK),
    )
    labels = (say("Country"), say("Category"), say("Topic"), say("Language"))
    buttons = [
        Button(f"✓ {value}" if value else label, press_)
        for label, value, press_ in zip(labels, values, asked, strict=True)
    ]
    clear = [Button(say("Clear filters"), ALL)] if press != ALL else []
    rows: list[Row] = [
        *columns(buttons, 2),
        (Button(say("Show members"), Search(*at), style="primary"), *clear),
        (Button(say("Find by name"), Begin("find")), Button(say("My entry"), Open("entry"))),
        (Button(say("Requests to me"), Open("wishes")), Button(say("My requests"), Open("asked"))),
        (Button(say("Menu"), Home()),),
    ]
    about = say("Members who chose to be found, and what they chose to show. Narrow the search, or show everybody.")
    return Screen(lines([f"<b>{say('Directory')}</b>", about]), tuple(rows))


def _choices(press: Narrow, known: Sequence[Topic], say: Say) -> Screen | None:
    """Return the values of the filter that is to be chosen, if one is."""
    country, category, topic, language = press.country, press.category, press.topic, press.language
    if country == ASK:
        named = sorted((say.country(code), code) for code in ZONES)
        offered = [Button(name, Narrow(code, category, topic, language)) for name, code in named]
        return _offer(say("Which country do they work in?"), offered, Narrow("", category, topic, language), 2, say)
    if category == ASK:
        offered = [Button(say(words), Narrow(country, kind, topic, language)) for kind, words in CATEGORIES.items()]
        return _offer(say("What describes their work?"), offered, Narrow(country, "", topic, language), 1, say)
    if topic == ASK_TOPIC:
        offered = [Button(_titled(one, say), Narrow(country, category, one.id, language)) for one in known]
        return _offer(say("Which topic do they follow?"), offered, Narrow(country, category, 0, language), 1, say)
    if language == ASK:
        offered = [Button(Say(code).own_name, Narrow(country, category, topic, code)) for code in LANGUAGES]
        return _offer(say("Which language do they speak?"), offered, Narrow(country, category, topic, ""), 2, say)
    return None


def _offer(asked: Html, offered: list[Button], none: Narrow, width: int, say: Say) -> Screen:
    return Screen(asked, (*columns(offered, width), (Button(say("Back"), none),)))


def _values(filters: Filters, known: Sequence[Topic], say: Say) -> tuple[str | None, ...]:
    titles = {topic.id: topic.title(say.language) for topic in known}
    return (
        say.country(filters.country) if filters.country else None,
        say(CATEGORIES[Category(filters.category)]) if filters.category else None,
        titles.get(filters.topic, "–") if filters.topic else None,
        Say(filters.language).own_name if filters.language else None,
    )


def _titled(topic: Topic, say: Say) -> str:
    return f"{topic.emoji} {topic.title(say.language)}"


def _results(found: Found, known: Sequence[Topic], say: Say) -> Screen:
    chosen = [isolated(value) for value in _values(found.filters, known, say) if value]
    title = say.many("{n} entry fits", "{n} entries fit", found.total)
    nobody = None
    if not found.entries:
        nobody = say("Nobody is found. Only what members show in their entries is searched.")
    entries = [_listed(n, shown, say) for n, shown in zip(NUMBERS, found.entries, strict=False)]
    words = lines([f"<b>{title}</b>", " · ".join(chosen), "\n".join(entries), nobody])
    opening = [Button(n, Card(found.lookup, s.number)) for n, s in zip(NUMBERS, found.entries, strict=False)]
    filters = found.filters
    back = Narrow(filters.country, filters.category, filters.topic, filters.language)
    rows: list[Row] = [*columns(opening, 3), *turns(found.page, lambda first: Turn(found.lookup, first))]
    rows.append((Button(say("Change filters"), back), Button(say("Menu"), Home())))
    return Screen(words, tuple(rows))


def _listed(number: str, shown: Shown, say: Say) -> str:
    facts = summary(shown, say)
    return f"{number} {headline(shown, say)}" + (f"\n{facts}" if facts else "")


def _card(shown: Shown, lookup: int, say: Say) -> Screen:
    rows: list[Row] = []
    if shown.mine:
        rows.append((Button(say("My entry"), Open("entry")),))
    elif shown.contactable:
        rows.append((Button(say("Ask for contact"), AskContact(shown.number), style="primary"),))
    rows.append((Button(say("Back"), See(lookup)), Button(say("Menu"), Home())))
    return Screen(described(shown, say), tuple(rows))


def _ask_name(_form: Form, say: Say) -> Question:
    return Question(say("Whose name, in any spelling? Its beginning is enough."))


def _read_name(form: Form, reply: Reply) -> str:
    written = line(LONGEST)(form, reply)
    directory.named(written)
    return written


async def _find(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    found = await directory.search(tx, viewer, directory.named(answers["name"]), None, context.now)
    return _results(found, await topics.catalogue(tx, viewer), context.say)


FIND = Dialogue(
    name="find",
    title=text("Find by name"),
    steps=(Step("name", text("Name"), _ask_name, _read_name, lambda _f, _s, a: isolated(a)),),
    finish=_find,
    submit=text("Show members"),
    needs=Action.BELONG,
)
