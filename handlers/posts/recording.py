"""Recording: what is said in the groups and channels of the network, and by whom it may be said there."""

from __future__ import annotations

from telegram import Message, MessageReactionUpdated, Update

from handlers.context import Context
from handlers.language import legible
from storage import door, errands, groups, mutes, posts, topics
from storage.database import Transaction
from storage.door import Way
from storage.errands import ErrandKind
from storage.groups import BoundGroup
from storage.posts import Said
from storage.topics import Topic

_KINDS = ("photo", "video", "document", "voice", "poll")


async def said(_update: Update, context: Context) -> None:
    """Somebody has said something in a group."""
    message = context.message
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, message.chat_id)
        if group is None:
            return
        account = context.member.telegram_id or 0
        if not await door.arrived(tx, group, account, Way.SEEN, context.now):
            gone = {"message_id": message.message_id}
            await errands.send(tx, ErrandKind.DELETE, group.chat_id, gone, context.now)
            return
        if await mutes.muted_until(tx, context.member.id, context.now) is not None:
            gone = {"message_id": message.message_id}
            await errands.send(tx, ErrandKind.DELETE, group.chat_id, gone, context.now)
            return
        topic = await _topic(tx, group, message)
        if topic is not None:
            await posts.record(tx, group, topic, context.member, _read(message), context.now)


async def posted(_update: Update, context: Context) -> None:
    """Something was posted in a channel."""
    message = context.message
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, message.chat_id)
        topic = await _topic(tx, group, message) if group is not None else None
        if group is not None and topic is not None:
            await posts.record(tx, group, topic, None, _read(message), context.now)


async def edited(_update: Update, context: Context) -> None:
    """A message of a group or a channel says something else now."""
    message = context.message
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, message.chat_id)
        if group is not None:
            await posts.edited(tx, group, message.message_id, _html(message))


async def reacted(update: Update, context: Context) -> None:
    """Somebody has reacted to a message; only how many did is kept."""
    async with context.transaction() as tx:
        one, many = update.message_reaction, update.message_reaction_count
        changed = one or many
        group = await groups.by_chat(tx, changed.chat.id) if changed is not None else None
        if group is None:
            return
        if one is not None:
            await _react(tx, group, one, context)
        elif many is not None:
            total = sum(reaction.total_count for reaction in many.reactions)
            await posts.counted(tx, group, many.message_id, total)


async def _react(tx: Transaction, group: BoundGroup, one: MessageReactionUpdated, context: Context) -> None:
    more = len(one.new_reaction) - len(one.old_reaction)
    if one.user is None or await door.arrived(tx, group, one.user.id, Way.SEEN, context.now):
        await posts.reacted(tx, group, one.message_id, more=more)


async def _topic(tx: Transaction, group: BoundGroup, message: Message) -> Topic | None:
    """Return the topic in which something was said; in a forum's General there is none."""
    topic_id = group.topic_id
    if topic_id is None and message.is_topic_message and message.message_thread_id is not None:
        thread = await groups.threads.in_chat(tx, group, message.message_thread_id)
        topic_id = thread.topic_id if thread is not None else None
    return await topics.known_to_bot(tx, topic_id) if topic_id is not None else None


def _read(message: Message) -> Said:
    kind = next((name for name in _KINDS if getattr(message, name)), None)
    answered = message.reply_to_message
    return Said(
        message.message_id,
        message.message_thread_id if message.is_topic_message else None,
        _html(message),
        kind or ("text" if message.text else "other"),
        message.date,
        message.document.file_id if message.document is not None else None,
        answered.message_id if answered is not None else None,
        message.media_group_id,
    )


def _html(message: Message) -> str | None:
    written = message.text_html if message.text else message.caption_html if message.caption else ""
    return legible(written) or None
