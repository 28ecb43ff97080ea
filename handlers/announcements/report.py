"""The list of announcements, the report of one, and who was not reached."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.announcements import draft
from handlers.announcements.presses import (
    Correct,
    OpenChase,
    OpenDraft,
    OpenFiles,
    OpenReport,
    OpenThreads,
    Retract,
)
from handlers.announcements.progress import ENDS, STATES, drawn
from handlers.announcements.reasons import in_words
from handlers.announcements.release import SeeAs
from handlers.announcements.voting import OpenVotes
from handlers.buttons import Button, Press, Row, columns, pages, turns
from handlers.context import Context
from handlers.language import Html, Say, isolated
from handlers.presses import Begin, Home, Open
from handlers.screens import Screen, lines
from storage import announcements
from storage.announcements import HOLDING, SENT, UNSENT, Announcement, AnnouncementState, Progress, Revised
from storage.outbox import OutboxState

PAGE, NAMES = 5, 8
_OVER = (AnnouncementState.DONE, AnnouncementState.CANCELLED, AnnouncementState.RETRACTED)


@dataclass(frozen=True)
class Missed(Press, prefix="ann.miss"):
    """List who was not reached, from this one on."""

    announcement: int
    offset: int


@dataclass(frozen=True)
class Turn(Press, prefix="ann.list"):
    """List announcements from this number on (0: from the newest)."""

    first: int


async def report(context: Context, press: OpenReport) -> None:
    """Show how an announcement stands and what can still be done with it; one's own draft opens as such."""
    async with context.reading() as tx:
        row = await announcements.looked_at(tx, context.viewer, press.announcement)
        progress = await announcements.progress_of(tx, row)
        missed = await announcements.albums_missed(tx, row)
        revised = await announcements.revised(tx, row)
    if row.state in UNSENT and row.author_id == context.viewer.id:
        await draft.show(context, OpenDraft(row.id))
        return
    say = context.say
    screen = drawn((row, progress), say, context.policy)
    running = screen.buttons if row.state not in _OVER else ()
    if row.state is AnnouncementState.AWAITING:
        running = ((Button(say("Look at it and decide"), SeeAs(row.id, "")),),)
    elif row.state is AnnouncementState.RETURNED:
        running = ()
    back: Row = (Button(say("Back"), Open("broadcasts")),)
    told = [_bare(missed, say) if missed else None, *_revised(row, revised, say)]
    await context.show(Screen(lines([screen.text, *told]), (*running, *_ways(row, progress, say), back), row.label))


def _bare(missed: int, say: Say) -> Html:
    return say.many(
        "What is attached did not reach {n} reader.", "What is attached did not reach {n} readers.", missed
    )  # fmt: skip


def _revised(row: Announcement, told: Revised, say: Say) -> list[str | None]:
    """Return what became of the copies when they were corrected or taken back."""
    over = row.state is AnnouncementState.RETRACTED
    if not over and row.version == 1:
        return []
    head = say("Taken back") if over else say("Corrected, version {version}", version=row.version)
    counts = [
        (say("changed in place"), told.changed),
        (say("told anew"), told.anew),
        (say("not reached"), told.failed),
        (say("on the way"), told.left),
    ]
    said = ", ".join(f"{what}: {say.number(number)}" for what, number in counts if number or what == counts[0][0])
    why = say("Reason: {reason}", reason=row.reason) if over and row.reason else None
    return [f"{head}: {said}", why]


def _ways(row: Announcement, progress: Progress, say: Say) -> list[Row]:
    n = row.id
    ways: list[Button] = []
    if progress.ended > progress.sent:
        ways.append(Button(say("See who was missed"), Missed(n, 0)))
    if row.acknowledge_by is not None and row.state in SENT:
        ways.append(Button(say("Not acknowledged"), OpenChase(n)))
    if row.poll is not None and progress.sent:
        ways.append(Button(say("Votes"), OpenVotes(n)))
    if progress.ended:
        ways += [Button(say("Replies"), OpenThreads(n, 0)), Button(say("Files"), OpenFiles(n))]
    if (progress.sent or progress.unknown) and row.state in HOLDING:
        ways += [Button(say("Correct"), Correct(n, row.language)), Button(say("Retract"), Retract(n), style="danger")]
    return columns(ways, 2)


async def missed(context: Context, press: Missed) -> None:
    say = context.say
    async with context.reading() as tx:
        found, total = await announcements.unreached(tx, context.viewer, press.announcement, press.offset, NAMES)
    rows = [say("{name}: {state}", name=isolated(name), state=_ended(state, why, say)) for name, state, why in found]
    before = Missed(press.announcement, press.offset - NAMES) if press.offset else None
    after = Missed(press.announcement, press.offset + NAMES) if total > press.offset + NAMES else None
    turning = pages(before, after, press.offset // NAMES + 1, -(-total // NAMES))
    back: Row = (Button(say("Back"), OpenReport(press.announcement)),)
    title = say("Not reached")
    await context.show(
        Screen(lines([f"<b>{title}</b>", "\n".join(rows) or say("Nobody was missed.")]), (*turning, back))
    )


def _ended(state: OutboxState, reason: str | None, say: Say) -> Html:
    """Return how it ended for somebody, and why, as far as that is known."""
    ended, why = say(ENDS[state]), in_words(reason, say)
    return ended if why is None else say("{state} ({why})", state=ended, why=why)


async def broadcasts(context: Context) -> None:
    await turn(context, Turn(0))


async def turn(context: Context, press: Turn) -> None:
    say = context.say
    async with context.reading() as tx:
        page = await announcements.listed(tx, context.viewer, press.first or None, PAGE)
    shown = page.items
    rows: list[Row] = [(Button(f"N-{row.id} · {row.title}"[:40], OpenReport(row.id)),) for row in shown]
    rows += turns(page, Turn)
    rows.append((Button(say("Announce"), Begin("announcement")), Button(say("Menu"), Home())))
    stands = [say("<code>N-{number}</code>: {state}", number=row.id, state=say(STATES[row.state])) for row in shown]
    words = say("Announcements, the newest first.") if shown else say("Nothing was announced yet.")
    await context.show(Screen(lines([words, "\n".join(stands)]), tuple(rows)))
