"""The people of the features' stories, and what several of these stories do alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text
from story import Person, Stage, written

from handlers.buttons import Press
from storage import access, documents, members
from storage.documents import Draft
from storage.members import Role
from storage.tlp import Label

JPOA, MEDIA, BORDER, VICTIMS = 1, 3, 4, 10
"""Ids of topics, by their place in the catalogue; the third is on request."""
SOAKED = pytest.mark.parametrize(
    "storage_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)], indirect=True
)
"""A long story: it is told on SQLite every time, and on PostgreSQL when everything is soaked."""


async def administrators(stage: Stage) -> tuple[Person, Person]:
    """Bring two administrators on stage, in different countries and zones."""
    first = await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR], organisation="Secretariat")
    facts = {"country": "KG", "zone": "Asia/Bishkek", "organisation": "Secretariat"}
    return first, await stage.joined(2, "Timur Demo", roles=[Role.ADMINISTRATOR], **facts)


async def forges(person: Person, press: Press) -> None:
    """Press a button that stands nowhere, on the newest message."""
    await person.looks()
    await person.does("press", chat=person.chat, message_id=max(person.seen), data=press.pack(), forge=True)


def data_of(message: dict[str, Any], label: str) -> str:
    """Return what the button called `label` says to the bot."""
    rows = message["reply_markup"]["inline_keyboard"]
    return next(str(b["callback_data"]) for row in rows for b in row if label in b["text"])


async def goes(person: Person, label: str, *seen: str) -> dict[str, Any]:
    """Press a button and wait for what it opens."""
    await person.taps(label)
    return await person.sees(*seen)


async def shares(person: Person, title: str, label: str = "TLP:GREEN", **shared: Any) -> None:
    """Share something of which nothing is to be seen: its label, its topic and its title are all that is asked."""
    await person.sends(**shared)
    await person.sees("Traffic Light Protocol")
    if label == "TLP:AMBER":
        await goes(person, label, "Whom is it for?")
        await goes(person, "Keep to my organisation", "Which topic")
    else:
        await goes(person, label, "Which topic")
    await goes(person, "Media and communication", "What is its title?")
    await person.says(title)
    await person.sees("read it once more", title)
    await person.taps("Confirm and share")
    shown = await person.sees("Thank you", title)
    assert written(shown).startswith(label)
    assert shown.get("has_protected_content", False) is (label != "TLP:CLEAR")


async def shelves(stage: Stage, telegram_id: int, *drafts: Draft) -> None:
    """Let a member have shared documents; call it before the bot comes."""
    now = await stage.now()
    async with stage.beside() as database, database.transaction() as tx:
        member = await members.by_telegram(tx, telegram_id)
        assert member is not None
        viewer = await access.viewer(tx, member.id)
        for draft in drafts:
            await documents.share(tx, viewer, draft, Label.AMBER_STRICT, now)


def paper(title: str, label: Label = Label.CLEAR, *, topic: int = MEDIA, publisher: str | None = None) -> Draft:
    """Return a document to be shared, with an address of its own."""
    return Draft(title, topic, label, f"https://border.example.org/{quote(title)}", publisher=publisher)


async def alters(stage: Stage, statement: str, **values: Any) -> None:
    """Change the database beside the bot, as a writer does."""
    async with stage.beside() as database, database.transaction() as tx:
        await tx.execute(text(statement), values)


async def stands_at(stage: Stage, at: datetime) -> None:
    """Let the clock of the network stand still at a moment."""
    await stage.control.post("/clock", freeze=True, to=at.isoformat())


async def runs_with_the_machine(stage: Stage) -> None:
    """Let the clock of the network be that of the machine: commands beside the bot know no other."""
    await stage.control.post("/clock", reset=True)


async def applies(person: Person, name: str, *, organisation: str = "Demo Institute,   unit <b>7</b>") -> None:
    """Fill the application to the end, without e-mail and motive, and send it."""
    await person.says("/start apply")
    await person.sees("1 of 7", "The terms", "version 1")
    await fills(person, name, organisation=organisation)


async def fills(person: Person, name: str, *, organisation: str) -> None:
    """Go on from the terms to the end."""
    await person.taps("Accept")
    await person.sees("2 of 7")
    await person.says(name)
    await person.sees("3 of 7")
    await person.says(organisation)
    await person.sees("4 of 7")
    await person.taps("Media")
    await person.sees("5 of 7")
    await person.taps("Kyrgyzstan")
    await person.sees("6 of 7")
    await person.taps("Skip")
    await person.sees("7 of 7")
    await person.taps("Skip")
    await person.sees("read it once more", " ".join(name.split()), " ".join(organisation.split()), "Kyrgyzstan")
    await person.taps("Submit")
    await person.sees("was sent")
