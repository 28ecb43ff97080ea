"""Progress in one message that changes in place: a bar, how fast, how long still, and the ways to stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.announcements.acknowledging import acknowledged_by
from handlers.announcements.paying import lasting
from handlers.announcements.presses import OpenDraft, OpenReport
from handlers.announcements.reasons import commonest
from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Action, Viewer, allowed
from storage.announcements import SENT, UNVOUCHED, Announcement, AnnouncementState, Progress
from storage.database import Transaction
from storage.outbox import Facts, OutboxState

BAR = 12
STATES = {
    AnnouncementState.DRAFT: text("draft"),
    AnnouncementState.AWAITING: text("waits for a second administrator"),
    AnnouncementState.RETURNED: text("returned"),
    AnnouncementState.RECURRING: text("recurring"),
    AnnouncementState.SENDING: text("being sent"),
    AnnouncementState.PAUSED: text("paused"),
    AnnouncementState.DONE: text("sent"),
    AnnouncementState.CANCELLED: text("cancelled"),
    AnnouncementState.RETRACTED: text("retracted"),
}
ENDS = {
    OutboxState.UNREACHABLE: text("unreachable"),
    OutboxState.UNKNOWN: text("unknown"),
    OutboxState.REJECTED: text("rejected by Telegram"),
    OutboxState.WITHHELD: text("withheld"),
    OutboxState.EXPIRED: text("expired"),
}


@dataclass(frozen=True)
class Undo(Press, prefix="ann.undo"):
    """Take back what has not begun to leave."""

    announcement: int


@dataclass(frozen=True)
class Pause(Press, prefix="ann.pause"):
    """Let nothing more leave for now."""

    announcement: int


@dataclass(frozen=True)
class Resume(Press, prefix="ann.resume"):
    """Let it go on."""

    announcement: int


@dataclass(frozen=True)
class Stop(Press, prefix="ann.stop"):
    """Stop what is not sent yet."""

    announcement: int


async def _load(
    tx: Transaction, facts: Facts, viewers: Sequence[Viewer]
) -> Mapping[int, tuple[Announcement, Progress]]:
    found: dict[int, tuple[Announcement, Progress]] = {}
    for viewer in viewers:
        if allowed(viewer, Action.ANNOUNCE):
            row = await announcements.by_id(tx, viewer, facts["announcement"])
            found[viewer.id] = (row, await announcements.progress_of(tx, row))
    return found


def drawn(content: tuple[Announcement, Progress], say: Say, _policy: Policy) -> Screen:
    """Return how an announcement stands."""
    row, progress = content
    head = say("Announcement <code>N-{number}</code>: {state}", number=row.id, state=say(STATES[row.state]))
    parts = [
        f"<b>{head}</b>",
        say("{title}", title=row.title),
        *_counted(row, progress, say),
        _why(row, progress, say),
    ]
    return Screen(lines(parts), _choices(row, progress, say), row.label, in_place=True)


def _counted(row: Announcement, progress: Progress, say: Say) -> list[str | None]:
    total = progress.total or row.audience_count
    if row.state in (AnnouncementState.DRAFT, AnnouncementState.RECURRING):
        return [say("It comes next {at}.", at=say.moment(row.next_at)) if row.next_at else None]
    reached = say.many("{sent} of {n} recipient sent", "{sent} of {n} recipients sent", total, sent=progress.sent)
    ends = [
        say("{state}: {count}", state=say(label), count=getattr(progress, state.value))
        for state, label in ENDS.items()
        if getattr(progress, state.value)
    ]
    filled = round(BAR * progress.ended / progress.total) if progress.total else 0
    bar = "▰" * filled + "▱" * (BAR - filled)
    read = [acknowledged_by(progress.acknowledged, say) or ""] if progress.acknowledged and progress.sent else []
    return [bar, "\n".join([reached, *read, *ends, *_pace(row, progress, say)])]


def _pace(row: Announcement, progress: Progress, say: Say) -> list[str]:
    """Return how fast it goes and how long it still takes, or when it leaves."""
    if row.state is not AnnouncementState.SENDING or row.sent_at is None:
        return []
    if not progress.ended:
        return [say("The first copies leave {at}.", at=say.moment(row.sent_at))]
    return [*_speed(progress.left - progress.later, progress.rate, say), *_later(progress, say)]


def _speed(left: int, rate: float, say: Say) -> list[str]:
    if left <= 0 or not rate:
        return []
    remaining = lasting(left / rate, say)
    return [say("{rate} a second, {remaining} left", rate=say.number(round(rate, 1)), remaining=remaining)]


def _later(progress: Progress, say: Say) -> list[str]:
    if progress.resumes is None:
        return []
    at = say.moment(progress.resumes)
    return [
        say.many(
            "{n} copy waits for its reader’s hour: {at}",
            "{n} copies wait for their readers’ hours, the first: {at}",
            progress.later,
            at=at,
        )
    ]


def _why(row: Announcement, progress: Progress, say: Say) -> Html | None:
    if row.reason == announcements.FAILING and row.state is AnnouncementState.PAUSED:
        head = say("Most copies failed, so it paused itself:")
        ways = say("Resume sends the rest, and does not try again what failed; cancelling lets nothing more leave.")
        return Html(f"{head}\n{commonest(progress.reasons, say)}\n\n{ways}")
    return say("Whoever answers for it may no longer announce, so it stopped.") if row.reason == UNVOUCHED else None


def _choices(row: Announcement, progress: Progress, say: Say) -> tuple[Row, ...]:
    n = row.id
    stop, menu = Button(say("Cancel sending"), Stop(n), style="danger"), Button(say("Menu"), Home())
    undo_it = (Button(say("Undo"), Undo(n)),) if not progress.ended else ()
    edit = Button(say("Edit"), OpenDraft(n))
    ways: Mapping[AnnouncementState, Row] = {
        AnnouncementState.SENDING: (*undo_it, Button(say("Pause"), Pause(n)), stop),
        AnnouncementState.PAUSED: (Button(say("Resume"), Resume(n), style="success"), stop),
        AnnouncementState.AWAITING: (edit, stop),
        AnnouncementState.RECURRING: (stop, menu),
        AnnouncementState.DRAFT: (edit, menu),
        AnnouncementState.RETURNED: (edit, menu),
    }
    return (ways.get(row.state, (Button(say("Report on sending"), OpenReport(n)), menu)),)


PROGRESS = Notice("announcement:progress", drawn, _load)


async def undo(context: Context, press: Undo) -> None:
    async with context.transaction() as tx:
        await announcements.undo(tx, await context.myself(tx), press.announcement, context.now)
    await context.toast(context.say("Taken back: nothing was sent."))


async def pause(context: Context, press: Pause) -> None:
    async with context.transaction() as tx:
        await announcements.pause(tx, await context.myself(tx), press.announcement, context.now)
    await context.toast(context.say("Paused. What has already left still arrives."))


async def resume(context: Context, press: Resume) -> None:
    async with context.transaction() as tx:
        await announcements.resume(tx, await context.myself(tx), press.announcement, context.now)


async def stop(context: Context, press: Stop) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        running = (await announcements.by_id(tx, me, press.announcement)).state in SENT
        await announcements.cancel(tx, me, press.announcement, context.now)
    say = context.say
    await context.toast(say("Stopped. What has already left still arrives.") if running else say("Cancelled."))
