"""Whom a source may name as audience: organisations of those who belong, however their names are spelled."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, select

from storage import access, names
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.members import BELONGING, Member, Organisation


async def organisations(tx: Transaction, viewer: Viewer, words: str, most: int) -> list[Organisation]:
    """Return organisations by the beginnings of the words of their names, the first ones of the alphabet."""
    access.require(viewer, Action.SHARE)
    belongs = exists().where(Member.organisation_id == Organisation.id, Member.state.in_(BELONGING))
    wanted = names.key(words).split()
    listed = await tx.scalars(select(Organisation).where(belongs).order_by(Organisation.name, Organisation.id))
    return [row for row in listed if wanted and _holds(row.name, wanted)][:most]


def _holds(name: str, wanted: Sequence[str]) -> bool:
    parts = names.key(name).split()
    return all(any(part.startswith(word) for part in parts) for word in wanted)
