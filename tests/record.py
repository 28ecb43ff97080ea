"""What the bot did, as the sandbox and the database wrote it down."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from sqlalchemy import select
from story import Control, Person, Stage, written

from storage.database import Base

Json = dict[str, Any]
SHOWING = ("sendMessage", "editMessageText", "sendDocument", "editMessageReplyMarkup")


async def calls(control: Control, *methods: str, after: int = 0) -> list[Json]:
    """Return the bot's calls of these methods, or all, after one of a number."""
    found = await control.get("/calls", after=after, limit=100_000)
    return [call for call in found if not methods or call["method"] in methods]


async def last(control: Control) -> int:
    """Return the number of the bot's latest call."""
    return sum(call["n"] for call in await control.get("/calls", limit=1))


async def goes_on(control: Control) -> None:
    """Wait for the bot's next call, or a moment: what is looked for in the database comes around one."""
    await control.get("/calls", after=await last(control), timeout=0.1)


async def comes(control: Control, method: str, after: int = 0, **parameters: Any) -> Json:
    """Wait for a call of a method with these parameters among its own, and for its answer."""
    while True:
        found = await control.get("/calls", after=after, timeout=15)
        assert found, f"{method} was not called"
        for call in found:
            if call["method"] == method and parameters.items() <= call["parameters"].items():
                return await _answered(control, call)
        after = max(call["n"] for call in found)


async def _answered(control: Control, call: Json) -> Json:
    while call["status"] is None:
        (call, *_) = await control.get("/calls", after=call["n"] - 1)
    return call


async def titles(stage: Stage) -> set[str]:
    """Return what topics are called, in all languages."""
    told = [row[0] for row in await stage.rows("SELECT titles FROM topic")]
    return {title for one in told for title in (json.loads(one) if isinstance(one, str) else one).values()}


async def replies(person: Person, *deeds: Awaitable[Any], chat: int = 0) -> list[Json]:
    """Return all that the bot wrote because of some deeds: what the same person asks later is answered later."""
    before = {message["message_id"] for message in await written_in(person, chat or person.id)}
    for deed in deeds:
        await deed
    private = Person(person.control, person.id, patience=person.patience)
    await private.says("/language")
    asked = await private.sees("choose your language")
    found = await written_in(person, chat or person.id)
    own = asked["message_id"] if chat in (0, person.id) else 0
    return [m for m in found if m["from"]["is_bot"] and m["message_id"] not in before | {own}]


async def written_in(person: Person, chat: int) -> list[Json]:
    """Return the messages of a chat that are still there."""
    found = await person.control.get(f"/users/{person.id}/chats/{chat}/messages")
    return [message for message in found["messages"] if not message["deleted"]]


async def told(person: Person, words: str) -> int:
    """Return how many of the bot's messages to somebody contain some words."""
    return sum(words in written(m) for m in await written_in(person, person.id) if m["from"]["is_bot"])


async def everything(stage: Stage) -> str:
    """Return every value of every column of every table, as one text."""
    async with stage.beside() as database, database.reading() as tx:
        return repr([(await tx.execute(select(table))).all() for table in Base.metadata.sorted_tables])


async def answers(control: Control) -> tuple[set[str], Counter[str]]:
    """Return the ids of all buttons that were pressed, and how often each was answered."""
    journal = await control.get("/updates")
    pressed = {e["update"]["callback_query"]["id"] for e in journal if "callback_query" in e["update"]}
    answered = await calls(control, "answerCallbackQuery")
    return pressed, Counter(str(call["parameters"]["callback_query_id"]) for call in answered)
