"""Files as Telegram holds them, brought here whole."""

from __future__ import annotations

from typing import Any

from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.logs import log
from storage.documents import FILE_LIMIT

_log = log("bot.reading")


class Files:
    """Downloads through the bot; Telegram gives files of 20 MB at most."""

    def __init__(self, bot: ExtBot[Any]) -> None:
        self._bot = bot

    async def bring(self, file_id: str, *, seconds: float) -> bytes | None:
        """Return the content of a file; None where Telegram does not give it, or not in time."""
        try:
            file = await self._bot.get_file(file_id, read_timeout=seconds)
            if (file.file_size or 0) > FILE_LIMIT:
                return None
            return bytes(await file.download_as_bytearray(read_timeout=seconds))
        except TelegramError as error:
            _log.info("a file was not given", problem=str(error))
            return None
