"""Labels: marking a document anew, and what those read who had a copy of one that is marked more strictly now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context, Policy
from handlers.documents.card import Manage, titled
from handlers.documents.opening import show_card
from handlers.feature import Notice
from handlers.language import Html, Say
from handlers.presses import Home, OpenDocument
from handlers.screens import Screen, lines
from handlers.vocabulary import MEANINGS
from storage import documents
from storage.access import Viewer
from storage.database import Transaction
from storage.documents import Document
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.tlp import Label


@dataclass(frozen=True)
class ChooseLabel(Press, prefix="doc.labels"):
    """Choose another label for a document."""

    document: int


@dataclass(frozen=True)
class Relabel(Press, prefix="doc.label"):
    """Mark a document anew; `sure` is 1 at the press that says its source permits it."""

    document: int
    label: Label
    sure: int


async def choose(context: Context, press: ChooseLabel) -> None:
    say = context.say
    async with context.reading() as tx:
        row = await documents.kept(tx, context.viewer, press.document)
    carried = [one for one in Label if one.rank <= context.policy.max_label.rank and one is not row.label]
    others = [one for one in carried if one.rank > row.label.rank or _owns(row, context)]
    meanings = [
        say("{label}: {meaning}", label=one.value, meaning=say(MEANINGS[one])) for one in others if one in MEANINGS
    ]
    asked = say("How is {title} to be marked?", title=titled(row, say))
    strict = say("A stricter label holds at once: who may no longer see the document loses it, and copies of it too.")
    open_ = say("A more open one is for its owner alone, with the permission of its source.")
    above = ", ".join(one.value for one in Label if one.rank > context.policy.max_label.rank)
    kept_out = say("Not carried here: {labels}. Deliver that in person.", labels=above)
    buttons = [Button(one.value, Relabel(row.id, one, 0)) for one in others]
    back: Row = (Button(say("Back"), Manage(row.id)), Button(say("Menu"), Home()))
    body = lines([asked, Html("\n".join(meanings)), strict, open_, kept_out])
    await context.show(Screen(body, (*columns(buttons, 1), back), row.label))


def _owns(row: Document, context: Context) -> bool:
    return row.owner_id == context.viewer.id


async def relabel(context: Context, press: Relabel) -> None:
    if not press.sure and await _asks_first(context, press):
        return
    async with context.transaction() as tx:
        me, highest = await context.myself(tx), context.policy.max_label
        await documents.relabel(tx, me, press.document, press.label, highest, context.now)
    try:
        await show_card(context, press.document)
    except Refusal:  # it is no longer theirs to see either
        words = context.say("It is marked {label} now, and no longer for you to see.", label=press.label.value)
        await context.show(Screen(words, ((Button(context.say("Menu"), Home()),),)))


async def _asks_first(context: Context, press: Relabel) -> bool:
    """Ask for the word of the owner before a document is marked more openly; return whether that was needed."""
    say = context.say
    async with context.reading() as tx:
        row = await documents.kept(tx, context.viewer, press.document)
    if press.label.rank >= row.label.rank or not _owns(row, context):
        return False
    facts = {"title": titled(row, say), "before": row.label.value, "after": press.label.value}
    asked = say(
        "{title} is marked {before}. Does its source permit {after}? Your word for it is put on record.", **facts
    )
    yes = Button(say("Mark it {label}", label=press.label.value), Relabel(row.id, press.label, 1), style="danger")
    back: Row = (Button(say("Back"), ChooseLabel(row.id)), Button(say("Menu"), Home()))
    await context.show(Screen(asked, ((yes,), back), row.label))
    return True


@dataclass(frozen=True)
class Stricter:
    """A document that was marked more strictly; None for who may no longer see it."""

    document: Document | None


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Stricter]:
    found: dict[int, Stricter] = {}
    for viewer in viewers:
        try:
            found[viewer.id] = Stricter(await documents.by_id(tx, viewer, facts["document"]))
        except Refusal:
            found[viewer.id] = Stricter(None)
    return found


def _stricter(content: Stricter, say: Say, _policy: Policy) -> Screen:
    row, menu = content.document, Button(say("Menu"), Home())
    care = say("Please delete what you have kept of it elsewhere.")
    if row is None:
        told = say("A document that you had was marked more strictly, and is no longer for you to see.")
        return Screen(lines([told, care]), ((menu,),))
    told = say("A document that you had is marked more strictly now: {title}", title=titled(row, say))
    again = say("Handle it by its new label; here you get it anew.")
    return Screen(lines([told, again]), ((Button(say("Open it"), OpenDocument(row.id)), menu),), row.label)


NOTICES = (Notice("document:stricter", _stricter, _load),)
