"""The forms of mail: an address, and the code that proves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, line
from handlers.language import Html, Say, isolated, text
from handlers.mail.channel import ADDRESS, CODE, Again, Standing, screen
from handlers.presses import Open
from handlers.screens import Screen, lines
from storage import mail, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.mail import MailAddress, Verdict
from storage.outbox import Facts, Promise, promise
from storage.refusals import Refusal

CHECKED = "mail:checked"

_LONGEST = 254
_DIGITS = 6


def _ask_address(_form: Form, say: Say) -> Question:
    return Question(say("Which mail address should digests go to? A code is sent there to prove that it is yours."))


def _read_address(form: Form, reply: Reply) -> str:
    return mail.proper(line(_LONGEST)(form, reply))


def _ask_code(form: Form, say: Say) -> Question:
    minutes = int(mail.CODE_FOR.total_seconds() // 60)
    sent = say.many(
        "A code is on its way to {address}. It is good for {n} minute.",
        "A code is on its way to {address}. It is good for {n} minutes.",
        minutes,
        address=isolated(form.data.address if form.data else "–"),
    )
    hint = say("If it does not come, look among unwanted mail.")
    return Question(Html(lines([f"{sent} {hint}", say("Which six digits are in it?")])))


def _read_code(form: Form, reply: Reply) -> str:
    digits = "".join(line(_LONGEST)(form, reply).split()).replace("-", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) == _DIGITS):
        raise Refusal("mail:digits")
    return digits


async def _send(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    if not context.policy.mail:
        raise Refusal("mail:none")
    await mail.propose(tx, viewer, answers["address"], context.now)
    await context.go_over(tx, CODE)


async def _check(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    found = await mail.prove(tx, viewer, answers["code"], context.now)
    if found.verdict is Verdict.WRONG:  # it counts, so it is no refusal: the form ends, and begins again
        await context.go_over(tx, CODE, Refusal("mail:wrong", left=found.left))
        return
    told = Promise(viewer.id, CHECKED, {"verdict": found.verdict.value}, replaces=context.replaces)
    await promise(tx, [told], context.now)


async def _mine(tx: Transaction, viewer: Viewer, _answers: Answers) -> MailAddress | None:
    return (await mail.addressed(tx, [viewer.id])).get(viewer.id)


def _shown(_form: Form, _say: Say, answer: Any) -> str:
    return isolated(answer)


FORMS = (
    Dialogue(
        name=ADDRESS,
        title=text("Mail address"),
        steps=(Step("address", text("Mail address"), _ask_address, _read_address, _shown),),
        finish=_send,
        submit=text("Send the code"),
        needs=Action.BELONG,
        straight=True,
    ),
    Dialogue(
        name=CODE,
        title=text("Code"),
        steps=(Step("code", text("Code"), _ask_code, _read_code, _shown),),
        finish=_check,
        submit=text("Check"),
        needs=Action.BELONG,
        prepare=_mine,
        straight=True,
    ),
)


@dataclass(frozen=True)
class _Answered:
    verdict: Verdict
    standing: Standing


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, _Answered]:
    ids = [viewer.id for viewer in viewers]
    rows, people = await mail.addressed(tx, ids), await members.by_ids(tx, ids)
    verdict = Verdict(facts["verdict"])
    return {n: _Answered(verdict, Standing.of(member.channel, rows.get(n))) for n, member in people.items()}


def _checked(content: _Answered, say: Say, policy: Policy) -> Screen:
    found = screen(content.standing, say, policy)
    if content.verdict is Verdict.RIGHT:
        return Screen(lines([say("Thank you: the address is yours."), found.text]), found.buttons)
    if content.verdict is Verdict.SPENT:
        why = say("That is not the code, and no try is left. Have a new code sent.")
    else:
        why = say("There is no code that is still good. Have a new one sent.")
    return Screen(why, ((Button(say("Send a new code"), Again()), Button(say("Back"), Open("channel"))),))


NOTICES = (Notice(CHECKED, _checked, _load),)
