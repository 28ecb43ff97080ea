"""The application form: terms first, then one question a message."""

from __future__ import annotations

from typing import Any

from handlers.buttons import Button
from handlers.context import Context, Policy
from handlers.feature import notice
from handlers.forms import Answers, Dialogue, Form, Option, Question, Step, line
from handlers.language import Html, Say, isolated, text
from handlers.presses import Open
from handlers.screens import Screen, lines
from handlers.vocabulary import CATEGORIES
from storage import applications, topics
from storage.access import Action, Viewer
from storage.applications import ZONES, Filled
from storage.database import Transaction
from storage.members import Category
from storage.outbox import Facts, Promise, promise

TERMS_VERSION = "1"


def terms(say: Say, policy: Policy) -> Html:
    """Return the terms as a person reads them; their hash is kept with the consent."""
    points = (
        say("Share public and community documents only: nothing classified, operational, personal or under secrecy."),
        say("No names or pictures of suspects, victims, witnesses or minors; no live cases; no threat reports."),
        say("Not for official correspondence. Telegram and whoever runs this bot can read what is written here."),
        say(
            "Keep to the Traffic Light Protocol label of each item. You can leave and be erased at any time: /privacy."
        ),
    )
    title = say("The terms of {network}, version {version}", network=policy.network, version=TERMS_VERSION)
    return Html(lines([f"<b>{title}</b>", "\n".join(f"• {point}" for point in points)]))


def _ask_terms(form: Form, say: Say) -> Question:
    return Question(terms(say, form.policy), (Option(say("Accept"), "yes", "success"),))


def _ask_name(_form: Form, say: Say) -> Question:
    return Question(say("Your full name, as you write it?"))


def _ask_organisation(_form: Form, say: Say) -> Question:
    return Question(say("Your organisation, and your unit if you like?"))


def _ask_category(_form: Form, say: Say) -> Question:
    return Question(
        say("What describes your work best?"), tuple(Option(say(v), k.value) for k, v in CATEGORIES.items())
    )


def _ask_country(_form: Form, say: Say) -> Question:
    named = sorted((say.country(code), code) for code in ZONES)
    return Question(say("The country you work in?"), tuple(Option(name, code) for name, code in named), columns=2)


def _ask_topics(form: Form, say: Say) -> Question:
    options = tuple(Option(f"{t.emoji} {t.title(say.language)}"[:48], str(t.id)) for t in form.data)
    return Question(say("Which topics would you like to follow? You can change this later."), options, several=True)


def _show_topics(form: Form, say: Say, answer: Any) -> str:
    chosen = {int(value) for value in answer}
    return ", ".join(say("{title}", title=t.title(say.language)) for t in form.data if t.id in chosen)


async def _open_topics(tx: Transaction, _viewer: Viewer, _answers: Answers) -> list[topics.Topic]:
    return [topic for topic in await topics.catalogue(tx) if topic.policy is topics.Policy.OPEN]


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    filled = Filled(
        name=answers["name"],
        organisation=answers["organisation"],
        category=Category(answers["category"]),
        country=answers["country"],
        topics=tuple(int(value) for value in answers["topics"] or ()),
        terms_version=TERMS_VERSION,
        terms_text=terms(context.say, context.policy),
    )
    row = await applications.submit(tx, viewer, filled, context.now)
    received = Promise(viewer.id, "application:received", {"number": row.id}, replaces=context.replaces)
    await promise(tx, [received], context.now)


def _received(facts: Facts, say: Say, _policy: Policy) -> Screen:
    thanks = say("Thank you. Your application <code>A-{number}</code> was sent.", number=facts["number"])
    then = say("Administrators read it, usually within two working days; you will be told here.")
    return Screen(lines([thanks, then]), ((Button(say("See my application"), Open("status")),),))


RECEIVED = notice("application:received", _received)

APPLICATION = Dialogue(
    name="application",
    title=text("Application"),
    steps=(
        Step("terms", text("Terms"), _ask_terms, show=lambda _form, say, _answer: say("accepted")),
        Step("name", text("Name"), _ask_name, line(120), show=lambda _form, _say, answer: isolated(answer)),
        Step("organisation", text("Organisation"), _ask_organisation, line(150), lambda _f, _s, a: isolated(a)),
        Step("category", text("Category"), _ask_category, show=lambda _f, say, a: say(CATEGORIES[Category(a)])),
        Step("country", text("Country"), _ask_country, show=lambda _form, say, answer: say.country(answer)),
        Step("topics", text("Topics"), _ask_topics, show=_show_topics),
    ),
    finish=_finish,
    submit=text("Submit"),
    needs=Action.APPLY,
    prepare=_open_topics,
)
