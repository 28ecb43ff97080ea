"""Progress in one message that changes in place, the list of announcements, and who was not reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.buttons import Button, Press, Row, pages, turns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Say, isolated, text
from handlers.presses import Begin, Home, Open
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Action, Viewer, allowed
from storage.announcements import Announcement, AnnouncementState, Progress
from storage.database import Transaction
from storage.outbox import Facts, OutboxState

PAGE, NAMES, BAR = 5, 8, 12
STATES = {
    AnnouncementState.AWAITING: text("waits for a second administrator"),
    AnnouncementState.SENDING: text("being sent"),
    AnnouncementState.DONE: text("sent"),
    AnnouncementState.RETURNED: text("returned"),
    AnnouncementState.CANCELLED: text("cancelled"),
}
ENDS = {
    OutboxState.UNREACHABLE: text("unreachable"),
    OutboxState.UNKNOWN: text("unknown"),
    OutboxState.REJECTED: text("rejected by Telegram"),
    OutboxState.WITHHELD: text("withheld"),
    OutboxState.EXPIRED: text("expired"),
}


@dataclass(frozen=True)
class Stop(Press, prefix="ann.stop"):
    """Stop what is not sent yet."""

    announcement: int


@dataclass(frozen=True)
class Report(Press, prefix="ann.rep"):
    """Open an announcement's report."""

    announcement: int


@dataclass(frozen=True)
class Missed(Press, prefix="ann.miss"):
    """List who was not reached, from this one on."""

    announcement: int
    offset: int


@dataclass(frozen=True)
class Turn(Press, prefix="ann.list"):
    """List announcements from this number on (0: from the newest)."""

    first: int


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    found: dict[int, Any] = {}
    for viewer in viewers:
        if allowed(viewer, Action.ANNOUNCE):
            row = await announcements.by_id(tx, viewer, facts["announcement"])
            found[viewer.id] = (row, await announcements.progress_of(tx, row))
    return found


def _draw(content: tuple[Announcement, Progress], say: Say, _policy: Policy) -> Screen:
    row, progress = content
    title = say("Announcement <code>N-{number}</code>: {state}", number=row.id, state=say(STATES[row.state]))
    counted = progress.total or row.audience_count
    reached = say.many("{sent} of {n} recipient sent", "{sent} of {n} recipients sent", counted, sent=progress.sent)
    ends = [
        say("{state}: {count}", state=say(label), count=getattr(progress, state.value))
        for state, label in ENDS.items()
        if getattr(progress, state.value)
    ]
    filled = round(BAR * (progress.total - progress.left) / progress.total) if progress.total else 0
    bar = "▰" * filled + "▱" * (BAR - filled)
    words = lines([f"<b>{title}</b>", say("{title}", title=row.title), bar, "\n".join([reached, *ends])])
    return Screen(words, (_choices(row, progress, say),))


def _choices(row: Announcement, progress: Progress, say: Say) -> Row:
    if row.state in (AnnouncementState.SENDING, AnnouncementState.AWAITING):
        return (Button(say("Cancel"), Stop(row.id), style="danger"),)
    menu = Button(say("Menu"), Home())
    if progress.total > progress.sent:
        return (Button(say("See who was missed"), Missed(row.id, 0)), menu)
    return (menu,)


PROGRESS = Notice("announcement:progress", _draw, _load)


async def stop(context: Context, press: Stop) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await announcements.cancel(tx, me, press.announcement, context.now)
    await context.toast(context.say("Stopped. What has already left still arrives."))


async def report(context: Context, press: Report) -> None:
    async with context.reading() as tx:
        row = await announcements.by_id(tx, context.viewer, press.announcement)
        progress = await announcements.progress_of(tx, row)
    screen = _draw((row, progress), context.say, context.policy)
    back: Row = (Button(context.say("Back"), Open("broadcasts")),)
    await context.show(Screen(screen.text, (*screen.buttons, back)))


async def missed(context: Context, press: Missed) -> None:
    say = context.say
    async with context.reading() as tx:
        found, total = await announcements.unreached(tx, context.viewer, press.announcement, press.offset, NAMES)
    rows = [say("{name}: {state}", name=isolated(name), state=say(ENDS[state])) for name, state, _ in found]
    before = Missed(press.announcement, press.offset - NAMES) if press.offset else None
    after = Missed(press.announcement, press.offset + NAMES) if total > press.offset + NAMES else None
    turning = pages(before, after, press.offset // NAMES + 1, -(-total // NAMES))
    back: Row = (Button(say("Back"), Report(press.announcement)),)
    title = say("Not reached")
    await context.show(
        Screen(lines([f"<b>{title}</b>", "\n".join(rows) or say("Nobody was missed.")]), (*turning, back))
    )


async def broadcasts(context: Context) -> None:
    await turn(context, Turn(0))


async def turn(context: Context, press: Turn) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await announcements.listed(tx, context.viewer, press.first or None, PAGE)
    shown = page.items
    rows: list[Row] = [(Button(f"N-{row.id} · {row.title}"[:40], Report(row.id)),) for row in shown]
    rows += turns(page, Turn)
    rows.append((Button(say("Announce"), Begin("announcement")), Button(say("Menu"), Home())))
    words = say("Announcements, the newest first.") if shown else say("Nothing was announced yet.")
    await context.show(Screen(words, tuple(rows)))
