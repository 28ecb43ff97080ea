"""What came from the desk: notes, pins and contributions of approved issues, as digests and the archive show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from storage.database import Transaction
from storage.digests.tables import DeskItem, DeskKind, DigestIssue
from storage.members import Member, Organisation
from storage.tlp import Label
from storage.translations import closest

Words = tuple[tuple[str, str], ...]
"""A text by language, as pairs: facts that many readers share can be compared and hashed."""

_ORDER = tuple(DeskKind)


@dataclass(frozen=True)
class Item:
    """One pin or contribution. `until` is the last day on which it matters, by the network's clock."""

    id: int
    kind: DeskKind
    titles: Words
    texts: Words
    url: str | None
    label: Label
    until: date | None
    organisation: str | None
    country: str | None

    def title(self, language: str) -> tuple[str, str]:
        """Return the language and the title that a reader of `language` reads."""
        return closest(dict(self.titles), language)

    def text(self, language: str) -> tuple[str, str]:
        """Return the language and the text that a reader of `language` reads; empty where none was written."""
        return closest(dict(self.texts), language)


@dataclass(frozen=True)
class Edited:
    """What an editor approved for one issue: `note` is Telegram HTML by language, `items` are in the order of kinds.

    `signed_by` is the editor's name, None once the editor is erased.
    """

    number: int
    signed_by: str | None
    note: Words
    items: tuple[Item, ...]


async def edited(tx: Transaction, above: int, upto: int) -> list[Edited]:
    """Return what was approved for the issues with `above` < number <= `upto`, the earliest first."""
    approved = select(DigestIssue, Member).outerjoin(Member, Member.id == DigestIssue.approved_by)
    approved = approved.where(DigestIssue.number > above, DigestIssue.number <= upto)
    approved = approved.where(DigestIssue.approved_at.is_not(None)).order_by(DigestIssue.number)
    issues = [(row[0], row[1]) for row in await tx.execute(approved)]
    told: dict[int, list[Item]] = {issue.number: [] for issue, _ in issues}
    for row, item in await found(tx, select(DeskItem).where(DeskItem.issue.in_(list(told)))):
        told[row.issue or 0].append(item)
    return [
        Edited(issue.number, by.name if by else None, words(issue.note), tuple(told[issue.number]))
        for issue, by in issues
    ]


async def items_by_id(tx: Transaction, ids: Iterable[int]) -> dict[int, Item]:
    """Return pins and contributions by id; unknown ids are missing."""
    return {item.id: item for _, item in await found(tx, select(DeskItem).where(DeskItem.id.in_(list(ids))))}


async def found(tx: Transaction, asked: Select[DeskItem]) -> Sequence[tuple[DeskItem, Item]]:
    """Return the rows that are asked for, each with its facts: pins, calls, news, housekeeping, each as they came."""
    named: Select[Any] = asked.add_columns(Organisation.name)
    named = named.outerjoin(Organisation, Organisation.id == DeskItem.organisation_id)
    rows = [(row[0], fact(row[0], row[1])) for row in await tx.execute(named)]
    return sorted(rows, key=lambda pair: (_ORDER.index(pair[0].kind), pair[0].id))


def fact(row: DeskItem, organisation: str | None) -> Item:
    """Return a row of the desk as a fact."""
    return Item(
        row.id, row.kind, words(row.titles), words(row.texts), row.url, row.label, row.until, organisation, row.country
    )


def words(texts: Mapping[str, str]) -> Words:
    """Return texts by language as pairs, without the empty ones."""
    return tuple((code, said) for code, said in texts.items() if said)
