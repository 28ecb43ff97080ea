"""Sharing: a marked link or file goes into the library, unless the sharer can see it there already."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, text, true

from storage import access, audit
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.documents import words
from storage.documents.links import clean_url, url_key
from storage.documents.tables import (
    Document,
    DocumentAudience,
    DocumentLink,
    DocumentTopic,
    Kind,
    LinkState,
    Stage,
    permitted,
)
from storage.refusals import Refusal
from storage.tlp import Label

REVIEW_AFTER = timedelta(days=365)
"""When an owner looks at a document anew (R-17)."""
FIRST_LOOK = timedelta(minutes=1)
"""How soon after sharing a link is looked at for the first time."""


@dataclass(frozen=True)
class Attachment:
    """A file as Telegram knows it; `size` in bytes. `kind`, `sha256` and `pages` are what its content told."""

    file_id: str
    unique_id: str
    name: str
    size: int
    kind: str | None = None
    sha256: str | None = None
    pages: int | None = None


@dataclass(frozen=True)
class Draft:
    """What a member shares: a link or a file, and what is said of it.

    `languages` and `pillars` are codes with spaces between; `also` are further topics to find it in. `organisations`
    and `people` are whom an AMBER document is for; without both it is for the sharer's own organisation. `replaces`
    is the document whose new version it is, `permitted` that the sharer has said that the source allows it, and
    `written_label` how the label was written where that is an older one's name.
    """

    title: str
    topic_id: int
    label: Label
    url: str | None = None
    file: Attachment | None = None
    publisher: str | None = None
    year: int | None = None
    languages: str | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    kind: Kind = Kind.OTHER
    pillars: str = ""
    country: str | None = None
    also: tuple[int, ...] = ()
    organisations: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    stage: Stage = Stage.PUBLISHED
    comments_until: datetime | None = None
    replaces: int | None = None
    permitted: bool = False
    written_label: str | None = None


async def share(tx: Transaction, viewer: Viewer, draft: Draft, highest: Label, now: datetime) -> Document:
    """Put a document into the library.

    Refusals: `document:label` (above what the network carries), `document:no-organisation`, `document:duplicate`,
    `document:frozen`, and `document:audience` where what is restricted to an organisation names others.
    """
    access.require(viewer, Action.SHARE)
    check_label(viewer, draft.label, highest)
    check_audience(viewer, draft.label, draft.organisations, draft.people)
    file = draft.file
    unique_id, sha256 = (file.unique_id, file.sha256) if file else (None, None)
    await _one_after_another(tx, url_key(draft.url) if draft.url else None, unique_id, sha256)
    if draft.replaces is not None:  # held before the log is, as by all who change a document
        await tx.get(Document, draft.replaces, with_for_update=True)
    await check_new(tx, viewer, draft.url, unique_id, sha256, besides=draft.replaces)
    row = _row(draft, viewer, now)
    tx.add(row)
    await tx.flush()  # gives the document its id
    tx.add_all(DocumentTopic(document_id=row.id, topic_id=t) for t in dict.fromkeys(draft.also) if t != row.topic_id)
    name_audience(tx, viewer, row, draft.organisations, draft.people)
    if row.url is not None and not row.label.named_audience:
        watched(tx, row, now)
    await words.index(tx, row)
    facts: dict[str, Any] = {"document": row.id, "label": draft.label.value}
    facts |= {"permission": "confirmed"} if draft.permitted else {}
    facts |= {"written": draft.written_label} if draft.written_label else {}
    await audit.record(tx, audit.Event.DOCUMENT_SHARED, now, actor=viewer.id, **facts)
    return row


async def _one_after_another(tx: Transaction, *keys: str | None) -> None:
    """Let who shares the same thing at the same moment wait, and find it there; SQLite has one writer anyway."""
    if tx.get_bind().dialect.name == "sqlite":
        return
    for key in sorted(key for key in keys if key):
        await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def check_label(viewer: Viewer, label: Label, highest: Label) -> None:
    """Refuse a label that this network does not carry, or an audience that nobody could be in."""
    if label is Label.RED or label.rank > highest.rank:
        raise Refusal("document:label", label=label.value)
    if label.named_audience and viewer.organisation_id is None:
        raise Refusal("document:no-organisation")


def check_audience(viewer: Viewer, label: Label, organisations: tuple[int, ...], people: tuple[int, ...]) -> None:
    """Refuse with `document:audience` an AMBER+STRICT document for anybody outside the source's organisation (§4)."""
    if label is Label.AMBER_STRICT and (people or set(organisations) - {viewer.organisation_id}):
        raise Refusal("document:audience")


