"""A stranger and an applicant see nothing of the network, whatever they type, open or press."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import pytest
from cast import administrators, paper, shelves
from story import Person, Stage, written

from bot.features import FEATURES
from handlers.buttons import Press
from handlers.home import Speak
from handlers.presses import Begin
from storage import access, announcements, events
from storage.announcements import Audience, AudienceKind, Draft
from storage.database import Database
from storage.members import MemberState
from storage.tlp import Label

SECRETS = ("Secretum", "Border security", "Joint Plan", "Institute A", "Timur")
WORDS = {"dialogue": "document", "place": "library", "words": "secretum", "to": "follow", "value": "yes", "zone": "UTC",
         "language": "en", "payload": "doc_x", "digest": "0" * 16}  # fmt: skip


async def holds_secrets(stage: Stage) -> dict[str, str]:
    """Put something of everything into the network; return the tokens of what has a link."""
    await administrators(stage)
    await stage.joined(50, "Secretum Member", organisation="Institute A", topics=["media"])
    await shelves(stage, 50, paper("Secretum paper"), paper("Secretum for members", Label.GREEN))
    database = Database(stage.storage_url)
    now = datetime.now(UTC)
    place = {"place_en": "Here", "place_ru": "Здесь", "zone": "UTC"}
    times = {"starts_at": now + timedelta(days=1), "ends_at": now + timedelta(days=2)}
    try:
        async with database.transaction() as tx:
            event = await events.add(tx, title_en="Secretum event", title_ru="Secretum", **times, **place)
            author = await access.viewer(tx, 1)
            draft = Draft("Secretum announced", "Secretum", Label.CLEAR, Audience(AudienceKind.ALL))
            await announcements.submit(tx, author, draft, 20, now)
    finally:
        await database.close()
    document = (await stage.rows("SELECT token FROM document ORDER BY id"))[0][0]
    return {"doc": str(document), "ev": event.token}


def pressed(kind: type[Press], number: int) -> Press:
    types = get_type_hints(kind)
    facts: list[Any] = [number if types[f.name] is int else WORDS[f.name] for f in fields(kind)]  # type: ignore[arg-type]
    return kind(*facts)


async def tries_everything(person: Person, tokens: dict[str, str]) -> None:
    commands = [f"/{c.name}" for feature in FEATURES for c in feature.commands if c.name not in {"erase", "leave"}]
    commands += ["/search secretum", "/digest now", "/digest 1", "/share https://example.org/a", "secretum", "D-1"]
    commands += ["https://border.example.org/Secretum%20paper"]
    for command in commands:
        await person.says(command)
    for payload in (f"doc_{tokens['doc']}", f"ev_{tokens['ev']}", "menu", "doc_", "ev_x", "review_1"):
        await person.starts(payload)
    await person.says("/status")
    message_id = (await person.sees(""))["message_id"]
    for kind in Press.known.values():
        if kind is Begin or kind.prefix in {"erase", "leave"}:
            continue  # the form shows open topics by design, and going away is another story
        for number in (0, 1):
            data = pressed(kind, number).pack()
            await person.does("press", chat=person.chat, message_id=message_id, data=data, forge=True)
    # An answer in another language is the last one for certain.
    await person.does("press", chat=person.chat, message_id=message_id, data=Speak("ru", "").pack(), forge=True)
    await person.says("/privacy")
    await person.sees("Что хранится")


@pytest.mark.parametrize("state", [MemberState.VISITOR, MemberState.NOMINATED, MemberState.SUSPENDED])
@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_nothing_is_shown_to_who_is_no_member(stage: Stage, state: MemberState) -> None:
    tokens = await holds_secrets(stage)
    person = await stage.joined(60, "Nobody", state=state, organisation="Elsewhere")
    async with stage.bot():
        await tries_everything(person, tokens)
        found = (await stage.control.get(f"/users/{person.id}/chats/{person.id}/messages", after=0))["messages"]

    shown = [written(m) for m in found if m["from"]["is_bot"]]
    assert len(shown) > 60
    assert [text for text in shown for secret in SECRETS if secret in text] == []
    assert not [m for m in found if m["from"]["is_bot"] and "Institute" in str(m.get("reply_markup"))]
    assert await stage.rows("SELECT problem FROM inbox WHERE state = 'dead' OR problem IS NOT NULL") == []
    assert await stage.rows("SELECT state FROM member WHERE telegram_id = 60") == [(state.value,)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_member_presses_every_button_there_is_and_nothing_breaks(stage: Stage) -> None:
    tokens = await holds_secrets(stage)
    person = await stage.joined(60, "Curious", organisation="Elsewhere")
    async with stage.bot():
        await tries_everything(person, tokens)

    assert await stage.rows("SELECT problem FROM inbox WHERE state = 'dead' OR problem IS NOT NULL") == []
    assert await stage.rows("SELECT role FROM member_role WHERE member_id NOT IN (1, 2)") == []
