"""People of a topic: who is in it, and who could be let in, for those who keep it."""

from __future__ import annotations

from sqlalchemy import select

from storage import names
from storage.access import Viewer
from storage.database import Transaction
from storage.members import BELONGING, Member
from storage.pages import Page, page
from storage.topics.keeping import kept
from storage.topics.tables import Subscription

MATCHES = 8


async def members_of(tx: Transaction, viewer: Viewer, topic_id: int, first: int | None, size: int) -> Page[Member]:
    """Return a page of who is in a topic, in the order they came to the network."""
    await kept(tx, viewer, topic_id)
    within = select(Subscription.member_id).where(Subscription.topic_id == topic_id)
    found = select(Member).where(Member.id.in_(within), Member.state.in_(BELONGING))
    return await page(tx, found, (Member.id,), first, size)


async def matching(tx: Transaction, viewer: Viewer, topic_id: int, words: str) -> list[Member]:
    """Return members who are not in a topic and whose name contains `words`, in any spelling; at most `MATCHES`."""
    await kept(tx, viewer, topic_id)
    within = select(Subscription.member_id).where(Subscription.topic_id == topic_id)
    found = await tx.scalars(
        select(Member).where(Member.id.not_in(within), Member.state.in_(BELONGING)).order_by(Member.name)
    )
    wanted = names.key(words)
    return [m for m in found if m.name and wanted in names.key(m.name)][:MATCHES]
