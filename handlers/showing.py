"""Showing: a screen on Telegram at once, with what is attached to it, or in place of what stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from telegram import InputMediaDocument, InputMediaPhoto, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest
from telegram.ext import ExtBot
from telegram.request import RequestData

from handlers.screens import Screen

Bot = ExtBot[None]
_PIECES: Mapping[str, Callable[..., InputMediaPhoto | InputMediaDocument]] = {
    "photo": InputMediaPhoto,
    "document": InputMediaDocument,
}


async def send(bot: Bot, chat_id: int, screen: Screen) -> None:
    """Send a screen as a new message, or as an album. Raises what Telegram refuses."""
    common: dict[str, Any] = {"protect_content": screen.protected}
    said: dict[str, Any] = {"caption": screen.html, "parse_mode": ParseMode.HTML}
    match screen.media:
        case ():
            await _call(bot, "sendMessage", {**screen.parameters(), **common, "chat_id": chat_id})
        case (("photo", file_id),):
            await bot.send_photo(chat_id, file_id, reply_markup=screen.markup, **said, **common)
        case ((_, file_id),):
            await bot.send_document(chat_id, file_id, reply_markup=screen.markup, **said, **common)
        case _:
            pieces = [_PIECES[kind](file_id) for kind, file_id in screen.media]
            await bot.send_media_group(chat_id, pieces, **said, **common)


@dataclass(frozen=True)
class _Plain:
    """The parameters of a call in plain JSON values, as the framework's request takes them."""

    parameters: dict[str, Any]
    contains_files = False


async def _call(bot: Bot, method: str, parameters: dict[str, Any]) -> None:
    """Call a method whose answer nobody reads: that the framework makes objects of it takes as long as all the rest."""
    await bot.request.post(f"{bot.base_url}/{method}", cast("RequestData", _Plain(parameters)))


async def redraw(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> bool:
    """Show a screen in a message that has its media, or none like the screen; tell whether it stands there now."""
    parts: dict[str, Any] = {"parse_mode": ParseMode.HTML, "reply_markup": screen.markup}
    try:
        if screen.media:
            await bot.edit_message_caption(chat_id, message_id, caption=screen.html, **parts)
        else:
            await _call(bot, "editMessageText", {**screen.parameters(), "chat_id": chat_id, "message_id": message_id})
    except BadRequest as error:
        return "not modified" in str(error).lower()
    return True


def carries_media(message: Message | Any) -> bool:
    """Tell whether a message has a picture or a document; of one that is too old to be read nobody knows."""
    return bool(getattr(message, "photo", None) or getattr(message, "document", None))
