"""aiogram, as one of the client libraries that drive the sandbox; it stands alone because its import takes seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, ClassVar

import aiogram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramConflictError, TelegramForbiddenError, TelegramMigrateToChat, TelegramRetryAfter
from aiogram.types import BotCommandScopeAllPrivateChats, BufferedInputFile
from story import TOKEN

KEYS = [[{"text": "b", "callback_data": "x"}]]


class _LaterSession(AiohttpSession):
    """aiogram speaks Bot API 10.3, which demands one right that 10.0 does not have; the rest is as it came."""

    def check_response(self, bot: Any, method: Any, status_code: int, content: str) -> Any:
        later = content.replace('"can_edit_stories":', '"can_send_welcome_messages": false, "can_edit_stories":')
        return super().check_response(bot, method, status_code, later)


class Aiogram:
    """aiogram 3, on its own aiohttp session."""

    errors: ClassVar[dict[str, type[Exception]]] = {
        "429": TelegramRetryAfter,
        "403": TelegramForbiddenError,
        "migrate": TelegramMigrateToChat,
        "conflict": TelegramConflictError,
    }

    def __init__(self, bot: aiogram.Bot) -> None:
        self.bot = bot

    def file(self, content: bytes, name: str) -> Any:
        return BufferedInputFile(content, name)

    def keyboard(self) -> Any:
        return aiogram.types.InlineKeyboardMarkup.model_validate({"inline_keyboard": KEYS})

    def article(self, identifier: str) -> Any:
        content = aiogram.types.InputTextMessageContent(message_text="x")
        return aiogram.types.InlineQueryResultArticle(id=identifier, title="T", input_message_content=content)

    def command(self, command: str) -> Any:
        return aiogram.types.BotCommand(command=command, description="d")

    def photo(self, content: bytes) -> Any:
        return aiogram.types.InputMediaPhoto(media=BufferedInputFile(content, "a.png"))

    def all_private(self) -> Any:
        return BotCommandScopeAllPrivateChats()

    async def download(self, file_id: str) -> bytes:
        found = await self.bot.download(file_id, BytesIO())
        return bytes(found.getvalue())


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Aiogram]:
    """Open a bot of aiogram's against the sandbox at `url`."""
    async with aiogram.Bot(TOKEN, _LaterSession(api=TelegramAPIServer.from_base(url))) as bot:
        yield Aiogram(bot)
