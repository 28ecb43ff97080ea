"""Entering: a link opens the application form for one person and tells them nothing; its sender learns the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from handlers.buttons import Button
from handlers.context import Context, Deed, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated
from handlers.presses import Home, Open
from handlers.screens import Screen
from storage import dialogues, nominations
from storage.access import Viewer
from storage.applications import ApplicationState
from storage.database import Transaction
from storage.outbox import Facts
from storage.refusals import Refusal

FORM = "application"


async def enter(context: Context, token: str, first: Deed | None) -> None:
    """Take the link and open the form, with what was answered in it before. Refusal: `nomination:unknown`."""
    async with context.reading() as tx:
        nomination = await nominations.find(tx, context.viewer, token, context.now)
        form = await dialogues.current(tx, context.member.id)

    async def take(tx: Transaction) -> None:
        if first is not None:
            await first(tx)
        await nominations.redeem(tx, await context.myself(tx), token, context.now)

    before = form.answers if form is not None and form.name == FORM else {}
    await context.begin(FORM, {**before, "nomination": nomination.id}, first=take)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, tuple[str, str | None]]:
    found: dict[int, tuple[str, str | None]] = {}
    for viewer in viewers:
        with suppress(Refusal):
            row = await nominations.own(tx, viewer, facts["nomination"])
            found[viewer.id] = (row.name, facts.get("outcome"))
    return found


def _applied(name: Html, say: Say) -> str:
    return say("{name} has applied by your link. You will be told what becomes of it.", name=name)


def _ended(name: Html, outcome: str | None, say: Say) -> str:
    if outcome == ApplicationState.APPROVED:
        return say("{name} is a member now. Thank you for bringing them.", name=name)
    if outcome == ApplicationState.DECLINED:
        return say("The application of {name} was decided.", name=name)
    return say("The application of {name} has ended without a decision.", name=name)


def _rendered(words: Callable[[Html, str | None, Say], str]) -> Callable[[tuple[str, str | None], Say, Policy], Screen]:
    def render(content: tuple[str, str | None], say: Say, _policy: Policy) -> Screen:
        rows = ((Button(say("My links"), Open("links")), Button(say("Menu"), Home())),)
        return Screen(words(isolated(content[0]), content[1], say), rows)

    return render


APPLIED = Notice("nomination:applied", _rendered(lambda name, _outcome, say: _applied(name, say)), _load)
ENDED = Notice("nomination:ended", _rendered(_ended), _load)
