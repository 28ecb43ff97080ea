"""Eight weeks of digests in nine cities: each member gets what is due, when it is due, and nothing twice."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cast import BORDER, MEDIA, SOAKED, alters, paper, shelves, stands_at
from story import Stage

from storage.digests import Frequency, Rhythm, next_due

CITIES = (
    "Asia/Almaty", "Asia/Bishkek", "Asia/Dushanbe", "Asia/Ashgabat", "Asia/Tashkent", "Asia/Kabul", "Asia/Tehran",
    "America/New_York", "Africa/Cairo",
)  # fmt: skip
BEGIN = datetime(2026, 10, 4, 12, tzinfo=UTC)  # a Sunday; the clocks change in Cairo and New York on the way
WEEKS = 8
DUE = {Frequency.WEEKLY: WEEKS, Frequency.FORTNIGHTLY: WEEKS // 2, Frequency.MONTHLY: 2}


def members() -> dict[int, Rhythm]:
    """Return when each member wants it, by Telegram's number: weekly in nine cities, and every rhythm in Almaty."""
    weekly = [Rhythm(n % 5, time(9), zone) for n, zone in enumerate(CITIES)]
    others = [Rhythm(0, time(9), CITIES[0], None, frequency, even=False) for frequency in DUE]
    return dict(enumerate([*weekly, *others], 50))


def dues(rhythm: Rhythm) -> list[datetime]:
    """Return every moment of the eight weeks at which a member's digest is due."""
    found = [next_due(BEGIN, rhythm)]
    while found[-1] < BEGIN + timedelta(weeks=WEEKS):
        found.append(next_due(found[-1], rhythm))
    return found[:-1]


@SOAKED
async def test_eight_weeks_give_each_member_exactly_what_is_due_by_their_own_clock(stage: Stage) -> None:
    await stands_at(stage, BEGIN)
    wanted = members()
    for n, rhythm in wanted.items():
        topic = "media" if n % 2 else "border"
        await stage.joined(n, f"Reader {n}", zone=rhythm.zone, country=None, topics=[topic])
    calendar = {n: dues(rhythm) for n, rhythm in wanted.items()}
    await _writes(stage, wanted, calendar)
    moments = sorted({at for found in calendar.values() for at in found})
    async with stage.bot():
        for at in moments:
            await stands_at(stage, at)
            came = sum(due <= at for found in calendar.values() for due in found)
            while await _made(stage) < came:
                await stage.control.get("/calls", after=10**9, timeout=0.05)

    rows = await _digests(stage)
    for n, rhythm in wanted.items():
        mine = [row for row in rows if row[0] == n]
        assert len(mine) == len(calendar[n]) == DUE[rhythm.frequency], rhythm
        for row, due in zip(mine, calendar[n], strict=True):
            made = _moment(row[2])
            assert timedelta() <= made - due < timedelta(minutes=5)
            local = made.astimezone(ZoneInfo(rhythm.zone))
            assert (local.hour, local.minute // 5) == (9, 0)
        weeks = Counter(tuple(row[3:5]) for row in mine)
        assert set(weeks.values()) == {1}
    _nothing_twice(rows, calendar, await stage.rows("SELECT id, topic_id, shared_at FROM document"))


def _nothing_twice(rows: list[Any], calendar: dict[int, list[datetime]], papers: list[Any]) -> None:
    listed: dict[int, list[int]] = {n: [] for n in calendar}
    for n, items, *_ in rows:
        listed[n] += (json.loads(items) if isinstance(items, str) else items).get("documents", [])
    for n, found in listed.items():
        topic, last = MEDIA if n % 2 else BORDER, calendar[n][-1] - timedelta(minutes=1)
        meant = {paper_id for paper_id, of, at in papers if of == topic and _moment(at) < last}
        assert sorted(found) == sorted(meant), n  # nothing twice, nothing left out, nothing of the other topic
    assert set(listed[50]).isdisjoint(listed[51])


def _moment(stored: Any) -> datetime:
    return datetime.fromisoformat(str(stored)).replace(tzinfo=UTC)


async def _writes(stage: Stage, wanted: dict[int, Rhythm], calendar: dict[int, list[datetime]]) -> None:
    """Give the members their rhythms, and let two papers a week appear in each of two topics."""
    drafts = [paper(f"{topic} {n}", topic=topic) for n in range(2 * WEEKS) for topic in (MEDIA, BORDER)]
    await shelves(stage, 50, *drafts)
    for n in range(2 * WEEKS):
        at = BEGIN - timedelta(days=1) + timedelta(days=3.5 * n)
        named = {"a": f"{MEDIA} {n}", "b": f"{BORDER} {n}"}
        await alters(stage, "UPDATE document SET shared_at = :at WHERE title IN (:a, :b)", at=str(at), **named)
    for n, rhythm in wanted.items():
        facts = {"weekday": rhythm.weekday, "often": rhythm.frequency.value, "even": rhythm.even}
        await alters(stage, _SCHEDULE, due=str(calendar[n][0]), n=n, **facts)


_SCHEDULE = (
    "INSERT INTO digest_schedule "
    "(member_id, weekday, at, next_due_at, frequency, even, paused, quiet_line, edited_upto) "
    "SELECT id, :weekday, '09:00', :due, :often, :even, false, false, 0 FROM member WHERE telegram_id = :n"
)


async def _made(stage: Stage) -> int:
    [(number,)] = await stage.rows(
        "SELECT count(*) FROM digest d JOIN member m ON m.id = d.member_id WHERE m.telegram_id >= 50"
    )
    return int(number)


async def _digests(stage: Stage) -> list[Any]:
    return await stage.rows(
        "SELECT m.telegram_id, d.items, d.created_at, d.iso_year, d.iso_week, d.state FROM digest d "
        "JOIN member m ON m.id = d.member_id WHERE m.telegram_id >= 50 ORDER BY m.telegram_id, d.period_end"
    )
