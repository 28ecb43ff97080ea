"""The gate: recognises the speaker before any other handler; a stranger meets only the door."""

from __future__ import annotations

from datetime import datetime

from telegram import Chat, ChatMember, Message, Update, User
from telegram.ext import ApplicationHandlerStop, TypeHandler

from handlers.context import Context
from handlers.feature import Handler
from handlers.language import negotiate
from storage import access, dialogues, members, presence
from storage.database import Transaction
from storage.members import Member, Office


async def recognise(update: Update, context: Context) -> None:
    """Put the speaker into the turn; end it where nobody in particular speaks."""
    if _tells_of_a_chat(update):
        return  # it counts whoever did it, and no matter that nobody in particular speaks
    user = update.effective_user
    if user is None or user.is_bot or _speaks_for_a_chat(_spoken(update)) or _blocks(update):
        raise ApplicationHandlerStop
    speaker = context.turn.speaker
    if speaker is None or speaker.account != user.id:
        async with context.reading() as tx:
            speaker = (await dialogues.speakers(tx, [user.id]))[user.id]
    member, held, context.turn.in_form = speaker.member, speaker.offices, speaker.in_form
    if update.inline_query is not None:  # typed in another chat: nobody is met by it
        _seat(context, member, held)
        return
    if member is None or member.unreachable_since is not None or presence.unnoted(member, context.now):
        async with context.services.database.transaction() as tx:
            member = await _meet(tx, context, user, context.now)
            held = (await members.offices(tx, [member.id]))[member.id]
    _seat(context, member, held)


def _seat(context: Context, member: Member | None, held: frozenset[Office]) -> None:
    if member is not None:
        context.turn.member = member
        context.turn.viewer = access.viewer_of(member, held)


async def _meet(tx: Transaction, context: Context, user: User, now: datetime) -> Member:
    policy = context.policy
    language = negotiate(user.language_code, policy.languages, policy.default_language)
    member = await members.welcome(tx, user.id, language, policy.zone, now)
    member.unreachable_since = None  # who speaks can be reached
    await presence.note(tx, member.id, now)
    return member


def _tells_of_a_chat(update: Update) -> bool:
    """Tell whether an update says what happened in a chat: who came or went, a channel's post, a thread, reactions."""
    told = (update.chat_member, update.channel_post, update.edited_channel_post, update.message_reaction)
    if any(one is not None for one in (*told, update.message_reaction_count)):
        return True
    message = update.message
    if message is not None and message.forum_topic_created is not None:
        return True
    changed, user = update.my_chat_member, update.effective_user
    return changed is not None and changed.chat.type != Chat.PRIVATE and (user is None or user.is_bot)


def _spoken(update: Update) -> Message | None:
    query = update.callback_query
    if query is None:
        return update.effective_message
    return query.message if isinstance(query.message, Message) else None  # one that is too old says nothing of itself


def _blocks(update: Update) -> bool:
    # Who blocks the bot says so by it, and is not there to be met.
    changed = update.my_chat_member
    return (
        changed is not None
        and changed.chat.type == Chat.PRIVATE
        and changed.new_chat_member.status == ChatMember.BANNED
    )


def _speaks_for_a_chat(message: Message | None) -> bool:
    # An anonymous administrator or a channel is nobody whose rights could be asked.
    return message is not None and message.sender_chat is not None


def gate() -> Handler:
    """Return the first handler of every update."""
    return TypeHandler(Update, recognise)
