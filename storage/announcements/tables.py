"""What an announcement is, whom it was frozen for, and who may read it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, String, Text, and_, false, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access
from storage.access import Action, Viewer
from storage.announcements.audience import Audience
from storage.database import Base, Moment, Transaction, one_of
from storage.outbox import OutboxState
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.tlp import Label

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE = 8


def _new_code() -> str:
    """Return a code that nobody guesses, of letters and digits that are not mistaken for each other."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE))


class AnnouncementState(StrEnum):
    """Where an announcement stands. One that is `recurring` is not sent itself: each time makes one of its own."""

    DRAFT = "draft"
    AWAITING = "awaiting"
    RETURNED = "returned"
    RECURRING = "recurring"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    RETRACTED = "retracted"


UNSENT = (AnnouncementState.DRAFT, AnnouncementState.AWAITING, AnnouncementState.RETURNED)
"""While it stands so, its author may change it."""
SENT = (AnnouncementState.SENDING, AnnouncementState.PAUSED, AnnouncementState.DONE)
"""So it stands when it is sent, or was to all of them."""
HOLDING = (*SENT, AnnouncementState.CANCELLED)
"""So it stands when some may have it and it still holds: what was cancelled on the way has reached some."""


STOPPED = "cancelled"
UNVOUCHED = "whoever answers for it may no longer announce"
ENDING = (STOPPED, UNVOUCHED)
"""Reasons for which the rest is not sent any more."""


class Repeats(StrEnum):
    """How often an announcement comes again."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


class Announcement(Base):
    """One announcement.

    `titles` and `texts` (Telegram HTML) are by language, `language` is that of the original. `media` are pictures or
    documents: `{"kind": "photo" | "document", "file_id": …}`; they go `apart`, before the words, where there are
    several or the words do not fit below. `poll` is `{"question": …, "options": […], "several": …, "anonymous": …}`.
    `audience` says who is meant, `audience_count` for how many it was frozen, and `digest` binds a release to all of
    that. What is `paid` leaves faster, for Stars. `version` counts corrections; `code` proves that it is genuine.

    It leaves at `send_at`, or at the wall time `local_at` (`YYYY-MM-DDTHH:MM`) where each reader lives, or at once;
    `sent_at` is when the first copy leaves. It `repeats` until a day, next time at `next_at`; what came of it names it
    as its `series_id`. What has not left by `expires_at` does not leave. Readers acknowledge it by `acknowledge_by`;
    `asked_version` is the correction of which those were told who had acknowledged before, and `chased_version` the one
    whose acknowledgements are closed: all are there, or the deadline has passed.
    """

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    state: Mapped[AnnouncementState] = mapped_column(one_of(AnnouncementState), index=True)
    language: Mapped[str] = mapped_column(String(8))
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    media: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    apart: Mapped[bool] = mapped_column(default=False)
    poll: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    label: Mapped[Label] = mapped_column(one_of(Label))
    urgent: Mapped[bool] = mapped_column(default=False)
    paid: Mapped[bool] = mapped_column(default=False, server_default=false())
    audience: Mapped[list[Any]] = mapped_column(JSON)
    audience_count: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[int] = mapped_column(default=1)
    code: Mapped[str] = mapped_column(String(_CODE), unique=True, default=_new_code)
    send_at: Mapped[datetime | None] = mapped_column(Moment)
    local_at: Mapped[str | None] = mapped_column(String(16))
    repeats: Mapped[Repeats | None] = mapped_column(one_of(Repeats))
    repeat_until: Mapped[date | None] = mapped_column(Date)
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("announcement.id"))
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledge_by: Mapped[datetime | None] = mapped_column(Moment)
    asked_version: Mapped[int | None]
    chased_version: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    released_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    corrected_at: Mapped[datetime | None] = mapped_column(Moment)
    retracted_at: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str | None] = mapped_column(Text)
    reported: Mapped[str | None] = mapped_column(String(200))

    @property
    def title(self) -> str:
        """The title in the language of the original."""
        return self.titles[self.language]

    @property
    def meant(self) -> Audience:
        """Who is meant by it."""
        return Audience.of(self.audience)

    @property
    def messages(self) -> int:
        """How many messages each reader gets: what goes before the words counts one by one."""
        return 1 + len(self.media) * self.apart

    @property
    def subject(self) -> str:
        """The name under which the outbox keeps its copies."""
        return f"announcement:{self.id}"

    @property
    def before(self) -> str:
        """The name under which the outbox keeps what goes before its copies."""
        return f"announcement-album:{self.id}"

    @property
    def revised(self) -> str:
        """The name under which the outbox keeps what readers are told of its newest version, or of its end."""
        over = self.state is AnnouncementState.RETRACTED
        return f"announcement-fix:{self.id}:{'end' if over else self.version}"

    @property
    def told(self) -> str:
        """The name under which the outbox keeps what its author is told of it."""
        return f"announcement-progress:{self.id}"


class Recipient(Base):
    """One of those for whom an announcement was frozen, how it ended for them, and what they did with it.

    `state` and `reason` are those of the outbox once its copy has ended; `message_id` is where they have it and `also`
    are the messages of the album before it. `acknowledged_version` is the version that they acknowledged at
    `acknowledged_at`, `reminders` how often they were reminded of it, and `vote` the options they chose.
    """

    __tablename__ = "announcement_recipient"
    __table_args__ = (Index(None, "member_id", "announcement_id"),)

    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    state: Mapped[OutboxState] = mapped_column(one_of(OutboxState), default=OutboxState.QUEUED)
    reason: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    also: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_version: Mapped[int | None]
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    reminders: Mapped[int] = mapped_column(default=0)
    reminded_at: Mapped[datetime | None] = mapped_column(Moment)
    vote: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))


@dataclass(frozen=True, slots=True)
class Copy:
    """What a recipient did with their copy, as `Recipient` keeps it."""

    vote: tuple[int, ...]
    acknowledged_version: int | None
    acknowledged_at: datetime | None


class RevisionState(StrEnum):
    """Where a correction stands."""

    AWAITING = "awaiting"
    RETURNED = "returned"
    DONE = "done"


class Revision(Base):
    """A correction of an announcement in a language, or without words its end.

    `author_id` asked for it, and it makes version `version`. Where it needs a release, that is bound to `digest`, and
    `decided_by` gave or refused it. `pending` are members whose copy was on its way just then.
    """

    __tablename__ = "announcement_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    state: Mapped[RevisionState] = mapped_column(one_of(RevisionState))
    language: Mapped[str | None] = mapped_column(String(8))
    title: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), default="")
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    pending: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))


class Remark(Base):
    """What a reader wrote in answer to an announcement, or the desk to them: `author_id` wrote it in `member_id`'s."""

    __tablename__ = "announcement_remark"

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class AudienceList(Base):
    """An audience under a name, to be chosen again; the number of one that was dropped never comes again."""

    __tablename__ = "audience_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    audience: Mapped[list[Any]] = mapped_column(JSON)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    changed_at: Mapped[datetime] = mapped_column(Moment)

    @property
    def meant(self) -> Audience:
        """Whom it means."""
        return Audience.of(self.audience)


