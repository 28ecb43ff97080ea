"""Staff: what those who run the network read of members and do with them, each within their reach."""

from storage.staff.acts import NEEDS, act, acting, hold, permit, possible, report
from storage.staff.listing import Card, Held, Shown, by_id, card, email, filters, held, listed, search
from storage.staff.log import KINDS, acts
from storage.staff.roles import (
    TERMS,
    Seat,
    expire,
    facts_of,
    give,
    office_of,
    take,
    takeable,
    tell_administrators,
)

__all__ = [
    "KINDS",
    "NEEDS",
    "TERMS",
    "Card",
    "Held",
    "Seat",
    "Shown",
    "act",
    "acting",
    "acts",
    "by_id",
    "card",
    "email",
    "expire",
    "facts_of",
    "filters",
    "give",
    "held",
    "hold",
    "listed",
    "office_of",
    "permit",
    "possible",
    "report",
    "search",
    "take",
    "takeable",
    "tell_administrators",
]
