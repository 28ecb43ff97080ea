"""A stranger, an applicant and who was shut out learn no name, whatever they type, open or press."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, get_type_hints

import pytest
from announcers import submits
from cast import BORDER, administrators, paper, shelves
from record import calls, last, replies, titles
from story import Person, Stage, buttons, written

from bot.features import FEATURES
from handlers.buttons import Press
from handlers.feature import Gated
from handlers.home import Speak
from handlers.presses import Begin, Open
from storage import access, applications, events, members, nominations, privacy, topics
from storage.access import Action
from storage.applications import Admission, Filled
from storage.consents import TERMS_VERSION, Accepted
from storage.database import Transaction
from storage.members import Category, MemberState
from storage.nominations import Written
from storage.tlp import Label

MEMBERS_ONLY = "This is for members of the network."
WORDS = {"dialogue": "document", "place": "library", "words": "secretum", "to": "follow", "value": "yes", "zone": "UTC",
         "language": "en", "payload": "doc_x", "digest": "0" * 16, "version": "1",
         "country": "KZ", "category": "JUSTICE", "field": "name"}  # fmt: skip
GOING = ("begin", "erase", "leave", "app.back", "lang", "cancel")
"""Buttons that change where a person stands; what they open is another story."""
OWN = {None, Action.APPLY, Action.AWAIT, Action.VALIDATE}
"""What somebody who is no member may have a right to."""
OUTSIDE = (
    MemberState.VISITOR, MemberState.NOMINATED, MemberState.DECLINED, MemberState.BLOCKED, MemberState.SUSPENDED
)  # fmt: skip
LIKE_A_VISITOR = {MemberState.DECLINED, MemberState.BLOCKED}
"""What they press meets the same guard as a visitor's press."""
NAMES = (
    "SELECT name FROM member WHERE name IS NOT NULL AND telegram_id NOT BETWEEN 60 AND 69",
    "SELECT name FROM organisation WHERE name != 'Elsewhere'",
    "SELECT title FROM document",
    "SELECT title_en FROM event", "SELECT title_ru FROM event", "SELECT titles FROM announcement",
    "SELECT name FROM nomination", "SELECT organisation FROM nomination WHERE organisation IS NOT NULL",
    "SELECT name FROM application WHERE member_id NOT IN (SELECT id FROM member WHERE telegram_id BETWEEN 60 AND 69)",
)  # fmt: skip


async def holds_names(stage: Stage) -> dict[str, str]:
    """Put something of everything into the network; return the tokens of what has a link."""
    await administrators(stage)
    await stage.joined(50, "Secretum Member", organisation="Institute Secretum", topics=["media"])
    await stage.joined(51, "Candidate Secretum", state=MemberState.VISITOR)
    await shelves(stage, 50, paper("Secretum paper"), paper("Secretum for members", Label.GREEN))
    now = await stage.now()
    async with stage.beside() as database, database.transaction() as tx:
        tokens = await _planted(tx, now)
    document = (await stage.rows("SELECT token FROM document ORDER BY id"))[0][0]
    return {"doc": str(document), **tokens}


async def _planted(tx: Transaction, now: datetime) -> dict[str, str]:
    place = {"place_en": "Here", "place_ru": "Здесь", "zone": "UTC"}
    times = {"starts_at": now + timedelta(days=1), "ends_at": now + timedelta(days=2)}
    event = await events.add(tx, now=now, title_en="Secretum event", title_ru="Секретное событие", **times, **place)
    author, (source, candidate) = await access.viewer(tx, 1), [await _viewer(tx, n) for n in (50, 51)]
    await submits(tx, author, "Secretum announced", now, label=Label.CLEAR)
    await topics.ask(tx, source, BORDER, now)
    person = Written("Nominee Secretum", "Ministry Secretum", Category.MEDIA, "KG", "Secretum reason")
    used = await nominations.nominate(tx, author, person, now)
    await nominations.redeem(tx, candidate, used, now)
    await nominations.invite(tx, source, "Invitee Secretum", now)
    await _applies(tx, candidate, Filled("Candidate Secretum", "Office Secretum", Category.MEDIA, "KG"), now)
    return {"ev": event.token, "in": used}


