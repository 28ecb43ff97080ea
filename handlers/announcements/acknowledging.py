"""Acknowledging: the press, the reminders, being asked again after a correction, and what the author is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.announcements.presses import Acknowledge, OpenChase, OpenReport
from handlers.announcements.reading import Content, acknowledged, content_of, contents, draw
from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Action, Viewer, allowed
from storage.announcements import Acknowledged, Announcement
from storage.database import Transaction
from storage.outbox import Facts


@dataclass(frozen=True)
class OpenCopy(Press, prefix="ann.copy"):
    """Show a reader what they were sent."""

    announcement: int


async def acknowledge(context: Context, press: Acknowledge) -> None:
    """Keep the acknowledgement and show it in place; of a version that was corrected meanwhile, show the new one."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        read = await announcements.acknowledge(tx, me, press.announcement, press.version, context.now)
        place = read.copy.message_id
        tally = await announcements.tally(tx, read.row) if read.copy.vote else None
        content = content_of(read.row, me.language, read.copy, tally)
    say = context.say
    if not read.current:
        await context.toast(say("This has been corrected since: please read it again."), alert=True)
    seen = draw(content, say, context.policy)
    if read.current and place not in (None, context.replaces):
        await context.redraw(seen, place)
        seen = _thanks(content, say)
    await context.show(seen)


def _thanks(content: Content, say: Say) -> Screen:
    words = [_named(content, say), acknowledged(say, late=content.late)]
    return Screen(lines(words), (_ways(content, say),), content.label)


def _named(content: Content, say: Say) -> Html:
    return say("“{title}” (<code>N-{number}</code>)", title=content.title, number=content.number)


def _ways(content: Content, say: Say) -> Row:
    return (Button(say("Open it"), OpenCopy(content.number)), Button(say("Menu"), Home()))


async def open_copy(context: Context, press: OpenCopy) -> None:
    """Show a reader what they were sent, as it reads now."""
    async with context.reading() as tx:
        row, copy = await announcements.own_copy(tx, context.viewer, press.announcement)
        tally = await announcements.tally(tx, row) if copy.vote else None
        content = content_of(row, context.viewer.language, copy, tally)
    await context.show(draw(content, context.say, context.policy))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Content]:
    """Return the announcement to those who have not acknowledged it yet."""
    row, copies = await announcements.copies(tx, facts["announcement"], viewers)
    if row is None or row.acknowledge_by is None:
        return {}
    found = await contents(tx, row, copies, viewers)
    return {member_id: content for member_id, content in found.items() if not content.acknowledged}


def _reminder(content: Content, say: Say, _policy: Policy) -> Screen:
    assert content.acknowledge_by is not None
    asked = say("A reminder: please acknowledge this announcement by {at}.", at=say.moment(content.acknowledge_by))
    yes = Button(say("Acknowledge"), Acknowledge(content.number, content.version), style="primary")
    return Screen(lines([asked, _named(content, say)]), ((yes,), _ways(content, say)), content.label)


def _again(content: Content, say: Say, _policy: Policy) -> Screen:
    words = say("An announcement that you acknowledged was corrected. Please read it and acknowledge it again.")
    return Screen(lines([words, _named(content, say)]), (_ways(content, say),), content.label)


async def _load_closed(
    tx: Transaction, facts: Facts, viewers: Sequence[Viewer]
) -> Mapping[int, tuple[Announcement, Acknowledged | None]]:
    found: dict[int, tuple[Announcement, Acknowledged | None]] = {}
    for viewer in viewers:
        if allowed(viewer, Action.ANNOUNCE):
            row = await announcements.by_id(tx, viewer, facts["announcement"])
            found[viewer.id] = (row, await announcements.acknowledgements(tx, row))
    return found


def _closed(content: tuple[Announcement, Acknowledged | None], say: Say, _policy: Policy) -> Screen:
    row, counted = content
    head = say("Announcement <code>N-{number}</code>: all have acknowledged it.", number=row.id)
    ways: list[Button] = []
    if counted is not None and counted.done < counted.asked:
        head = say("Announcement <code>N-{number}</code>: the deadline has passed.", number=row.id)
        ways = [Button(say("Not acknowledged"), OpenChase(row.id))]
    last = (*ways, Button(say("Report on sending"), OpenReport(row.id)), Button(say("Menu"), Home()))
    return Screen(lines([head, acknowledged_by(counted, say)]), (last,), row.label)


def acknowledged_by(counted: Acknowledged | None, say: Say) -> Html | None:
    """Return how many have acknowledged, and how many of them late; None where nobody is asked to."""
    if counted is None:
        return None
    done = say.many(
        "{done} of {n} reader acknowledged", "{done} of {n} readers acknowledged", counted.asked, done=counted.done
    )
    late = say("late: {count}", count=counted.late) if counted.late else None
    return Html(f"{done} ({late})" if late else done)


REMINDER = Notice("announcement:reminder", _reminder, _load)
AGAIN = Notice("announcement:again", _again, _load)
CLOSED = Notice("announcement:acknowledged", _closed, _load_closed)
