"""Organisations: the institutions that people belong to, recognised again by their name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from storage.database import Transaction, insert
from storage.members.tables import Organisation


def key_of(name: str) -> str:
    """Return what two spellings of one organisation's name have in common."""
    return " ".join(name.casefold().split())


async def organisation(tx: Transaction, name: str) -> Organisation:
    """Return the organisation people call `name`, as a new one if nobody named it before."""
    key = key_of(name)
    row = {"name": " ".join(name.split()), "key": key}
    await tx.execute(insert(tx, Organisation).values(row).on_conflict_do_nothing(index_elements=["key"]))
    found = await tx.scalar(select(Organisation).where(Organisation.key == key))
    assert found is not None
    return found


async def known_organisation(tx: Transaction, name: str) -> int | None:
    """Return the id of the organisation people call `name`, if anybody named it before."""
    return await tx.scalar(select(Organisation.id).where(Organisation.key == key_of(name)))


async def organisation_names(tx: Transaction, ids: Sequence[int]) -> dict[int, str]:
    """Return organisations' names by id."""
    rows = await tx.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {row.id: row.name for row in rows}
