"""What a member's digest would say now."""

from __future__ import annotations

from datetime import datetime

from storage import announcements, topics
from storage.access import Viewer
from storage.database import Transaction
from storage.digests.contents import Copy
from storage.digests.issues import of_week
from storage.digests.merging import Period, find
from storage.digests.schedules import of
from storage.digests.times import week_of
from storage.refusals import Refusal


async def preview(tx: Transaction, viewer: Viewer, now: datetime) -> Copy:
    """Return what is new for a member since their last digest, or, before the first, in a period of their rhythm.

    Refusal: `digest:none` without a schedule.
    """
    row = await of(tx, viewer)
    if row is None:
        raise Refusal("digest:none")
    issue = await of_week(tx, week_of(row.next_due_at, viewer.zone))
    number = 0 if issue is None else issue.number
    first = row.covered_until is None
    above = number - 1 if first else row.edited_upto
    period = Period(row.covered_until or now - row.frequency.span, now, above, number, first)
    reader = (await topics.readers(tx, [viewer]))[viewer.id]
    found = await find(tx, period, reader)
    merged = found.merge(reader, await announcements.mailbag(tx, found.sent, [viewer.id]), period)
    return Copy(number, period.since, now, merged.items())
