"""The library: shared links and files, marked, found only by those who may see them."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Select,
    String,
    Text,
    UniqueConstraint,
    exists,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, audit
from storage.access import Action, Viewer
from storage.database import Base, Moment, Transaction, one_of
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal
from storage.tlp import Label

FILE_LIMIT = 20 * 1024 * 1024
_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|yclid|mc_[ce]id)$")
_APOSTROPHES = dict.fromkeys(map(ord, "\u02bb\u02bc\u2018\u2019'`\u00b4\u02b9\u02ba\u2033"))
_DANGEROUS = re.compile(r"\.(exe|msi|bat|cmd|com|scr|ps1|vbs|js|jar|apk|dll|sh|docm|xlsm|pptm|lnk|iso)$", re.IGNORECASE)


class Document(Base):
    """A shared link or file. `search` holds its folded words; `token` opens it by deep link."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(24), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str | None] = mapped_column(Text)
    url_key: Mapped[str | None] = mapped_column(Text, index=True)
    file_id: Mapped[str | None] = mapped_column(Text)
    file_unique_id: Mapped[str | None] = mapped_column(String(64), index=True)
    file_name: Mapped[str | None] = mapped_column(String(200))
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    publisher: Mapped[str | None] = mapped_column(String(120))
    year: Mapped[int | None]
    languages: Mapped[str | None] = mapped_column(String(40))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    label: Mapped[Label] = mapped_column(one_of(Label))
    shared_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    search: Mapped[str] = mapped_column(Text)
    shared_at: Mapped[datetime] = mapped_column(Moment, index=True)


class DocumentAudience(Base):
    """An organisation that the source named as audience (TLP 2.0 §4, AMBER)."""

    __tablename__ = "document_audience"
    __table_args__ = (UniqueConstraint("document_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))


@dataclass(frozen=True)
class Attachment:
    """A file as Telegram knows it; `size` in bytes."""

    file_id: str
    unique_id: str
    name: str
    size: int


@dataclass(frozen=True)
class Draft:
    """What a member shares: a link or a file, and what to call it."""

    title: str
    topic_id: int
    label: Label
    url: str | None = None
    file: Attachment | None = None
    publisher: str | None = None
    year: int | None = None
    languages: str | None = None


def clean_url(written: str) -> str:
    """Return a link as it is stored: http or https, a host, no credentials, no fragment, no tracking.

    Refusals: `document:link`.
    """
    try:
        parts = urlsplit(written.strip())
        port = parts.port
    except ValueError:
        raise Refusal("document:link") from None
    host = (parts.hostname or "").lower()
    if parts.scheme.lower() not in {"http", "https"} or "." not in host or parts.username or " " in written.strip():
        raise Refusal("document:link")
    scheme = parts.scheme.lower()
    usual = {"http": 80, "https": 443}[scheme]
    place = host if port in (None, usual) else f"{host}:{port}"
    query = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(pair[0])])
    return urlunsplit((scheme, place, parts.path or "/", query, ""))


def url_key(url: str) -> str:
    """Return what two addresses of the same page share."""
    parts = urlsplit(clean_url(url))
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}".rstrip("?")


def check_file(name: str, size: int) -> None:
    """Refuse files that are too big (`document:big`) or could run (`document:dangerous`)."""
    if size > FILE_LIMIT:
        raise Refusal("document:big")
    if _DANGEROUS.search(name):
        raise Refusal("document:dangerous")


def fold(words: str) -> str:
    """Return words without case, accents, apostrophes and ё, so that spellings meet."""
    plain = unicodedata.normalize("NFKC", words).casefold().translate(_APOSTROPHES).replace("ё", "е")
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c) or c == "\u0306")
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", bare)))


async def share(tx: Transaction, viewer: Viewer, draft: Draft, highest: Label, now: datetime) -> Document:
    """Put a document into the library.

    Refusals: `document:label` (above what the network carries), `document:no-organisation`, `document:duplicate`.
    """
    access.require(viewer, Action.SHARE)
    check_label(viewer, draft.label, highest)
    known = await duplicate(tx, viewer, draft.url, draft.file.unique_id if draft.file else None)
    if known is not None:
        raise Refusal("document:duplicate", title=known.title)
    row = _row(draft, viewer, now)
    tx.add(row)
    await tx.flush()  # gives the document its id
    if draft.label.named_audience and viewer.organisation_id is not None:
        tx.add(DocumentAudience(document_id=row.id, organisation_id=viewer.organisation_id))
    event = audit.Event.DOCUMENT_SHARED
    await audit.record(tx, event, now, actor=viewer.id, document=row.id, label=draft.label.value)
    return row


