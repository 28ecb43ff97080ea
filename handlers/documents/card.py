"""One document's card: label first, then what it is, where it is, and who shared it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice, guard
from handlers.language import Say, isolated
from handlers.presses import Home, Open, OpenDocument, ReportBreach
from handlers.screens import Screen, lines
from storage import documents, members, topics
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.documents import Document
from storage.outbox import Facts
from storage.refusals import Refusal

KILOBYTE, MEGABYTE = 1024, 1024**2


@dataclass(frozen=True)
class GetFile(Press, prefix="doc.file"):
    """Send the document's file."""

    document: int


@dataclass(frozen=True)
class Card:
    """A document with the names that its ids stand for."""

    document: Document
    topic: topics.Topic | None
    organisation: str | None


async def card(tx: Transaction, viewer: Viewer, found: Document) -> Card:
    """Return a document, already permitted to its reader, with its names."""
    topic = next((t for t in await topics.catalogue(tx, viewer) if t.id == found.topic_id), None)
    names = await members.organisation_names(tx, [found.organisation_id] if found.organisation_id else [])
    return Card(found, topic, names.get(found.organisation_id or 0))


def draw(content: Card, say: Say, policy: Policy, *, back: str = "library") -> Screen:
    """Return the card."""
    row = content.document
    facts = [
        say("Publisher: {publisher}", publisher=isolated(row.publisher)) if row.publisher else None,
        say("Year: {year}", year=row.year) if row.year else None,
        say("Languages: {languages}", languages=row.languages) if row.languages else None,
        say("Topic: {topic}", topic=content.topic.title(say.language)) if content.topic else None,
        say("Shared by: {organisation}", organisation=isolated(content.organisation)) if content.organisation else None,
        say("Shared on: {day}", day=say.day(row.shared_at)),
        say("Frozen since {day}: only administrators see it.", day=say.day(row.frozen_at)) if row.frozen_at else None,
    ]
    title = say("<b>{title}</b>", title=isolated(row.title))
    link: list[Button] = []
    if row.url:
        link.append(Button(say("Open the link"), url=row.url))
    if row.file_id:
        link.append(Button(say("Get the file, {size}", size=_size(row.file_size or 0, say)), GetFile(row.id)))
    address = f"https://t.me/{policy.bot_username}?start=doc_{row.token}"
    rows: tuple[Row, ...] = (
        *((button,) for button in link),
        (Button(say("Copy its address"), copy=address),),
        (Button(say("Report a breach"), ReportBreach("document", row.id)),),
        (Button(say("Back"), Open(back)), Button(say("Menu"), Home())),
    )
    return Screen(lines([title, "\n".join(fact for fact in facts if fact)]), rows, row.label)


def _size(octets: int, say: Say) -> str:
    """Return a file's size as people read it before they fetch it; nothing is smaller than a kilobyte."""
    if octets >= MEGABYTE:
        return say("{n} MB", n=say.number(round(octets / MEGABYTE, 1)))
    return say("{n} kB", n=say.number(max(1, -(-octets // KILOBYTE))))


async def open_document(context: Context, press: OpenDocument) -> None:
    async with context.reading() as tx:
        content = await card(tx, context.viewer, await documents.by_id(tx, context.viewer, press.document))
    await context.show(draw(content, context.say, context.policy))


async def by_link(context: Context, token: str) -> None:
    guard(context, Action.BELONG)
    async with context.reading() as tx:
        found = await documents.by_token(tx, context.viewer, token)
        content = await card(tx, context.viewer, found) if found else None
    if content is None:
        raise Refusal("document:unknown")
    await context.show(draw(content, context.say, context.policy))


async def get_file(context: Context, press: GetFile) -> None:
    async with context.transaction() as tx:
        await documents.promise_file(tx, await context.myself(tx), press.document, context.now)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    found: dict[int, Card] = {}
    for viewer in viewers:
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
    return Screen(say("<b>{title}</b>", title=isolated(row.title)), label=row.label, file_id=row.file_id)


SHARED = Notice("document:shared", _shared, _load)
FILE = Notice("document:file", _file, _load)
