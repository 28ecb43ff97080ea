"""The application form: terms first, then one question a message; a link only opens it."""

from __future__ import annotations

from handlers.buttons import Button
from handlers.context import Context, Policy
from handlers.feature import notice
from handlers.forms import Answers, Dialogue, Form, Option, Question, Step, line, mail_address
from handlers.language import Say, isolated, text
from handlers.presses import Open
from handlers.screens import Screen, lines
from handlers.terms import accepted, terms
from handlers.vocabulary import CATEGORIES
from storage import applications
from storage.access import Action, Viewer
from storage.applications import ZONES, Filled
from storage.database import Transaction
from storage.members import Category
from storage.outbox import Facts, Promise, promise
from storage.refusals import Refusal

NOMINATION = "nomination"
"""Where the answers keep the link that opened the form."""


def _ask_terms(form: Form, say: Say) -> Question:
    return Question(terms(say, form.policy), (Option(say("Accept"), "yes", "success"),))


def _ask_name(_form: Form, say: Say) -> Question:
    return Question(say("Your full name, as you write it?"))


def _ask_organisation(_form: Form, say: Say) -> Question:
    return Question(say("Your organisation, and your unit if you like?"))


def ask_category(_form: Form, say: Say) -> Question:
    return Question(
        say("What describes your work best?"), tuple(Option(say(v), k.value) for k, v in CATEGORIES.items())
    )


def ask_country(_form: Form, say: Say) -> Question:
    named = sorted((say.country(code), code) for code in ZONES)
    return Question(say("The country you work in?"), tuple(Option(name, code) for name, code in named), columns=2)


def _ask_email(_form: Form, say: Say) -> Question:
    return Question(say("Your e-mail address at work? It helps the reviewers; members do not see it."))


def _ask_motive(_form: Form, say: Say) -> Question:
    return Question(say("What do you work on, and who in the network knows you? Only the reviewers read it."))


def filled(answers: Answers) -> Filled:
    """Return what a form about a person has collected; what it did not ask for is absent."""
    return Filled(
        name=answers["name"],
        organisation=answers["organisation"],
        category=Category(answers["category"]),
        country=answers["country"],
        email=answers.get("email"),
        motive=answers.get("motive"),
        nomination_id=answers.get(NOMINATION),
    )


def _by_link(answers: Answers, policy: Policy) -> None:
    if not policy.admission.self_application and NOMINATION not in answers:
        raise Refusal("application:by-invitation")


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    agreed = accepted(context.say, context.policy)
    row = await applications.submit(tx, viewer, filled(answers), agreed, context.policy.admission, context.now)
    received = Promise(viewer.id, "application:received", {"number": row.id}, replaces=context.replaces)
    await promise(tx, [received], context.now)


def _received(facts: Facts, say: Say, policy: Policy) -> Screen:
    thanks = say("Thank you. Your application <code>A-{number}</code> was sent.", number=facts["number"])
    if policy.admission.circulates:
        then = say("Members are asked whether they know you, then reviewers decide; you will be told here.")
    else:
        then = say("Reviewers read it, usually within two working days; you will be told here.")
    return Screen(lines([thanks, then]), ((Button(say("See my application"), Open("status")),),))


RECEIVED = notice("application:received", _received)

PERSON = (
    Step("name", text("Name"), _ask_name, line(120), show=lambda _form, _say, answer: isolated(answer)),
    Step("organisation", text("Organisation"), _ask_organisation, line(150), lambda _f, _s, a: isolated(a)),
    Step("category", text("Category"), ask_category, show=lambda _f, say, a: say(CATEGORIES[Category(a)])),
    Step("country", text("Country"), ask_country, show=lambda _form, say, answer: say.country(answer)),
)
"""The steps that every form about a person has."""

APPLICATION = Dialogue(
    name="application",
    title=text("Application"),
    steps=(
        Step("terms", text("Terms"), _ask_terms, show=lambda _form, say, _answer: say("accepted")),
        *PERSON,
        Step("email", text("E-mail"), _ask_email, mail_address, lambda _f, _s, a: isolated(a), optional=True),
        Step("motive", text("Your work"), _ask_motive, line(400), lambda _f, _s, a: isolated(a), optional=True),
    ),
    finish=_finish,
    submit=text("Submit"),
    needs=Action.APPLY,
    check=_by_link,
)