def check_label(viewer: Viewer, label: Label, highest: Label) -> None:
    """Refuse a label that this network does not carry, or an audience that nobody could be in."""
    if label is Label.RED or label.rank > highest.rank:
        raise Refusal("document:label", label=label.value)
    if label.named_audience and viewer.organisation_id is None:
        raise Refusal("document:no-organisation")


async def duplicate(tx: Transaction, viewer: Viewer, url: str | None, unique_id: str | None) -> Document | None:
    """Return the same link or file if the viewer may see it; what they may not see is not a duplicate to them."""
    same: ColumnElement[bool] = Document.url_key == url_key(url) if url else Document.file_unique_id == unique_id
    return await tx.scalar(_visible(viewer).where(same).limit(1))


async def by_id(tx: Transaction, viewer: Viewer, document_id: int) -> Document:
    """Return a document; one that is not the viewer's to see does not exist (`document:unknown`)."""
    found = await tx.scalar(_visible(viewer).where(Document.id == document_id))
    if found is None:
        raise Refusal("document:unknown")
    return found


async def by_token(tx: Transaction, viewer: Viewer, token: str) -> Document | None:
    """Return the document of a deep link, if it is the viewer's to see."""
    return await tx.scalar(_visible(viewer).where(Document.token == token))


async def latest(
    tx: Transaction, viewer: Viewer, first: int | None, size: int, topic_id: int | None = None
) -> Page[Document]:
    """Return a page of documents, the newest first, from number `first` on; of one topic, or of all."""
    found = _visible(viewer)
    if topic_id is not None:
        found = found.where(Document.topic_id == topic_id)
    return await page(tx, found, (Document.id,), first, size, newest_first=True)


async def search(tx: Transaction, viewer: Viewer, words: str, offset: int, limit: int) -> tuple[list[Document], int]:
    """Return documents that contain the beginning of every word, hits in the title first, then the newest.

    The second value is how many there are in all.
    """
    folded = fold(words).split()
    if not folded:
        return [], 0
    found = _visible(viewer)
    for word in folded:
        found = found.where(Document.search.contains(f" {word}", autoescape=True))
    in_title = Document.search.startswith(f" {folded[0]}", autoescape=True)
    total = await tx.scalar(found.with_only_columns(func.count())) or 0
    ordered = found.order_by(in_title.desc(), Document.id.desc())
    return list(await tx.scalars(ordered.offset(max(offset, 0)).limit(limit))), total


async def fresh(tx: Transaction, viewer: Viewer, since: datetime, topic_ids: Collection[int]) -> list[Document]:
    """Return what was shared since a moment in some topics, newest first."""
    found = _visible(viewer).where(Document.shared_at >= since, Document.topic_id.in_(topic_ids))
    return list(await tx.scalars(found.order_by(Document.id.desc())))


async def promise_file(tx: Transaction, viewer: Viewer, document_id: int, now: datetime) -> None:
    """Promise the file of a document that the viewer may see."""
    row = await by_id(tx, viewer, document_id)
    if row.file_id is None:
        raise Refusal("document:unknown")
    await promise(tx, [Promise(viewer.id, "document:file", {"document": row.id})], now)


def _visible(viewer: Viewer) -> Select[Document]:
    named = exists().where(
        DocumentAudience.document_id == Document.id, DocumentAudience.organisation_id == viewer.organisation_id
    )
    return select(Document).where(access.visible(viewer, Document.label, named))


def _row(draft: Draft, viewer: Viewer, now: datetime) -> Document:
    words: Sequence[str | None] = (draft.title, draft.publisher, str(draft.year or ""), draft.url)
    file = draft.file
    return Document(
        token=secrets.token_urlsafe(16),
        title=draft.title,
        url=clean_url(draft.url) if draft.url else None,
        url_key=url_key(draft.url) if draft.url else None,
        file_id=file.file_id if file else None,
        file_unique_id=file.unique_id if file else None,
        file_name=file.name if file else None,
        file_size=file.size if file else None,
        publisher=draft.publisher,
        year=draft.year,
        languages=draft.languages,
        topic_id=draft.topic_id,
        label=draft.label,
        shared_by=viewer.id,
        organisation_id=viewer.organisation_id,
        search=" " + fold(" ".join(word for word in words if word)),
        shared_at=now,
    )
