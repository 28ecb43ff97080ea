"""Opening: a document by its number, its button or its address – the newest version – and keeping it for oneself."""

from __future__ import annotations

from handlers.context import Context
from handlers.documents.card import Card, Follow, GetFile, Save, card, draw
from handlers.feature import guard
from handlers.presses import OpenDocument, OpenVersion
from handlers.screens import Screen
from storage import documents
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.documents import Document
from storage.refusals import Refusal


async def open_document(context: Context, press: OpenDocument) -> None:
    await context.show(await drawn(context, press.document))


async def drawn(context: Context, document_id: int) -> Screen:
    """Return the card of a document's newest version."""
    async with context.reading() as tx:
        content = await _newest(tx, context.viewer, await documents.by_id(tx, context.viewer, document_id))
    return draw(content, context.say, context.policy)


async def open_version(context: Context, press: OpenVersion) -> None:
    await show_card(context, press.document)


async def show_card(context: Context, document_id: int) -> None:
    """Show exactly this version of a document."""
    async with context.reading() as tx:
        content = await card(tx, context.viewer, await documents.by_id(tx, context.viewer, document_id))
    await context.show(draw(content, context.say, context.policy))


async def by_link(context: Context, token: str) -> None:
    guard(context, Action.BELONG)
    async with context.reading() as tx:
        found = await documents.by_token(tx, context.viewer, token)
        content = await _newest(tx, context.viewer, found) if found else None
    if content is None:
        raise Refusal("document:unknown")
    await context.show(draw(content, context.say, context.policy))


async def _newest(tx: Transaction, viewer: Viewer, found: Document) -> Card:
    return await card(tx, viewer, await documents.newest(tx, viewer, found), asked=found.id)


async def get_file(context: Context, press: GetFile) -> None:
    async with context.transaction() as tx:
        await documents.promise_file(tx, await context.myself(tx), press.document, context.now)


async def follow(context: Context, press: Follow) -> None:
    async with context.transaction() as tx:
        await documents.follow(tx, await context.myself(tx), press.document, on=bool(press.on))
    await show_card(context, press.document)


async def save(context: Context, press: Save) -> None:
    async with context.transaction() as tx:
        await documents.save(tx, await context.myself(tx), press.document, context.now, on=bool(press.on))
    await show_card(context, press.document)
