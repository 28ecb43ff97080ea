"""What an announcement is, and who may read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access
from storage.access import Action, Viewer
from storage.database import Base, Moment, Transaction, one_of
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.tlp import Label


class AnnouncementState(StrEnum):
    """Where an announcement stands."""

    AWAITING = "awaiting"
    SENDING = "sending"
    DONE = "done"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Announcement(Base):
    """One announcement; `text` is Telegram HTML, `audience` a kind and a value, `digest` binds the release to them."""

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    state: Mapped[AnnouncementState] = mapped_column(one_of(AnnouncementState), index=True)
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    label: Mapped[Label] = mapped_column(one_of(Label))
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    audience_count: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    released_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    reported: Mapped[str | None] = mapped_column(String(80))

    @property
    def subject(self) -> str:
        """The name under which the outbox keeps its copies."""
        return f"announcement:{self.id}"

    @property
    def told(self) -> str:
        """The name under which the outbox keeps what its author is told of it."""
        return f"announcement-progress:{self.id}"


async def by_id(tx: Transaction, viewer: Viewer, announcement_id: int, *, lock: bool = False) -> Announcement:
    """Return an announcement to somebody who may announce."""
    access.require(viewer, Action.ANNOUNCE)
    row = await tx.get(Announcement, announcement_id, with_for_update=lock)
    if row is None:
        raise Refusal("announcement:unknown")
    return row


async def for_readers(
    tx: Transaction, announcement_id: int, viewers: Sequence[Viewer]
) -> tuple[Announcement | None, list[Viewer]]:
    """Return an announcement with those of `viewers` who may read it now."""
    row = await tx.get(Announcement, announcement_id)
    if row is None or row.state not in (AnnouncementState.SENDING, AnnouncementState.DONE):
        return None, []
    return row, [v for v in viewers if v.active and access.may_see(v, row.label, ())]


async def listed(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[Announcement]:
    """Return a page of announcements, the newest first, from number `first` on."""
    access.require(viewer, Action.ANNOUNCE)
    return await page(tx, select(Announcement), (Announcement.id,), first, size, newest_first=True)
