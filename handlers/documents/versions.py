"""Versions: sharing a newer one, the list of older ones, and what followers read of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context, Policy
from handlers.documents.card import Card, Older, draw, load, titled
from handlers.feature import Notice
from handlers.language import Say, isolated
from handlers.presses import Home, OpenDocument, OpenVersion
from handlers.screens import Screen, lines
from storage import documents
from storage.access import Viewer
from storage.database import Transaction
from storage.documents import Document, Stage
from storage.outbox import Facts
from storage.tlp import highest

SHOWN = 8


@dataclass(frozen=True)
class NewVersion(Press, prefix="doc.new"):
    """Begin to share a newer version of a document."""

    document: int


@dataclass(frozen=True)
class Withdrawn:
    """A document that was withdrawn, as its reader may know it."""

    document: Document
    mine: bool


async def new_version(context: Context, press: NewVersion) -> None:
    async with context.reading() as tx:
        await documents.kept(tx, context.viewer, press.document)
    await context.begin("document", {"replaces": press.document})


async def older(context: Context, press: Older) -> None:
    say = context.say
    async with context.reading() as tx:
        row = await documents.by_id(tx, context.viewer, press.document)
        found = (await documents.older(tx, context.viewer, row))[:SHOWN]
    listed = [
        f"{number}. {isolated(one.title_in(say.language))}\n{_told(one, say)}" for number, one in enumerate(found, 1)
    ]
    words = lines([say("Older versions of {title}", title=titled(row, say)), *(listed or [say("There are none.")])])
    opens = [Button(say("Open {n}", n=number), OpenVersion(one.id)) for number, one in enumerate(found, 1)]
    back: Row = (Button(say("Back"), OpenVersion(row.id)), Button(say("Menu"), Home()))
    label = highest([row.label, *(one.label for one in found)])
    await context.show(Screen(words, (*columns(opens, 3), back), label))


def _told(row: Document, say: Say) -> str:
    number, day, label = row.id, say.day(row.shared_at), row.label.value
    return say("<code>D-{number}</code> · {day} · {label}", number=number, day=day, label=label)


def _newer(content: Card, say: Say, policy: Policy) -> Screen:
    screen = draw(content, say, policy)
    told = say("There is a new version of a document that you follow or own:")
    return Screen(lines([told, screen.text]), screen.buttons, screen.label)


async def _load_withdrawn(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Withdrawn]:
    found: dict[int, Withdrawn] = {}
    for viewer in viewers:
        row = await documents.known(tx, viewer, facts["document"])
        if row is not None and row.stage is Stage.WITHDRAWN:
            found[viewer.id] = Withdrawn(row, row.owner_id == viewer.id)
    return found


def _withdrawn(content: Withdrawn, say: Say, policy: Policy) -> Screen:
    row, menu = content.document, Button(say("Menu"), Home())
    if not content.mine:
        told = say("A document that you follow was withdrawn: {title}", title=titled(row, say))
        return Screen(told, ((menu,),), row.label)
    told = say("A moderator has withdrawn your document: {title}", title=titled(row, say))
    ask = say("An administrator of {network} hears you if you think this is wrong.", network=policy.network)
    return Screen(lines([told, ask]), ((Button(say("Open it"), OpenDocument(row.id)), menu),), row.label)


NOTICES = (
    Notice("document:version", _newer, load, documents.told),
    Notice("document:withdrawn", _withdrawn, _load_withdrawn),
)