async def _viewer(tx: Transaction, telegram_id: int) -> access.Viewer:
    member = await members.by_telegram(tx, telegram_id)
    assert member is not None
    return await access.viewer(tx, member.id)


async def _applies(tx: Transaction, viewer: access.Viewer, filled: Filled, now: datetime) -> None:
    await applications.submit(tx, viewer, filled, Accepted(TERMS_VERSION, "the terms"), Admission(), now)


async def outside(stage: Stage) -> list[Person]:
    """Bring somebody of each state on stage who is no member; the applicant has applied by a link."""
    states = [MemberState.VISITOR if s is MemberState.NOMINATED else s for s in OUTSIDE]
    people = [
        await stage.joined(60 + n, f"Account {n}", state=state, organisation="Elsewhere")
        for n, state in enumerate(states)
    ]
    now = await stage.now()
    async with stage.beside() as database, database.transaction() as tx:
        author, applicant = await access.viewer(tx, 1), await _viewer(tx, 61)
        secret = await nominations.invite(tx, author, "Account 1 Secretum", now)
        row = await nominations.redeem(tx, applicant, secret, now)
        filled = Filled("Account 1", "Elsewhere", Category.MEDIA, "KG", nomination_id=row.id)
        await _applies(tx, applicant, filled, now)
        assert "Secretum" not in repr(await privacy.copy_of(tx, applicant.id))
    return people


def pressed(kind: type[Press], number: int) -> Press:
    """Return a button of this kind that speaks of what has this number."""
    types = get_type_hints(kind)
    facts: list[Any] = [_fact(types[f.name], f.name, number) for f in fields(kind)]  # type: ignore[arg-type]
    return kind(*facts)


def _fact(kind: Any, name: str, number: int) -> Any:
    if kind is int:
        return number if name not in ("sure", "yes", "uphold") else 1
    return next(iter(kind)) if issubclass(kind, Enum) else WORDS.get(name, "x")


def members_commands() -> list[str]:
    found = [f"/{c.name}" for feature in FEATURES for c in feature.commands if c.needs not in OWN]
    assert len(found) > 10
    return [*found, "/search secretum", "/digest 1", "D-1", "https://border.example.org/Secretum%20paper"]


def own_commands() -> list[str]:
    return [f"/{c.name}" for f in FEATURES for c in f.commands if c.needs in OWN and c.name not in ("erase", "leave")]


def payloads(tokens: dict[str, str]) -> list[str]:
    """Return deep links of each kind there is: one that leads somewhere, and ones that do not."""
    words = sorted({word for f in FEATURES for word in (*f.links, *f.doors)})
    assert set(words) >= set(tokens)
    known = [f"{word}_{token}" for word, token in tokens.items()]
    return [*known, *(f"{word}_unknown" for word in words), "doc_", "in_%", "zzz", "menu_1", "x" * 200]


def every_button(number: int, *, own: bool) -> list[str]:
    """Return what each button of members says of what has this number, or each of everybody (`own`)."""
    needed = {h.opens: h.needs for f in FEATURES for h in f.handlers if isinstance(h, Gated)}
    kinds = [kind for prefix, kind in Press.known.items() if prefix not in GOING and kind is not Open]
    made = [pressed(kind, number).pack() for kind in kinds if (needed.get(kind.prefix) in OWN) is own]
    places = [opens.removeprefix("open ") for opens, needs in needed.items() if (needs in OWN) is own]
    made += [Open(name).pack() for name in places if f"open {name}" in needed]
    return [*made, Speak("en", f"doc_{number}").pack()] if own else made


async def one_answer(person: Person, *deeds: Any) -> tuple[str, list[str]]:
    """Return the only answer that all these deeds get."""
    found = [(written(message), buttons(message)) for message in await replies(person, *deeds)]
    assert len(found) == len(deeds)
    assert [answer for answer in found if answer != found[0]] == []
    return found[0]


