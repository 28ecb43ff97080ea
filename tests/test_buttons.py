"""Buttons: what they carry comes back as it went, is short, and is answered once whatever it says."""

from __future__ import annotations

import asyncio
import dataclasses
from enum import StrEnum
from typing import Any, get_type_hints

import pytest
from cast import goes
from hypothesis import given, settings
from hypothesis import strategies as st
from record import answers, replies
from story import Person, Stage, buttons, written

from bot.features import FEATURES
from handlers.buttons import GREATEST, LIMIT, VERSION, Press
from handlers.home import PLACES, Speak
from handlers.presses import Begin, Open
from handlers.prompts import Choose, Go
from storage.applications import ZONES
from storage.members import Role

KINDS = sorted(
    (kind for kind in Press.known.values() if kind.__module__.startswith("handlers.")), key=lambda k: k.prefix
)
LONGEST: dict[tuple[str, str], str] = {
    (Speak.prefix, "language"): "uz-Cyrl",
    (Speak.prefix, "payload"): "p" * 44,
    (Choose.prefix, "value"): "v" * 32,
    (Go.prefix, "to"): "edit.999",
    (Begin.prefix, "dialogue"): max((d.name for f in FEATURES for d in f.dialogues), key=len),
    (Open.prefix, "place"): max((*(name for name, _, _ in PLACES), "language", "privacy"), key=len),
    ("find", "words"): "ж" * 22,
    ("find", "filters"): "",
    ("narrow", "facet"): "t",
    ("narrow", "words"): "w" * 30,
    ("narrow", "filters"): "t1234567,y2014",
    ("ann.go", "digest"): "f" * 16,
    ("digest.zone", "zone"): max(ZONES.values(), key=len),
}


def fields(kind: type[Press]) -> dict[str, type]:
    types = get_type_hints(kind)
    return {field.name: types[field.name] for field in dataclasses.fields(kind)}  # type: ignore[arg-type]


def longest(of: type) -> str:
    return max(of, key=len) if issubclass(of, StrEnum) else "unsubscribe"


def odd(of: type) -> str:
    return next(iter(of)) if issubclass(of, StrEnum) else "odd"


def values_of(of: type) -> st.SearchStrategy[Any]:
    if issubclass(of, StrEnum):
        return st.sampled_from(of)
    return st.integers() | st.integers(0, 9999) if of is int else st.text(max_size=20)


def test_the_longest_values_fit() -> None:
    for kind in KINDS:
        values: dict[str, Any] = {
            name: -GREATEST if of is int else LONGEST.get((kind.prefix, name), longest(of))
            for name, of in fields(kind).items()
        }
        assert len(kind(**values).pack().encode()) <= LIMIT


@settings(max_examples=300)
@given(kind=st.sampled_from(KINDS), data=st.data())
def test_what_is_packed_is_what_is_read(kind: type[Press], data: st.DataObject) -> None:
    drawn = {name: data.draw(values_of(of)) for name, of in fields(kind).items()}
    press = kind(**drawn)
    try:
        packed = press.pack()
    except ValueError:
        return
    assert len(packed.encode()) <= LIMIT
    assert packed.startswith(f"{VERSION}|")
    assert kind.unpack(packed) == press


@given(st.text(max_size=64), st.sampled_from(KINDS))
def test_data_made_by_hand_is_read_or_refused_and_never_fails(garbage: str, kind: type[Press]) -> None:
    for data in (garbage, f"{VERSION}|{kind.prefix}|{garbage}", f"{VERSION}|{kind.prefix}{garbage}"):
        read = kind.unpack(data)
        assert read is None or isinstance(read, kind)


FAREWELLS = {"erase", "leave"}
"""What these say is done to oneself alone, and then nobody is left to press the rest."""
BY_HAND = (
    "x",
    "0|home",
    "1|home|more",
    "1|doc|99999999999",
    "1|doc|٣",
    "1|find|-5|reporting",
    "1|find|0|a\x00b",
    "1|find|0|%",
    "1|go|1|edit.99",
    "1|go|1|edit.x",
    "1|q|1|yes",
    "1|lang|xx|",
    "1|lang|en|%",
)


def forged(*numbers: int) -> list[str]:
    """Return a press of each kind with each of some odd numbers, and what no button of ours says."""
    made = []
    for kind in KINDS:
        for number in () if kind.prefix in FAREWELLS else numbers:
            values = {name: number if of is int else odd(of) for name, of in fields(kind).items()}
            made.append(kind(**values).pack())
    return sorted({*made, *BY_HAND})


async def presses(person: Person, message_id: int, data: str) -> None:
    await person.does("press", message_id=message_id, data=data, forge=True)


async def forges(person: Person, made: list[str]) -> None:
    person.patience = 50  # there are some three hundred of them
    await person.says("/help")
    shown = await person.sees("What you can do here")
    person.patience = 50
    for data in made:
        await presses(person, shown["message_id"], data)
    await replies(person)


async def test_forged_buttons_fail_nowhere_and_each_is_answered_once(stage: Stage) -> None:
    stranger = await stage.person(60)
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    few, many = forged(1), forged(-1, GREATEST)
    async with stage.bot():
        await asyncio.gather(forges(stranger, few), forges(administrator, many))
        pressed, answered = await answers(stage.control)
    assert len(pressed) == len(few) + len(many)
    assert {query: answered[query] for query in pressed if answered[query] != 1} == {}
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_an_old_button_says_so_and_opens_a_new_menu(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/menu")
        menu = await member.sees("Test network")
        for data in ("0|open|topics", "1|open|a place of yore", "1|approve-all|1"):
            (answer,) = await replies(member, presses(member, menu["message_id"], data))
            assert "This menu is out of date" in written(answer)
            assert buttons(answer) == ["Menu"]
        await member.taps("Menu", on="out of date")
        await member.sees("Test network")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_button_pressed_twice_does_its_work_once_and_is_answered_twice(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/share https://example.org/paper")
        asked = await member.sees("Traffic Light Protocol")
        cancel = asked["reply_markup"]["inline_keyboard"][-1][-1]["callback_data"]
        for _ in range(3):
            await member.does("press", message_id=asked["message_id"], data=cancel, forge=True)
        await member.sees("Cancelled: Share a document")
        found = await replies(member)
        assert [written(m) for m in found if "out of date" in written(m)] == []
        pressed, answered = await answers(stage.control)
    assert len(pressed) == 3
    assert all(answered[query] == 1 for query in pressed)


async def test_forged_buttons_of_a_form_leave_it_where_it_is(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/share https://example.org/paper")
        asked = await member.sees("Traffic Light Protocol")
        for data in ("edit.0", "edit.99", "edit.x", "submit", "odd", "done", "skip", "back\x00"):
            await presses(member, asked["message_id"], f"1|go|1|{data}")
        for data in ("1|q|1|odd", "1|q|1|", "1|q|x|yes", "1|q|-1|yes"):
            await presses(member, asked["message_id"], data)
        await replies(member)
        assert await stage.rows("SELECT step, revision FROM dialogue") == [("label", 1)]
        await goes(member, "TLP:GREEN", "Which topic")
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []
