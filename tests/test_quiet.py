"""Quiet hours: between the hours that a member chose, wherever they live, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import quiet

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
moments = st.integers(0, 15 * 365 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
hours = st.integers(0, 23).map(time)


@given(moments, st.sampled_from(ZONES), st.sampled_from([(20, 8), (21, 8), (22, 7), (23, 7)]))
def test_a_night_ends_at_its_hour_and_within_half_a_day(now: datetime, zone: str, night: tuple[int, int]) -> None:
    begin, end = time(night[0]), time(night[1])
    local, ends = now.astimezone(ZoneInfo(zone)), quiet.until(now, zone, begin, end)

    if ends is None:
        assert end <= local.time() < begin
        return
    assert local.time() >= begin or local.time() < end
    assert now < ends <= now + timedelta(hours=14)
    assert quiet.until(ends, zone, begin, end) is None
    assert quiet.until(ends - timedelta(hours=4), zone, begin, end) is not None


@given(moments, st.sampled_from(ZONES), hours, hours)
def test_whatever_the_hours_what_is_held_is_held_for_less_than_a_day(
    now: datetime, zone: str, begin: time, end: time
) -> None:
    ends = quiet.until(now, zone, begin, end)

    at = now.astimezone(ZoneInfo(zone)).time()
    inside = begin <= at < end if begin <= end else at >= begin or at < end
    assert (ends is not None) is inside
    assert ends is None or now < ends <= now + timedelta(hours=26)
    assert begin != end or ends is None


@pytest.mark.parametrize(
    ("zone", "now", "ends"),
    [
        ("Asia/Almaty", "2026-11-24T15:59:59+00:00", None),
        ("Asia/Almaty", "2026-11-24T16:00:00+00:00", "2026-11-25T03:00:00+00:00"),
        ("Asia/Kabul", "2026-11-24T03:29:59+00:00", "2026-11-24T03:30:00+00:00"),
        ("Asia/Kabul", "2026-11-24T03:30:00+00:00", None),
        ("America/New_York", "2026-11-01T02:00:00+00:00", "2026-11-01T13:00:00+00:00"),
    ],
)
def test_the_hours_are_those_of_the_member(zone: str, now: str, ends: str | None) -> None:
    found = quiet.until(datetime.fromisoformat(now), zone, time(21), time(8))

    assert (found and found.isoformat()) == ends


def test_an_end_that_comes_twice_ends_it_at_the_next_of_the_two() -> None:
    first = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)  # 02:15 in Oslo, for the first time
    ends = [quiet.until(first + timedelta(hours=n), "Europe/Oslo", time(22), time(2, 30)) for n in (0, 1)]

    assert ends == [first + timedelta(minutes=15), first + timedelta(hours=1, minutes=15)]
