"""Claiming: the schedules that are due, held by one process, and which days of each member's clock they owe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import aliased

from storage import quiet
from storage.access import Viewer
from storage.database import Transaction
from storage.digests.merging import Divide
from storage.digests.plans import NEVER, following
from storage.digests.tables import DigestSchedule
from storage.digests.times import Day, Frequency, Rhythm, WorkingDay, day_of, is_holiday, monday_to_friday
from storage.mail import MailAddress
from storage.members import BELONGING, Channel, Member, MemberState, Night, Office

_ON_TIME = timedelta(minutes=15)


@dataclass(frozen=True)
class Terms:
    """What a run goes by: the holidays, how a digest is divided into parts, whether an issue may go out unsigned.

    Where the network does not send `mails`, everybody's digest comes in Telegram.
    `turns` and `nights` keep what is the same for all who live by the same clock.
    """

    now: datetime
    divide: Divide
    is_working_day: WorkingDay = monday_to_friday
    unsigned: bool = True
    mails: bool = True
    turns: dict[tuple[Any, ...], Turn] = field(default_factory=dict)
    nights: dict[tuple[str, str, str], datetime | None] = field(default_factory=dict)


class Turn(NamedTuple):
    """What a schedule owes, each moment with its local day, and when it is due again."""

    owed: Sequence[tuple[datetime, Day]]
    after: datetime


class Due(NamedTuple):
    """A schedule that is due, and what of its member matters; `address` is where mail reaches them."""

    member_id: int
    frequency: Frequency
    even: bool
    weekday: int
    at: str
    next_due_at: datetime
    zone: str
    country: str | None
    quiet_line: bool
    covered_until: datetime | None
    edited_upto: int
    state: MemberState
    organisation_id: int | None
    language: str
    read_only: bool
    night: Night
    quiet_from: str
    quiet_until: str
    channel: Channel
    address: str | None

    def viewer(self, offices: frozenset[Office]) -> Viewer:
        """Return the member as the rules see them."""
        house, country = self.organisation_id, self.country
        return Viewer(self.member_id, self.state, offices, house, self.language, self.zone, country, self.read_only)

    def rings(self, due: datetime, terms: Terms) -> tuple[datetime | None, bool]:
        """Return when a digest may leave (None: now), and whether it makes no sound.

        Whoever chose an hour that is quiet means it, without a sound; what comes late waits for the end of the night.
        """
        by_clock = (self.zone, self.quiet_from, self.quiet_until)
        if by_clock not in terms.nights:
            terms.nights[by_clock] = quiet.until(terms.now, self.zone, *map(time.fromisoformat, by_clock[1:]))
        night = terms.nights[by_clock]
        if night is None:
            return None, False
        held = self.night is Night.HOLD and terms.now - due > _ON_TIME
        return (night, False) if held else (None, True)

    def turn(self, terms: Terms) -> Turn:
        """Return what is owed; members who live by the same clock and holidays owe the same."""
        key = self[1:8]
        if key not in terms.turns:
            terms.turns[key] = self._turn(terms)
        return terms.turns[key]

    def _turn(self, terms: Terms) -> Turn:
        rhythm = Rhythm(self.weekday, time.fromisoformat(self.at), self.zone, self.country, self.frequency, self.even)
        owed: list[tuple[datetime, Day]] = []
        at = self.next_due_at
        while at <= terms.now:
            day = day_of(at, self.zone)
            free = _is_free(at, rhythm, terms.is_working_day)
            owed += [] if free else [(at, day)]
            # One that has fallen on a holiday since leaves its period without any: then that is still to come.
            at = following(at, rhythm, NEVER if free else day, terms.is_working_day)
        return Turn(owed, at)


def _is_free(at: datetime, rhythm: Rhythm, working: WorkingDay) -> bool:
    """Tell whether a moment has become a holiday since it was chosen."""
    day = at.astimezone(ZoneInfo(rhythm.zone)).date()
    if rhythm.frequency is Frequency.DAILY:
        return not working(rhythm.country, day)
    return is_holiday(day, working, rhythm.country)


_COLUMNS = (
    DigestSchedule.member_id, DigestSchedule.frequency, DigestSchedule.even, DigestSchedule.weekday, DigestSchedule.at,
    DigestSchedule.next_due_at, Member.zone, Member.country, DigestSchedule.quiet_line, DigestSchedule.covered_until,
    DigestSchedule.edited_upto, Member.state, Member.organisation_id, Member.language, Member.read_only, Member.night,
    Member.quiet_from, Member.quiet_until, Member.channel, MailAddress.address,
)  # fmt: skip


def claimable(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition under which a schedule is due and nothing holds it.

    The member is asked for in a condition of its own: so both engines walk the schedules in the order of their turn,
    and stop at the limit, instead of sorting all that are due for each portion.
    """
    due = and_(DigestSchedule.next_due_at <= now, DigestSchedule.paused.is_(False), DigestSchedule.waits_for.is_(None))
    person = aliased(Member)
    awake = exists().where(person.id == DigestSchedule.member_id, person.state.in_(BELONGING - {MemberState.IDLE}))
    return and_(due, awake)


async def claim(tx: Transaction, now: datetime, limit: int) -> list[Due]:
    """Return up to `limit` schedules that are due, the longest first, and let no other process take them."""
    proved = and_(MailAddress.member_id == Member.id, MailAddress.verified_at.is_not(None))
    due = (
        select(*_COLUMNS)
        .join(Member, Member.id == DigestSchedule.member_id)
        .outerjoin(MailAddress, proved)
        .where(claimable(now))
        .order_by(DigestSchedule.next_due_at, DigestSchedule.member_id)
        .limit(limit)
    )
    rows: Any = await tx.execute(due.with_for_update(skip_locked=True, of=DigestSchedule))
    return [Due(*row) for row in rows]
