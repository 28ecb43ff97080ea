"""One document's card: label first, then what it is, where it is, who shared it, and what one does with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Press, Row
from handlers.context import Policy
from handlers.documents.health_words import sentence
from handlers.documents.vocabulary import KINDS, PILLARS
from handlers.feature import Notice
from handlers.language import Html, Say, isolated
from handlers.presses import Home, Open, OpenVersion
from handlers.screens import Screen, file_of, lines
from storage import documents, members, topics
from storage.access import Viewer
from storage.database import Transaction
from storage.documents import Document, DocumentLink, Kind, Mark, Stage
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.tlp import highest

KILOBYTE, MEGABYTE = 1024, 1024**2
UNMARKED = Mark()


@dataclass(frozen=True)
class GetFile(Press, prefix="doc.file"):
    """Send the document's file."""

    document: int


@dataclass(frozen=True)
class Follow(Press, prefix="doc.follow"):
    """Be told of what happens to a document (1), or no longer (0)."""

    document: int
    on: int


@dataclass(frozen=True)
class Save(Press, prefix="doc.save"):
    """Put a document on one's own shelf (1), or take it off (0)."""

    document: int
    on: int


@dataclass(frozen=True)
class Older(Press, prefix="doc.older"):
    """List the older versions of a document."""

    document: int


@dataclass(frozen=True)
class Comment(Press, prefix="doc.comment"):
    """Write to a document's owner what one thinks of it."""

    document: int


@dataclass(frozen=True)
class AskFlag(Press, prefix="doc.flag"):
    """Choose what is wrong with a document."""

    document: int


@dataclass(frozen=True)
class Manage(Press, prefix="doc.keep"):
    """Show what one does who answers for a document."""

    document: int


@dataclass(frozen=True)
class Card:
    """A document with the names that its ids stand for, and how its reader stands to it.

    `newest` is the version that stands for it now, `asked` the one that led here, if these are others.
    """

    document: Document
    topic: topics.Topic | None
    organisation: str | None
    mark: Mark = UNMARKED
    link: DocumentLink | None = None
    newest: Document | None = None
    asked: int | None = None
    older: bool = False
    keeps: bool = False


async def card(tx: Transaction, viewer: Viewer, found: Document, *, asked: int | None = None) -> Card:
    """Return a document, already permitted to its reader, with its names."""
    topic = next((t for t in await topics.catalogue(tx, viewer) if t.id == found.topic_id), None)
    names = await members.organisation_names(tx, [found.organisation_id] if found.organisation_id else [])
    newest = await documents.newest(tx, viewer, found)
    return Card(
        found,
        topic,
        names.get(found.organisation_id or 0),
        await documents.mark_of(tx, viewer, found.id),
        (await documents.link_health(tx, [found.id])).get(found.id),
        newest if newest.id != found.id else None,
        asked if asked != found.id else None,
        bool(await documents.older(tx, viewer, found)),
        documents.keeps(viewer, found),
    )


def draw(content: Card, say: Say, policy: Policy, *, back: str = "library") -> Screen:
    """Return the card."""
    row = content.document
    note = say("A newer version of what you asked for.") if content.asked else None
    head = Html("\n".join([titled(row, say), *([original] if (original := _original(row, say)) else [])]))
    known = "\n".join(fact for fact in _facts(content, say) if fact)
    told = "\n".join(line for line in _standing(content, say) if line)
    description = isolated(row.description) if row.description else None
    rows = (*_ways_to_it(content, say), *_deeds(content, say, policy))
    back_row = (Button(say("Back"), Open(back)), Button(say("Menu"), Home()))
    label = highest([row.label, *([content.newest.label] if content.newest else [])])
    return Screen(lines([note, head, description, known, told]), (*rows, back_row), label)


def titled(row: Document, say: Say) -> Html:
    """Return a document's title, in bold and in the reader's language where it has one."""
    return say("<b>{title}</b>", title=isolated(row.title_in(say.language)))


def _original(row: Document, say: Say) -> Html | None:
    return Html(f"<i>{isolated(row.title)}</i>") if row.title_in(say.language) != row.title else None


