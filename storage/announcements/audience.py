"""Who an announcement is for. An empty audience is nobody, never everybody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from storage.database import Transaction
from storage.members import BELONGING, Category, Member
from storage.topics import HEARING, Subscription


class AudienceKind(StrEnum):
    """How an audience is chosen."""

    ALL = "all"
    TOPIC = "topic"
    COUNTRY = "country"
    CATEGORY = "category"


@dataclass(frozen=True)
class Audience:
    """A choice of active members: `value` is a topic's id, a country or a category."""

    kind: AudienceKind
    value: str = ""

    def facts(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "value": self.value}


async def recipients(tx: Transaction, audience: Audience) -> list[int]:
    """Return the ids of the active members who are meant, in order."""
    found = select(Member.id).where(Member.state.in_(BELONGING), Member.telegram_id.is_not(None))
    match audience.kind:
        case AudienceKind.TOPIC:
            follows = select(Subscription.member_id).where(
                Subscription.topic_id == int(audience.value), Subscription.level.in_(HEARING)
            )
            found = found.where(Member.id.in_(follows))
        case AudienceKind.COUNTRY:
            found = found.where(Member.country == audience.value)
        case AudienceKind.CATEGORY:
            found = found.where(Member.category == Category(audience.value))
        case AudienceKind.ALL:
            pass
    return list(await tx.scalars(found.order_by(Member.id)))
