"""The tables of mail: an address that its member has proved to be theirs, and the key that signs links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment


class MailAddress(Base):
    """Where a member gets mail: nothing but a code is sent to `address` before `verified_at`.

    `code` is the SHA-256 of the code that was sent, good until `code_until` and for a few `tries`.
    """

    __tablename__ = "mail_address"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254))
    verified_at: Mapped[datetime | None] = mapped_column(Moment)
    code: Mapped[str | None] = mapped_column(String(64))
    code_until: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)


class SigningKey(Base):
    """What signs the links in mails: drawn once, so that a link in an old mail works as long as the database lives."""

    __tablename__ = "signing_key"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
