"""What comes after every feature: nobody is left without an answer in a private chat."""

from __future__ import annotations

from telegram import MessageEntity, Update
from telegram.ext import CallbackQueryHandler, MessageHandler, filters

from handlers.buttons import Here
from handlers.context import Context
from handlers.feature import Handler, guard, tap
from storage.access import Action
from storage.refusals import Refusal


async def _unknown(_update: Update, context: Context) -> None:
    said = context.message.parse_entities([MessageEntity.BOT_COMMAND]).values()
    if any("@" in command and not command.lower().endswith(f"@{context.bot.username.lower()}") for command in said):
        return  # it was meant for another bot
    guard(context, Action.BELONG)
    raise Refusal("access:denied")


async def _old(_update: Update, _context: Context) -> None:
    raise Refusal("button:old")


async def _here(_context: Context, _press: Here) -> None:
    return


def handlers() -> list[Handler]:
    """Return the last handlers: an old button and an unknown message each get one reply with a way forward."""
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE & ~filters.StatusUpdate.ALL
    return [tap(Here, _here), CallbackQueryHandler(_old), MessageHandler(private, _unknown)]
