"""The second pair of eyes: the card that another administrator releases or returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.announcements.describing import ROOM, Names, besides, described, names_in, times_of
from handlers.announcements.paying import price
from handlers.announcements.presses import OpenDraft, ShowMedia
from handlers.announcements.progress import STATES
from handlers.announcements.reading import content_of, draw
from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated
from handlers.screens import LIMIT, Screen, length, lines
from storage import announcements, members
from storage.access import Action, Viewer, allowed
from storage.announcements import Announcement, AnnouncementState
from storage.database import Transaction
from storage.outbox import Facts

_REST = 500
"""What is left in a message for everything on the card but the words and the audience."""


@dataclass(frozen=True)
class Release(Press, prefix="ann.go"):
    """Release the announcement whose content has this hash."""

    announcement: int
    digest: str


@dataclass(frozen=True)
class Return(Press, prefix="ann.back"):
    """Return the announcement to its author."""

    announcement: int


@dataclass(frozen=True)
class SeeAs(Press, prefix="ann.as"):
    """Show what waits for its release as readers in a language see it; an empty one shows the card again."""

    announcement: int
    language: str


@dataclass(frozen=True)
class Case:
    """An announcement before whoever may release it, with the names of people and of what its audience says."""

    row: Announcement
    people: Mapping[int, str]
    names: Names


async def let_go(context: Context, press: Release) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await announcements.release(tx, me, press.announcement, press.digest, context.now)


async def send_back(context: Context, press: Return) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await announcements.give_back(tx, me, press.announcement, context.now)


async def _case(tx: Transaction, viewer: Viewer, announcement_id: int) -> Case:
    row = await announcements.by_id(tx, viewer, announcement_id)
    people = await members.by_ids(tx, [n for n in (row.author_id, row.released_by) if n])
    names = await names_in(tx, row.meant, viewer.language)
    return Case(row, {n: members.called(person) for n, person in people.items()}, names)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Case]:
    announcing = [viewer for viewer in viewers if allowed(viewer, Action.ANNOUNCE)]
    return {viewer.id: await _case(tx, viewer, facts["announcement"]) for viewer in announcing}


async def see_as(context: Context, press: SeeAs) -> None:
    """Show the card, or how readers in a language see what it is about."""
    async with context.reading() as tx:
        await announcements.looked_at(tx, context.viewer, press.announcement)
        case = await _case(tx, context.viewer, press.announcement)
    say = context.say
    if press.language not in context.policy.languages:
        await context.show(card(case, say, context.policy))
        return
    seen = draw(content_of(case.row, press.language), Say(press.language, say.zone), context.policy)
    back: Row = (Button(say("Back"), SeeAs(case.row.id, "")),)
    await context.show(Screen(seen.text, (back,), seen.label))


def card(case: Case, say: Say, policy: Policy) -> Screen:
    """Return the card, with what else is bound to the release: whom it is for, and when it leaves."""
    row = case.row
    if row.state is AnnouncementState.DRAFT:
        return _taken_back(row, say)
    preview = draw(content_of(row, row.language), Say(row.language, say.zone), policy)
    author = isolated(case.people.get(row.author_id, "–"))
    count = say.many("{n} recipient", "{n} recipients", row.audience_count)
    by = isolated(case.people.get(row.released_by or 0, "–"))
    buttons: tuple[Row, ...] = ()
    match row.state:
        case AnnouncementState.AWAITING:
            said = say("{author} asks you to release this announcement. {count}.", author=author, count=count)
            buttons = _choices(row, say, policy)
        case AnnouncementState.RETURNED if row.released_by is None:
            said = say("Nobody released it within 30 minutes.")
        case AnnouncementState.RETURNED:
            said = say("Returned by {by}.", by=by)
        case AnnouncementState.CANCELLED:
            said = say("Cancelled.")
        case _:
            said = say("Released by {by}.", by=by)
    room = min(ROOM, LIMIT - length(preview.html) - _REST)
    whom = say("For: {whom}", whom=described(row.meant, case.names, say, room))
    cost = price(row, row.audience_count, say, policy)
    bound = "\n".join([whom, *besides(row, say), *times_of(row, say), *([cost] if cost else [])])
    return Screen(lines([preview.text, bound, f"<b>{said}</b>"]), buttons, row.label)


def _taken_back(row: Announcement, say: Say) -> Screen:
    """Return what is left of a card whose announcement is its author's again: the words may be others by now."""
    head = say("Announcement <code>N-{number}</code>: {state}", number=row.id, state=say(STATES[row.state]))
    return Screen(lines([f"<b>{head}</b>", say("Its author has taken it back to change it.")]), label=row.label)


def _choices(row: Announcement, say: Say, policy: Policy) -> tuple[Row, ...]:
    go = Button(say("Release"), Release(row.id, row.digest[: announcements.BOUND]), style="success")
    versions = [
        Button(say("See in: {language}", language=say.language_name(code)), SeeAs(row.id, code))
        for code in policy.languages
        if len(policy.languages) > 1
    ]
    files = ((Button(say("Show attached"), ShowMedia(row.id)),),) if row.media else ()
    return (*((button,) for button in versions), *files, (go, Button(say("Return"), Return(row.id), style="danger")))


def _returned(case: Case, say: Say, _policy: Policy) -> Screen:
    row = case.row
    words: Html = say(
        "Nobody released your announcement “{title}” within 30 minutes: it was not sent.", title=row.title
    )
    if row.released_by is not None:
        by = isolated(case.people.get(row.released_by, "–"))
        words = say("Your announcement “{title}” was returned by {by}: it was not sent.", title=row.title, by=by)
    return Screen(words, ((Button(say("Edit and send again"), OpenDraft(row.id), style="primary"),),), row.label)


RELEASE = Notice("announcement:release", card, _load)
RETURNED = Notice("announcement:returned", _returned, _load)
