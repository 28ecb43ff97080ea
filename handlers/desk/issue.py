"""The issue in the making: when it leaves, what goes out with it, and where one edits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context
from handlers.desk.words import KINDS, headline
from handlers.language import Html, Say, isolated
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage.digests import board as storage
from storage.digests.board import Board
from storage.digests.desk import Item
from storage.digests.tables import DeskKind
from storage.tlp import Label, highest

LISTED = 8
"""How many items are named: there is room for no more beside the notes."""


@dataclass(frozen=True)
class OpenIssue(Press, prefix="desk"):
    """Show an issue on the desk."""

    number: int


@dataclass(frozen=True)
class Notes(Press, prefix="desk.notes"):
    """Show the notes of an issue."""

    number: int


@dataclass(frozen=True)
class Pins(Press, prefix="desk.pins"):
    """Show the pins of an issue."""

    number: int


@dataclass(frozen=True)
class TurnQueue(Press, prefix="desk.queue"):
    """Show the queue from a contribution on."""

    first: int


@dataclass(frozen=True)
class Check(Press, prefix="desk.check"):
    """See once more what goes out with an issue, before it is approved."""

    number: int


@dataclass(frozen=True)
class Approve(Press, prefix="desk.yes"):
    """Approve an issue with the content that has this hash."""

    number: int
    digest: str


@dataclass(frozen=True)
class Reopen(Press, prefix="desk.undo"):
    """Withdraw the approval of an issue."""

    number: int


async def desk(context: Context) -> None:
    await show_again(context, None)


async def show(context: Context, press: OpenIssue) -> None:
    await show_again(context, press.number)


async def read(context: Context, number: int | None) -> Board:
    """Return an issue, or (None) the one in the making."""
    async with context.reading() as tx:
        return await storage.board(tx, context.viewer, number, context.policy.editing, context.now)


async def show_again(context: Context, number: int | None, done: Html | None = None) -> None:
    """Show an issue, or (None) the one in the making; `done` says what has just been done to it."""
    found, say = await read(context, number), context.say
    body = [heading(found, say), done, _stands(found, say), _contents(found, context)]
    await context.show(Screen(lines(body), _ways(found, say), label_of(found)))


def heading(found: Board, say: Say) -> Html:
    """Return which issue it is and when it leaves."""
    day = say.date(found.monday)
    title = say("No. {number} · week {week}, leaves from Monday, {day}", number=found.number, week=found.week, day=day)
    return Html(f"<b>{title}</b>")


def label_of(found: Board) -> Label:
    """Return the label of what is shown of an issue: what its editors write is for members."""
    return highest([Label.GREEN, *(item.label for item in (*found.items, *found.left_out))]) or Label.GREEN


def _stands(found: Board, say: Say) -> str:
    when = say.moment(found.deadline_at)
    closes = say("Contributions closed {when}.", when=when) if found.closed else None
    approved = say("Not approved yet.")
    if found.approved_at is not None:
        by, at = isolated(found.approved_by or "–"), say.moment(found.approved_at)
        approved = say("Approved by {by}, {at}.", by=by, at=at)
    began = say("Its week has begun: what was approved is in members’ digests.")
    rows = [closes or say("Contributions close {when}.", when=when), approved]
    return "\n".join([*rows, *([began] if found.begun and found.approved_at else [])])


def _contents(found: Board, context: Context) -> str:
    say = context.say
    waiting = say.many("{n} contribution waits for you.", "{n} contributions wait for you.", found.waiting)
    accepted = [item for item in found.items if item.kind is not DeskKind.PIN]
    going = say.many("{n} accepted contribution goes out with it.", "{n} accepted contributions go out with it.",
                     len(accepted))  # fmt: skip
    notes = [_note(code, found, say) for code in context.policy.languages]
    pins = say("Pins: {pins}", pins=Html(", ".join(headline(pin, say) for pin in found.pins) or "–"))
    return "\n".join([*notes, pins, waiting, going, *left_out(found, say)])


def _note(code: str, found: Board, say: Say) -> Html:
    if code in dict(found.note):
        return say("Note, {language}: written", language=say.language_name(code))
    return say("Note, {language}: missing", language=say.language_name(code))


def left_out(found: Board, say: Say) -> list[str]:
    """Return what will not go out although it was accepted, as lines; nothing where that is nothing."""
    if not found.left_out:
        return []
    return [say("Left out, for the last day has passed:"), *listed(found.left_out, say)]


def listed(items: Sequence[Item], say: Say) -> list[str]:
    """Return items as lines, the first of many."""
    shown = [f"• {say(KINDS[item.kind])}: {headline(item, say)} · {item.label.value}" for item in items[:LISTED]]
    more = len(items) - LISTED
    return [*shown, *([say.many("… and {n} more", "… and {n} more", more)] if more > 0 else [])]


def _ways(found: Board, say: Say) -> tuple[Row, ...]:
    number = found.number
    edit: Row = (Button(say("Editor’s note"), Notes(number)), Button(say("Pins"), Pins(number)))
    sign = Button(say("Approve"), Check(number), style="success")
    undo = Button(say("Withdraw approval"), Reopen(number), style="danger")
    signing_ways: Row = (sign,) if found.approved_at is None else () if found.begun else (undo,)
    look: Row = (Button(say("Queue"), TurnQueue(0)), Button(say("Preview"), Open("digest.preview")))
    before = [Button(f"‹ {say('No. {number}', number=found.before)}", OpenIssue(found.before))] if found.before else []
    after = [Button(f"{say('No. {number}', number=found.after)} ›", OpenIssue(found.after))] if found.after else []
    rows: tuple[Row, ...] = (look, edit, signing_ways, (*before, *after), (Button(say("Menu"), Home()),))
    return tuple(row for row in rows if row)


def fell_away(number: int | None, say: Say) -> Html | None:
    """Say plainly that the approval of an issue does not hold any more, if it fell away."""
    if number is None:
        return None
    return say("No. {number} had been approved: with this change it must be approved again.", number=number)
