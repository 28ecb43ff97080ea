"""Groups: bound by an administrator, left otherwise; nothing personal is ever shown in one."""

from __future__ import annotations

from contextlib import suppress

from telegram import Chat, ChatMember, ChatMemberAdministrator, Update
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden
from telegram.ext import ChatMemberHandler, CommandHandler, MessageHandler, filters

from handlers.buttons import Button
from handlers.context import Context
from handlers.feature import Feature
from handlers.language import Say, text
from handlers.screens import Screen, lines
from storage import groups, removals
from storage.access import Action, allowed

RIGHTS = {
    "can_invite_users": text("invite users"),
    "can_manage_topics": text("manage topics"),
    "can_pin_messages": text("pin messages"),
    "can_delete_messages": text("delete messages"),
    "can_restrict_members": text("remove members"),
}
_INSIDE = {ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.RESTRICTED}
_LEADING = {ChatMember.ADMINISTRATOR, ChatMember.OWNER}
_GROUPS = {Chat.GROUP, Chat.SUPERGROUP}


async def standing(update: Update, context: Context) -> None:
    """The bot was added, promoted, demoted or removed."""
    changed = update.my_chat_member
    if changed is None or changed.chat.type not in _GROUPS:
        return
    if changed.new_chat_member.status not in _INSIDE:
        async with context.transaction() as tx:
            await groups.lose(tx, changed.chat.id, context.now)
    elif changed.old_chat_member.status not in _INSIDE:
        await _arrived(context, changed.chat)


async def _arrived(context: Context, chat: Chat) -> None:
    if allowed(context.viewer, Action.BIND_GROUP):
        await _bind(context, chat)
        return
    say = Say(context.policy.default_language)
    words = say("Only an administrator of {network} can add me to a group.", network=context.policy.network)
    with suppress(BadRequest, Forbidden):  # it may not be allowed to write there, or be thrown out meanwhile
        await context.bot.send_message(chat.id, words, parse_mode=ParseMode.HTML)
    with suppress(BadRequest, Forbidden):
        await context.bot.leave_chat(chat.id)


async def setup(_update: Update, context: Context) -> None:
    if not allowed(context.viewer, Action.BIND_GROUP):
        return
    chat = context.message.chat
    asking = await context.bot.get_chat_member(chat.id, context.member.telegram_id or 0)
    if asking.status in _LEADING:
        await _bind(context, chat)
    else:
        say = Say(context.policy.default_language)
        await context.send(Screen(say("Only an administrator of this group can bind it.")))


async def _bind(context: Context, chat: Chat) -> None:
    me = await context.bot.get_chat_member(chat.id, context.bot.id)
    title = chat.title or "–"
    async with context.transaction() as tx:
        await groups.bind(tx, await context.myself(tx), chat.id, title, context.now)
    say = context.say
    held = me if isinstance(me, ChatMemberAdministrator) else None
    wanted = {right: label for right, label in RIGHTS.items() if chat.is_forum or right != "can_manage_topics"}
    missing = [say(label) for right, label in wanted.items() if not getattr(held, right, False)]
    bound = say("The group “{title}” is bound to the network.", title=title)
    lacking = say("I still need these rights there: {rights}.", rights=", ".join(missing)) if missing else None
    words = lines([bound, lacking])
    try:
        await context.bot.send_message(context.member.telegram_id or 0, words, parse_mode=ParseMode.HTML)
    except (BadRequest, Forbidden):  # the administrator has never opened the private chat
        await context.bot.send_message(chat.id, words, parse_mode=ParseMode.HTML)


async def elsewhere(_update: Update, context: Context) -> None:
    """A command in a bound group is answered with the way to the private chat; elsewhere with silence."""
    if not _ours(context):
        return
    async with context.reading() as tx:
        bound = await groups.is_bound(tx, context.message.chat_id)
    if not bound:
        return
    say = Say(context.policy.default_language)
    button = Button(say("Open in private"), url=f"https://t.me/{context.policy.bot_username}?start=menu")
    await context.send(Screen(say("Let us go on in private."), ((button,),)))


def _ours(context: Context) -> bool:
    """Tell whether a command is one of this bot's, meant for it, and open to the speaker."""
    said = (context.message.text or "").split(maxsplit=1)[0].lower()
    name, _, addressed = said.removeprefix("/").partition("@")
    features: tuple[Feature, ...] = context.application.bot_data["features"]
    commands = [command for feature in features for command in feature.commands if not command.hidden]
    known = {c.name for c in commands if c.needs is None or allowed(context.viewer, c.needs)}
    return name in known and addressed in ("", context.bot.username.lower())


async def migrated(_update: Update, context: Context) -> None:
    message = context.message
    if message.migrate_to_chat_id is not None:
        old, new = message.chat_id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        old, new = message.migrate_from_chat_id, message.chat_id
    else:
        return
    async with context.transaction() as tx:
        await removals.migrate(tx, old, new)


_GROUP = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE

FEATURE = Feature(
    name="groups",
    handlers=(
        ChatMemberHandler(standing, ChatMemberHandler.MY_CHAT_MEMBER),
        CommandHandler("setup", setup, _GROUP),
        MessageHandler(filters.COMMAND & _GROUP, elsewhere),
        MessageHandler(filters.StatusUpdate.MIGRATE, migrated),
    ),
)
