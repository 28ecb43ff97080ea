"""Threads of forums: what somebody does to a topic's thread in Telegram is followed, or put right again."""

from __future__ import annotations

from telegram import Update

from handlers.context import Context
from storage import groups, topics
from storage.access import moderates
from storage.database import Transaction
from storage.groups import BoundGroup, Thread


async def made(_update: Update, context: Context) -> None:
    """A thread has come to be: of one that the bot asked for the answer may have been lost, and this is the news."""
    message = context.message
    created, by = message.forum_topic_created, message.from_user
    if created is None or by is None or by.id != context.bot.id or message.message_thread_id is None:
        return
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, message.chat_id)
        if group is not None:
            await groups.threads.made(tx, group, created.name, message.message_thread_id, context.now)


async def changed(_update: Update, context: Context) -> None:
    """Somebody has renamed, closed or reopened a thread.

    Who keeps the topic closes and reopens it so; anybody else's act is put right. A topic is renamed with `/topic`
    only, for its thread bears its title in each language.
    """
    message = context.message
    async with context.transaction() as tx:
        found = await _thread(tx, message.chat_id, message.message_thread_id)
        if found is None:
            return
        thread, group = found
        if message.forum_topic_edited is not None:
            await topics.was_renamed(tx, thread, context.now)
        else:
            closed = message.forum_topic_closed is not None
            await _close(tx, context, thread, group, closed=closed)


async def _close(tx: Transaction, context: Context, thread: Thread, group: BoundGroup, *, closed: bool) -> None:
    if thread.closed is closed:
        return
    if moderates(await context.myself(tx), thread.topic_id):
        await topics.was_closed(tx, thread, context.now, closed=closed)
    else:
        await groups.threads.put_right(tx, thread, group, context.now, closed=not closed)


async def _thread(tx: Transaction, chat_id: int, thread_id: int | None) -> tuple[Thread, BoundGroup] | None:
    group = await groups.by_chat(tx, chat_id)
    thread = await groups.threads.in_chat(tx, group, thread_id) if group and thread_id is not None else None
    return (thread, group) if group is not None and thread is not None else None
