"""Standing: the bot was added, promoted, demoted or removed; a group was upgraded; somebody wrote a command there."""

from __future__ import annotations

from contextlib import suppress

from telegram import Chat as TelegramChat
from telegram import ChatMember, Update
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden

from handlers.buttons import Button
from handlers.context import Context
from handlers.feature import Feature
from handlers.groups.card import card, members_add
from handlers.groups.rights import rights_missing
from handlers.language import Say
from handlers.screens import Screen
from storage import groups, removals
from storage.access import Action, allowed
from storage.database import Transaction
from storage.groups import BoundGroup, GroupKind

_INSIDE = {ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.RESTRICTED}
_LEADING = {ChatMember.ADMINISTRATOR, ChatMember.OWNER}
_KINDS = {
    TelegramChat.GROUP: GroupKind.GROUP,
    TelegramChat.SUPERGROUP: GroupKind.SUPERGROUP,
    TelegramChat.CHANNEL: GroupKind.CHANNEL,
}


async def changed(update: Update, context: Context) -> None:
    """The bot's own standing in a chat has changed."""
    told = update.my_chat_member
    if told is None or told.chat.type not in _KINDS:
        return
    now_in, was_in = told.new_chat_member.status in _INSIDE, told.old_chat_member.status in _INSIDE
    promoted = told.new_chat_member.status == ChatMember.ADMINISTRATOR != told.old_chat_member.status
    async with context.reading() as tx:
        group = await groups.by_chat(tx, told.chat.id)
        upgraded = group is None and await _may_be_upgraded(tx, told.chat)
    if not now_in:
        async with context.transaction() as tx:
            await groups.lose(tx, told.chat.id, context.now)
    elif group is not None:
        await _check(context, told.chat, told.new_chat_member)
    elif not upgraded and (not was_in or (promoted and _may_bind(context))):
        await _arrived(context, told.chat, told.new_chat_member)


async def _may_be_upgraded(tx: Transaction, chat: TelegramChat) -> bool:
    """Tell whether a supergroup that nobody bound may be a bound group that becomes one: the news come in any order."""
    if chat.type != TelegramChat.SUPERGROUP:
        return False
    return any(g.kind is GroupKind.GROUP and g.title == chat.title for g in await groups.everyone(tx))


def _may_bind(context: Context) -> bool:
    return context.turn.viewer is not None and allowed(context.viewer, Action.BIND_GROUP)


async def _check(context: Context, chat: TelegramChat, me: ChatMember) -> None:
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, chat.id)
        if group is not None:
            missing = rights_missing(me.to_dict(), kind=group.kind, forum=group.forum)
            await groups.note_rights(tx, group, missing, context.now)


async def _arrived(context: Context, chat: TelegramChat, me: ChatMember) -> None:
    if _may_bind(context):
        if await _leads(context, chat):
            await _bind(context, chat, me)
        else:
            await _refuse(context, chat, leave=False)
    else:
        await _refuse(context, chat, leave=True)


async def _refuse(context: Context, chat: TelegramChat, *, leave: bool) -> None:
    say = Say(context.policy.default_language)
    words = say("Only an administrator of {network} can add me to a group.", network=context.policy.network)
    if not leave:
        words = say("Only an administrator of this group can bind it.")
    with suppress(BadRequest, Forbidden):  # it may not be allowed to write there, or be thrown out meanwhile
        await context.bot.send_message(chat.id, words, parse_mode=ParseMode.HTML)
    if leave:
        with suppress(BadRequest, Forbidden):
            await context.bot.leave_chat(chat.id)


async def setup(_update: Update, context: Context) -> None:
    """Bind the group: its administrator, who is one of the network too, asked for it."""
    if not allowed(context.viewer, Action.BIND_GROUP):
        return
    chat = context.message.chat
    if await _leads(context, chat):
        await _bind(context, chat, await context.bot.get_chat_member(chat.id, context.bot.id))
    else:
        await _refuse(context, chat, leave=False)


async def _leads(context: Context, chat: TelegramChat) -> bool:
    asking = await context.bot.get_chat_member(chat.id, context.member.telegram_id or 0)
    return asking.status in _LEADING


async def _bind(context: Context, chat: TelegramChat, me: ChatMember) -> None:
    found = groups.Chat(chat.id, chat.title or "–", _KINDS[chat.type], bool(chat.is_forum), chat.username)
    missing = rights_missing(me.to_dict(), kind=found.kind, forum=found.forum)
    strangers, adding = await _strangers(context, chat), await members_add(context, chat.id)
    async with context.transaction() as tx:
        viewer = await context.myself(tx)
        group = await groups.bind(tx, viewer, found, context.now)
        group.missing, group.strangers = missing, strangers
        await groups.presence.came(tx, group.id, viewer.id, context.now)
    await _tell(context, group, adding=adding)


async def _strangers(context: Context, chat: TelegramChat) -> int | None:
    """Return how many people are there besides the bot and the asker: bots cannot list them."""
    with suppress(BadRequest, Forbidden):
        return max(0, int(await context.bot.get_chat_member_count(chat.id)) - 2)
    return None


async def _tell(context: Context, group: BoundGroup, *, adding: bool) -> None:
    screen = card(group, None, context.say, context.policy, adding=adding)
    to, markup = context.member.telegram_id or 0, screen.markup
    try:
        await context.bot.send_message(to, screen.html, parse_mode=ParseMode.HTML, reply_markup=markup)
    except (BadRequest, Forbidden):  # the administrator has never opened the private chat
        with suppress(BadRequest, Forbidden):
            await context.bot.send_message(group.chat_id, screen.html, parse_mode=ParseMode.HTML)


async def elsewhere(_update: Update, context: Context) -> None:
    """A command in a bound group is answered with the way to the private chat; elsewhere with silence."""
    if not _ours(context):
        return
    async with context.reading() as tx:
        bound = await groups.is_bound(tx, context.message.chat_id)
    if not bound:
        return
    say = Say(context.policy.default_language)
    button = Button(say("Open in private"), url=context.policy.link("menu"))
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
    """A group has become a supergroup; whichever of the two says so first, everything follows."""
    message = context.message
    if message.migrate_to_chat_id is not None:
        old, new = message.chat_id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        old, new = message.migrate_from_chat_id, message.chat_id
    else:
        return
    async with context.transaction() as tx:
        await removals.migrate(tx, old, new)


async def renamed(_update: Update, context: Context) -> None:
    """A group has got another title."""
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, context.chat_id)
        if group is not None and context.message.new_chat_title:
            group.title = context.message.new_chat_title
