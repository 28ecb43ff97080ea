"""Moderation: reports of posts and the decisions on them, and breaches that administrators hear of at once."""

from __future__ import annotations

from datetime import datetime

from storage.database import Transaction
from storage.moderation import breaches, cards
from storage.moderation.breaches import NOTHING, Item
from storage.moderation.cards import Case, cases, one, remind, waiting
from storage.moderation.deciding import keep, of_author, remove
from storage.moderation.naming import Pointer, named
from storage.moderation.reports import ENOUGH, due, report
from storage.moderation.tables import (
    SILENCE,
    Breach,
    BreachState,
    Consequence,
    Reason,
    Report,
    Review,
    ReviewState,
)

__all__ = [
    "ENOUGH", "NOTHING", "SILENCE", "Breach", "BreachState", "Case", "Consequence", "Item", "Pointer", "Reason",
    "Report", "Review", "ReviewState", "breaches", "cases", "due", "forget", "keep", "named", "of_author", "one",
    "remind", "remove", "report", "waiting",
]  # fmt: skip


async def forget(tx: Transaction, member_id: int, now: datetime) -> None:
    """Take an erased member out of moderation: the cards of their posts, and the words of their breach reports."""
    await cards.forget(tx, member_id, now)
    await breaches.forget(tx, member_id, now)
