"""The directory: what each member chose to show to members, and the search in it (R-25)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment


class DirectoryEntry(Base):
    """One member's entry: which fields others may read. Without a row nothing of the member is shown.

    `languages` is `,en,ru,`; `contactable` lets others ask for contact through the bot.
    """

    __tablename__ = "directory_entry"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    shows_name: Mapped[bool] = mapped_column(default=False)
    shows_organisation: Mapped[bool] = mapped_column(default=False)
    shows_category: Mapped[bool] = mapped_column(default=False)
    shows_country: Mapped[bool] = mapped_column(default=False)
    shows_topics: Mapped[bool] = mapped_column(default=False)
    shows_email: Mapped[bool] = mapped_column(default=False)
    contactable: Mapped[bool] = mapped_column(default=False)
    languages: Mapped[str] = mapped_column(String(60), default="")
    about: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(Moment)


class DirectoryLookup(Base):
    """That a member looked into the directory, and with which filters: for the limit and for the log."""

    __tablename__ = "directory_lookup"
    __table_args__ = (Index("ix_directory_lookup_member_at", "member_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Moment)
