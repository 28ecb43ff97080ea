"""The archive: the digests that a member got, one by one or all of one issue together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from storage import access
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.digests.contents import Copy, of_row
from storage.digests.merging import Section
from storage.digests.tables import Digest, DigestState
from storage.pages import Page, page
from storage.refusals import Refusal


async def copy_of_issue(tx: Transaction, viewer: Viewer, number: int) -> Copy:
    """Return what a member got of an issue, all of it together.

    Refusal: `digest:unknown` where they got nothing.
    """
    rows = list(await tx.scalars(_got(viewer).where(Digest.number == number).order_by(Digest.id)))
    if not rows:
        raise Refusal("digest:unknown", number=number)
    items = _together([row.items for row in rows])
    return Copy(number, rows[0].period_start, rows[-1].period_end, items, ref=f"n{number}")


async def copy_by_id(tx: Transaction, viewer: Viewer, digest_id: int) -> Copy:
    """Return a digest that a member got; refuses as `copy_of_issue` does, whosever it is."""
    row = await tx.scalar(_got(viewer).where(Digest.id == digest_id))
    if row is None:
        raise Refusal("digest:unknown", number=digest_id)
    return of_row(row)


async def earlier(tx: Transaction, viewer: Viewer, first: int | None, size: int) -> Page[Digest]:
    """Return a page of the digests that a member got, the newest first."""
    access.require(viewer, Action.BELONG)
    return await page(tx, _got(viewer), (Digest.id,), first, size, newest_first=True)


def _got(viewer: Viewer) -> Select[Digest]:
    return select(Digest).where(Digest.member_id == viewer.id, Digest.state == DigestState.QUEUED, Digest.number > 0)


def _together(kept: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for section in Section:
        ids = dict.fromkeys(n for items in kept for n in items.get(section.value, ()))
        joined |= {section.value: list(ids)} if ids else {}
    counts: dict[str, list[int]] = {}
    for items in kept:
        for topic_id, (papers, said) in items.get("counts", {}).items():
            before = counts.get(topic_id, [0, 0])
            counts[topic_id] = [before[0] + papers, before[1] + said]
    reserved = {
        kind: [n for items in kept for n in items.get("reserved", {}).get(kind, ())] for kind in ("documents", "posts")
    }
    return joined | {"counts": counts, "reserved": reserved}
