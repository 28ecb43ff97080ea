"""Drafts: what an author composes, and what a release is bound to. Whatever changes one lets its release fall away."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from storage import access
from storage.access import Action, Viewer
from storage.announcements import cards
from storage.announcements.audience import Audience
from storage.announcements.tables import UNSENT, Announcement, AnnouncementState, by_id
from storage.database import Transaction
from storage.refusals import Refusal
from storage.tlp import Label

BOUND = 16
"""How many digits of the hash a release is bound to: as many as a button carries."""


async def begin(
    tx: Transaction, viewer: Viewer, language: str, title: str, text: str, label: Label, now: datetime
) -> Announcement:
    """Begin an announcement for nobody yet; `text` is Telegram HTML in `language`."""
    access.require(viewer, Action.ANNOUNCE)
    row = Announcement(
        author_id=viewer.id,
        state=AnnouncementState.DRAFT,
        language=language,
        titles={language: title},
        texts={language: text},
        label=label,
        audience=Audience().facts(),
        created_at=now,
    )
    tx.add(row)
    await tx.flush()  # gives the announcement its number
    return row


async def edit(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> Announcement:
    """Return an announcement of one's own to be changed; where it waited for its release, it waits no more.

    Refusals: `announcement:unknown`, `announcement:not-yours`, `announcement:sent`.
    """
    row = await by_id(tx, viewer, announcement_id, lock=True)
    if row.author_id != viewer.id:
        raise Refusal("announcement:not-yours")
    if row.state not in UNSENT:
        raise Refusal("announcement:sent")
    if row.state is AnnouncementState.AWAITING:
        row.state = AnnouncementState.DRAFT
        await cards.redraw(tx, row, now)
    return row


async def discard(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> None:
    """Throw a draft away. Refusals: those of `edit`."""
    row = await edit(tx, viewer, announcement_id, now)
    row.state = AnnouncementState.CANCELLED


def digest_of(row: Announcement, recipients: Sequence[int]) -> str:
    """Return a hash of everything that a release is bound to: words, label, audience, times, price, and the list."""
    times = [row.send_at, row.local_at, row.repeats, row.repeat_until, row.expires_at, row.acknowledge_by]
    paid = ["paid"] * row.paid  # what an older version put before a second administrator keeps its hash
    words = [row.language, row.titles, row.texts, row.media, row.poll, row.label]
    content = [*words, row.audience, row.urgent, *times, *paid, list(recipients)]
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(written.encode()).hexdigest()
