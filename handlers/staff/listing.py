"""The list of members: within the reader's reach, by state, or by a name that was typed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from handlers.buttons import Button, Press, Row, columns, pages, turns
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Question, Step, about, line
from handlers.language import Say, isolated, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from handlers.staff.words import SHOWN
from storage import members, names, staff
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import Member, MemberState
from storage.staff import Shown

PAGE = 8
_WIDTH = 40
ROOM = 40
"""How many bytes of a button are left for the name that is looked for."""
_MARKS = {MemberState.SUSPENDED: "⏸ ", MemberState.DUE: "⏳ ", MemberState.BLOCKED: "⛔ ", MemberState.LEFT: "· "}
_LETTER = "✉ "
"""Marks who is reached by e-mail only."""


class Aim(StrEnum):
    """What somebody in the list is picked for."""

    SEE = "see"
    OFFBOARD = "off"


@dataclass(frozen=True)
class Members(Press, prefix="mem"):
    """List members of these states, from the one with the id `first` on."""

    aim: Aim
    shown: Shown
    first: int


@dataclass(frozen=True)
class Filter(Press, prefix="mem.by"):
    """Choose which members are listed."""

    aim: Aim


@dataclass(frozen=True)
class Search(Press, prefix="mem.ask"):
    """Ask for a name."""

    aim: Aim


@dataclass(frozen=True)
class Matches(Press, prefix="mem.find"):
    """Turn to another page of a search; `words` is the key of the name."""

    aim: Aim
    offset: int
    words: str


@dataclass(frozen=True)
class OpenMember(Press, prefix="mem.open"):
    """Open this member's card."""

    member: int


@dataclass(frozen=True)
class AskOffboard(Press, prefix="mem.off"):
    """Off-board this member: asks for the reason."""

    member: int


async def everybody(context: Context) -> None:
    await turn(context, Members(Aim.SEE, Shown.ALL, 0))


async def offboard(context: Context) -> None:
    await turn(context, Members(Aim.OFFBOARD, Shown.ALL, 0))


async def turn(context: Context, press: Members) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await staff.listed(tx, context.viewer, press.shown, press.first or None, PAGE)
    rows = _people(page.items, press.aim)
    rows += turns(page, lambda first: Members(press.aim, press.shown, first))
    title = say("Members: {which}", which=say(SHOWN[press.shown]))
    hint = _hint(press.aim, say) if page.items else say("There is nobody here.")
    await context.show(Screen(lines([f"<b>{title}</b>", hint]), (*rows, *_ways(press.aim, say))))


def _hint(aim: Aim, say: Say) -> str:
    if aim is Aim.OFFBOARD:
        return say("Whom do you off-board? Choose somebody, or search by name.")
    return say("Those within your reach, by name. Choose somebody, or search.")


def _people(found: list[Member] | tuple[Member, ...], aim: Aim) -> list[Row]:
    opens = AskOffboard if aim is Aim.OFFBOARD else OpenMember
    return [(Button(_named(m), opens(m.id)),) for m in found]


def _named(member: Member) -> str:
    way = _LETTER if staff.by_mail(member) else ""
    return f"{way}{_MARKS.get(member.state, '')}{members.called(member)}"[:_WIDTH]


def _ways(aim: Aim, say: Say) -> list[Row]:
    return [
        (Button(say("Filter"), Filter(aim)), Button(say("Search"), Search(aim))),
        (Button(say("Menu"), Home()),),
    ]


async def choose_filter(context: Context, press: Filter) -> None:
    say = context.say
    buttons = [Button(say(SHOWN[one]), Members(press.aim, one, 0)) for one in staff.filters(context.viewer)]
    back: Row = (Button(say("Back"), Members(press.aim, Shown.ALL, 0)),)
    await context.show(Screen(say("Which members would you like to see?"), (*columns(buttons, 2), back)))


async def ask_name(context: Context, press: Search) -> None:
    await context.begin("member-search", {"aim": press.aim.value})


async def turn_matches(context: Context, press: Matches) -> None:
    async with context.reading() as tx:
        screen = await _matches(tx, context.viewer, press, context.say)
    await context.show(screen)


async def _matches(tx: Transaction, viewer: Viewer, press: Matches, say: Say) -> Screen:
    found, total = await staff.search(tx, viewer, press.words, press.offset, PAGE)
    rows = _people(list(found), press.aim)
    before = Matches(press.aim, press.offset - PAGE, press.words) if press.offset >= PAGE else None
    after = Matches(press.aim, press.offset + PAGE, press.words) if total > press.offset + PAGE else None
    rows += pages(before, after, press.offset // PAGE + 1, -(-total // PAGE))
    back: Row = (Button(say("Back"), Members(press.aim, Shown.ALL, 0)), Button(say("Search"), Search(press.aim)))
    words = say.many("{n} member found.", "{n} members found.", total) if total else say("Nobody of that name is here.")
    return Screen(words, (*rows, back))


def _ask(_form: Form, say: Say) -> Question:
    return Question(say("Whose name are you looking for? Any spelling will do; a part of it is enough."))


async def _find(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    words = names.key(answers["name"]).encode()[:ROOM].decode(errors="ignore").strip()
    return await _matches(tx, viewer, Matches(Aim(answers["aim"]), 0, words), context.say)


SEARCH = Dialogue(
    name="member-search",
    title=text("Search members"),
    steps=(Step("name", text("Name"), _ask, line(100), lambda _f, _s, a: isolated(a)),),
    finish=_find,
    submit=text("Search"),
    needs=Action.SEE_MEMBERS,
    straight=True,
    check=about("aim"),
)
