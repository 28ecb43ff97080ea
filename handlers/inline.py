"""Inline mode: members find from any chat what is TLP:CLEAR, and post it there with its label first."""

from __future__ import annotations

from contextlib import suppress
from html import escape

from telegram import InlineQueryResultArticle, InputTextMessageContent, LinkPreviewOptions, Update
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import InlineQueryHandler

from handlers.context import Context, Policy
from handlers.feature import Feature
from handlers.language import isolated
from handlers.screens import Screen, lines
from storage import documents
from storage.access import Action, allowed
from storage.documents import Document, Filters
from storage.tlp import Label

MOST = 20


async def offer(update: Update, context: Context) -> None:
    """Answer what somebody types behind the bot's name; who is no member, or asks where it is off, gets nothing."""
    assert update.inline_query is not None
    rows = await _found(context, update.inline_query.query)
    results = [_result(row, context.policy) for row in rows]
    with suppress(TelegramError):  # they have typed on meanwhile: nobody looks at this answer any more
        await update.inline_query.answer(results, cache_time=0, is_personal=True)


async def _found(context: Context, words: str) -> list[Document]:
    viewer = context.turn.viewer
    if viewer is None or not context.policy.inline or not allowed(viewer, Action.BELONG):
        return []
    async with context.reading() as tx:
        hits = await documents.search(tx, viewer, words, Filters(clear_only=True))
        rows = await documents.shown(tx, viewer, hits.ids[:MOST])
    return [row for row in rows if row.label is Label.CLEAR]


def _result(row: Document, policy: Policy) -> InlineQueryResultArticle:
    source = ", ".join(str(fact) for fact in (row.publisher, row.year) if fact)
    link = row.url or policy.link(f"doc_{row.token}")
    said = [f"<b>{isolated(row.title)}</b>", isolated(source) if source else None, escape(link)]
    screen = Screen(lines(["\n".join(line for line in said if line)]), label=row.label)
    return InlineQueryResultArticle(
        id=str(row.id),
        title=row.title,
        description=" · ".join(part for part in (row.label.value, source) if part),
        input_message_content=InputTextMessageContent(
            screen.html, parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)
        ),
    )


FEATURE = Feature(name="inline", handlers=(InlineQueryHandler(offer),))
