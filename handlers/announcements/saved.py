"""Saved lists: an audience that is kept under a name, chosen again in a picker, and dropped here."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.announcements import draft
from handlers.announcements.audience import AUDIENCE, ROOM, KeepList, OpenPicker
from handlers.announcements.describing import cut, described, names_in
from handlers.buttons import Button, Press, Row, columns, pages
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Question, Step, about, line
from handlers.language import Html, Say, isolated, text
from handlers.screens import Screen, lines
from storage import announcements, members
from storage.access import Action, Viewer
from storage.announcements import Dimension
from storage.announcements.choosing import Place
from storage.announcements.lists import NAME, all_saved, check, drop, keep, saved
from storage.database import Transaction
from storage.outbox import Facts, Promise, promise

PAGE = 8


@dataclass(frozen=True)
class OpenLists(Press, prefix="ann.lists"):
    """Show the saved lists, from this page on."""

    announcement: int
    page: int


@dataclass(frozen=True)
class OpenList(Press, prefix="ann.saved"):
    """Show what a saved list means, and whoever kept it."""

    announcement: int
    list: int


@dataclass(frozen=True)
class DropList(Press, prefix="ann.unlist"):
    """Drop a saved list."""

    announcement: int
    list: int


async def lists(context: Context, press: OpenLists) -> None:
    await _show(context, press.announcement, press.page)


async def _show(context: Context, announcement_id: int, page: int) -> None:
    say = context.say
    async with context.reading() as tx:
        meant = (await draft.read(tx, context.viewer, announcement_id, context.now)).row.meant
        kept = await all_saved(tx, context.viewer)
    page = max(0, min(page, (len(kept) - 1) // PAGE))
    shown = [Button(cut(row.name), OpenList(announcement_id, row.id)) for row in kept[page * PAGE : (page + 1) * PAGE]]
    before = OpenLists(announcement_id, page - 1) if page else None
    after = OpenLists(announcement_id, page + 1) if len(kept) > (page + 1) * PAGE else None
    turning = pages(before, after, page + 1, -(-len(kept) // PAGE))
    place = Place(max(0, len(meant.blocks) - 1), Dimension.LIST)
    picker = OpenPicker(announcement_id, place.number, place.dimension, 0)
    back: Row = (Button(say("Back"), picker),)
    words = say("Saved lists. Open one to see whom it means.") if kept else say("No list is saved.")
    await context.show(Screen(words, (*columns(shown, 1), *turning, back)))


async def open_list(context: Context, press: OpenList) -> None:
    """Show what a saved list means."""
    say = context.say
    async with context.reading() as tx:
        await draft.read(tx, context.viewer, press.announcement, context.now)
        row = await saved(tx, context.viewer, press.list)
        names = await names_in(tx, row.meant, context.viewer.language)
        counts = await announcements.offers(tx, context.viewer, Dimension.LIST)
        keeper = members.called(await members.by_id(tx, row.by_id)) if row.by_id else "–"
    count = counts[str(row.id)]
    kept = say("Kept by {name} on {day}.", name=isolated(keeper), day=say.day(row.changed_at))
    warned = say("Drafts and series that name it reach nobody by it once it is dropped.")
    number = say.many("{n} member", "{n} members", count)
    body = [f"<b>{isolated(row.name)}</b>", described(row.meant, names, say, ROOM), number, kept, f"<i>{warned}</i>"]
    away = Button(say("Drop this list"), DropList(press.announcement, row.id), style="danger")
    back: Row = (Button(say("Back"), OpenLists(press.announcement, 0)),)
    await context.show(Screen(lines(body), ((away,), back)))


async def drop_list(context: Context, press: DropList) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await drop(tx, me, press.list, context.now)
    await _show(context, press.announcement, 0)


async def keep_list(context: Context, press: KeepList) -> None:
    async with context.reading() as tx:
        row = (await draft.read(tx, context.viewer, press.announcement, context.now)).row
        check(row.meant)
    await draft.ask(context, "announcement-list", press.announcement)


def _ask_name(_form: Form, say: Say) -> Question:
    return Question(say("Under which name shall this audience be kept? It keeps the conditions, not the people."))


async def _keep(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    await keep(tx, viewer, answers["announcement"], answers["name"], context.now)
    name, facts = _left(answers)
    facts = {**facts, "at": context.now.isoformat()}
    await promise(tx, [Promise(context.member.id, name, facts, replaces=context.replaces)], context.now)


def _left(answers: Answers) -> tuple[str, Facts]:
    return AUDIENCE.name, {"announcement": answers["announcement"], "at": answers["at"]}


def _show_name(_form: Form, _say: Say, answer: str) -> Html:
    return isolated(answer)


LIST = Dialogue(
    name="announcement-list",
    title=text("Saved list"),
    steps=(Step("name", text("Name"), _ask_name, line(NAME), _show_name),),
    finish=_keep,
    submit=text("Continue"),
    needs=Action.ANNOUNCE,
    left=_left,
    check=about("announcement", "at"),
    straight=True,
)
