"""Keeping: what one does who answers for a document – renew, mark, archive, hand over, withdraw."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context, Policy
from handlers.documents.card import Card, Manage, load, titled
from handlers.documents.comments import AskComments
from handlers.documents.flags import judging
from handlers.documents.labels import ChooseLabel
from handlers.documents.opening import show_card
from handlers.documents.versions import NewVersion
from handlers.feature import Notice
from handlers.language import Say
from handlers.presses import ArchiveAddress, Home, NewAddress, OpenDocument, OpenVersion, Review
from handlers.screens import Screen, lines
from storage import access, documents
from storage.access import Viewer
from storage.documents import Document, Stage

PAGE = 8


@dataclass(frozen=True)
class Withdraw(Press, prefix="doc.gone"):
    """Withdraw a document; `sure` is 1 at the second press."""

    document: int
    sure: int


@dataclass(frozen=True)
class BringBack(Press, prefix="doc.back"):
    """Bring a withdrawn document back."""

    document: int


@dataclass(frozen=True)
class Heirs(Press, prefix="doc.heirs"):
    """List who could answer for a document, from member `first` on (0: from the beginning)."""

    document: int
    first: int


@dataclass(frozen=True)
class HandDocument(Press, prefix="doc.hand"):
    """Let a member answer for a document."""

    document: int
    member: int


async def manage(context: Context, press: Manage) -> None:
    async with context.reading() as tx:
        row = await documents.kept(tx, context.viewer, press.document)
    say = context.say
    day = say.day(row.review_at) if row.review_at else None
    again = say("To be looked at anew on {day}.", day=day) if day else None
    nobody = say("Nobody owns it: the moderators of its topic answer for it.") if row.owner_id is None else None
    back: Row = (Button(say("Back"), OpenVersion(row.id)), Button(say("Menu"), Home()))
    body = lines([say("Manage {title}", title=titled(row, say)), again, nobody])
    await context.show(Screen(body, (*_deeds(row, context.viewer, say), back), row.label))


def _deeds(row: Document, viewer: Viewer, say: Say) -> list[Row]:
    if row.stage is Stage.WITHDRAWN:
        return [(Button(say("Bring it back"), BringBack(row.id), style="success"),)]
    waits = row.hidden_at is not None and access.moderates(viewer, row.topic_id)
    address: Row = (
        Button(say("Change the address"), NewAddress(row.id)),
        Button(say("Change the archive"), ArchiveAddress(row.id)),
    )
    comments: list[Row] = [(Button(say("Ask for comments"), AskComments(row.id, 0)),)]
    return [
        *(judging(row.id, say) if waits else []),
        (Button(say("Share a new version"), NewVersion(row.id)),),
        (Button(say("Still valid"), Review(row.id)), Button(say("Change the label"), ChooseLabel(row.id))),
        *(comments if row.stage is Stage.PUBLISHED and row.successor_id is None else []),
        *([address] if row.url else []),
        (
            Button(say("Hand it over"), Heirs(row.id, 0)),
            Button(say("Withdraw it"), Withdraw(row.id, 0), style="danger"),
        ),
    ]


async def review(context: Context, press: Review) -> None:
    async with context.transaction() as tx:
        row = await documents.confirm(tx, await context.myself(tx), press.document, context.now)
    say = context.say
    day = say.day(row.review_at) if row.review_at else "–"
    words = say("Thank you. {title} is looked at anew on {day}.", title=titled(row, say), day=day)
    opens = Button(say("Open it"), OpenDocument(row.id))
    await context.show(Screen(words, ((opens, Button(say("Menu"), Home())),), row.label))


async def withdraw(context: Context, press: Withdraw) -> None:
    if press.sure:
        async with context.transaction() as tx:
            await documents.withdraw(tx, await context.myself(tx), press.document, context.now)
        await show_card(context, press.document)
        return
    say = context.say
    async with context.reading() as tx:
        row = await documents.kept(tx, context.viewer, press.document)
    asked = say("Withdraw {title}? Nobody finds it any more, and whoever follows it is told.", title=titled(row, say))
    sure = Button(say("Withdraw it"), Withdraw(row.id, 1), style="danger")
    await context.show(Screen(asked, ((sure, Button(say("Back"), Manage(row.id))),), row.label))


async def bring_back(context: Context, press: BringBack) -> None:
    async with context.transaction() as tx:
        await documents.bring_back(tx, await context.myself(tx), press.document, context.now)
    await show_card(context, press.document)


async def heirs(context: Context, press: Heirs) -> None:
    say = context.say
    async with context.reading() as tx:
        row = await documents.kept(tx, context.viewer, press.document)
        page = await documents.heirs(tx, context.viewer, row.id, press.first or None, PAGE)
    asked = say("Who is to answer for {title}?", title=titled(row, say))
    who = say("Here are members whom the directory shows with their name and its organisation.")
    nobody = None if page.items else say("There is nobody yet.")
    people = [Button(one.name or "–", HandDocument(row.id, one.id)) for one in page.items]
    more = turns(page, lambda first: Heirs(row.id, first))
    back: Row = (Button(say("Back"), Manage(row.id)), Button(say("Menu"), Home()))
    await context.show(Screen(lines([asked, who, nobody]), (*columns(people, 1), *more, back), row.label))


async def hand_over(context: Context, press: HandDocument) -> None:
    async with context.transaction() as tx:
        await documents.hand_over(tx, await context.myself(tx), press.document, press.member, context.now)
    await show_card(context, press.document)


def _handed(content: Card, say: Say, _policy: Policy) -> Screen:
    row = content.document
    told = say("You answer for a document of your organisation now: {title}", title=titled(row, say))
    ways = (Button(say("Manage"), Manage(row.id)), Button(say("Menu"), Home()))
    return Screen(told, (ways,), row.label)


NOTICES = (Notice("document:handed", _handed, load),)
