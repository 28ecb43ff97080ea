"""Acts on a membership: suspend and off-board with a reason; reinstate, block and unblock with a second press."""

from __future__ import annotations

from typing import Any

from handlers.buttons import Button, Style
from handlers.context import Context, Policy
from handlers.feature import Notice, notice
from handlers.forms import Answers, Dialogue, Form, Option, Question, about, line
from handlers.forms import Step as Asked
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from handlers.staff.card import QUICK, AskSuspend, Block, Reinstate, Unblock
from handlers.staff.listing import AskOffboard, OpenMember
from handlers.staff.words import OFFBOARDINGS, REASONS, SUSPENSIONS, reason
from storage import members, staff
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.membership import Step
from storage.outbox import Facts
from storage.refusals import Refusal

QUESTIONS = {
    Step.REINSTATED: text("Reinstate {name}? They are a member again at once, and are told."),
    Step.BLOCKED: text("Block {name}? Their access ends at once, they cannot apply again, and they are not told."),
    Step.UNBLOCKED: text("Unblock {name}? They become a stranger who may apply again."),
}
"""What is asked before the second press."""


async def reinstate(context: Context, press: Reinstate) -> None:
    await _act(context, press.member, Step.REINSTATED, sure=press.sure)


async def block(context: Context, press: Block) -> None:
    await _act(context, press.member, Step.BLOCKED, sure=press.sure)


async def unblock(context: Context, press: Unblock) -> None:
    await _act(context, press.member, Step.UNBLOCKED, sure=press.sure)


async def _act(context: Context, member_id: int, step: Step, *, sure: int) -> None:
    if not sure:
        await _ask_again(context, member_id, step)
        return
    async with context.transaction() as tx:
        me = await staff.acting(tx, context.member.id, member_id)
        await staff.act(tx, me, member_id, step, context.now, replaces=context.replaces)
    if step is Step.BLOCKED:
        return  # the report takes the place of the question
    say = context.say
    back = Button(say("Back to the card"), OpenMember(member_id))
    if step is Step.UNBLOCKED:  # a stranger has no card
        back = Button(say("Back"), Open("members"))
    await context.show(Screen(say("Done."), ((back, Button(say("Menu"), Home())),)))


async def _ask_again(context: Context, member_id: int, step: Step) -> None:
    say = context.say
    async with context.reading() as tx:
        member = await staff.permit(tx, context.viewer, member_id, step)
    press, label = QUICK[step]
    style: Style = "danger" if step is Step.BLOCKED else "success"
    sure = Button(say(label), press(member_id, 1), style=style)
    words = say(QUESTIONS[step], name=isolated(members.called(member)))
    await context.show(Screen(words, ((sure, Button(say("Back"), OpenMember(member_id))),)))


async def ask_suspend(context: Context, press: AskSuspend) -> None:
    async with context.reading() as tx:
        await staff.permit(tx, context.viewer, press.member, Step.SUSPENDED)
    await context.begin("suspend", {"member": press.member})


async def ask_offboard(context: Context, press: AskOffboard) -> None:
    async with context.reading() as tx:
        await staff.permit(tx, context.viewer, press.member, Step.OFFBOARDED)
    await context.begin("offboard", {"member": press.member})


async def whom(tx: Transaction, viewer: Viewer, answers: Answers) -> str:
    """Return the name of the member whom a form is about; a dash once they are out of reach."""
    try:
        return members.called(await staff.by_id(tx, viewer, answers["member"]))
    except Refusal:
        return "–"


async def hold(tx: Transaction, member_id: int, answers: Answers) -> None:
    """Hold everybody whom a form of the staff can touch."""
    await staff.hold(tx, member_id, answers["member"])


def _show(_form: Form, say: Say, answer: Any) -> str:
    return reason(answer, say)


def _ask_suspension(form: Form, say: Say) -> Question:
    words = say(
        "Why do you suspend {name}? Choose a reason or write your own. Staff can read it, the member cannot.",
        name=isolated(form.data),
    )
    return Question(words, tuple(Option(say(label), code) for code, label in SUSPENSIONS.items()))


def _ask_offboarding(form: Form, say: Say) -> Question:
    words = say(
        "Why do you off-board {name}? Choose a reason or write your own. Staff can read it, the member cannot.",
        name=isolated(form.data),
    )
    return Question(words, tuple(Option(say(label), code) for code, label in OFFBOARDINGS.items()))


def _read_suspension(form: Form, say: Say) -> Screen:
    title = say("Suspend {name}?", name=isolated(form.data))
    what = say("Their access and digests stop at once, and they leave the network's groups. They are told, without a "
               "reason. You can reinstate them.")  # fmt: skip
    return _summary(title, what, form, say)


def _read_offboarding(form: Form, say: Say) -> Screen:
    title = say("Off-board {name}?", name=isolated(form.data))
    what = say("Their membership ends at once: access, roles, topics, digests, the directory and the network's groups. "
               "What they shared stays, under their organisation. They are told, without a reason.")  # fmt: skip
    return _summary(title, what, form, say)


def _summary(title: Html, what: Html, form: Form, say: Say) -> Screen:
    why = say("Reason: {reason}", reason=reason(form.answers["why"], say))
    return Screen(lines([f"<b>{title}</b>", what, why]))


async def _suspend(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    await _do(context, tx, viewer, Step.SUSPENDED, answers)


async def _offboard(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    await _do(context, tx, viewer, Step.OFFBOARDED, answers)


async def _do(context: Context, tx: Transaction, viewer: Viewer, step: Step, answers: Answers) -> None:
    why = answers["why"]
    code = why if why in REASONS else "other"
    where = context.replaces
    await staff.act(tx, viewer, answers["member"], step, context.now, reason=why, code=code, replaces=where)


SUSPEND = Dialogue(
    name="suspend",
    title=text("Suspend a member"),
    steps=(Asked("why", text("Reason"), _ask_suspension, line(400), _show),),
    finish=_suspend,
    submit=text("Suspend"),
    needs=Action.SUSPEND,
    style="danger",
    prepare=whom,
    summary=_read_suspension,
    hold=hold,
    check=about("member"),
)
OFFBOARD = Dialogue(
    name="offboard",
    title=text("Off-board a member"),
    steps=(Asked("why", text("Reason"), _ask_offboarding, line(400), _show),),
    finish=_offboard,
    submit=text("Off-board"),
    needs=Action.OFFBOARD,
    style="danger",
    prepare=whom,
    summary=_read_offboarding,
    hold=hold,
    check=about("member"),
)


def _suspended(_facts: Facts, say: Say, policy: Policy) -> Screen:
    words = say(
        "Your membership of {network} is suspended for now. An administrator can tell you more; /status shows where "
        "you stand.",
        network=policy.network,
    )
    return Screen(words)


def _reinstated(_facts: Facts, say: Say, policy: Policy) -> Screen:
    words = say("You are a member of {network} again. Welcome back.", network=policy.network)
    return Screen(words, ((Button(say("Menu"), Home()),),))


def _offboarded(_facts: Facts, say: Say, policy: Policy) -> Screen:
    words = say(
        "Your membership of {network} has ended, and with it access, topics and digests. Thank you for your part in "
        "it. /mydata shows what is still stored, /erase deletes it.",
        network=policy.network,
    )
    return Screen(words)


NOTICES: tuple[Notice, ...] = (
    notice("membership:suspended", _suspended),
    notice("membership:reinstated", _reinstated),
    notice("membership:offboarded", _offboarded),
)
