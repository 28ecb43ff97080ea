"""Browsing and searching: only what is the reader's to see, five at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telegram import Update

from handlers.buttons import Button, Press, Row, columns, pages
from handlers.context import Context
from handlers.feature import guard
from handlers.language import Say, isolated, legible
from handlers.presses import Begin, Home, OpenDocument
from handlers.screens import Screen, lines
from storage import documents, topics
from storage.access import Action
from storage.documents import Document, Hits
from storage.refusals import Refusal
from storage.tlp import highest

PAGE = 5
LONGEST = 100
NUMBERS = "①②③④⑤"
ROOM = 44
"""How many bytes of a button are left for the words of a search."""


@dataclass(frozen=True)
class Shelf(Press, prefix="lib"):
    """Browse documents from number `first` on (0: from the newest) of one topic (0: all; -1: choose)."""

    topic: int
    first: int


@dataclass(frozen=True)
class Found(Press, prefix="find"):
    """Turn to another page of a search; the words are folded, and at most `ROOM` bytes long."""

    offset: int
    words: str


async def library(context: Context) -> None:
    await shelf(context, Shelf(0, 0))


async def shelf(context: Context, press: Shelf) -> None:
    if press.topic < 0:
        await _choose_topic(context)
        return
    say = context.say
    async with context.reading() as tx:
        hits = await documents.search(tx, context.viewer, "", documents.Filters(topic_id=press.topic or None))
        titles = await topics.titles(tx, context.viewer, [press.topic])
    shown = hits.rows[press.first : press.first + PAGE]
    turning = _turns(hits, press.first, lambda offset: Shelf(press.topic, offset))
    title = say("Library: {topic}", topic=titles[press.topic]) if press.topic in titles else say("Library")
    words = lines([f"<b>{title}</b>", _listed(shown, say) or say("Nothing is here yet. You can share the first one.")])
    rows: list[Row] = [*_open(shown), *turning]
    rows.append((Button(say("Choose a topic"), Shelf(-1, 0)), Button(say("Share"), Begin("document"))))
    rows.append((Button(say("Menu"), Home()),))
    await context.show(Screen(words, tuple(rows), highest([row.label for row in shown])))


async def _choose_topic(context: Context) -> None:
    say = context.say
    async with context.reading() as tx:
        found = await topics.catalogue(tx, context.viewer)
    buttons = [Button(f"{t.emoji} {t.title(say.language)}", Shelf(t.id, 0)) for t in found]
    rows = [*columns(buttons, 1), (Button(say("Back"), Shelf(0, 0)),)]
    await context.show(Screen(say("Documents of which topic?"), tuple(rows)))


async def search(context: Context) -> None:
    if context.words:
        await _look_for(context, context.words)
        return
    say = context.say
    asked = say("What are you looking for? Just write a few words: titles, publishers and years are searched.")
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
    await _search(context, words, 0)


async def turn(context: Context, press: Found) -> None:
    await _search(context, press.words, press.offset)


async def _search(context: Context, words: str, offset: int) -> None:
    say = context.say
    kept = carried(words)
    async with context.reading() as tx:
        hits = await documents.search(tx, context.viewer, kept)
    shown = hits.rows[offset : offset + PAGE]
    if not shown:
        nothing = say(
            "Nothing was found for “{words}”. Try fewer words or only their beginnings.", words=isolated(words)
        )
        ways: Row = (Button(say("Browse the library"), Shelf(0, 0)), Button(say("Menu"), Home()))
        await context.show(Screen(nothing, (ways,)))
        return
    turning = _turns(hits, offset, lambda at: Found(at, kept))
    title = say("Found for “{words}”", words=isolated(words))
    rows: list[Row] = [*_open(shown), *turning, (Button(say("Menu"), Home()),)]
    screen = Screen(lines([f"<b>{title}</b>", _listed(shown, say)]), tuple(rows), highest([r.label for r in shown]))
    await context.show(screen)


def _turns(hits: Hits, offset: int, press: Callable[[int], Press]) -> list[Row]:
    total = len(hits.rows)
    following = press(offset + PAGE) if total > offset + PAGE else None
    previous = press(max(offset - PAGE, 0)) if offset else None
    return pages(previous, following, offset // PAGE + 1, -(-total // PAGE))


def _listed(shown: Sequence[Document], say: Say) -> str:
    entries = []
    for number, row in zip(NUMBERS, shown, strict=False):
        facts = " · ".join(str(fact) for fact in (row.publisher, row.year) if fact)
        title = say("{number} {title}", number=number, title=isolated(row.title))
        entries.append(f"{title}\n{say('{facts} · {label}', facts=facts or '–', label=row.label.value)}")
    return "\n\n".join(entries)


def _open(shown: Sequence[Document]) -> list[Row]:
    return columns([Button(n, OpenDocument(row.id)) for n, row in zip(NUMBERS, shown, strict=False)], 3)


def carried(words: str) -> str:
    """Return the words of a search as a button can carry them: all of them, as long beginnings as there is room for."""
    folded = documents.fold(words)
    for length in range(len(folded), 0, -1):
        kept = " ".join(word[:length] for word in folded.split())
        if len(kept.encode()) <= ROOM:
            return kept
    return folded.encode()[:ROOM].decode(errors="ignore")