def name_audience(
    tx: Transaction, viewer: Viewer, row: Document, organisations: tuple[int, ...], people: tuple[int, ...]
) -> None:
    """Note whom a document with a named audience is for; named are always the source's own people too."""
    if not row.label.named_audience:
        return
    houses = dict.fromkeys((*organisations, *((row.organisation_id,) if row.organisation_id is not None else ())))
    tx.add_all(DocumentAudience(document_id=row.id, organisation_id=house) for house in houses)
    tx.add_all(DocumentAudience(document_id=row.id, member_id=one) for one in dict.fromkeys((*people, viewer.id)))


def watched(tx: Transaction, row: Document, now: datetime) -> None:
    """Let the document's link be looked at from now on."""
    tx.add(DocumentLink(document_id=row.id, state=LinkState.UNKNOWN, failures=0, due_at=now + FIRST_LOOK, since=now))


async def check_new(
    tx: Transaction,
    viewer: Viewer,
    url: str | None,
    unique_id: str | None,
    sha256: str | None = None,
    *,
    besides: int | None = None,
) -> None:
    """Refuse with `document:duplicate` a link or file that is in the library already.

    What the viewer may not see is not a duplicate to them: a refusal would tell that it exists. What they could see
    but for a breach that was reported is refused with `document:frozen`. `besides` is a document that it may
    be like; it may then be like any older version, too.
    """
    same: list[ColumnElement[bool]] = []
    if url:
        same.append(Document.url_key == url_key(url))
    if unique_id:
        same.append(Document.file_unique_id == unique_id)
    if sha256:
        same.append(Document.sha256 == sha256)
    if not same:
        return
    others = true() if besides is None else and_(Document.id != besides, Document.successor_id.is_(None))
    standing = and_(Document.stage != Stage.WITHDRAWN, others)
    known = await tx.scalar(permitted(viewer).where(or_(*same), standing).order_by(Document.id.desc()).limit(1))
    if known is not None and (known.frozen_at is not None or known.hidden_at is not None):
        raise Refusal("document:frozen")
    if known is not None:
        facts = {"document": known.id, "marked": known.label}
        raise Refusal("document:duplicate", title=known.title_in(viewer.language), **facts)


def _row(draft: Draft, viewer: Viewer, now: datetime) -> Document:
    file = draft.file
    return Document(
        token=secrets.token_urlsafe(16),
        title=draft.title,
        titles=dict(draft.titles),
        description=draft.description,
        url=clean_url(draft.url) if draft.url else None,
        url_key=url_key(draft.url) if draft.url else None,
        file_id=file.file_id if file else None,
        file_unique_id=file.unique_id if file else None,
        file_name=file.name if file else None,
        file_size=file.size if file else None,
        file_kind=file.kind if file else None,
        sha256=file.sha256 if file else None,
        pages=file.pages if file else None,
        publisher=draft.publisher,
        year=draft.year,
        languages=draft.languages,
        kind=draft.kind,
        pillars=draft.pillars,
        country=draft.country,
        topic_id=draft.topic_id,
        label=draft.label,
        shared_by=viewer.id,
        owner_id=viewer.id,
        organisation_id=viewer.organisation_id,
        shared_at=now,
        stage=draft.stage,
        comments_until=draft.comments_until,
        review_at=now + REVIEW_AFTER,
    )
