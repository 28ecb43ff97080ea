"""When a digest is due, for every zone, weekday and hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.holiday import is_working_day
from storage.digests.plans import NEVER, Break, end_of, nearest, replanned
from storage.digests.times import (
    Frequency,
    Rhythm,
    WorkingDay,
    day_of,
    moment,
    monday_to_friday,
    next_due,
    week_of,
    working_day,
)

ZONES = sorted(available_timezones() - {"localtime"})
COUNTRIES = ["KZ", "KG", "TJ", "TM", "UZ", "AF", "AZ", "CN", "IN", "IR", "NO", "PK", "RU", "TR", "US"]

zones = st.sampled_from(ZONES)
weekdays = st.integers(0, 6)
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
fortnightly = st.builds(Rhythm, weekdays, times, zones, frequency=st.just(Frequency.FORTNIGHTLY), even=st.booleans())
moments = st.integers(1_704_067_200, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def by(country: str | None) -> WorkingDay:
    return is_working_day if country else monday_to_friday


def year_of_dues(start: datetime, rhythm: Rhythm, span: timedelta = timedelta(days=366)) -> list[datetime]:
    dues, after = [], start
    while after < start + span:
        after = next_due(after, rhythm, by(rhythm.country))
        dues.append(after)
    return dues


@settings(max_examples=120, deadline=None)
@given(moments, weekdays, times, zones)
def test_a_year_has_exactly_one_digest_in_every_iso_week(start: datetime, weekday: int, at: time, zone: str) -> None:
    dues = year_of_dues(start, Rhythm(weekday, at, zone))
    mondays = [date.fromisocalendar(*week_of(due, zone), 1) for due in dues]
    assert all(b - a == timedelta(days=7) for a, b in pairwise(mondays))


YEAR = datetime(2026, 1, 1, tzinfo=UTC)
LAST_HOUR = 23


def _changes(zone: str) -> tuple[tuple[datetime, timedelta | None], ...]:
    """Return from when on a zone is how far from UTC in the tested year: many names stand for the same."""

    def apart(at: datetime) -> timedelta | None:
        return at.astimezone(ZoneInfo(zone)).utcoffset()

    found = [(YEAR, apart(YEAR))]
    for n in range(375):
        before, after = YEAR + timedelta(days=n), YEAR + timedelta(days=n + 1)
        if apart(after) != found[-1][1]:
            while after - before > timedelta(minutes=1):
                middle = before + (after - before) / 2
                before, after = (middle, after) if apart(middle) == found[-1][1] else (before, middle)
            found.append((after, apart(after)))
    return tuple(found)


KINDS = {_changes(zone): zone for zone in ZONES}
"""One zone of each kind; a kind with one entry has the same clock all year, and a weekday is there like another."""


@pytest.mark.parametrize("hour", range(24))
def test_every_zone_has_one_digest_a_week_on_the_chosen_day(hour: int) -> None:
    for number, (changes, zone) in enumerate(KINDS.items()):
        for weekday in range(7) if len(changes) > 1 else [(number + hour) % 7]:
            dues = year_of_dues(YEAR, Rhythm(weekday, time(hour), zone))
            days = [day_of(due, zone) for due in dues]
            weeks = [date.fromisocalendar(*day[:2], 1) for day in days]
            assert all(b - a == timedelta(days=7) for a, b in pairwise(weeks)), zone
            # An hour before midnight that a clock change leaves out is the first of the next day.
            assert [day[2] for day in days].count(weekday + 1) >= len(days) - (hour == LAST_HOUR), zone


@settings(max_examples=60, deadline=None)
@given(moments, fortnightly)
def test_one_comes_every_second_week_and_the_two_fortnights_share_the_year(start: datetime, rhythm: Rhythm) -> None:
    mine = year_of_dues(start, rhythm)
    mondays = [date.fromisocalendar(*week_of(due, rhythm.zone), 1) for due in mine]
    assert all(b - a == timedelta(days=14) for a, b in pairwise(mondays))
    other = year_of_dues(start, replace(rhythm, even=not rhythm.even))
    weekly = year_of_dues(start, replace(rhythm, frequency=Frequency.WEEKLY))
    assert sorted({*mine, *other})[: len(weekly)] == weekly
    chosen = nearest(None, start, rhythm, NEVER)
    assert next_due(start, chosen) == weekly[0]


@settings(max_examples=60, deadline=None)
@given(moments, weekdays, times, zones, st.sampled_from([None, *COUNTRIES]))
def test_one_comes_in_every_month_on_its_first_such_day_or_the_next_working_day(
    start: datetime, weekday: int, at: time, zone: str, country: str | None
) -> None:
    dues = year_of_dues(start, Rhythm(weekday, at, zone, country, Frequency.MONTHLY))
    days = [due.astimezone(ZoneInfo(zone)).date() for due in dues]
    months = [day.year * 12 + day.month for day in days]
    assert all(b - a == 1 for a, b in pairwise(months))
    for day in days:
        nominal = next(d for d in (day.replace(day=n) for n in range(1, 8)) if d.weekday() == weekday)
        assert day == working_day(nominal, by(country), country)


@settings(max_examples=60, deadline=None)
@given(moments, times, zones, st.sampled_from([None, *COUNTRIES]))
def test_a_daily_one_comes_on_every_working_day_and_on_no_other(
    start: datetime, at: time, zone: str, country: str | None
) -> None:
    dues = year_of_dues(start, Rhythm(0, at, zone, country, Frequency.DAILY), timedelta(days=60))
    days = [due.astimezone(ZoneInfo(zone)).date() for due in dues]
    between = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    assert days == [day for day in between if by(country)(country, day)]


@settings(max_examples=120, deadline=None)
@given(moments, weekdays, times, zones)
def test_the_wall_clock_shows_the_chosen_time_or_a_later_one_where_it_does_not_exist(
    start: datetime, weekday: int, at: time, zone: str
) -> None:
    due = next_due(start, Rhythm(weekday, at, zone))
    local = due.astimezone(ZoneInfo(zone))
    assert due > start
    if local.time() != at:
        wall = datetime.combine(local.date(), at, ZoneInfo(zone))
        assert wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall.replace(tzinfo=None)
        assert local.time() > at


@settings(max_examples=60, deadline=None)
@given(moments, weekdays, times, zones, st.sampled_from(COUNTRIES))
def test_holidays_never_give_two_digests_in_an_iso_week(
    start: datetime, weekday: int, at: time, zone: str, country: str
) -> None:
    weeks = [week_of(due, zone) for due in year_of_dues(start, Rhythm(weekday, at, zone, country))]
    assert weeks == sorted(set(weeks))


@settings(max_examples=60, deadline=None)
@given(moments, weekdays, times, zones, st.sampled_from(COUNTRIES), st.timedeltas(timedelta(0), timedelta(days=40)))
def test_what_is_due_does_not_depend_on_when_one_asks(
    start: datetime, weekday: int, at: time, zone: str, country: str, later: timedelta
) -> None:
    dues = year_of_dues(start, Rhythm(weekday, at, zone, country))
    asked = next_due(start + later, Rhythm(weekday, at, zone, country), is_working_day)
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
    due = next_due(eve, Rhythm(0, time(9), zone, country), is_working_day)
    assert due == moment(date.fromisoformat(moved), time(9), zone)


def test_a_week_that_is_all_holidays_is_merged_into_the_next() -> None:
    eve = moment(date(2026, 5, 4), time(0), "Asia/Bishkek")
    rhythm = Rhythm(0, time(9), "Asia/Bishkek", "KG")
    first = next_due(eve, rhythm, is_working_day)
    second = next_due(first, rhythm, is_working_day)
    assert (first.date(), second.date()) == (date(2026, 5, 11), date(2026, 5, 18))


@pytest.mark.parametrize(("country", "weekday"), [("KZ", 5), ("UZ", 5), ("AF", 4), ("IR", 4), ("RU", 6)])
def test_who_chooses_a_day_of_rest_gets_the_digest_on_it(country: str, weekday: int) -> None:
    dues = year_of_dues(YEAR, Rhythm(weekday, time(9), "UTC", country))
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
    assert next_due(moment(day, time(0), zone), Rhythm(day.weekday(), at, zone)) == datetime.fromisoformat(utc)


def test_when_almaty_put_its_clock_back_nobody_got_two_nor_none() -> None:
    weekly = Rhythm(3, time(23, 30), "Asia/Almaty")  # half past eleven came twice on Thursday, 29 February 2024
    start = datetime(2024, 2, 28, tzinfo=UTC)
    daily = year_of_dues(start, replace(weekly, frequency=Frequency.DAILY), timedelta(days=2))
    assert [f"{due:%d %H:%M}" for due in daily] == ["28 17:30", "29 17:30", "01 18:30"]
    assert [f"{due:%d %H:%M}" for due in year_of_dues(start, weekly, timedelta(days=7))] == ["29 17:30", "07 18:30"]
    monday = year_of_dues(start - timedelta(days=3), Rhythm(0, time(9), "Asia/Almaty"), timedelta(days=7))
    assert [f"{due:%d %H:%M}" for due in monday] == ["26 03:00", "04 04:00"]


@pytest.mark.parametrize(
    ("last", "now", "wished", "due"),
    [
        ("2026-12-07", "2026-12-07T10:00", Rhythm(0, time(9), "UTC", None, Frequency.DAILY), "2026-12-08"),
        ("2026-12-09", "2026-12-09T10:00", Rhythm(4, time(9), "UTC"), "2026-12-18"),
        ("2026-12-07", "2026-12-08T10:00", Rhythm(4, time(9), "UTC"), "2026-12-18"),
        ("2026-11-30", "2026-12-02T10:00", Rhythm(1, time(9), "UTC", None, Frequency.MONTHLY), "2026-12-07"),
        ("2026-12-01", "2026-12-02T10:00", Rhythm(1, time(9), "UTC", None, Frequency.MONTHLY), "2027-01-05"),
        ("2026-12-28", "2026-12-30T10:00", Rhythm(4, time(9), "UTC", None, Frequency.MONTHLY), "2027-01-04"),
    ],
)
def test_what_comes_after_a_change(last: str, now: str, wished: Rhythm, due: str) -> None:
    pending = datetime(2026, 12, 7, 9, tzinfo=UTC)
    pending = pending if last < "2026-12-07" else pending + timedelta(days=28)
    told = date.fromisoformat(last).isocalendar()
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert replanned(pending, at, wished, (*told,)).date() == date.fromisoformat(due)


def test_a_pause_ends_at_the_start_of_a_day() -> None:
    now = datetime(2027, 1, 30, 20, tzinfo=UTC)  # the 31st in Almaty
    ends = [end_of(length, now, "Asia/Almaty").astimezone(ZoneInfo("Asia/Almaty")) for length in Break]

    assert [f"{end:%d %b %H:%M}" for end in ends] == ["07 Feb 00:00", "14 Feb 00:00", "28 Feb 00:00"]
