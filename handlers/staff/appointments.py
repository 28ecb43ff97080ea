"""The forms that give a role with a reach: moderator of a topic, focal point of a country or an organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Option, Question, Step, about, line
from handlers.language import Html, Say, isolated, text
from handlers.screens import Screen, lines
from handlers.staff.acts import hold
from handlers.staff.roles import done
from handlers.staff.words import SEATS
from handlers.vocabulary import ROLES
from storage import staff, topics
from storage.access import Action, Viewer
from storage.applications import ZONES
from storage.database import Transaction
from storage.members import Office, Role
from storage.refusals import Refusal
from storage.staff import TERMS, Card, Seat
from storage.topics import Topic

ORGANISATION = "organisation"


@dataclass(frozen=True)
class Asked:
    """What the forms ask with: whom they are about, and the topics."""

    card: Card | None
    topics: tuple[Topic, ...]

    @property
    def name(self) -> Html:
        return isolated(self.card.name if self.card else "–")


async def _prepare(tx: Transaction, viewer: Viewer, answers: Answers) -> Asked:
    try:
        found = await staff.card(tx, viewer, answers["member"])
    except Refusal:
        found = None
    return Asked(found, tuple(await topics.catalogue(tx, viewer)))


def _ask_topic(form: Form, say: Say) -> Question:
    asked: Asked = form.data
    options = tuple(Option(f"{t.emoji} {t.title(say.language)}", str(t.id)) for t in asked.topics)
    return Question(say("Which topic shall {name} moderate?", name=asked.name), options)


def _show_topic(form: Form, say: Say, answer: Any) -> str:
    return next((isolated(t.title(say.language)) for t in form.data.topics if str(t.id) == answer), "–")


def _ask_reach(form: Form, say: Say) -> Question:
    asked: Asked = form.data
    card = asked.card
    options = [Option(card.organisation[:40], ORGANISATION)] if card and card.organisation else []
    own = card.country if card else None
    countries = sorted(ZONES, key=lambda code: (code != own, say.country(code)))
    options += [Option(say.country(code), code) for code in countries]
    words = say("Focal point of what shall {name} be: of their organisation, or of a country?", name=asked.name)
    return Question(words, tuple(options), 2)


def _show_reach(form: Form, say: Say, answer: Any) -> str:
    card: Card | None = form.data.card
    if answer == ORGANISATION:
        return isolated(card.organisation if card else "–")
    return say.country(answer)


def _ask_seat(_form: Form, say: Say) -> Question:
    words = say("Principal or alternate? Each country and organisation has one of both.")
    return Question(words, tuple(Option(say(label), str(int(code))) for code, label in SEATS.items()), 2)


def _ask_term(_form: Form, say: Say) -> Question:
    words = say("For how long? Sixty days before the end you are warned.")
    options = tuple(Option(say.many("{n} month", "{n} months", n), str(n)) for n in TERMS)
    return Question(words, options, 3)


def _ask_letter(_form: Form, say: Say) -> Question:
    return Question(say("The number or date of the letter that names them, if there is one?"))


def _read(form: Form, say: Say) -> Screen:
    asked: Asked = form.data
    steps = MODERATOR.steps if "topic" in form.answers else FOCAL_POINT.steps
    role = say(ROLES[Role.MODERATOR if "topic" in form.answers else Role.FOCAL_POINT])
    title = say("Give {name} the role: {role}?", name=asked.name, role=role)
    rows = [
        say("{kind}: {text}", kind=say(step.title), text=Html(step.show(form, say, form.answers[step.name])))
        for step in steps
        if step.show is not None and form.answers.get(step.name)
    ]
    return Screen(lines([f"<b>{title}</b>", "\n".join(rows)]))


async def _give_moderator(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    seat = Seat(Office(Role.MODERATOR, topic_id=int(answers["topic"])))
    return await _finish(context, tx, viewer, answers["member"], seat)


async def _give_focal_point(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    found = await staff.by_id(tx, viewer, answers["member"])
    office = Office(Role.FOCAL_POINT, country=answers["reach"])
    if answers["reach"] == ORGANISATION:
        office = Office(Role.FOCAL_POINT, organisation_id=found.organisation_id)
    seat = Seat(office, int(answers["term"]), answers["seat"] == "1", answers.get("letter"))
    return await _finish(context, tx, viewer, found.id, seat)


async def _finish(context: Context, tx: Transaction, viewer: Viewer, member_id: int, seat: Seat) -> Screen:
    await staff.give(tx, viewer, member_id, seat, context.now)
    return done(member_id, context.say)


MODERATOR = Dialogue(
    name="moderator",
    title=text("Moderator"),
    steps=(Step("topic", text("Topic"), _ask_topic, show=_show_topic),),
    finish=_give_moderator,
    submit=text("Give the role"),
    needs=Action.GIVE_ROLES,
    prepare=_prepare,
    summary=_read,
    hold=hold,
    check=about("member"),
)
FOCAL_POINT = Dialogue(
    name="focal-point",
    title=text("Focal point"),
    steps=(
        Step("reach", text("Reach"), _ask_reach, show=_show_reach),
        Step("seat", text("Seat"), _ask_seat, show=lambda _f, say, a: say(SEATS[a == "1"])),
        Step("term", text("Term"), _ask_term, show=lambda _f, say, a: say.many("{n} month", "{n} months", int(a))),
        Step("letter", text("Letter"), _ask_letter, line(120), lambda _f, _s, a: isolated(a), optional=True),
    ),
    finish=_give_focal_point,
    submit=text("Give the role"),
    needs=Action.GIVE_ROLES,
    prepare=_prepare,
    summary=_read,
    hold=hold,
    check=about("member"),
)
