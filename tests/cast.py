"""The people of the features' stories, and what several of these stories do alike."""

from __future__ import annotations

from typing import Any

from story import Person, Stage

from handlers.buttons import Press
from storage.members import Role


async def administrators(stage: Stage) -> tuple[Person, Person]:
    """Bring two administrators on stage, in different countries and zones."""
    first = await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR], organisation="Secretariat")
    facts = {"country": "KG", "zone": "Asia/Bishkek", "organisation": "Secretariat"}
    return first, await stage.joined(2, "Timur Demo", roles=[Role.ADMINISTRATOR], **facts)


async def forges(person: Person, press: Press) -> None:
    """Press a button that stands nowhere, on the newest message."""
    await person.does("press", chat=person.chat, message_id=max(person.seen), data=press.pack(), forge=True)


def data_of(message: dict[str, Any], label: str) -> str:
    """Return what the button called `label` says to the bot."""
    rows = message["reply_markup"]["inline_keyboard"]
    return next(str(b["callback_data"]) for row in rows for b in row if label in b["text"])
