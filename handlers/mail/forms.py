"""The forms of mail: an address, and the code that proves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, line
from handlers.language import Html, Say, isolated, text
from handlers.mail.channel import ADDRESS, CODE, Again, Standing, screen, standing, waiting
from handlers.presses import Begin, Open
from handlers.screens import Screen, lines
from storage import mail, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.mail import Verdict
from storage.outbox import Facts, Promise, promise
from storage.refusals import Refusal

SENT, CHECKED = "mail:sent", "mail:checked"

_LONGEST = 254
_DIGITS = 6


def _ask_address(_form: Form, say: Say) -> Question:
    return Question(say("Which mail address should digests go to? A code is sent there to prove that it is yours."))


def _read_address(form: Form, reply: Reply) -> str:
    return mail.proper(line(_LONGEST)(form, reply))


def _ask_code(_form: Form, say: Say) -> Question:
    return Question(say("Which six digits were in the mail?"))


def _read_code(form: Form, reply: Reply) -> str:
    digits = "".join(line(_LONGEST)(form, reply).split()).replace("-", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) == _DIGITS):
        raise Refusal("mail:digits")
    return digits


async def _send(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    if not context.policy.mail:
        raise Refusal("mail:none")
    await mail.propose(tx, viewer, answers["address"], context.now)
    told = Promise(viewer.id, SENT, {"address": answers["address"]}, replaces=context.replaces)
    await promise(tx, [told], context.now)


async def _check(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    found = await mail.prove(tx, viewer, answers["code"], context.now)
    facts = {"verdict": found.verdict.value, "left": found.left}
    await promise(tx, [Promise(viewer.id, CHECKED, facts, replaces=context.replaces)], context.now)


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
        straight=True,
    ),
)


@dataclass(frozen=True)
class _Answered:
    verdict: Verdict
    left: int
    standing: Standing


async def _load_sent(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, str]:
    found = await mail.addressed(tx, [viewer.id for viewer in viewers])
    return {number: row.address for number, row in found.items() if row.address == facts["address"]}


def _sent(address: str, say: Say, _policy: Policy) -> Screen:
    return waiting(address, say)


async def _load_checked(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, _Answered]:
    ids = [viewer.id for viewer in viewers]
    rows, people = await mail.addressed(tx, ids), await members.by_ids(tx, ids)
    verdict, left = Verdict(facts["verdict"]), facts["left"]
    return {n: _Answered(verdict, left, standing(member, rows.get(n))) for n, member in people.items()}


def _checked(content: _Answered, say: Say, policy: Policy) -> Screen:
    if content.verdict is Verdict.RIGHT:
        found = screen(content.standing, say, policy)
        return Screen(lines([say("Thank you: the address is yours."), found.text]), found.buttons)
    again = [Button(say("Try again"), Begin(CODE))] if content.verdict is Verdict.WRONG else []
    ways: list[Row] = [(*again, Button(say("Send a new code"), Again())), (Button(say("Back"), Open("channel")),)]
    return Screen(_why(content, say), tuple(ways))


def _why(content: _Answered, say: Say) -> Html:
    if content.verdict is Verdict.WRONG:
        return say.many(
            "That is not the code. {n} try is left.", "That is not the code. {n} tries are left.", content.left
        )
    if content.verdict is Verdict.SPENT:
        return say("That is not the code, and no try is left. Have a new code sent.")
    return say("There is no code that is still good. Have a new one sent.")


NOTICES = (Notice(SENT, _sent, _load_sent), Notice(CHECKED, _checked, _load_checked))
