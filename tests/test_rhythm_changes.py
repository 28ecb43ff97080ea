"""Whatever a member changes, and whenever: never two digests in a period, and never too long without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from bot.holiday import is_working_day
from storage import access, digests, members
from storage.access import Viewer
from storage.database import Database, Transaction
from storage.digests import Break, Digest, DigestSchedule, DigestState, Frequency, Wishes, following
from storage.digests.times import Day, WorkingDay, day_of, monday_to_friday
from storage.members import Member, MemberState

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = [
    "Asia/Almaty", "Asia/Kabul", "Europe/Oslo", "America/New_York", "Pacific/Auckland", "Pacific/Honolulu",
    "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe",
]  # fmt: skip
LONGEST = {
    Frequency.DAILY: timedelta(days=3 + 7),
    Frequency.WEEKLY: timedelta(days=7 + 7),
    Frequency.FORTNIGHTLY: timedelta(days=14 + 7),
    Frequency.MONTHLY: timedelta(days=35 + 7),
}
"""A period and a week."""
AROUND_THE_WORLD = timedelta(hours=26)
HOLIDAYS = timedelta(days=14)

Step = tuple[timedelta, str, Any]
passing = st.timedeltas(timedelta(hours=-2), timedelta(days=9)) | st.timedeltas(timedelta(0), timedelta(days=50))
changes = st.one_of(
    st.tuples(st.just("frequency"), st.sampled_from(Frequency)),
    st.tuples(st.just("weekday"), st.integers(0, 6)),
    st.tuples(st.just("at"), st.integers(0, 23).map(time)),
    st.tuples(st.just("zone"), st.sampled_from(ZONES)),
    st.tuples(st.just("pause"), st.sampled_from([None, *Break])),
    st.tuples(st.just("resume"), st.none()),
)
steps = st.lists(st.tuples(passing, changes), max_size=30)


@dataclass
class Life:
    """A member whose clock is told to pass: what came, and since when they wait for the next."""

    tx: Transaction
    viewer: Viewer
    row: DigestSchedule
    member: Member
    working: WorkingDay
    now: datetime
    since: datetime
    came: list[tuple[datetime, Day, Frequency]] = field(default_factory=list)
    lived: set[Frequency] = field(default_factory=lambda: {Frequency.WEEKLY})

    async def passes(self, until: datetime) -> None:
        """Let the ticks do their work up to a moment."""
        while (at := self._next()) is not None and at <= until:
            self.now = at
            if await digests.wake_paused(self.tx, at, self.working):
                self.since = at
            elif not self.row.paused:
                await self._comes(self.row.next_due_at)
        self.now = until

    def _next(self) -> datetime | None:
        return self.row.paused_until if self.row.paused else max(self.row.next_due_at, self.now)

    async def _comes(self, due: datetime) -> None:
        rhythm = self.row.rhythm(self.member.zone, self.member.country)
        day = day_of(due, rhythm.zone)
        self._is_in_time(due)
        self._is_the_only_one(due, day, rhythm.frequency)
        slot = day[2] if rhythm.frequency is Frequency.DAILY else 0
        self.tx.add(
            Digest(
                member_id=self.member.id, number=1, iso_year=day[0], iso_week=day[1], iso_day=day[2], slot=slot,
                state=DigestState.QUEUED, period_start=due, period_end=due, created_at=self.now,
            )
        )  # fmt: skip
        self.row.next_due_at = following(due, rhythm, day, self.working)
        await self.tx.flush()
        self.came.append((due, day, rhythm.frequency))
        self.since, self.lived = max(due, self.since), {rhythm.frequency}

    def _is_in_time(self, due: datetime) -> None:
        longest = max(LONGEST[frequency] for frequency in self.lived) + AROUND_THE_WORLD
        assert due - self.since <= longest + (HOLIDAYS if self.member.country else timedelta(0))

    def _is_the_only_one(self, due: datetime, day: Day, frequency: Frequency) -> None:
        if not self.came:
            return
        before, told, _ = self.came[-1]
        assert before < due
        counted = 3 if frequency is Frequency.DAILY else 2
        assert day[:counted] > told[:counted], "by the clock by which each came"
        assert day[:counted] > day_of(before, self.member.zone)[:counted], "by the clock of now"
        if frequency is Frequency.MONTHLY:
            assert month(due, self.member) > month(before, self.member)

    async def changes(self, what: str, value: Any) -> None:
        """Do as the member wishes."""
        deeds: dict[str, Callable[[], Any]] = {
            "zone": lambda: digests.set_zone(self.tx, self.viewer, value, self.now, self.working),
            "pause": lambda: digests.pause(
                self.tx, self.viewer, value and digests.end_of(value, self.now, self.member.zone)
            ),
            "resume": lambda: digests.resume(self.tx, self.viewer, self.now, self.working),
        }
        wish = {} if what in deeds else {what: value}
        paused = self.row.paused
        await deeds.get(what, lambda: digests.change(self.tx, self.viewer, Wishes(**wish), self.now, self.working))()
        self.lived.add(self.row.frequency)
        if paused and not self.row.paused:
            self.since = max(self.now, self.since)


def month(due: datetime, member: Member) -> tuple[int, int]:
    local = due.astimezone(ZoneInfo(member.zone))
    return local.year, local.month


async def born(tx: Transaction, start: datetime, zone: str, country: str | None) -> Life:
    """Return a new member with a weekly digest."""
    await tx.execute(delete(Member))
    member = await members.welcome(tx, 50, "en", zone, start)
    member.state, member.country = MemberState.ACTIVE, country
    working = is_working_day if country else monday_to_friday
    await digests.schedule(tx, member, 0, time(9), start, working)
    viewer = await access.viewer(tx, member.id)
    row = await digests.of(tx, viewer)
    assert row is not None
    return Life(tx, viewer, row, member, working, start, start)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, 4 * 365 * 24).map(lambda hours: BEGIN + timedelta(hours=hours)),
    zone=st.sampled_from(ZONES),
    country=st.sampled_from([None, None, "KG", "KZ", "IR", "CN"]),
    steps=steps,
)
async def test_no_sequence_of_changes_gives_two_digests_in_a_period_or_none_for_long(
    database: Database, start: datetime, zone: str, country: str | None, steps: list[tuple[timedelta, Any]]
) -> None:
    async with database.transaction() as tx:
        life = await born(tx, start, zone, country)
        for passed, (what, value) in steps:
            await life.passes(life.now + passed)
            await life.changes(what, value)
        await life.changes("resume", None)
        await life.passes(life.now + timedelta(days=100))
