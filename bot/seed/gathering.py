"""The demonstration's group and channel: founded, filled and opened to the bot by deeds of invented people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.seed.people import NEWCOMERS, present

Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Posts to a path of the control API."""
Look = Callable[[str], Awaitable[Any]]
"""Reads a path of the control API."""

FOUNDER, SECOND = 101, 102
GROUP, CHANNEL = "Network demo group", "Public calendar (demo)"
RIGHTS = (
    "can_invite_users", "can_restrict_members", "can_manage_topics", "can_pin_messages", "can_delete_messages",
)  # fmt: skip
WELCOME = (
    "Welcome to the network’s group. Documents, digests and announcements come from the bot, in private; here we talk."
)
NOTICE = (
    "This channel repeats what is public anyway: dates of open events and calls. Everything else is in the network."
)
TALK: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = (
    (
        "Introductions · Знакомство",
        (
            (206, "سلام به همه\nFarid, victim support, Kabul. Glad to be here."),
            (203, "Ҷамшед, Душанбе. Рад знакомству! Вопросы о правосудии — ко мне."),
        ),
    ),
    (
        "Practical matters · Организационное",
        (
            (202, "Коллеги, кто поедет на семинар в Душанбе? Хотим подготовить общую заметку."),
            (201, "Я еду. Черновик соберём здесь, готовый документ пришлю боту."),
        ),
    ),
)


POSTS: tuple[tuple[str, int, str], ...] = (
    ("📰", 202, "Коллеги, вышло обновлённое руководство по ответственному освещению. Что добавить о региональных СМИ?"),
    ("📰", 201, "Предлагаю раздел о работе с пострадавшими и о проверке источников."),
    (
        "🧭",
        207,
        "The matrix of activities is open for additions until the end of the month. One line per project is enough.",
    ),
    ("🌷", 203, "При нашей прокуратуре открылась бесплатная консультация для пострадавших. Опытом готовы поделиться."),
    ("🕊", 207, "A handbook for teachers and imams is being translated into Dari. Who could read one chapter?"),
)
"""What members say in the topics’ threads, by the topic’s emoji."""


async def introduce(ask: Ask) -> None:
    """Give everybody an account; members have met the bot before, newcomers have not."""
    for telegram_id, person in present():
        first, _, last = person.name.partition(" ")
        role = "administrator" if person.administrator else "member"
        facts = {"id": telegram_id, "first_name": first, "last_name": last, "language_code": person.language}
        await ask("/users", {**facts, "role": role, "zone": person.zone, "started": True})
    for telegram_id, name, language in NEWCOMERS:
        facts = {"id": telegram_id, "first_name": name, "language_code": language}
        await ask("/users", {**facts, "role": "newcomer", "zone": "Asia/Tashkent"})


async def gather(ask: Ask) -> None:
    """Found the group and the channel, and make the bot an administrator of the group, which binds it."""
    others = [telegram_id for telegram_id, _ in present() if telegram_id != FOUNDER]
    group = {"type": "supergroup", "is_forum": True, "title": GROUP, "owner": FOUNDER, "members": others}
    chat = (await ask("/chats", {**group, "link": "request"}))["id"]
    await ask(f"/users/{FOUNDER}/send", {"chat": chat, "text": WELCOME})
    await ask(f"/users/{SECOND}/send", {"chat": chat, "text": "Добро пожаловать! Пишите на языке, на котором удобно."})
    for name, said in TALK:
        topic = await ask(f"/users/{FOUNDER}/topic", {"chat": chat, "name": name})
        for speaker, text in said:
            await ask(f"/users/{speaker}/send", {"chat": chat, "text": text, **topic})
    await ask(f"/users/{FOUNDER}/promote", {"chat": chat, "user": "bot", "rights": dict.fromkeys(RIGHTS, True)})
    await _channel(ask, others)


async def _channel(ask: Ask, others: list[int]) -> None:
    facts = {"type": "channel", "title": CHANNEL, "username": "demo_calendar", "owner": FOUNDER, "members": others}
    chat = (await ask("/chats", facts))["id"]
    await ask(f"/users/{FOUNDER}/send", {"chat": chat, "text": NOTICE})


async def converse(ask: Ask, look: Look) -> None:
    """Give the group to the whole network, as its founder does, and talk in the threads that the bot makes."""
    card = await _card(look)
    button = card["reply_markup"]["inline_keyboard"][0][0]
    chat = (await look(f"/users/{FOUNDER}/chats"))[1]["chat"]["id"]
    where = {"chat": FOUNDER, "message_id": card["message_id"]}
    await ask(f"/users/{FOUNDER}/press", {**where, "data": button["callback_data"]})
    said: dict[str, int] = {}
    for emoji, speaker, text in POSTS:
        thread = await _thread(look, chat, emoji)
        answer = {"reply_to": said[emoji]} if emoji in said else {}
        facts = {"chat": chat, "text": text, "message_thread_id": thread, **answer}
        said[emoji] = (await ask(f"/users/{speaker}/send", facts))["message_id"]


async def _card(look: Look) -> dict[str, Any]:
    """Wait for the card of the group in the founder's private chat."""
    after = 0
    while True:
        found = await look(f"/users/{FOUNDER}/chats/{FOUNDER}/messages?after={after}&timeout=30")
        after = found["change"]
        for message in found["messages"]:
            if GROUP in message.get("text", "") and message.get("reply_markup"):
                card: dict[str, Any] = message
                return card


async def _thread(look: Look, chat: int, emoji: str) -> int:
    """Wait for the thread that the bot makes for a topic."""
    after = 0
    while True:
        found = await look(f"/users/{FOUNDER}/chats/{chat}/messages?after={after}&timeout=30")
        after = found["change"]
        for message in found["messages"]:
            if message.get("forum_topic_created", {}).get("name", "").startswith(emoji):
                return int(message["message_thread_id"])
