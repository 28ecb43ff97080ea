"""Flags: saying that something is wrong with a document, the card of its moderators, and what the owner is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context, Policy
from handlers.documents.card import AskFlag, Card, load, titled
from handlers.feature import Notice
from handlers.language import Html, Say, capital, isolated, text
from handlers.presses import Home, Open, OpenDocument, OpenVersion, ReportBreach
from handlers.screens import Screen, lines
from storage import documents
from storage.access import Viewer
from storage.database import Transaction
from storage.documents import Flagged, Flaw
from storage.outbox import Facts

FLAWS = {
    Flaw.LABEL: text("wrong label"),
    Flaw.BROKEN: text("broken"),
    Flaw.OUTDATED: text("outdated"),
    Flaw.UNLAWFUL: text("unlawful"),
    Flaw.OTHER: text("something else"),
}


@dataclass(frozen=True)
class FlagFor(Press, prefix="doc.why"):
    """Report a document for a reason."""

    document: int
    flaw: Flaw


@dataclass(frozen=True)
class JudgeFlags(Press, prefix="doc.judge"):
    """Decide on a reported document: `withdraw` is 1 to withdraw it, 0 to let it stand."""

    document: int
    withdraw: int


@dataclass(frozen=True)
class Decided:
    """What was decided on a document, as its owner may know it."""

    card: Card
    withdrawn: bool
    reasons: tuple[Flaw, ...]


async def ask(context: Context, press: AskFlag) -> None:
    """Ask what is wrong with a document; its owner can only report a breach."""
    say = context.say
    async with context.reading() as tx:
        row = await documents.by_id(tx, context.viewer, press.document)
    asked = say(
        "What is wrong with {title}? The moderators read the reason; nobody is told who it was.", title=titled(row, say)
    )
    breach = say(
        "If it must not be here at all, report a breach: it is frozen, and all administrators are told at once."
    )
    mine = row.owner_id is not None and row.owner_id == context.viewer.id
    reasons = [] if mine else [Button(capital(say(words)), FlagFor(row.id, flaw)) for flaw, words in FLAWS.items()]
    back: Row = (Button(say("Back"), OpenVersion(row.id)), Button(say("Menu"), Home()))
    worst: Row = (Button(say("Report a breach"), ReportBreach("document", row.id), style="danger"),)
    body = lines([None if mine else asked, breach])
    await context.show(Screen(body, (*columns(reasons, 1), worst, back), row.label))


async def flag(context: Context, press: FlagFor) -> None:
    async with context.transaction() as tx:
        await documents.flag(tx, await context.myself(tx), press.document, press.flaw, context.now)
    thanks = context.say("Thank you, the moderators see it. Nobody is told that it was you.")
    ways = (Button(context.say("Browse the library"), Open("library")), Button(context.say("Menu"), Home()))
    await context.show(Screen(thanks, (ways,)))


async def judge(context: Context, press: JudgeFlags) -> None:
    withdraw = bool(press.withdraw)
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await documents.decide_flags(tx, me, press.document, context.now, withdraw=withdraw)
    await context.close()


async def _load_card(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, object]:
    found = await documents.flagged(tx, facts, viewers)
    return {number: (flagged, facts.get("outcome")) for number, flagged in found.items()}


def _card(content: tuple[Flagged, str | None], say: Say, _policy: Policy) -> Screen:
    flagged, outcome = content
    row, menu = flagged.document, Button(say("Menu"), Home())
    head = say("<b>Reported document</b> · <code>D-{number}</code>", number=row.id)
    if outcome is not None:
        by = isolated(flagged.decider or "–")
        done = say("Withdrawn by {by}.", by=by) if outcome == "withdrawn" else say("Kept by {by}.", by=by)
        return Screen(lines([head, Html(f"<b>{done}</b>")]), ((menu,),), row.label)
    what = titled(row, say) if flagged.readable else _unreadable(flagged, say)
    stands = (
        say("It is hidden until you decide.") if row.hidden_at else say("It still stands: one more report hides it.")
    )
    opens: list[Row] = [(Button(say("Open it"), OpenVersion(row.id)),)] if flagged.readable else []
    return Screen(lines([head, what, _counted(flagged, say), stands]), (*judging(row.id, say), *opens), row.label)


async def _load_late(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, object]:
    since = datetime.fromisoformat(facts["since"])
    return await _load_card(tx, facts, viewers) if await documents.waits(tx, facts["document"], since) else {}


def _late(content: tuple[Flagged, str | None], say: Say, policy: Policy) -> Screen:
    screen = _card(content, say, policy)
    words = say("A reported document has waited for a decision for two working days.")
    return Screen(lines([words, screen.text]), screen.buttons, screen.label)


def judging(document_id: int, say: Say) -> list[Row]:
    """Return the buttons of who decides on a reported document."""
    keep = Button(say("Keep it"), JudgeFlags(document_id, 0), style="success")
    return [(keep, Button(say("Withdraw it"), JudgeFlags(document_id, 1), style="danger"))]


def _unreadable(flagged: Flagged, say: Say) -> Html:
    return say("It is marked {label}, and not for you to read.", label=flagged.document.label.value)


def _counted(flagged: Flagged, say: Say) -> Html:
    if not flagged.reports:
        return say("The reports were erased with the data of who made them.")
    why = Html(", ".join(say("{reason} ({n})", reason=say(FLAWS[flaw]), n=n) for flaw, n in flagged.reasons))
    return say.many("Reported by {n} member: {why}", "Reported by {n} members: {why}", flagged.reports, why=why)


async def _load_own(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Decided]:
    found: Mapping[int, Card] = await load(tx, facts, viewers)
    reasons = tuple(Flaw(reason) for reason in facts.get("reasons", {}))
    gone = facts.get("outcome") == "withdrawn"
    return {n: Decided(content, gone, reasons) for n, content in found.items() if content.document.owner_id == n}


def _hidden(content: Decided, say: Say, _policy: Policy) -> Screen:
    told = say(
        "Your document was reported and is hidden until the moderators of its topic have decided: {title}",
        title=titled(content.card.document, say),
    )
    then = say("You will be told how and why, within two working days.")
    return Screen(lines([told, then]), _ways(content, say), content.card.document.label)


def _decided(content: Decided, say: Say, policy: Policy) -> Screen:
    title = titled(content.card.document, say)
    if not content.withdrawn:
        told = say("Your document stands again: the moderators have looked at it and kept it. {title}", title=title)
        return Screen(told, _ways(content, say), content.card.document.label)
    why = Html(", ".join(say(FLAWS[flaw]) for flaw in content.reasons)) or "–"
    told = say("Your document was withdrawn by the moderators: {title}. Reason: {why}.", title=title, why=why)
    ask_ = say("An administrator of {network} hears you if you think this is wrong.", network=policy.network)
    return Screen(lines([told, ask_]), _ways(content, say), content.card.document.label)


def _ways(content: Decided, say: Say) -> tuple[Row, ...]:
    return ((Button(say("Open it"), OpenDocument(content.card.document.id)), Button(say("Menu"), Home())),)


NOTICES = (
    Notice("document:flags", _card, _load_card),
    Notice("document:late", _late, _load_late),
    Notice("document:hidden", _hidden, _load_own),
    Notice("document:decided", _decided, _load_own),
)
