"""When a digest is due, for every zone, weekday and hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.holiday import is_working_day
from storage.digests.times import Rhythm, WorkingDay, moment, monday_to_friday, week_of
from storage.digests.times import next_due as due_by

ZONES = sorted(available_timezones() - {"localtime"})
COUNTRIES = ["KZ", "KG", "TJ", "TM", "UZ", "AF", "AZ", "CN", "IN", "IR", "NO", "PK", "RU", "TR", "US"]

zones = st.sampled_from(ZONES)
weekdays = st.integers(0, 6)
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
moments = st.integers(1_704_067_200, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def next_due(
    after: datetime,
    weekday: int,
    at: time,
    zone: str,
    working: WorkingDay = monday_to_friday,
    country: str | None = None,
) -> datetime:
    return due_by(after, Rhythm(weekday, at, zone, country), working)


def year_of_dues(start: datetime, weekday: int, at: time, zone: str, country: str | None = None) -> list[datetime]:
    dues, after = [], start
    while after < start + timedelta(days=366):
        after = (
            next_due(after, weekday, at, zone, is_working_day, country)
            if country
            else next_due(after, weekday, at, zone)
        )
        dues.append(after)
    return dues


@settings(max_examples=300, deadline=None)
@given(moments, weekdays, times, zones)
def test_a_year_has_exactly_one_digest_in_every_iso_week(start: datetime, weekday: int, at: time, zone: str) -> None:
    dues = year_of_dues(start, weekday, at, zone)
    mondays = [date.fromisocalendar(*week_of(due, zone), 1) for due in dues]
    assert all(b - a == timedelta(days=7) for a, b in pairwise(mondays))


def _rules(zone: str) -> object:
    file = files("tzdata").joinpath("zoneinfo", *zone.split("/"))
    return file.read_bytes() if file.is_file() else zone  # many zones are one under several names


@pytest.mark.parametrize("hour", range(24))
def test_every_zone_has_one_digest_a_week_on_the_chosen_day(hour: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number, zone in enumerate({_rules(zone): zone for zone in ZONES}.values()):
        weekday = (number + hour) % 7
        dues = year_of_dues(start, weekday, time(hour), zone)
        weeks = [week_of(due, zone) for due in dues]
        assert weeks == sorted(set(weeks)), zone
        assert {due.astimezone(ZoneInfo(zone)).weekday() for due in dues} == {weekday}, zone


@settings(max_examples=300, deadline=None)
@given(moments, weekdays, times, zones)
def test_the_wall_clock_shows_the_chosen_time_or_a_later_one_where_it_does_not_exist(
    start: datetime, weekday: int, at: time, zone: str
) -> None:
    due = next_due(start, weekday, at, zone)
    local = due.astimezone(ZoneInfo(zone))
    assert due > start
    if local.time() != at:
        wall = datetime.combine(local.date(), at, ZoneInfo(zone))
        assert wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall.replace(tzinfo=None)
        assert local.time() > at


@settings(max_examples=100, deadline=None)
@given(moments, weekdays, times, zones, st.sampled_from(COUNTRIES))
def test_holidays_never_give_two_digests_in_an_iso_week(
    start: datetime, weekday: int, at: time, zone: str, country: str
) -> None:
    weeks = [week_of(due, zone) for due in year_of_dues(start, weekday, at, zone, country)]
    assert weeks == sorted(set(weeks))


@settings(max_examples=100, deadline=None)
@given(moments, weekdays, times, zones, st.sampled_from(COUNTRIES), st.timedeltas(timedelta(0), timedelta(days=40)))
def test_what_is_due_does_not_depend_on_when_one_asks(
    start: datetime, weekday: int, at: time, zone: str, country: str, later: timedelta
) -> None:
    dues = year_of_dues(start, weekday, at, zone, country)
    asked = next_due(start + later, weekday, at, zone, is_working_day, country)
    assert asked == next(due for due in dues if due > start + later)


@pytest.mark.parametrize(
    ("country", "zone", "monday", "moved"),
    [
        ("KZ", "Asia/Almaty", "2026-03-23", "2026-03-26"),
        ("KZ", "Asia/Almaty", "2026-10-26", "2026-10-27"),
        ("KZ", "Asia/Almaty", "2027-03-15", "2027-03-16"),
        ("KG", "Asia/Bishkek", "2026-05-04", "2026-05-11"),
        ("KG", "Asia/Bishkek", "2027-01-04", "2027-01-08"),
        ("TJ", "Asia/Dushanbe", "2026-03-23", "2026-03-25"),
        ("TM", "Asia/Ashgabat", "2026-09-28", "2026-09-30"),
        ("UZ", "Asia/Tashkent", "2026-08-31", "2026-09-02"),
        ("UZ", "Asia/Tashkent", "2026-05-11", "2026-05-12"),
    ],
)
def test_a_holiday_moves_the_digest_to_the_next_working_day(country: str, zone: str, monday: str, moved: str) -> None:
    eve = moment(date.fromisoformat(monday), time(0), zone)
    due = next_due(eve, 0, time(9), zone, is_working_day, country)
    assert due == moment(date.fromisoformat(moved), time(9), zone)


def test_a_week_that_is_all_holidays_is_merged_into_the_next() -> None:
    eve = moment(date(2026, 5, 4), time(0), "Asia/Bishkek")
    first = next_due(eve, 0, time(9), "Asia/Bishkek", is_working_day, "KG")
    second = next_due(first, 0, time(9), "Asia/Bishkek", is_working_day, "KG")
    assert (first.date(), second.date()) == (date(2026, 5, 11), date(2026, 5, 18))


@pytest.mark.parametrize(("country", "weekday"), [("KZ", 5), ("UZ", 5), ("AF", 4), ("IR", 4), ("RU", 6)])
def test_who_chooses_a_day_of_rest_gets_the_digest_on_it(country: str, weekday: int) -> None:
    dues = year_of_dues(datetime(2026, 1, 1, tzinfo=UTC), weekday, time(9), "UTC", country)
    assert {due.weekday() for due in dues} == {weekday}


@pytest.mark.parametrize(
    ("zone", "day", "at", "utc"),
    [
        ("Europe/Oslo", date(2026, 3, 29), time(2, 30), "2026-03-29T01:30+00:00"),  # left out: 03:30 summer time
        ("Europe/Oslo", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30+00:00"),  # twice: the first
        ("America/New_York", date(2026, 3, 8), time(2, 30), "2026-03-08T07:30+00:00"),
        ("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30+00:00"),
        ("Asia/Almaty", date(2024, 2, 29), time(23, 30), "2024-02-29T17:30+00:00"),  # the day Almaty went to UTC+5
        ("Asia/Almaty", date(2024, 3, 1), time(9), "2024-03-01T04:00+00:00"),
        ("Asia/Kabul", date(2026, 12, 7), time(10, 30), "2026-12-07T06:00+00:00"),
    ],
)
def test_clock_changes(zone: str, day: date, at: time, utc: str) -> None:
    assert moment(day, at, zone) == datetime.fromisoformat(utc)
    assert next_due(moment(day, time(0), zone), day.weekday(), at, zone) == datetime.fromisoformat(utc)
