"""What others read of an entry: the fields that its owner shows, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storage import members
from storage.access import Viewer
from storage.database import Transaction
from storage.directory.tables import DirectoryEntry
from storage.members import Category
from storage.topics import Policy, Subscription, Topic


@dataclass(frozen=True)
class Shown:
    """An entry as another member reads it; what is not shown is None or empty. `mine` is the reader's own."""

    number: int
    name: str | None
    organisation: str | None
    category: Category | None
    country: str | None
    topics: tuple[str, ...]
    email: str | None
    contactable: bool
    languages: tuple[str, ...]
    about: str | None
    mine: bool


async def shown(tx: Transaction, viewer: Viewer, entries: Sequence[DirectoryEntry]) -> list[Shown]:
    """Return what `viewer` reads of entries, in their order; of topics only those that members may know of."""
    people = await members.by_ids(tx, [entry.member_id for entry in entries])
    named = [person.organisation_id for person in people.values() if person.organisation_id is not None]
    organisations = await members.organisation_names(tx, named)
    topics = await _topics(tx, [entry.member_id for entry in entries if entry.shows_topics], viewer.language)
    found = []
    for entry in entries:
        person = people[entry.member_id]
        found.append(
            Shown(
                number=entry.number,
                name=person.name if entry.shows_name else None,
                organisation=organisations.get(person.organisation_id or 0) if entry.shows_organisation else None,
                category=person.category if entry.shows_category else None,
                country=person.country if entry.shows_country else None,
                topics=tuple(topics.get(entry.member_id, ())),
                email=person.email if entry.shows_email else None,
                contactable=entry.contactable,
                languages=entry.spoken,
                about=entry.about,
                mine=entry.member_id == viewer.id,
            )
        )
    return found


async def _topics(tx: Transaction, member_ids: Sequence[int], language: str) -> dict[int, list[str]]:
    # What somebody has muted is there as well: how they want their digest is nobody's business.
    joined = select(Subscription.member_id, Topic).where(
        Subscription.topic_id == Topic.id, Subscription.member_id.in_(member_ids), Topic.policy != Policy.CLOSED
    )
    found: dict[int, list[str]] = {}
    for member_id, topic in await tx.execute(joined.order_by(Topic.position)):
        found.setdefault(member_id, []).append(topic.title(language))
    return found
