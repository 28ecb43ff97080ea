"""The tables of the directory: what a member shows, and that somebody looked."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment

FIELDS = ("name", "organisation", "category", "country", "topics", "email", "contact")
"""What a member can show or not, by its code in buttons and in the log; `contact` lets others ask for it."""
LANGUAGES = ("en", "ru", "kk", "ky", "tg", "tk", "uz", "fa")
_COLUMNS = {field: f"shows_{field}" for field in FIELDS} | {"contact": "contactable"}
_GREATEST = 2**31 - 1


class DirectoryEntry(Base):
    """One member's entry: which fields others may read. Before `published_at` is set nobody reads any of it.

    `introduced_at` is when it was published for the first time: digests tell of new members once.

    `languages` is `,en,ru,`; `contactable` lets others ask for contact through the bot. `number` is how pages and
    buttons call the entry: drawn by lot, and anew when the name is hidden, so that nobody can tell whose it was.
    `name_key` sorts and finds the entry by its name (`named`, as the member was called then); empty while hidden.
    """

    __tablename__ = "directory_entry"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    shows_name: Mapped[bool] = mapped_column(default=False)
    shows_organisation: Mapped[bool] = mapped_column(default=False)
    shows_category: Mapped[bool] = mapped_column(default=False)
    shows_country: Mapped[bool] = mapped_column(default=False)
    shows_topics: Mapped[bool] = mapped_column(default=False)
    shows_email: Mapped[bool] = mapped_column(default=False)
    contactable: Mapped[bool] = mapped_column(default=False)
    languages: Mapped[str] = mapped_column(String(60), default="")
    about: Mapped[str | None] = mapped_column(Text)
    named: Mapped[str | None] = mapped_column(String(120))
    # One order on both engines, whatever the language of the server.
    name_key: Mapped[str] = mapped_column(Text().with_variant(Text(collation="C"), "postgresql"), default="")
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    introduced_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def shown(self) -> tuple[str, ...]:
        """The codes of the fields that others may read."""
        return tuple(field for field in FIELDS if getattr(self, _COLUMNS[field]))

    def show(self, field: str, *, on: bool) -> None:
        """Let others read a field, or not."""
        if field == "name" and not on:
            self.number = lot()
        setattr(self, _COLUMNS[field], on)

    @property
    def spoken(self) -> tuple[str, ...]:
        """The codes of the languages that the member speaks."""
        return tuple(language for language in LANGUAGES if f",{language}," in self.languages)


def blank(member_id: int) -> DirectoryEntry:
    """Return an entry that shows nothing and is not published."""
    return DirectoryEntry(
        member_id=member_id, number=lot(), languages="", name_key="", **dict.fromkeys(_COLUMNS.values(), False)
    )


def lot() -> int:
    """Draw a number for an entry."""
    return secrets.randbelow(_GREATEST) + 1


class DirectoryLookup(Base):
    """That a member looked into the directory, and with which filters: for the limit and for the log.

    Whose card was opened is not kept: nobody's reading is counted (R-24).
    """

    __tablename__ = "directory_lookup"
    __table_args__ = (Index("ix_directory_lookup_member_at", "member_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Moment)