async def by_id(tx: Transaction, viewer: Viewer, announcement_id: int, *, lock: bool = False) -> Announcement:
    """Return an announcement to somebody who may announce. Refusal: `announcement:unknown`."""
    access.require(viewer, Action.ANNOUNCE)
    row = await tx.get(Announcement, announcement_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise Refusal("announcement:unknown")
    return row


async def looked_at(tx: Transaction, viewer: Viewer, announcement_id: int) -> Announcement:
    """Return an announcement to somebody who looks at what it says: one's own, or one that was put before others.

    Refusals: `announcement:unknown`, `announcement:not-yours` for a draft of somebody else.
    """
    row = await by_id(tx, viewer, announcement_id)
    if row.author_id != viewer.id and (row.state is AnnouncementState.DRAFT or row.submitted_at is None):
        raise Refusal("announcement:not-yours")
    return row


def may_read(viewer: Viewer, row: Announcement) -> bool:
    """Tell whether somebody may read what was announced; whether they were meant to get it is another question."""
    return bool(_who_may_read([viewer], row))


def _who_may_read(viewers: Sequence[Viewer], row: Announcement) -> list[Viewer]:
    named = row.meant.organisations
    return [viewer for viewer in viewers if viewer.active and access.may_see(viewer, row.label, named)]


async def vouched_for(tx: Transaction, row: Announcement) -> bool:
    """Tell whether those who answer for an announcement, its author and whoever released it, may announce now."""
    answering = [n for n in (row.author_id, row.released_by) if n is not None]
    people = await access.viewers(tx, answering)
    return all(n in people and access.allowed(people[n], Action.ANNOUNCE) for n in answering)


async def for_readers(
    tx: Transaction, announcement_id: int, viewers: Sequence[Viewer]
) -> tuple[Announcement | None, list[Viewer]]:
    """Return an announcement that holds for those who have it, with those of `viewers` who may read it now."""
    row = await tx.get(Announcement, announcement_id)
    if row is None or row.state not in HOLDING:
        return None, []
    return row, _who_may_read(viewers, row)


async def listed(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[Announcement]:
    """Return a page of announcements, the newest first, from number `first` on: no drafts of others, none discarded."""
    access.require(viewer, Action.ANNOUNCE)
    put = and_(Announcement.submitted_at.is_not(None), Announcement.state != AnnouncementState.DRAFT)
    own = and_(Announcement.author_id == viewer.id, Announcement.state.in_(UNSENT))
    found = select(Announcement).where(or_(put, own))
    return await page(tx, found, (Announcement.id,), first, size, newest_first=True)
