"""Quiet hours: nine in the evening to eight in the morning, wherever somebody lives, whatever the clocks do."""

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


@given(moments, st.sampled_from(ZONES))
def test_a_night_ends_at_eight_and_within_half_a_day(now: datetime, zone: str) -> None:
    local, ends = now.astimezone(ZoneInfo(zone)), quiet.until(now, zone)

    if ends is None:
        assert time(8) <= local.time() < time(21)
        return
    assert local.time() >= time(21) or local.time() < time(8)
    assert now < ends <= now + timedelta(hours=13)
    assert quiet.until(ends, zone) is None
    assert quiet.until(ends - timedelta(hours=4), zone) is not None


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
    found = quiet.until(datetime.fromisoformat(now), zone)

    assert (found and found.isoformat()) == ends
