"""Approval: a last look at what goes out with an issue, the signature, its withdrawal, and the reminder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.buttons import Button, Row
from handlers.context import Context, Policy
from handlers.desk.issue import Approve, Check, OpenIssue, Reopen, heading, label_of, left_out, listed, read, show_again
from handlers.desk.words import tongue
from handlers.feature import Notice
from handlers.language import Html, Say
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage.access import Viewer
from storage.database import Transaction
from storage.digests import board as storage
from storage.digests import signing
from storage.digests.board import Board, Waiting
from storage.outbox import Facts


async def check(context: Context, press: Check) -> None:
    """Show what would go out, and what is missing."""
    found, say = await read(context, press.number), context.say
    if found.approved_at is not None:
        await show_again(context, press.number)
        return
    asked = say("This goes out with it as soon as you approve it:")
    notes = [f"<i>{tongue(code, say)}</i>\n{html}" for code, html in found.note]
    nothing = None if notes or found.items else say("Nothing: neither a note nor anything from the desk.")
    warned = "\n".join([*_missing(found, context), *left_out(found, say)])
    sure = Button(say("Approve"), Approve(found.number, found.digest), style="success")
    body = lines([heading(found, say), asked, nothing, *notes, "\n".join(listed(found.items, say)), warned])
    await context.show(Screen(body, ((sure, Button(say("Back"), OpenIssue(found.number))),), label_of(found)))


def _missing(found: Board, context: Context) -> list[str]:
    """Say what readers of some languages will read in another one."""
    say = context.say
    rows: list[str] = []
    for code in context.policy.languages:
        language = say.language_name(code)
        if found.note and code not in dict(found.note):
            rows.append(say("⚠️ The note is missing in one language: {language}", language=language))
        without = sum(code not in dict(item.titles) for item in found.items)
        if without:
            rows.append(_titles(without, language, say))
    return rows


def _titles(n: int, language: str, say: Say) -> Html:
    return say.many(
        "⚠️ {n} title is missing in one language: {language}",
        "⚠️ {n} titles are missing in one language: {language}",
        n,
        language=language,
    )


async def approve(context: Context, press: Approve) -> None:
    editing = context.policy.editing
    async with context.transaction() as tx:
        me = await context.myself(tx)
        done = await signing.approve(tx, me, press.number, press.digest, editing, context.now)
    told = context.say.many("Approved, with {n} item.", "Approved, with {n} items.", done.items)
    await show_again(context, press.number, told)


async def reopen(context: Context, press: Reopen) -> None:
    async with context.transaction() as tx:
        await signing.reopen(tx, await context.myself(tx), press.number, context.policy.editing, context.now)
    await show_again(context, press.number, context.say("The approval is withdrawn."))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Waiting]:
    return await storage.waits(tx, facts["issue"], viewers)


def _waits(found: Waiting, say: Say, _policy: Policy) -> Screen:
    words = say("No. {number} waits for your approval.", number=found.number)
    accepted = say.many("{n} contribution is accepted.", "{n} contributions are accepted.", found.accepted)
    waiting = say.many("{n} waits for a decision.", "{n} wait for a decision.", found.waiting)
    way: Row = (Button(say("Open the desk"), OpenIssue(found.number), style="primary"), Button(say("Menu"), Home()))
    return Screen(lines([words, f"{accepted} {waiting}"]), (way,))


WAITS = Notice("desk:waits", _waits, _load)
