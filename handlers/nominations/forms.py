"""The two forms: a nomination within one's reach, and an invitation that notes only for whom it is."""

from __future__ import annotations

from handlers.buttons import Button
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Option, Question, Reply, Step, choice, line, mail_address
from handlers.language import Say, isolated, text
from handlers.nominations.links import told_once
from handlers.presses import Home, Open
from handlers.screens import Screen
from handlers.vocabulary import CATEGORIES
from storage import members, nominations
from storage.access import Action, Viewer
from storage.applications import ZONES
from storage.database import Transaction
from storage.members import Category
from storage.nominations import INVITATIONS, Reach, Written
from storage.refusals import Refusal

_CHOSEN = "="
"""What stands before the number of an organisation that was chosen by its button."""


async def nominate(context: Context) -> None:
    await context.begin("nomination")


async def invite(context: Context) -> None:
    try:
        async with context.reading() as tx:
            await nominations.require_room(tx, context.viewer, context.now)
    except Refusal:
        await context.show(_full(context.say))
        return
    await context.begin("invitation")


def _full(say: Say) -> Screen:
    words = say("You have {limit} open invitations, and more at once are not possible.", limit=INVITATIONS)
    more = say("Revoke one, or wait until one is used or has expired.")
    return Screen(f"{words} {more}", ((Button(say("My links"), Open("links")), Button(say("Menu"), Home())),))


async def _reach(tx: Transaction, viewer: Viewer, _answers: Answers) -> Reach:
    return await nominations.reach(tx, viewer)


def _ask_name(_form: Form, say: Say) -> Question:
    return Question(say("Whom do you nominate? Please write their full name."))


def _may_type(form: Form) -> bool:
    """Tell whether the organisation is free: it is not for who is focal point of organisations only."""
    return form.data.countries is None or bool(form.data.countries)


def _ask_organisation(form: Form, say: Say) -> Question:
    offered = tuple(Option(name[:60], f"{_CHOSEN}{number}") for number, name in form.data.organisations.items())
    return Question(say("Which organisation are they from?"), offered)


def _read_organisation(form: Form, reply: Reply) -> str:
    return line(150)(form, reply).lstrip(_CHOSEN) if _may_type(form) else choice(form, reply)


def _organisation(form: Form, answer: str) -> str:
    """Return the name of an organisation that was typed or chosen."""
    number = answer.removeprefix(_CHOSEN)
    return answer if number == answer else form.data.organisations.get(int(number), "–")


def _ask_category(_form: Form, say: Say) -> Question:
    return Question(
        say("What describes their work best?"), tuple(Option(say(v), k.value) for k, v in CATEGORIES.items())
    )


def _ask_country(form: Form, say: Say) -> Question:
    reach: Reach = form.data
    key = members.key_of(_organisation(form, form.answers["organisation"]))
    free = reach.countries is None or key in {members.key_of(name) for name in reach.organisations.values()}
    codes = [code for code in ZONES if free or code in (reach.countries or ())]
    named = sorted((say.country(code), code) for code in codes)
    return Question(say("The country they work in?"), tuple(Option(name, code) for name, code in named), columns=2)


def _ask_reason(_form: Form, say: Say) -> Question:
    return Question(say("Why do you nominate them? Only the reviewers read it."))


def _ask_email(_form: Form, say: Say) -> Question:
    return Question(say("Their e-mail address at work? Only the reviewers read it."))


async def _nominate(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    chosen = Form(answers, await nominations.reach(tx, viewer), viewer, context.policy, context.now)
    written = Written(
        name=answers["name"],
        organisation=_organisation(chosen, answers["organisation"]),
        category=Category(answers["category"]),
        country=answers["country"],
        reason=answers["reason"],
        email=answers.get("email"),
    )
    secret = await nominations.nominate(tx, viewer, written, context.now)
    return told_once(written.name, secret, context)


NOMINATION = Dialogue(
    name="nomination",
    title=text("Nomination"),
    steps=(
        Step("name", text("Name"), _ask_name, line(120), lambda _f, _s, a: isolated(a)),
        Step(
            "organisation",
            text("Organisation"),
            _ask_organisation,
            _read_organisation,
            lambda form, _say, answer: isolated(_organisation(form, answer)),
        ),
        Step("category", text("Category"), _ask_category, show=lambda _f, say, a: say(CATEGORIES[Category(a)])),
        Step("country", text("Country"), _ask_country, show=lambda _form, say, answer: say.country(answer)),
        Step("reason", text("Reason"), _ask_reason, line(400), lambda _f, _s, a: isolated(a)),
        Step("email", text("E-mail"), _ask_email, mail_address, lambda _f, _s, a: isolated(a), optional=True),
    ),
    finish=_nominate,
    submit=text("Make the link"),
    needs=Action.NOMINATE,
    prepare=_reach,
)


def _ask_whom(_form: Form, say: Say) -> Question:
    return Question(say("Whom do you invite? The name is your own note: they do not see it."))


async def _invite(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    secret = await nominations.invite(tx, viewer, answers["name"], context.now)
    return told_once(answers["name"], secret, context)


INVITATION = Dialogue(
    name="invitation",
    title=text("Invitation"),
    steps=(Step("name", text("Name"), _ask_whom, line(120), lambda _f, _s, a: isolated(a)),),
    finish=_invite,
    submit=text("Make the link"),
    needs=Action.INVITE,
)
