"""When it leaves, how often, until when it holds, and by when it is to be acknowledged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.announcements import draft
from handlers.announcements.describing import REPEATS, times_of
from handlers.announcements.fitting import fit
from handlers.announcements.presses import OpenDraft, OpenTimes
from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Option, Question, Reply, Step, about, line
from handlers.language import Say, text
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Action, Viewer
from storage.announcements import Announcement, Repeats
from storage.database import Transaction
from storage.refusals import Refusal
from storage.wall_time import moment

EXPIRY, DEADLINES = (1, 3, 7, 14), (1, 3, 7, 14)
"""Days that are offered."""
LONGEST_SERIES = timedelta(days=365)
_READERS = "readers"
_YEARS = range(2000, 2100)
_AT = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})\s*,?\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True)
class SetTime(Press, prefix="ann.set"):
    """Set one of the times: `what` is `leave`, `repeats`, `expires` or `acknowledge`; 0 or `no` takes it away."""

    announcement: int
    what: str
    value: str


@dataclass(frozen=True)
class AskTime(Press, prefix="ann.at"):
    """Ask for the day and the hour when it leaves."""

    announcement: int


async def times(context: Context, press: OpenTimes) -> None:
    await show_again(context, press.announcement)


async def show_again(context: Context, announcement_id: int) -> None:
    async with context.reading() as tx:
        row = (await draft.read(tx, context.viewer, announcement_id, context.now)).row
    await context.show(_screen(row, context.say))


def _screen(row: Announcement, say: Say) -> Screen:
    n = row.id
    leave: list[Button] = [Button(say("Choose day and hour"), AskTime(n))]
    if row.send_at is not None or row.local_at is not None:
        leave.insert(0, Button(say("At once"), SetTime(n, "leave", "0")))
    again = [
        _chosen(say(words), SetTime(n, "repeats", kind.value), row.repeats is kind) for kind, words in REPEATS.items()
    ]
    expiry = [_days(n, "expires", days, say("Expires: {n} d", n=days)) for days in EXPIRY]
    deadline = [_days(n, "acknowledge", days, say("Confirm: {n} d", n=days)) for days in DEADLINES]
    off = [
        *([Button(say("Once only"), SetTime(n, "repeats", "no"))] if row.repeats else []),
        *([Button(say("No expiry"), SetTime(n, "expires", "0"))] if row.expires_at else []),
        *([Button(say("No confirmation"), SetTime(n, "acknowledge", "0"))] if row.acknowledge_by else []),
    ]
    rows: list[Row] = [tuple(leave), *columns(again, 2), *columns(expiry, 2), *columns(deadline, 2), *columns(off, 2)]
    words = say("Readers are asked to confirm that they have read it, and reminded twice at most.")
    head = say("Times of announcement <code>N-{number}</code>", number=n)
    body = lines([f"<b>{head}</b>", "\n".join(times_of(row, say)), f"<i>{words}</i>"])
    return Screen(body, (*rows, (Button(say("Back"), OpenDraft(n)),)))


def _days(n: int, what: str, days: int, label: str) -> Button:
    return Button(label, SetTime(n, what, str(days)))


def _chosen(label: str, press: Press, chosen: bool) -> Button:  # noqa: FBT001 - whether it is ticked
    return Button(f"✓ {label}" if chosen else label, press)


async def set_time(context: Context, press: SetTime) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = await announcements.edit(tx, me, press.announcement, context.now)
        _set(row, press.what, press.value, context.now)
        fit(row, context.policy)
    await show_again(context, press.announcement)


def _set(row: Announcement, what: str, value: str, now: datetime) -> None:
    leaves = announcements.leaves_last(row) or now
    match what:
        case "leave" if value == "0":
            row.send_at, row.local_at, row.repeats, row.repeat_until = None, None, None, None
        case "repeats" if value == "no":
            row.repeats, row.repeat_until = None, None
        case "repeats" if value in list(Repeats):
            if row.send_at is None:
                raise Refusal("announcement:first")
            row.repeats, row.repeat_until = Repeats(value), (leaves + LONGEST_SERIES).date()
        case "expires":
            row.expires_at = _after(leaves, value, EXPIRY)
        case "acknowledge":
            row.acknowledge_by = _after(leaves, value, DEADLINES)
        case _:
            raise Refusal("button:old")


def _after(at: datetime, value: str, offered: tuple[int, ...]) -> datetime | None:
    if value not in {"0", *map(str, offered)}:
        raise Refusal("button:old")
    return at + timedelta(days=int(value)) if int(value) else None


async def ask_time(context: Context, press: AskTime) -> None:
    await draft.ask(context, "announcement-time", press.announcement)


def _ask_at(_form: Form, say: Say) -> Question:
    return Question(say("On which day, and at which hour? Write it like 24.12.2026 09:00."))


def _read_at(form: Form, reply: Reply) -> str:
    found = _AT.fullmatch(line(40)(form, reply))
    if found is None:
        raise Refusal("announcement:time")
    day, month, year, hour, minute = (int(part) for part in found.groups())
    if year not in _YEARS:
        raise Refusal("announcement:time")
    try:
        at = datetime(year, month, day, hour, minute)  # noqa: DTZ001 - a wall time: whose, is asked next
    except ValueError:
        raise Refusal("announcement:time") from None
    return at.isoformat(timespec="minutes")


def _ask_clock(form: Form, say: Say) -> Question:
    zones = dict.fromkeys([form.viewer.zone, form.policy.zone])
    options = [Option(say("By the clock in {place}", place=say.zone_name(zone)), zone) for zone in zones]
    own = Option(say("By each reader's own clock"), _READERS)
    return Question(say("By which clock?"), (*options, own))


async def _keep(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    row = await announcements.edit(tx, viewer, answers["announcement"], context.now)
    wall, clock = datetime.fromisoformat(answers["time"]), answers["clock"]
    if clock == _READERS:
        row.local_at, row.send_at, row.repeats, row.repeat_until = answers["time"], None, None, None
    else:
        row.local_at, row.send_at = None, moment(wall.date(), wall.time(), clock)
    leaves = announcements.leaves_last(row)
    if leaves is not None and leaves <= context.now:
        raise Refusal("announcement:past")
    await draft.promise_draft(context, tx, row)


TIME = Dialogue(
    name="announcement-time",
    title=text("Day and hour"),
    steps=(
        Step("time", text("Day and hour"), _ask_at, _read_at),
        Step("clock", text("Clock"), _ask_clock),
    ),
    finish=_keep,
    submit=text("Continue"),
    needs=Action.ANNOUNCE,
    left=draft.left,
    check=about("announcement", "at"),
    straight=True,
)
