"""The issue in the making: what goes out with it, its approval, and the reminder that it waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.desk.words import KINDS, headline, tongue
from handlers.feature import Notice
from handlers.language import Html, Say, isolated
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage.access import Viewer
from storage.database import Transaction
from storage.digests import board as storage
from storage.digests import signing
from storage.digests.board import Board, Waiting
from storage.digests.desk import Item
from storage.digests.tables import DeskKind
from storage.outbox import Facts
from storage.tlp import Label, highest


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
    await _show(context, None)


async def show(context: Context, press: OpenIssue) -> None:
    await _show(context, press.number)


async def read(context: Context, number: int | None) -> Board:
    """Return an issue, or (None) the one in the making."""
    async with context.reading() as tx:
        return await storage.board(tx, context.viewer, number, context.policy.editing, context.now)


async def _show(context: Context, number: int | None, done: Html | None = None) -> None:
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
    return "\n".join([*notes, pins, waiting, going, *_left_out(found, say)])


def _note(code: str, found: Board, say: Say) -> Html:
    if code in dict(found.note):
        return say("Note, {language}: written", language=say.language_name(code))
    return say("Note, {language}: missing", language=say.language_name(code))


def _left_out(found: Board, say: Say) -> list[Html]:
    titles = Html(", ".join(headline(item, say) for item in found.left_out))
    return [say("Left out, for the last day has passed: {titles}", titles=titles)] if titles else []


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


async def check(context: Context, press: Check) -> None:
    """Show what would go out, and what is missing."""
    found, say = await read(context, press.number), context.say
    if found.approved_at is not None:
        await _show(context, press.number)
        return
    asked = say("This goes out with it as soon as you approve it:")
    notes = [f"<i>{tongue(code, say)}</i>\n{html}" for code, html in found.note]
    items = "\n".join(_line(item, say) for item in found.items)
    nothing = None if notes or items else say("Nothing: it would have neither a note nor anything from the desk.")
    missing = "\n".join([*_missing(found, context), *_left_out(found, say)])
    sure = Button(say("Approve"), Approve(found.number, found.digest), style="success")
    body = lines([heading(found, say), asked, nothing, *notes, items, missing])
    await context.show(Screen(body, ((sure, Button(say("Back"), OpenIssue(found.number))),), label_of(found)))


def _line(item: Item, say: Say) -> str:
    return f"• {say(KINDS[item.kind])}: {headline(item, say)} · {item.label.value}"


def _missing(found: Board, context: Context) -> list[str]:
    """Name what readers of some languages will read in another one."""
    say = context.say
    rows: list[str] = []
    for code in context.policy.languages:
        without = [headline(item, say) for item in found.items if code not in dict(item.titles)]
        if found.note and code not in dict(found.note):
            without.insert(0, say("the note"))
        if without:
            told = Html(", ".join(without))
            rows.append(say("⚠️ Missing, {language}: {what}", language=say.language_name(code), what=told))
    return rows


async def approve(context: Context, press: Approve) -> None:
    editing = context.policy.editing
    async with context.transaction() as tx:
        me = await context.myself(tx)
        done = await signing.approve(tx, me, press.number, press.digest, editing, context.now)
    told = context.say.many("Approved, with {n} item.", "Approved, with {n} items.", done.items)
    await _show(context, press.number, told)


async def reopen(context: Context, press: Reopen) -> None:
    async with context.transaction() as tx:
        await signing.reopen(tx, await context.myself(tx), press.number, context.policy.editing, context.now)
    await _show(context, press.number, context.say("The approval is withdrawn."))


def fell_away(number: int | None, say: Say) -> Html | None:
    """Say plainly that the approval of an issue does not hold any more, if it fell away."""
    if number is None:
        return None
    return say("No. {number} had been approved: with this change it must be approved again.", number=number)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Waiting]:
    return await storage.waits(tx, facts["issue"], viewers)


def _waits(found: Waiting, say: Say, _policy: Policy) -> Screen:
    words = say("No. {number} waits for your approval.", number=found.number)
    accepted = say.many("{n} contribution is accepted.", "{n} contributions are accepted.", found.accepted)
    waiting = say.many("{n} waits for a decision.", "{n} wait for a decision.", found.waiting)
    way: Row = (Button(say("Open the desk"), OpenIssue(found.number), style="primary"), Button(say("Menu"), Home()))
    return Screen(lines([words, f"{accepted} {waiting}"]), (way,))


WAITS = Notice("desk:waits", _waits, _load)
