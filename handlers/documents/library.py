"""Browsing and searching: only what is the reader's to see, the best first, five at a time, narrowed by buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from telegram import Update

from handlers.buttons import Button, Press, Row, columns, pages
from handlers.context import Context
from handlers.documents.health_words import sentence
from handlers.documents.narrowing import (
    FACETS,
    ROOM,
    counted,
    described,
    named,
    packed,
    squeezed,
    stretched,
    unpacked,
    with_value,
)
from handlers.feature import guard
from handlers.language import Say, isolated, legible
from handlers.presses import Begin, Home, OpenDocument
from handlers.screens import Screen, lines
from storage import documents, topics
from storage.access import Action
from storage.documents import Document, DocumentLink, Filters, Hits
from storage.refusals import Refusal
from storage.tlp import highest

PAGE = 5
LONGEST = 100
NUMBERS = "①②③④⑤"
_MOST_VALUES = 12


@dataclass(frozen=True)
class Found(Press, prefix="find"):
    """Show a search or a shelf from document `first` on (0: from the best); see `narrowing` for what is packed."""

    first: int
    filters: str
    words: str


@dataclass(frozen=True)
class Narrow(Press, prefix="narrow"):
    """Choose by what a search is narrowed, or among the values of one facet (its letter)."""

    facet: str
    filters: str
    words: str


@dataclass(frozen=True)
class Asked:
    """One search as it is carried from screen to screen: everything packed."""

    words: str = ""
    filters: str = ""

    @classmethod
    def of(cls, words: str, filters: Filters) -> Asked:
        carried = packed(filters)
        return cls(squeezed(words, ROOM - len(carried)), carried)

    def narrowed(self, letter: str, value: str) -> Asked:
        """Return the same search with one facet set, or lifted; words give way where there is no room for both."""
        carried = with_value(self.filters, letter, value)
        return Asked(squeezed(stretched(self.words), ROOM - len(carried)), carried)

    def at(self, first: int) -> Found:
        return Found(first, self.filters, self.words)


async def library(context: Context) -> None:
    await _show(context, Asked(), 0)


async def search(context: Context) -> None:
    if context.words:
        await _look_for(context, context.words)
        return
    say = context.say
    asked = say(
        "What are you looking for? Just write a few words, in any language and spelling: titles, descriptions, "
        "publishers and the text of files are searched."
    )
    await context.show(Screen(asked, ((Button(say("Menu"), Home()),),)))


async def find(_update: Update, context: Context) -> None:
    guard(context, Action.BELONG)
    await _look_for(context, " ".join(legible(context.message.text or "").split()))


async def _look_for(context: Context, words: str) -> None:
    if not any(letter.isalnum() for letter in words):
        raise Refusal("answer:empty")
    if len(words) > LONGEST:
        say = context.say
        hint = say("That is a long text. To search, write a few words; to share something, send a link or a file.")
        await context.show(Screen(hint, ((Button(say("Menu"), Home()),),)))
        return
    await _show(context, Asked.of(words, Filters()), 0, said=words)


async def turn(context: Context, press: Found) -> None:
    await _show(context, Asked(press.words, press.filters), press.first)


async def _show(context: Context, asked: Asked, first: int, *, said: str | None = None) -> None:
    """Show a list; `said` are the words as somebody just wrote them, of which a button carries only so many."""
    filters = unpacked(asked.filters)
    words = stretched(asked.words)
    async with context.reading() as tx:
        hits = await documents.search(tx, context.viewer, words, filters)
        offset = _place(hits, first, by_age=not words)
        shown = await documents.shown(tx, context.viewer, hits.ids[offset : offset + PAGE])
        health = await documents.link_health(tx, [row.id for row in shown])
        known = await topics.titles(tx, context.viewer, [] if filters.topic_id is None else [filters.topic_id])
    meant = hits.meant if not offset else None  # it stands in the best hit, and this page may be marked less strictly
    heading = _heading(said or words, filters, replace(hits, meant=meant), known, context.say)
    listed = _listed(shown, health, context.say) or _nothing(words, filters, context.say)
    rows = [*_open(shown), *_turning(hits, asked, offset), *_ways(asked, hits, context.say)]
    await context.show(Screen(lines([heading, listed]), tuple(rows), highest([row.label for row in shown])))


def _heading(words: str, filters: Filters, hits: Hits, known: Mapping[int, str], say: Say) -> str:
    title = say("Saved") if filters.saved else say("Library")
    if words:
        found = say("Found for “{words}”", words=isolated(words))
        title = found if hits.ids else say("Nothing was found for “{words}”", words=isolated(words))
    only = described(filters, known, say)
    told = [
        f"<b>{title}</b>",
        say("Only: {filters}", filters=only) if only else None,
        say("Nothing holds these words. Did you mean “{words}”?", words=isolated(hits.meant)) if hits.meant else None,
        say("Nothing holds all of these words; this holds some of them.") if hits.partly and hits.ids else None,
    ]
    return "\n".join(line for line in told if line)


def _nothing(words: str, filters: Filters, say: Say) -> str:
    if packed(replace(filters, saved=False)):
        return say("Nothing is here. Lift a filter, or look for other words.")
    if words:
        return say("Try fewer words, only their beginnings, or another language.")
    if filters.saved:
        return say("You have saved nothing yet. Press Save on a document’s card.")
    return say("Nothing is here yet. You can share the first one.")


def _place(hits: Hits, first: int, *, by_age: bool) -> int:
    """Return where the page that begins with a document stands now; one that is gone leaves its place, if it has one.

    What is listed by age is listed by falling numbers.
    """
    if first in hits.ids:
        return hits.ids.index(first)
    return sum(number > first for number in hits.ids) if by_age and 0 < first >= min(hits.ids, default=0) else 0


def _turning(hits: Hits, asked: Asked, offset: int) -> list[Row]:
    ids, end = hits.ids, offset + PAGE
    following = asked.at(ids[end]) if len(ids) > end else None
    previous = asked.at(ids[max(offset - PAGE, 0)]) if offset else None
    before = -(-offset // PAGE)
    return pages(previous, following, before + 1, before + max(1, -(-(len(ids) - offset) // PAGE)))


def _ways(asked: Asked, hits: Hits, say: Say) -> list[Row]:
    """Return the buttons below a list: narrow it, lift what narrows it, the saved ones, and out."""
    rows: list[Row] = []
    facets = asked.filters.removesuffix("s").rstrip(",")
    if len(hits.ids) > 1 and not hits.meant:
        rows.append((Button(say("Filter"), Narrow("", asked.filters, asked.words)),))
    if facets:
        rows.append((Button(say("Remove the filters"), Asked(asked.words).at(0)),))
    if not asked.words and not facets:
        other = Asked() if asked.filters else Asked(filters="s")
        rows.append((Button(say("Browse all") if asked.filters else say("See saved"), other.at(0)), _sharing(say)))
    elif not hits.ids:
        rows.append((Button(say("Browse the library"), Asked().at(0)),))
    return [*rows, (Button(say("Menu"), Home()),)]


def _sharing(say: Say) -> Button:
    return Button(say("Share"), Begin("document"))


def _listed(shown: Sequence[Document], health: Mapping[int, DocumentLink], say: Say) -> str:
    entries = []
    for number, row in zip(NUMBERS, shown, strict=False):
        facts = " · ".join(str(fact) for fact in (row.publisher, row.year) if fact)
        entry = [
            say("{number} {title}", number=number, title=isolated(row.title_in(say.language))),
            say("{facts} · {label}", facts=facts or "–", label=row.label.value),
            sentence(health.get(row.id), say, row.archive_url),
        ]
        entries.append("\n".join(line for line in entry if line))
    return "\n\n".join(entries)


def _open(shown: Sequence[Document]) -> list[Row]:
    return columns([Button(n, OpenDocument(row.id)) for n, row in zip(NUMBERS, shown, strict=False)], 3)


async def narrow(context: Context, press: Narrow) -> None:
    asked, say = Asked(press.words, press.filters), context.say
    async with context.reading() as tx:
        hits = await documents.search(tx, context.viewer, stretched(asked.words), unpacked(asked.filters))
        rows = await documents.facets(tx, context.viewer, hits.ids)
        known = await topics.titles(tx, context.viewer, [row.topic_id for row in rows])
    back: Row = (Button(say("Back"), asked.at(0)),)
    if press.facet not in FACETS:
        offered = [letter for letter in FACETS if len(counted(rows, letter)) > 1]
        buttons = [Button(say(FACETS[letter]), Narrow(letter, press.filters, press.words)) for letter in offered]
        question = say("Narrow the list by what?") if buttons else say("There is nothing to narrow the list by.")
        await context.show(Screen(question, (*columns(buttons, 2), back)))
        return
    values = _values(counted(rows, press.facet), press.facet, asked, known, more=hits.more, say=say)
    title = say("Show only: {facet}", facet=say(FACETS[press.facet]))
    await context.show(Screen(title, (*columns(values, 2), back)))


def _values(
    found: list[tuple[str, int]], facet: str, asked: Asked, known: Mapping[int, str], *, more: bool, say: Say
) -> list[Button]:
    buttons = []
    for value, number in found[:_MOST_VALUES]:
        name = named(facet, value, known, say)
        if name is not None:
            label = say("{name} ({n})", name=name, n=f"{number}+" if more else number)
            buttons.append(Button(label, asked.narrowed(facet, value).at(0)))
    return buttons
