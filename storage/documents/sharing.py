"""Sharing: a marked link or file goes into the library, unless the sharer can see it there already."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement

from storage import access, audit
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.documents.finding import END_OF_TITLE, fold
from storage.documents.links import clean_url, url_key
from storage.documents.tables import Document, DocumentAudience, permitted
from storage.refusals import Refusal
from storage.tlp import Label


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


async def share(tx: Transaction, viewer: Viewer, draft: Draft, highest: Label, now: datetime) -> Document:
    """Put a document into the library.

    Refusals: `document:label` (above what the network carries), `document:no-organisation`, `document:duplicate`.
    """
    access.require(viewer, Action.SHARE)
    check_label(viewer, draft.label, highest)
    await check_new(tx, viewer, draft.url, draft.file.unique_id if draft.file else None)
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


async def check_new(tx: Transaction, viewer: Viewer, url: str | None, unique_id: str | None) -> None:
    """Refuse with `document:duplicate` a link or file that is in the library already.

    What the viewer may not see is not a duplicate to them: a refusal would tell that it exists. What they could see
    but for a breach that was reported is refused with `document:frozen`.
    """
    same: ColumnElement[bool] = Document.url_key == url_key(url) if url else Document.file_unique_id == unique_id
    known = await tx.scalar(permitted(viewer).where(same).limit(1))
    if known is not None and known.frozen_at is not None:
        raise Refusal("document:frozen")
    if known is not None:
        raise Refusal("document:duplicate", title=known.title)


def _row(draft: Draft, viewer: Viewer, now: datetime) -> Document:
    rest = fold(f"{draft.publisher or ''} {draft.year or ''}")
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
        search=f" {fold(draft.title)}{END_OF_TITLE} {rest}",
        shared_at=now,
    )
