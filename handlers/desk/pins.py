"""Pins: what stands on top of an issue, before everything else."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context
from handlers.desk import answers as asked
from handlers.desk.issue import OpenIssue, Pins, fell_away, heading, label_of, read
from handlers.desk.items import OpenItem
from handlers.desk.words import headline
from handlers.forms import Answers, Dialogue, about
from handlers.language import Html, Say, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.digests import board, queue
from storage.digests.board import Board
from storage.digests.queue import MOST_PINS, Draft
from storage.digests.tables import DeskKind
from storage.tlp import Label


@dataclass(frozen=True)
class AddPin(Press, prefix="desk.pin"):
    """Begin a pin on top of an issue."""

    number: int


@dataclass(frozen=True)
class DropPin(Press, prefix="desk.pin.no"):
    """Take a pin off an issue."""

    number: int
    item: int


async def pins(context: Context, press: Pins) -> None:
    await context.show(_pins(await read(context, press.number), None, context.say))


def _pins(found: Board, done: Html | None, say: Say) -> Screen:
    shown = [f"{n}. 📌 {headline(pin, say)} · {pin.label.value}" for n, pin in enumerate(found.pins, 1)]
    rows: list[Row] = [
        (
            Button(say("Words of {n}", n=n), OpenItem(pin.id)),
            Button(say("Remove {n}", n=n), DropPin(found.number, pin.id)),
        )
        for n, pin in enumerate(found.pins, 1)
    ]
    if len(found.pins) < MOST_PINS:
        rows.append((Button(say("Pin something"), AddPin(found.number), style="primary"),))
    rows.append((Button(say("Back"), OpenIssue(found.number)), Button(say("Menu"), Home())))
    about_it = say("Pins stand on top of the digest, at most {most} of them.", most=MOST_PINS)
    body = lines([heading(found, say), done, about_it, "\n".join(shown) or say("Nothing is pinned.")])
    return Screen(body, tuple(rows), label_of(found))


async def add(context: Context, press: AddPin) -> None:
    await read(context, press.number)
    await context.begin("desk-pin", {"number": press.number, "languages": list(context.policy.languages)})


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    label, number = Label[answers["label"]], int(answers["number"])
    draft = Draft(DeskKind.PIN, asked.titles(answers), label, url=answers.get("url"))
    fell = await queue.pin(tx, viewer, number, draft, context.policy.editing, context.now)
    return await _again(context, tx, viewer, number, fell_away(fell, context.say))


async def _again(context: Context, tx: Transaction, viewer: Viewer, number: int, done: Html | None) -> Screen:
    found = await board.board(tx, viewer, number, context.policy.editing, context.now)
    return _pins(found, done, context.say)


async def drop(context: Context, press: DropPin) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        fell = await queue.unpin(tx, me, press.item, context.policy.editing, context.now)
        shown = await _again(context, tx, me, press.number, fell_away(fell, context.say))
    await context.show(shown)


PIN = Dialogue(
    name="desk-pin",
    title=text("Pin"),
    steps=(asked.LANGUAGE, asked.TITLE, asked.OTHER, asked.LINK, asked.LABEL),
    finish=_finish,
    submit=text("Pin it"),
    needs=Action.EDIT,
    check=about("number", "languages"),
)
