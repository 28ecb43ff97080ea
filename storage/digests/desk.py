"""The desk (stub until the desk is there)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from storage.database import Transaction
from storage.digests.tables import DeskKind
from storage.tlp import Label

Texts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Desked:
    id: int
    kind: DeskKind
    titles: Texts
    texts: Texts
    url: str | None
    label: Label
    until: date | None
    organisation: str | None
    country: str | None


@dataclass(frozen=True)
class Edited:
    number: int
    signed_by: str | None
    note: Texts
    items: tuple[Desked, ...]


async def edited(tx: Transaction, above: int, upto: int) -> list[Edited]:
    return []


async def items_by_id(tx: Transaction, ids: Collection[int]) -> dict[int, Desked]:
    return {}
