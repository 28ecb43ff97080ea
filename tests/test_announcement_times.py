"""When a copy leaves, and when it comes again: for any zone, any night and any day of two years."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from storage import quiet
from storage.announcements import Announcement, Repeats
from storage.announcements.sending import Reader, following, when
from storage.members import Night

ZONES = st.sampled_from([
    "Asia/Almaty", "Asia/Bishkek", "Asia/Dushanbe", "Asia/Ashgabat", "Asia/Tashkent", "Asia/Kabul", "Asia/Tehran",
    "America/New_York", "Africa/Cairo", "Europe/Oslo", "Pacific/Kiritimati", "Australia/Lord_Howe", "Etc/GMT+12",
])  # fmt: skip
CLOCK = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None, fold=0))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(  # noqa: DTZ001 - given its zone below
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
DAY = timedelta(days=1)


def exists(wall: datetime, zone: str) -> bool:
    """Tell whether a wall time is one that the zone's clock shows."""
    there = wall.replace(tzinfo=ZoneInfo(zone))
    return there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


@given(MOMENTS, st.none() | MOMENTS, ZONES, st.sampled_from(Night), CLOCK, CLOCK, st.booleans())
def test_a_copy_leaves_when_it_is_due_and_makes_no_sound_at_night_unless_it_is_urgent(
    leaves: datetime,
    wall: datetime | None,
    zone: str,
    night: Night,
    begin: time,
    end: time,
    urgent: bool,  # noqa: FBT001
) -> None:
    local_at = None if wall is None else wall.strftime("%Y-%m-%dT%H:%M")
    row = Announcement(urgent=urgent, local_at=local_at)
    reader = Reader(1, zone, night, begin.strftime("%H:%M"), end.strftime("%H:%M"))

    at, silent = when(row, reader, leaves)

    asleep = quiet.until(at, zone, begin, end) is not None
    assert at >= leaves
    assert not (urgent and silent)
    assert urgent or silent == asleep
    assert urgent or night is Night.SILENT or not asleep
    if wall is not None and (urgent or night is Night.SILENT) and at > leaves:
        there = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert there - wall.replace(tzinfo=None) in (timedelta(), timedelta(hours=1), timedelta(minutes=30))


@given(MOMENTS, st.sampled_from(Repeats), ZONES, st.integers(1, 30))
def test_what_recurs_comes_at_the_same_hour_once_in_each_period(
    first: datetime, repeats: Repeats, zone: str, times: int
) -> None:
    row = Announcement(repeats=repeats, send_at=first, next_at=first, repeat_until=None)
    began = first.astimezone(ZoneInfo(zone))
    seen = [began]
    for _ in range(times):
        row.next_at = following(row, zone)
        assert row.next_at is not None
        seen.append(row.next_at.astimezone(ZoneInfo(zone)))

    days = [at.date() for at in seen]
    if repeats is Repeats.MONTHLY:
        months = [day.year * 12 + day.month for day in days]
        assert months == list(range(months[0], months[0] + times + 1))
        assert all(day.day == began.day or (day + DAY).month != day.month for day in days)
    else:
        step = timedelta(weeks=1 if repeats is Repeats.WEEKLY else 2)
        assert [b - a for a, b in pairwise(days)] == [step] * times
    shifted = [at for at in seen if at.time() != began.time()]
    assert all(not exists(datetime.combine(at.date(), began.time()), zone) for at in shifted)


@given(MOMENTS, st.sampled_from(Repeats), ZONES, st.integers(0, 400))
def test_what_recurs_ends_with_its_last_day(first: datetime, repeats: Repeats, zone: str, days: int) -> None:
    last = first.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    row = Announcement(repeats=repeats, send_at=first, next_at=first, repeat_until=last)

    count = 0
    while row.next_at is not None:
        assert row.next_at.astimezone(ZoneInfo(zone)).date() <= last
        row.next_at, count = following(row, zone), count + 1

    assert count == 1 + {Repeats.WEEKLY: days // 7, Repeats.FORTNIGHTLY: days // 14}.get(repeats, count - 1)