async def presses(person: Person, *made: str) -> list[Any]:
    """Press buttons that stand nowhere; return the screens that were shown for it."""
    await person.says("/help")
    message_id = (await person.sees("What you can do here"))["message_id"]
    before = await last(person.control)
    for data in made:
        pressed = {"chat": person.chat, "message_id": message_id, "data": data, "forge": True}
        await person.control.post(f"/users/{person.id}/press", **pressed)
    await replies(person)
    shown = await calls(person.control, "sendMessage", "editMessageText", after=before)
    own = [call["parameters"] for call in shown if int(call["parameters"].get("chat_id", 0)) == person.id]
    return [(call["text"], call.get("reply_markup")) for call in own]


async def tries_everything(person: Person, tokens: dict[str, str], *, presses_too: bool) -> None:
    typed = [person.says(words) for words in ("/nonsense", *members_commands())]
    sentence, _ = await one_answer(person, *typed)
    assert sentence.startswith(MEMBERS_ONLY)
    sentence, _ = await one_answer(person, *(person.says(f"/start {payload}") for payload in payloads(tokens)))
    assert sentence.startswith(MEMBERS_ONLY)
    for words in (*own_commands(), "/start apply", "/status", "/cancel"):
        await person.says(words)
    await replies(person)
    if presses_too:
        await presses_everything(person)


async def presses_everything(person: Person) -> None:
    forms = [d.name for feature in FEATURES for d in feature.dialogues if d.needs not in OWN]
    theirs = [*(Begin(name).pack() for name in forms), *every_button(1, own=False)]
    assert len(theirs) > 40
    *refused, _ = await presses(person, *theirs)
    assert len(refused) == len(theirs)
    assert [answer for answer in refused if answer != refused[0]] == []
    assert refused[0][0].startswith(MEMBERS_ONLY)
    assert await presses(person, *every_button(1, own=True)) == await presses(person, *every_button(999, own=True))


@pytest.mark.timeout(240)
async def test_no_name_is_told_to_who_is_no_member_by_any_command_link_or_button(stage: Stage) -> None:
    tokens = await holds_names(stage)
    people = await outside(stage)
    names = {str(name) for question in NAMES for (name,) in await stage.rows(question)} | await titles(stage)
    assert len(names) > 30
    for person in people:
        person.patience = 50
    half = slice("postgresql" in stage.storage_url, None, 2)  # what is asked here is the same on both engines
    async with stage.bot():
        for person, state in list(zip(people, OUTSIDE, strict=True))[half]:
            await tries_everything(person, tokens, presses_too=state not in LIKE_A_VISITOR)
        await stage.settled()
        said = await calls(stage.control)

    ids = {person.id for person in people}
    told = [
        call["parameters"]
        for call in said
        if call["parameters"].get("chat_id") in ids or call["method"] == "answerCallbackQuery"
    ]
    assert len(told) > 60 * len(people[half])
    shown = [json.dumps(parameters, ensure_ascii=False) for parameters in told]
    assert [(name, text) for text in shown for name in names if name in text] == []
    assert await stage.rows("SELECT problem FROM inbox WHERE state = 'dead' OR problem IS NOT NULL") == []
    states = await stage.rows("SELECT state FROM member WHERE telegram_id BETWEEN 60 AND 69 ORDER BY telegram_id")
    assert [state for (state,) in states] == [state.value for state in OUTSIDE]


@pytest.mark.timeout(240)
async def test_a_member_presses_every_button_there_is_and_nothing_breaks(stage: Stage) -> None:
    tokens = await holds_names(stage)
    person = await stage.joined(60, "Curious", organisation="Elsewhere")
    person.patience = 50
    async with stage.bot():
        for words in (*members_commands(), *own_commands(), "/cancel"):
            await person.says(words)
        for payload in payloads(tokens):
            await person.says(f"/start {payload}")
        await presses(person, *every_button(0, own=False), *every_button(1, own=False), *every_button(1, own=True))

    assert await stage.rows("SELECT problem FROM inbox WHERE state = 'dead' OR problem IS NOT NULL") == []
    assert await stage.rows("SELECT role FROM member_role WHERE member_id NOT IN (1, 2)") == []
