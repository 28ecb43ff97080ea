"""Contributing: the form, what one has contributed, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context, Policy
from handlers.desk import answers as asked
from handlers.desk.words import CLOSED, KINDS, entry, fate, headline, whole
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Option, Question, Step, about
from handlers.language import Html, Say, text
from handlers.presses import Home, Open
from handlers.prompts import shown
from handlers.screens import Screen, lines
from storage.access import Action, Viewer, allowed
from storage.database import Transaction
from storage.digests import board, issues, queue
from storage.digests.board import Card
from storage.digests.queue import Draft
from storage.digests.tables import DeskKind, DeskState, DigestIssue
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.tlp import Label, highest

PAGE = 5


@dataclass(frozen=True)
class Contribute(Press, prefix="contrib.new"):
    """Begin a contribution to the digest."""


@dataclass(frozen=True)
class TurnOwn(Press, prefix="contrib.page"):
    """Show one's contributions from one on."""

    first: int


@dataclass(frozen=True)
class ShowOwn(Press, prefix="contrib"):
    """Show one of one's contributions."""

    item: int


@dataclass(frozen=True)
class Withdraw(Press, prefix="contrib.drop"):
    """Take a contribution back on which nobody has decided."""

    item: int


async def submit(context: Context) -> None:
    await turn(context, TurnOwn(0))


async def turn(context: Context, press: TurnOwn) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await queue.own(tx, context.viewer, press.first or None, PAGE)
        issue = await issues.open_at(tx, context.now)
    title, rule = f"<b>{say('Your contributions to the digest')}</b>", _closes(issue, say)
    shown_now = [entry(number, row, say) for number, row in enumerate(page.items, 1)]
    openers = [Button(say("Open {n}", n=number), ShowOwn(row.id)) for number, row in enumerate(page.items, 1)]
    new = Button(say("New contribution"), Contribute(), style="primary")
    rows: list[Row] = [*columns(openers, 3), *turns(page, TurnOwn), (new, Button(say("Menu"), Home()))]
    body = lines([title, rule, *(shown_now or [say("You have contributed nothing yet.")])])
    await context.show(Screen(body, tuple(rows), highest([row.label for row in page.items])))


def _closes(issue: DigestIssue, say: Say) -> str:
    when = say.moment(issue.deadline_at)
    return say("What you write now is for No. {number}; contributions close {when}.", number=issue.number, when=when)


async def contribute(context: Context, _press: Contribute) -> None:
    await context.begin("contribution", {"languages": list(context.policy.languages)})


async def _prepare(tx: Transaction, _viewer: Viewer, _answers: Answers) -> list[DigestIssue]:
    return await issues.latest(tx)


def _ask_kind(form: Form, say: Say) -> Question:
    kinds = [DeskKind.CALL, DeskKind.NEWS]
    if allowed(form.viewer, Action.EDIT):
        kinds.append(DeskKind.HOUSEKEEPING)
    told = say("A call is for experts, papers or training; news of members is what an organisation or a member did.")
    question = lines([say("What do you contribute?"), told, _meant(form, say)])
    return Question(Html(question), tuple(Option(say(KINDS[kind]), kind.value) for kind in kinds))


def _meant(form: Form, say: Say) -> str | None:
    """Say for which issue it will be, plainly where the one before takes nothing any more."""
    issue = next((one for one in form.data if one.takes(form.now)), None)
    if issue is None:
        return None
    closed = issues.closed_before(form.data, form.now)
    return lines([None if closed is None else say(CLOSED, closed=closed), _closes(issue, say)])


def _summary(form: Form, say: Say) -> Screen:
    steps = [step for step in STEPS if step.when(form.answers)]
    told = [f"{say(step.title)}: {shown(step, form, say)}" for step in steps]
    title = f"<b>{say(CONTRIBUTION.title)}</b>"
    once = say("Please read it once more. Nothing is sent before you submit.")
    return Screen(lines([f"{title}\n{once}", "\n".join(told), _meant(form, say), say(asked.MIND)]))


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    until = answers.get("until")
    draft = Draft(
        kind=DeskKind(answers["kind"]),
        titles=asked.titles(answers),
        label=Label[answers["label"]],
        texts={asked.first_language(answers): answers["text"]} if answers.get("text") else {},
        url=answers.get("url"),
        until=date.fromisoformat(until) if until else None,
    )
    await queue.submit(tx, viewer, draft, context.policy.editing, context.now, context.replaces)


STEPS = (
    Step("kind", text("Kind"), _ask_kind, show=lambda _form, say, answer: say(KINDS[DeskKind(answer)])),
    asked.LANGUAGE,
    asked.TITLE,
    asked.OTHER,
    asked.TEXT,
    asked.LINK,
    asked.UNTIL,
    asked.LABEL,
)
CONTRIBUTION = Dialogue(
    name="contribution",
    title=text("Contribute to the digest"),
    steps=STEPS,
    finish=_finish,
    submit=text("Submit"),
    needs=Action.CONTRIBUTE,
    prepare=_prepare,
    summary=_summary,
    check=about("languages"),
)


async def show(context: Context, press: ShowOwn) -> None:
    say = context.say
    async with context.reading() as tx:
        card = await board.card(tx, context.viewer, press.item)
    if card.author_id != context.viewer.id:
        raise Refusal("desk:no-item")
    back: Row = (Button(say("Back"), Open("submit")), Button(say("Menu"), Home()))
    drop: Row = (Button(say("Withdraw it"), Withdraw(press.item), style="danger"),)
    rows = (drop, back) if card.state is DeskState.WAITING else (back,)
    body = lines([whole(card.item, (), say), f"<b>{fate(card, say, context.policy.editing.today(context.now))}</b>"])
    await context.show(Screen(body, rows, card.item.label))


async def withdraw(context: Context, press: Withdraw) -> None:
    async with context.transaction() as tx:
        await queue.withdraw(tx, await context.myself(tx), press.item, context.now)
    await show(context, ShowOwn(press.item))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Card]:
    found: dict[int, Card] = {}
    for viewer in viewers:
        with suppress(Refusal):
            found[viewer.id] = await board.card(tx, viewer, facts["item"])
    return found


def _told(card: Card, say: Say, _policy: Policy) -> Screen:
    title = headline(card.item, say)
    ways: Row = (Button(say("Open it"), ShowOwn(card.item.id)), Button(say("Menu"), Home()))
    if card.state is not DeskState.WAITING:
        words = say("Your contribution to the digest: “{title}”", title=title)
        return Screen(lines([words, fate(card, say, date.min)]), (ways,), card.item.label)
    facts = {"title": title, "number": card.number}
    words = say("Thank you: “{title}” waits for an editor, for No. {number}.", **facts)
    at = card.deadline_at
    closes = None if at is None else say("Contributions for it close {when}.", when=say.moment(at))
    closed = None if card.closed is None else say(CLOSED, closed=card.closed)
    return Screen(lines([words, closed, closes]), (ways,), card.item.label)


FATE = Notice("desk:fate", _told, _load)
