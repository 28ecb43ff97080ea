"""The report as a file: CSV, XLSX, and a chart; each says who, for whom it ended how, and what they did."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from telegram import InputFile
from telegram.constants import ParseMode

from handlers.announcements.presses import OpenFiles, OpenReport
from handlers.announcements.progress import ENDS
from handlers.announcements.reasons import in_words
from handlers.buttons import Button, Press, Row
from handlers.charts import Bars
from handlers.context import Context
from handlers.language import Say, text
from handlers.screens import Screen, marked
from handlers.sheets import Cell, csv_of, xlsx_of
from storage import announcements
from storage.announcements import Acknowledged, Announcement
from storage.announcements.reports import ReportLine, report_of
from storage.outbox import OutboxState
from storage.refusals import Refusal

OUTCOMES = {
    OutboxState.SENT: text("sent"),
    **ENDS,
    OutboxState.QUEUED: text("waiting"),
    OutboxState.LEASED: text("waiting"),
    OutboxState.HELD: text("waiting"),
}
_HEAD = (
    text("Name"), text("Organisation"), text("Country"), text("Language"), text("Outcome"), text("Reason"),
    text("When"), text("Acknowledged"), text("Acknowledged version"), text("Reminders"), text("Vote"),
    text("Reason as recorded"),
)  # fmt: skip
_MOST = 12


@dataclass(frozen=True)
class GetFile(Press, prefix="ann.file"):
    """Send the report as a file: `csv`, `xlsx` or `png`."""

    announcement: int
    kind: str


async def files(context: Context, press: OpenFiles) -> None:
    """Offer the files of a report."""
    async with context.reading() as tx:
        row = await announcements.looked_at(tx, context.viewer, press.announcement)
    say, n = context.say, press.announcement
    words = say("The report of announcement <code>N-{number}</code>: everybody it was for, one line each.", number=n)
    offered: Row = (
        Button("CSV", GetFile(n, "csv")),
        Button("XLSX", GetFile(n, "xlsx")),
        Button(say("Chart"), GetFile(n, "png")),
    )
    await context.show(Screen(words, (offered, (Button(say("Back"), OpenReport(n)),)), row.label))


async def get_file(context: Context, press: GetFile) -> None:
    """Send one of them, marked and protected as the announcement itself."""
    async with context.reading() as tx:
        row, found = await report_of(tx, context.viewer, press.announcement)
        counted = await announcements.acknowledgements(tx, row)
    made = await _made(context, press.kind, row, found, counted)
    if made is None:
        raise Refusal("announcement:no-chart")
    name = f"N-{row.id} {row.label.value.replace(':', '-')}.{press.kind}"
    caption = f"{marked(row.label)}\n\n{context.say('Report of announcement <code>N-{number}</code>.', number=row.id)}"
    send = context.bot.send_photo if press.kind == "png" else context.bot.send_document
    await send(
        context.chat_id,
        InputFile(made, filename=name),
        caption=caption,
        parse_mode=ParseMode.HTML,
        protect_content=True,
    )
    await context.toast("")


async def _made(
    context: Context, kind: str, row: Announcement, found: Sequence[ReportLine], counted: Acknowledged | None
) -> bytes | None:
    say = context.say
    if kind == "png":
        return await context.services.charts.bars(chart_of(row, found, counted, say))
    head, rows = [say(words) for words in _HEAD], [_cells(line, say) for line in found]
    match kind:
        case "csv":
            return csv_of(head, rows)
        case "xlsx":
            return await asyncio.to_thread(xlsx_of, f"N-{row.id}", head, rows)
    raise Refusal("button:old")


def _cells(line: ReportLine, say: Say) -> list[Cell]:
    return [
        line.name or say("erased"),
        line.organisation,
        say.country(line.country) if line.country else None,
        say.language_name(line.language),
        say(OUTCOMES[line.state]),
        in_words(line.reason, say) or (say("another reason") if line.reason else None),
        _at(line.ended_at, say),
        _at(line.acknowledged_at, say),
        line.acknowledged_version,
        line.reminders,
        "; ".join(line.vote) or None,
        line.reason,
    ]


def _at(moment: datetime | None, say: Say) -> str | None:
    return None if moment is None else moment.astimezone(ZoneInfo(say.zone)).strftime("%Y-%m-%d %H:%M:%S %Z")


def chart_of(row: Announcement, found: Sequence[ReportLine], counted: Acknowledged | None, say: Say) -> Bars:
    """Return what the chart shows: how it ended, and where; how many acknowledged it, as the report counts them."""
    outcomes = Counter(say(OUTCOMES[line.state]) for line in found)
    countries = Counter(say.country(line.country) if line.country else say("no country") for line in found)
    groups: list[tuple[str, tuple[tuple[str, int], ...]]] = [
        (say("Recipients by outcome"), tuple(outcomes.most_common())),
        (say("By country"), tuple(countries.most_common(_MOST))),
    ]
    if counted is not None:
        asked = ((say("acknowledged"), counted.done), (say("not yet"), counted.asked - counted.done))
        groups.append((say("Acknowledgement"), asked))
    return Bars(f"{row.label.value} · N-{row.id} · {row.title}", tuple(groups))
