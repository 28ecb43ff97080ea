"""What one would write first with aiogram 3: a list and 32 workers, a loop that sends, an ORM session in a handler.

Started by the benchmarks as a process of its own: `python -m benchmarks.aiogram_peer <what> <facts as JSON>`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramRetryAfter
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, LinkPreviewOptions, Message

from benchmarks.processes import TOKEN, same_letter, told_to_go


def bot(url: str) -> Bot:
    return Bot(TOKEN, AiohttpSession(api=TelegramAPIServer.from_base(url)))


def letter(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same message that we send, as aiogram takes it."""
    return same_letter(sample, InlineKeyboardMarkup.model_validate, LinkPreviewOptions.model_validate)


async def broadcast(facts: dict[str, Any]) -> None:
    """Send to a list with workers."""
    async with bot(facts["url"]) as sender:
        await sender.me()
        say = letter(facts["sample"])
        chats = iter(range(facts["first"], facts["first"] + facts["count"]))

        async def work() -> None:
            for chat in chats:
                await sender.send_message(chat, **say)

        await told_to_go()
        await asyncio.gather(*(work() for _ in range(facts["workers"])))
        await asyncio.Event().wait()


async def buttons(facts: dict[str, Any]) -> None:
    """Answer buttons while a loop sends to a list at the allowed rate."""
    dispatcher = Dispatcher()
    say = letter(facts["sample"])

    @dispatcher.callback_query()
    async def press(query: CallbackQuery) -> None:
        await query.answer()
        assert isinstance(query.message, Message)
        await query.message.edit_text("Menu", reply_markup=say["reply_markup"])

    async def send(sender: Bot) -> None:
        for chat in range(facts["first"], facts["first"] + facts["count"]):
            while True:
                try:
                    await sender.send_message(chat, **say)
                    break
                except TelegramRetryAfter as error:
                    await asyncio.sleep(error.retry_after)
            await asyncio.sleep(1 / facts["rate"])

    async with bot(facts["url"]) as sender:
        polling = asyncio.create_task(dispatcher.start_polling(sender, handle_signals=False))
        await told_to_go()
        sending = asyncio.create_task(send(sender))
        await asyncio.gather(polling, sending)


async def updates(facts: dict[str, Any]) -> None:
    """Read a member and write one, with the ORM, for each command."""
    from sqlalchemy import select

    from benchmarks.orm import Member, sessions

    dispatcher = Dispatcher()
    session = sessions(facts["database"])

    @dispatcher.message(Command("touch"))
    async def touch(message: Message) -> None:
        assert message.from_user is not None
        async with session() as tx:
            member = await tx.scalar(select(Member).where(Member.telegram_id == message.from_user.id))
            assert member is not None
            member.touched += 1
            await tx.commit()
        await message.answer(f"You have touched this {member.touched} times.")

    async with bot(facts["url"]) as sender:
        gc.collect()
        gc.freeze()
        await dispatcher.start_polling(sender, handle_signals=False)


WHAT: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
    "broadcast": broadcast, "buttons": buttons, "updates": updates,
}  # fmt: skip


def main() -> None:
    asyncio.run(WHAT[sys.argv[1]](json.loads(sys.argv[2])))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
