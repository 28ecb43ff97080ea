"""The audience of an AMBER document: the source's own organisation, and whom it names besides (TLP 2.0 §4)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from handlers.context import Context
from handlers.documents.source import label_of
from handlers.forms import Answers, Form, Option, Question, Step, line
from handlers.language import Html, Say, isolated, text
from handlers.screens import lines
from storage import directory, members
from storage.access import Viewer
from storage.database import Transaction
from storage.documents.audience import organisations
from storage.refusals import Refusal
from storage.tlp import Label
from storage.topics import Topic

OFFERED = 8
"""Organisations that one search offers at most."""
HOUSE, PERSON = "o", "m"
"""How the codes begin by which organisations (their id) and members (the number of their entry) are ticked."""
_LETTERS = 60


@dataclass(frozen=True)
class Choices:
    """What the form offers the one who fills it: topics, their organisation, and by code whom they may name."""

    topics: tuple[Topic, ...]
    own: str | None
    names: Mapping[str, str]


def named(answers: Answers) -> list[str]:
    """Return the codes of whom the source names besides its own organisation."""
    if label_of(answers) is not Label.AMBER or answers.get("audience") != "others":
        return []
    return list(dict.fromkeys([*answers.get("chosen", ()), *(answers.get("named") or ())]))


async def names_of(tx: Transaction, viewer: Viewer, codes: list[str]) -> dict[str, str]:
    """Return by code what those are called whom the viewer may name; who is to be seen no more is missing."""
    houses = [int(code[1:]) for code in codes if code.startswith(HOUSE)]
    found = {f"{HOUSE}{n}": name for n, name in (await members.organisation_names(tx, houses)).items()}
    for code in codes:
        if code.startswith(PERSON):
            with suppress(Refusal):
                name = await directory.name_of(tx, viewer, int(code[1:]))
                found |= {code: name} if name else {}
    return {code: found[code] for code in codes if code in found}


async def ids_of(tx: Transaction, viewer: Viewer, answers: Answers) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the organisations and members that are named. Refusal: `directory:gone`, where one is seen no more."""
    codes = named(answers)
    if (await names_of(tx, viewer, codes)).keys() != set(codes):
        raise Refusal("directory:gone")
    houses = tuple(int(code[1:]) for code in codes if code.startswith(HOUSE))
    entries = [await directory.entry(tx, viewer, int(code[1:])) for code in codes if code.startswith(PERSON)]
    return houses, tuple(entry.member_id for entry in entries)


async def _find(context: Context, answers: Answers) -> Answers:
    """Look for whom the letters mean; those who are ticked stay named.

    The directory counts it as a look of its own, whether or not the answer is kept.
    """
    chosen = named(answers)
    wanted = directory.named(answers["others"])
    async with context.services.database.transaction() as tx:
        houses = await organisations(tx, context.viewer, answers["others"], OFFERED)
        people = await directory.search(tx, context.viewer, wanted, None, context.now)
    own = context.viewer.organisation_id
    codes = [f"{HOUSE}{house.id}" for house in houses if house.id != own]
    codes += [f"{PERSON}{entry.number}" for entry in people.entries if entry.name and not entry.mine]
    kept = {name: value for name, value in answers.items() if name != "named"}
    return {**kept, "chosen": chosen, "found": [code for code in codes if code not in chosen]}


def _ask_audience(form: Form, say: Say) -> Question:
    own = say("Keep to my organisation")
    asked = say("Whom is it for? Your organisation, {organisation}, sees it in any case.", organisation=_own(form))
    return Question(asked, (Option(own, "own"), Option(say("Name others besides"), "others")))


def _own(form: Form) -> Html:
    return isolated(form.data.own or "–")


def _show_audience(form: Form, say: Say, answer: str) -> Html:
    if answer == "own" or not named(form.answers):
        return say("{organisation} only", organisation=_own(form))
    return say("{organisation}, and whom you name", organisation=_own(form))


def _ask_others(_form: Form, say: Say) -> Question:
    return Question(say("Write the first letters of an organisation of the network, or of a member in the directory."))


def _ask_named(form: Form, say: Say) -> Question:
    answers = form.answers
    offered = [code for code in answers.get("found", ()) if code in form.data.names]
    options = tuple(Option(form.data.names[code][:_LETTERS], code) for code in offered)
    asked = say("Who of them is it for? Go back to look for others.")
    nobody = say("Nobody was found for “{words}”. Go back to look for others.", words=isolated(answers["others"]))
    chosen = called(form, answers.get("chosen", ()))
    told = say("Named already: {names}", names=chosen) if chosen else None
    return Question(Html(lines([told, asked if options else nobody])), options, several=True)


def called(form: Form, codes: list[str] | tuple[str, ...]) -> Html:
    """Return the names of those whom codes stand for."""
    return Html(", ".join(isolated(form.data.names[code]) for code in codes if code in form.data.names))


def _show_named(form: Form, _say: Say, _answer: object) -> Html:
    return called(form, named(form.answers)) or Html("–")


def _amber(answers: Answers) -> bool:
    return label_of(answers) is Label.AMBER


def _others(answers: Answers) -> bool:
    return _amber(answers) and answers.get("audience") == "others"


STEPS = (
    Step("audience", text("Audience"), _ask_audience, show=_show_audience, when=_amber),
    Step("others", text("Others"), _ask_others, line(_LETTERS), when=_others, enrich=_find),
    Step("named", text("Named"), _ask_named, show=_show_named, when=_others),
)
