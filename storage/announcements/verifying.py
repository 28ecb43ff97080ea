"""Verifying: what a code stands for, and whether a copy reads as what was sent."""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access
from storage.access import Action, Viewer
from storage.announcements.tables import UNSENT, Announcement, AnnouncementState, Recipient, may_read
from storage.bulk import insert_many
from storage.database import Base, Moment, Transaction
from storage.outbox import OutboxState
from storage.refusals import Refusal

GUESSES = 20
"""How many codes one person may ask for in an hour."""
_HOUR = timedelta(hours=1)
_MISTAKEN = str.maketrans("OIL", "011")
_CODE = re.compile("[0-9A-HJKMNP-TV-Z]{8}")
_TAG, _HREF = re.compile(r"<[^>]+>"), re.compile(r'<a href="([^"]*)">')


class Words(Base):
    """What a version of an announcement read in a language, as a hash: with it a copy is told from a forgery."""

    __tablename__ = "announcement_version"

    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))


class Guess(Base):
    """That somebody asked for a code; kept for an hour, so that nobody tries them all."""

    __tablename__ = "announcement_guess"
    __table_args__ = (Index(None, "member_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Moment)


class Standing(StrEnum):
    """What a code stands for."""

    GENUINE = "genuine"
    CORRECTED = "corrected"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """What a code stands for, and since when.

    `told` is the announcement where who asks may know which one it is, `compared` where they may read what carries
    its label, so that a copy in their hands can be compared with it.
    """

    standing: Standing
    at: datetime | None = None
    told: Announcement | None = None
    compared: Announcement | None = None


def folded(words: str) -> str:
    """Return words in one way of writing them, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", words).split())


def digest_of_words(words: str, links: Iterable[str]) -> str:
    """Return a hash of what is read, title and text, and of the addresses behind it, in their order."""
    content = [folded(words), [link.rstrip("/") for link in links]]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


async def remember_words(tx: Transaction, row: Announcement) -> None:
    """Keep what this version of an announcement reads in each language; what was kept of the version before stays."""
    await tx.flush()
    this = (Words.announcement_id == row.id, Words.version == row.version)
    await tx.execute(delete(Words).where(*this))
    rows = [
        {"announcement_id": row.id, "version": row.version, "language": code, "digest": words_in(row, code)}
        for code in row.texts
    ]
    await insert_many(tx, Base.metadata.tables[Words.__tablename__], rows, ("announcement_id", "version", "language"))


def words_in(row: Announcement, language: str) -> str:
    """Return the hash of what an announcement reads in a language."""
    written = row.texts[language]
    links = [html.unescape(link) for link in _HREF.findall(written)]
    return digest_of_words(f"{row.titles[language]}\n{html.unescape(_TAG.sub('', written))}", links)


async def known_words(tx: Transaction, row: Announcement) -> set[tuple[int, str]]:
    """Return the versions of an announcement with the hashes of their words."""
    known = select(Words.version, Words.digest).where(Words.announcement_id == row.id)
    return {(version, digest) for version, digest in await tx.execute(known)}


def code_in(typed: str) -> str | None:
    """Return the code that somebody typed, however they wrote it; None where it is none."""
    code = "".join(c for c in typed.upper() if c.isalnum()).translate(_MISTAKEN)
    return code if _CODE.fullmatch(code) else None


async def verify(tx: Transaction, viewer: Viewer, code: str, now: datetime) -> Verdict:
    """Return what a code stands for. Refusal: `announcement:guesses` after `GUESSES` in an hour."""
    await _count(tx, viewer, now)
    row = await tx.scalar(select(Announcement).where(Announcement.code == code))
    unsent = (*UNSENT, AnnouncementState.RECURRING)
    if row is None or row.state in unsent or row.sent_at is None or row.sent_at > now:
        return Verdict(Standing.UNKNOWN)
    told = row if await _meant_for(tx, viewer, row) else None
    compared = row if access.may_see(viewer, row.label, row.meant.organisations) else None
    if row.state is AnnouncementState.RETRACTED:
        return Verdict(Standing.REVOKED, row.retracted_at, told)
    if row.version > 1:
        return Verdict(Standing.CORRECTED, row.corrected_at, told, compared)
    return Verdict(Standing.GENUINE, row.sent_at, told, compared)


async def _meant_for(tx: Transaction, viewer: Viewer, row: Announcement) -> bool:
    if access.allowed(viewer, Action.ANNOUNCE):
        return True
    copy = await tx.get(Recipient, (row.id, viewer.id))
    return copy is not None and copy.state is not OutboxState.WITHHELD and may_read(viewer, row)


async def _count(tx: Transaction, viewer: Viewer, now: datetime) -> None:
    await tx.execute(delete(Guess).where(Guess.member_id == viewer.id, Guess.at <= now - _HOUR))
    made = list(await tx.scalars(select(Guess.at).where(Guess.member_id == viewer.id).order_by(Guess.at)))
    if len(made) >= GUESSES:
        wait = (made[-GUESSES] + _HOUR - now).total_seconds()
        raise Refusal("announcement:guesses", most=GUESSES, minutes=math.ceil(wait / 60))
    tx.add(Guess(member_id=viewer.id, at=now))


async def forget_guesses(tx: Transaction, now: datetime) -> None:
    """Drop what was kept of guesses longer than an hour ago."""
    await tx.execute(delete(Guess).where(Guess.at <= now - _HOUR))