def _facts(content: Card, say: Say) -> list[str | None]:
    row = content.document
    tongues = ", ".join(say.language_name(code) for code in (row.languages or "").split())
    pillars = Html(", ".join(say(PILLARS[code]) for code in row.pillars.split() if code in PILLARS))
    return [
        say("Publisher: {publisher}", publisher=isolated(row.publisher)) if row.publisher else None,
        say("Year: {year}", year=row.year) if row.year else None,
        say("Languages: {languages}", languages=tongues) if tongues else None,
        say("Kind: {kind}", kind=say(KINDS[row.kind])) if row.kind is not Kind.OTHER else None,
        pillars or None,
        say("Country: {country}", country=say.country(row.country)) if row.country else None,
        say("Pages: {n}", n=say.number(row.pages)) if row.pages else None,
        say("Topic: {topic}", topic=content.topic.title(say.language)) if content.topic else None,
        say("Shared by: {organisation}", organisation=isolated(content.organisation)) if content.organisation else None,
        say("Shared on: {day}", day=say.day(row.shared_at)),
    ]


def _standing(content: Card, say: Say) -> list[str | None]:
    """Return what has become of the document and of its link; most of it is for few to see."""
    row = content.document
    until, newest = row.comments_until, content.newest
    open_still = row.stage is Stage.COMMENT and until is not None
    withdrawn, hidden = row.stage is Stage.WITHDRAWN, row.hidden_at is not None
    return [
        say("Open for comments until {day}.", day=say.day(until)) if open_still and until else None,
        say("Superseded by: {title}", title=isolated(newest.title_in(say.language))) if newest else None,
        sentence(content.link, say),
        say("Frozen since {day}: only administrators see it.", day=say.day(row.frozen_at)) if row.frozen_at else None,
        say("Withdrawn: only its owner and the moderators see it.") if withdrawn else None,
        say("Reported and hidden until the moderators decide.") if hidden and not withdrawn else None,
    ]


def _ways_to_it(content: Card, say: Say) -> list[Row]:
    row = content.document
    found: list[Row] = []
    if row.url:
        found.append((Button(say("Open the link"), url=row.url),))
    if row.archive_url:
        found.append((Button(say("Open the archive copy"), url=row.archive_url),))
    if row.file_id:
        size = _size(row.file_size or 0, say)
        found.append((Button(say("Get the file, {size}", size=size), GetFile(row.id)),))
    if content.newest:
        found.append((Button(say("Open the newest version"), OpenVersion(content.newest.id), style="primary"),))
    if content.asked:
        found.append((Button(say("Open the one asked for"), OpenVersion(content.asked)),))
    elif content.older:
        found.append((Button(say("Older versions"), Older(row.id)),))
    return found


def _deeds(content: Card, say: Say, policy: Policy) -> list[Row]:
    row, mark = content.document, content.mark
    follow = Button(say("Unfollow") if mark.follows else say("Follow"), Follow(row.id, int(not mark.follows)))
    save = Button(say("Unsave") if mark.saved else say("Save"), Save(row.id, int(not mark.saved)))
    comment: list[Row] = [(Button(say("Comment"), Comment(row.id)),)] if row.stage is Stage.COMMENT else []
    address = Button(say("Copy its address"), copy=policy.link(f"doc_{row.token}"))
    manage: list[Row] = [(Button(say("Manage"), Manage(row.id)),)] if content.keeps else []
    return [*comment, (follow, save), (Button(say("Report"), AskFlag(row.id)), address), *manage]


def _size(octets: int, say: Say) -> str:
    """Return a file's size as people read it before they fetch it; nothing is smaller than a kilobyte."""
    if octets >= MEGABYTE:
        return say("{n} MB", n=say.number(round(octets / MEGABYTE, 1)))
    return say("{n} kB", n=say.number(max(1, -(-octets // KILOBYTE))))


async def load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    """Return the card of a document for each of `viewers` who belongs and may see it now."""
    found: dict[int, Card] = {}
    for viewer in viewers:
        if not viewer.active:
            continue
        try:
            found[viewer.id] = await card(tx, viewer, await documents.by_id(tx, viewer, facts["document"]))
        except Refusal:
            continue  # no longer theirs to see: they are not told
    return found


def _shared(content: Card, say: Say, policy: Policy) -> Screen:
    screen = draw(content, say, policy)
    thanks = say("Thank you. It is in the library as <code>D-{number}</code>.", number=content.document.id)
    return Screen(lines([thanks, screen.text]), screen.buttons, screen.label)


def _file(content: Card, say: Say, _policy: Policy) -> Screen:
    row = content.document
    return Screen(titled(row, say), label=row.label, media=file_of(row.file_id))


SHARED = Notice("document:shared", _shared, load)
FILE = Notice("document:file", _file, load, documents.landed)
