"""Every handler × every role: what a command, a button, a place or a form needs, and who gets it through the door."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from typing import Any, get_type_hints

import pytest
from record import calls
from story import Person, Stage

from bot.features import FEATURES
from handlers.buttons import Press
from handlers.feature import Gated
from handlers.presses import Begin, Open
from storage import access
from storage.access import Action
from storage.members import MemberState, Office, Role

DENIED = "I do not know that."
CANCEL = "Nothing was going on"
ROLES: dict[str, tuple[Office, ...]] = {
    "member": (),
    "moderator": (Office(Role.MODERATOR, topic_id=3),),
    "focal point": (Office(Role.FOCAL_POINT, country="KG"),),
    "approver": (Office(Role.APPROVER),),
    "auditor": (Office(Role.AUDITOR),),
    "editor": (Office(Role.EDITOR),),
    "administrator": (Office(Role.ADMINISTRATOR),),
}
EVERYBODY = {
    "/start", "/help", "/cancel", "/language", "/settings", "/privacy", "/mydata", "/erase", "/leave", "/status",
    "home", "lang", "cancel", "open settings", "open language", "open privacy", "open status", "erase", "leave",
    "app.back", "terms.yes", "/verify",
}  # fmt: skip
"""What needs no right: it concerns nobody but the one who asks, and asks storage where they stand."""
GOING = {"erase", "leave", "lang", "cancel", "app.back", "terms.yes", "home"}
"""Buttons of these are not pressed here: they need no right, and some end the one who presses."""


def handlers() -> dict[str, Action | None]:
    """Return everything that can be asked for, and what it needs."""
    found: dict[str, Action | None] = {}
    for feature in FEATURES:
        found |= {f"/{command.name}": command.needs for command in feature.commands}
        found |= {one.opens: one.needs for one in feature.handlers if isinstance(one, Gated)}
        found |= {f"form {dialogue.name}": dialogue.needs for dialogue in feature.dialogues}
    return found


def test_every_handler_says_what_it_needs_and_only_the_own_affairs_need_nothing() -> None:
    found = handlers()

    assert {name for name, needs in found.items() if needs is None} == EVERYBODY
    assert {needs for needs in found.values() if needs} | {Action.BIND_GROUP} == set(Action)
    pressable = {kind.prefix for kind in Press.known.values() if kind.__module__.startswith("handlers.")}
    forms, frame = {"begin", "q", "go"}, {"open", "open.beside", "here"}
    assert pressable - forms - frame <= set(found), "a button that nobody answers"


def deeds() -> Iterator[tuple[str, Action, str]]:
    """Return every handler with a need: its name, what it needs, and what is typed or pressed."""
    presses = {kind.prefix: kind for kind in Press.known.values()}
    for name, needs in handlers().items():
        if needs is None or name in GOING:
            continue
        if name.startswith("/"):
            yield name, needs, name
        elif name.startswith("open "):
            yield name, needs, Open(name.removeprefix("open ")).pack()
        elif name.startswith("form "):
            yield name, needs, Begin(name.removeprefix("form ")).pack()
        else:
            yield name, needs, _some(presses[name]).pack()


def _some(kind: type[Press]) -> Press:
    types = get_type_hints(kind)
    return kind(*(_value(types[f.name]) for f in fields(kind)))  # type: ignore[arg-type]


def _value(kind: Any) -> Any:
    if kind is int:
        return 2**31 - 1  # there is no such row, so nothing happens to anybody
    return next(iter(kind)) if issubclass(kind, Enum) else "x"


@pytest.mark.timeout(240)
async def test_each_role_gets_what_its_row_of_the_matrix_says_and_nothing_else(stage: Stage) -> None:
    stage.administrators = ()
    half = list(ROLES)["postgresql" in stage.storage_url :: 2]  # what is asked here is the same on both engines
    people = {
        role: await stage.joined(60 + n, f"Person {n}", roles=ROLES[role], organisation=f"Institute {n}", country="KG")
        for n, role in enumerate(half)
    }
    asked = sorted(deeds(), key=lambda deed: deed[0].startswith("/"))
    async with stage.bot():
        await asyncio.gather(*(_asks(person, asked) for person in people.values()))
        said = {role: await _told(stage, person, len(asked)) for role, person in people.items()}

    assert [f"{role}: {name}" for role in people for name in _wrong(role, asked, said[role])] == []


def _wrong(role: str, asked: list[tuple[str, Action, str]], told: list[list[str]]) -> Iterator[str]:
    for (name, needs, _), texts in zip(asked, told, strict=True):
        held = frozenset(ROLES[role])
        inside = access.allowed(access.Viewer(1, MemberState.ACTIVE, held, None, "en", "UTC"), needs)
        if inside == any(DENIED in text for text in texts):
            yield f"{name} ({needs}) answered {texts!r}"


async def _asks(person: Person, asked: list[tuple[str, Action, str]]) -> None:
    """Press and type everything, one after the other; a command is followed by one that marks where its answer ends."""
    person.patience = 100  # some three hundred deeds may stand before what is waited for
    shown = await _help(person)
    for _, _, deed in asked:
        if deed.startswith("/"):
            await person.says(deed)
            await person.says("/cancel")
            continue
        try:
            await person.does("press", message_id=shown, data=deed, forge=True)
        except AssertionError as refused:
            if "no such message" not in str(refused):
                raise
            shown = await _help(person)  # a protected answer to an earlier press has taken its place
            await person.does("press", message_id=shown, data=deed, forge=True)


async def _help(person: Person) -> int:
    await person.says("/help")
    shown = await person.sees("What you can do here")
    return int(shown["message_id"])


async def _told(stage: Stage, person: Person, number: int) -> list[list[str]]:
    """Return what was said to each deed, in their order; what a transaction promised comes later and does not count."""
    await person.says("/language")
    await person.sees("choose your language")
    journal = [entry["update"] for entry in await stage.control.get("/updates")]
    mine = {
        u["callback_query"]["id"] for u in journal if u.get("callback_query", {}).get("from", {}).get("id") == person.id
    }
    told: list[list[str]] = [[]]
    for call in await calls(stage.control, "sendMessage", "editMessageText", "answerCallbackQuery"):
        facts = call["parameters"]
        if facts.get("callback_query_id") in mine:
            told.append([])
        elif facts.get("chat_id") == person.id:
            told[-1].append(facts["text"])
            if CANCEL in facts["text"] or "Cancelled:" in facts["text"]:
                told.append([])
    assert len(told) == number + 1, person.transcript()
    return told[:number]
