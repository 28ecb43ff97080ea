"""The log of acts: who did what to whom and when, with the names of today and without anybody's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context
from handlers.language import Html, Say, isolated
from handlers.presses import Home
from handlers.screens import Screen, lines
from handlers.staff.sentences import KINDS, SENTENCES
from handlers.vocabulary import ROLES
from storage import members, staff
from storage.audit import AuditRow, Event
from storage.members import Member, Role

PAGE = 10
_NUMBERED = {"application": "A", "announcement": "N", "document": "D"}
ALL = "all"


@dataclass(frozen=True)
class Acts(Press, prefix="log"):
    """Read the log of one kind, or of all, from the act with the id `first` on."""

    kind: str
    first: int


@dataclass(frozen=True)
class ChooseKind(Press, prefix="log.by"):
    """Choose which acts are shown."""


async def audit(context: Context) -> None:
    await read(context, Acts(ALL, 0))


async def read(context: Context, press: Acts) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await staff.acts(tx, context.viewer, press.kind, press.first or None, PAGE)
        named = {n for row in page.items for n in (row.actor_id, row.subject_id, row.facts.get("successor")) if n}
        people = await members.by_ids(tx, list(named))
    which = say(KINDS[press.kind]) if press.kind in KINDS else say("all acts")
    title = say("Audit log: {which}", which=which)
    told = "\n".join(_told(row, people, say) for row in page.items) or say("Nothing stands here yet.")
    rows = turns(page, lambda first: Acts(press.kind, first))
    last: Row = (Button(say("Filter"), ChooseKind()), Button(say("Menu"), Home()))
    await context.show(Screen(lines([f"<b>{title}</b>", told]), (*rows, last)))


async def choose_kind(context: Context, _press: ChooseKind) -> None:
    say = context.say
    buttons = [Button(say(KINDS[kind]), Acts(kind, 0)) for kind in staff.KINDS if kind in KINDS]
    last: Row = (Button(say("Show all"), Acts(ALL, 0)), Button(say("Menu"), Home()))
    await context.show(Screen(say("Which acts would you like to see?"), (*columns(buttons, 3), last)))


def _told(row: AuditRow, people: Mapping[int, Member], say: Say) -> str:
    whom = _name(row.subject_id, people)
    by = _name(row.actor_id, people) if row.actor_id else say("the bot or its operator")
    sentence = say(SENTENCES[event], by=by, whom=whom) if (event := Event(row.event)) in SENTENCES else Html(event)
    details = ", ".join(_details(row, people, say))
    return f"{say.moment(row.at)} · {sentence}{f' ({details})' if details else ''}"


def _name(member_id: int | None, people: Mapping[int, Member]) -> Html:
    if member_id is None:
        return Html("–")
    found = people.get(member_id)
    return isolated(members.called(found) if found else f"M-{member_id}")


def _details(row: AuditRow, people: Mapping[int, Member], say: Say) -> list[str]:
    facts = row.facts
    told = [f"{letter}-{facts[kind]}" for kind, letter in _NUMBERED.items() if isinstance(facts.get(kind), int)]
    if facts.get("role") in {role.value for role in Role}:
        told.append(say(ROLES[Role(facts["role"])]))
    if isinstance(facts.get("country"), str):
        told.append(say.country(facts["country"]))
    if isinstance(facts.get("successor"), int):
        told.append(say("to {name}", name=_name(facts["successor"], people)))
    return told
