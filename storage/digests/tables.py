"""The tables of digests: the network's issues, what is brought to the desk, each member's rhythm and what they got."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, one_of
from storage.digests.times import Frequency, Rhythm, Week
from storage.tlp import Label


class DigestState(StrEnum):
    """What became of a digest: `empty` had nothing to say, `skipped` came due while the bot was down."""

    QUEUED = "queued"
    SKIPPED = "skipped"
    EMPTY = "empty"


class DeskKind(StrEnum):
    """Where in an issue something from the desk stands: pinned on top, a call, news of a member, housekeeping."""

    PIN = "pin"
    CALL = "call"
    NEWS = "news"
    HOUSEKEEPING = "housekeeping"


class DeskState(StrEnum):
    """What became of a contribution. An accepted one goes out with the next issue that an editor approves."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class DigestIssue(Base):
    """One week's issue of the network's digest (R-13): everybody's own digest of that ISO week belongs to it.

    `note` is what the editor says on top, by language. Until `deadline_at` focal points contribute to it. `approved_at`
    is when an editor signed it: before that neither the note nor anything from the desk is in anybody's digest.
    `told_at` is when the editors were last told that it waits for them.
    """

    __tablename__ = "digest_issue"
    __table_args__ = (UniqueConstraint("iso_year", "iso_week"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    iso_year: Mapped[int]
    iso_week: Mapped[int]
    deadline_at: Mapped[datetime] = mapped_column(Moment)
    note: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    told_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def week(self) -> Week:
        """The ISO year and week that it belongs to."""
        return self.iso_year, self.iso_week

    def takes(self, now: datetime) -> bool:
        """Tell whether what is contributed now can be for it."""
        return self.deadline_at > now and self.approved_at is None

    @property
    def monday(self) -> date:
        """The day from which it leaves."""
        return date.fromisocalendar(*self.week, 1)


class DeskItem(Base):
    """Something for the digest that somebody wrote: a contribution, or an editor's own.

    `titles` and `texts` are by language; `until` is the last day on which it matters (a call's deadline). `planned` is
    the number of the first issue that it was meant for, `issue` that of the issue that it went out with.
    """

    __tablename__ = "desk_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[DeskKind] = mapped_column(one_of(DeskKind))
    state: Mapped[DeskState] = mapped_column(one_of(DeskState), index=True)
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    texts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    url: Mapped[str | None] = mapped_column(Text)
    label: Mapped[Label] = mapped_column(one_of(Label))
    until: Mapped[date | None] = mapped_column(Date)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    country: Mapped[str | None] = mapped_column(String(2))
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str | None] = mapped_column(Text)
    planned: Mapped[int]
    issue: Mapped[int | None] = mapped_column(ForeignKey("digest_issue.number"), index=True)


class DigestSchedule(Base):
    """When a member wants the digest: `at` is local wall time, `HH:MM`, in the member's zone.

    `paused` without `paused_until` is off. With `quiet_line` an empty digest comes as one line. What was new up to
    `covered_until` is told, and of issues what an editor approved up to number `edited_upto`. A digest that must not
    leave unsigned waits for the issue number `waits_for`.
    """

    __tablename__ = "digest_schedule"
    __table_args__ = (Index(None, "next_due_at", "member_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    frequency: Mapped[Frequency] = mapped_column(one_of(Frequency), default=Frequency.WEEKLY)
    even: Mapped[bool] = mapped_column(default=True)
    paused: Mapped[bool] = mapped_column(default=False)
    paused_until: Mapped[datetime | None] = mapped_column(Moment)
    weekday: Mapped[int]
    at: Mapped[str] = mapped_column(String(5))
    quiet_line: Mapped[bool] = mapped_column(default=False)
    next_due_at: Mapped[datetime] = mapped_column(Moment)
    covered_until: Mapped[datetime | None] = mapped_column(Moment)
    edited_upto: Mapped[int] = mapped_column(default=0)
    waits_for: Mapped[int | None]

    def rhythm(self, zone: str, country: str | None) -> Rhythm:
        """Return when it comes to somebody who lives in a zone and keeps a country's holidays."""
        return Rhythm(self.weekday, time.fromisoformat(self.at), zone, country, self.frequency, self.even)


class Digest(Base):
    """What one member got: part of the issue `number`, due in a local ISO week, and on a day of it if daily.

    `slot` is 0, or the day (Monday = 1) of a daily one; `iso_day` is the local day on which it came due. It says what
    was new between `period_start` and `period_end`: `items` are the ids by section, and each part begins at one of
    `breaks`, counted through all sections.
    """

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("member_id", "iso_year", "iso_week", "slot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    number: Mapped[int]
    iso_year: Mapped[int]
    iso_week: Mapped[int]
    iso_day: Mapped[int]
    slot: Mapped[int] = mapped_column(default=0)
    period_start: Mapped[datetime] = mapped_column(Moment)
    period_end: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[DigestState] = mapped_column(one_of(DigestState))
    items: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    breaks: Mapped[list[int]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(Moment)
