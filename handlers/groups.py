"""Groups: bound by an administrator, left otherwise; nothing personal is ever shown in one."""

from __future__ import annotations

from telegram import ChatMember, ChatMemberAdministrator, Update
from telegram.ext import ChatMemberHandler, CommandHandler, MessageHandler, filters

from handlers.buttons import Button
from handlers.context import Context
from handlers.feature import Feature
from handlers.language import Say, text
from handlers.screens import Screen, lines
from storage import groups
from storage.access import Action, allowed

RIGHTS = {
    "can_invite_users": text("invite users"),
    "can_manage_topics": text("manage topics"),
    "can_pin_messages": text("pin messages"),
    "can_delete_messages": text("delete messages"),
}
_INSIDE = {ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.RESTRICTED}


async def standing(update: Update, context: Context) -> None:
    """The bot was added, promoted, demoted or removed."""
    changed = update.my_chat_member
    if changed is None or changed.chat.type == "private" or changed.new_chat_member.status not in _INSIDE:
        return
    if changed.old_chat_member.status in _INSIDE:
        return
    if not allowed(context.viewer, Action.BIND_GROUP):
        say = Say(context.policy.default_language)
        words = say("Only an administrator of {network} can add me to a group.", network=context.policy.network)
        await context.bot.send_message(changed.chat.id, words, parse_mode="HTML")
        await context.bot.leave_chat(changed.chat.id)
        return
    await _bind(context, changed.chat.id, changed.chat.title or "–")


async def setup(_update: Update, context: Context) -> None:
    if allowed(context.viewer, Action.BIND_GROUP):
        await _bind(context, context.message.chat_id, context.message.chat.title or "–")


async def _bind(context: Context, chat_id: int, title: str) -> None:
    me = await context.bot.get_chat_member(chat_id, context.bot.id)
    async with context.transaction() as tx:
        await groups.bind(tx, await context.myself(tx), chat_id, title, context.now)
    say = context.say
    held = me if isinstance(me, ChatMemberAdministrator) else None
    missing = [say(label) for right, label in RIGHTS.items() if not getattr(held, right, False)]
    bound = say("The group “{title}” is bound to the network.", title=title)
    lacking = say("I still need these rights there: {rights}.", rights=", ".join(missing)) if missing else None
    screen = Screen(lines([bound, lacking]))
    await context.bot.send_message(context.member.telegram_id or 0, screen.html, parse_mode="HTML")


async def elsewhere(_update: Update, context: Context) -> None:
    """A command in a bound group is answered with the way to the private chat; elsewhere with silence."""
    async with context.reading() as tx:
        bound = await groups.is_bound(tx, context.message.chat_id)
    if not bound:
        return
    say = Say(context.policy.default_language)
    button = Button(say("Open in private"), url=f"https://t.me/{context.policy.bot_username}?start=menu")
    await context.send(Screen(say("Let us go on in private."), ((button,),)))


async def migrated(_update: Update, context: Context) -> None:
    message = context.message
    if message.migrate_to_chat_id is not None:
        old, new = message.chat_id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        old, new = message.migrate_from_chat_id, message.chat_id
    else:
        return
    async with context.transaction() as tx:
        await groups.migrate(tx, old, new)


_GROUP = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE
_OURS = ["start", "menu", "help", "topics", "library", "search", "digest", "events", "share", "settings", "status"]

FEATURE = Feature(
    name="groups",
    handlers=(
        ChatMemberHandler(standing, ChatMemberHandler.MY_CHAT_MEMBER),
        CommandHandler("setup", setup, _GROUP),
        CommandHandler(_OURS, elsewhere, _GROUP),
        MessageHandler(filters.StatusUpdate.MIGRATE, migrated),
    ),
)
