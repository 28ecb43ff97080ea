"""What one would write first with python-telegram-bot: its own rate limiter, default request and pool.

Started by the benchmarks as a process of its own: `python -m benchmarks.ptb_peer <what> <facts as JSON>`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from telegram import InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter, Application, ApplicationBuilder, CallbackQueryHandler, ContextTypes

from benchmarks.processes import TOKEN, same_letter, told_to_go

App = Application[Any, Any, Any, Any, Any, Any]
OUT_OF_THE_WAY = 1_000_000


def application(url: str, rate: float = OUT_OF_THE_WAY, retries: int = 5) -> App:
    limiter = AIORateLimiter(overall_max_rate=rate, overall_time_period=1, max_retries=retries)
    builder: Any = ApplicationBuilder().token(TOKEN).base_url(f"{url}/bot").rate_limiter(limiter)
    made: App = builder.build()
    return made


def letter(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same message that we send, as python-telegram-bot takes it."""
    return same_letter(sample, InlineKeyboardMarkup.de_json, LinkPreviewOptions.de_json)


async def broadcast(facts: dict[str, Any]) -> None:
    """Send to a list: with workers, one after the other (1 worker), or all at once (0 workers)."""
    async with application(facts["url"], facts.get("rate", OUT_OF_THE_WAY), facts.get("retries", 5)) as app:
        await told_to_go()
        lost = await send(app, facts)
        print(f"done, lost {lost}", flush=True)
        await asyncio.Event().wait()


async def send(app: App, facts: dict[str, Any]) -> int:
    """Send, and return how many messages were given up."""
    say, chats = letter(facts["sample"]), range(facts["first"], facts["first"] + facts["count"])
    lost = 0

    async def work(some: Iterable[int]) -> None:
        nonlocal lost
        for chat in some:
            try:
                await app.bot.send_message(chat, **say)
            except RetryAfter:
                lost += 1

    if facts["workers"] == 0:
        await asyncio.gather(*(work([chat]) for chat in chats))
    else:
        shared = iter(chats)
        await asyncio.gather(*(work(shared) for _ in range(facts["workers"])))
    return lost


async def buttons(facts: dict[str, Any]) -> None:
    """Answer buttons while the same bot sends to a list."""
    markup = letter(facts["sample"])["reply_markup"]

    async def press(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer()
        await update.callback_query.edit_message_text("Menu", reply_markup=markup)

    app = application(facts["url"], facts["rate"], facts["retries"])
    app.add_handler(CallbackQueryHandler(press))
    async with app:
        await app.start()
        assert app.updater is not None
        await app.updater.start_polling()
        await told_to_go()
        sending = asyncio.create_task(send(app, facts))
        await asyncio.Event().wait()
        sending.cancel()


def run_polling(facts: dict[str, Any]) -> None:
    """Be the smallest bot there is."""
    builder: Any = ApplicationBuilder().token(TOKEN).base_url(f"{facts['url']}/bot")
    builder.build().run_polling()


WHAT: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {"broadcast": broadcast, "buttons": buttons}


def main() -> None:
    facts = json.loads(sys.argv[2])
    if sys.argv[1] == "rest":
        run_polling(facts)
    else:
        asyncio.run(WHAT[sys.argv[1]](facts))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
