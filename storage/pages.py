"""Pages of a list by keyset: what is added or taken away meanwhile neither skips nor repeats an item."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, literal, tuple_

from storage.database import Base, Transaction

T = TypeVar("T", bound=Base)
_PORTION = 500


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page; `previous` and `following` are the ids of the items that the neighbouring pages begin with."""

    items: tuple[T, ...]
    previous: int | None
    following: int | None
    number: int
    count: int


async def in_portions(tx: Transaction, ids: Select[Any], rows: Select[Any], key: Any) -> AsyncIterator[Sequence[Any]]:
    """Yield the rows of a SELECT whose `key` is among some ids, a portion at a time: so many never hold up the loop.

    The ids are asked for at once; a cursor that stays open would outlive who is cut off while reading from it.
    """
    found = list(await tx.scalars(ids))
    for first in range(0, len(found), _PORTION):
        yield (await tx.execute(rows.where(key.in_(found[first : first + _PORTION])))).all()


async def page(
    tx: Transaction,
    listed: Select[T],
    order: Sequence[Any],
    first: int | None,
    size: int,
    *,
    newest_first: bool = False,
) -> Page[T]:
    """Return the page of `listed` that begins with the item whose id is `first`; without it, or if it is gone, page 1.

    `order` holds the columns that sort the list; the last of them is the id.
    """
    forward = [column.desc() if newest_first else column for column in order]
    backward = [column if newest_first else column.desc() for column in order]
    here, before, previous = listed, 0, None
    anchor = (await tx.execute(listed.with_only_columns(*order).where(order[-1] == first))).first() if first else None
    if anchor is not None:
        key, at = tuple_(*order), tuple_(*(literal(v, c.type) for v, c in zip(anchor, order, strict=True)))
        ahead = listed.where(key > at if newest_first else key < at)
        here = listed.where(key <= at if newest_first else key >= at)
        before = await _count(tx, ahead)
        neighbours = ahead.with_only_columns(order[-1]).order_by(*backward).limit(size)
        previous = next(reversed((await tx.scalars(neighbours)).all()), None)
    found: list[Any] = list(await tx.scalars(here.order_by(*forward).limit(size + 1)))
    pages_before, rest = -(-before // size), await _count(tx, listed) - before
    return Page(
        items=tuple(found[:size]),
        previous=previous,
        following=getattr(found[size], order[-1].key) if len(found) > size else None,
        number=pages_before + 1,
        count=pages_before + max(1, -(-rest // size)),
    )


async def _count(tx: Transaction, listed: Select[Any]) -> int:
    return await tx.scalar(listed.with_only_columns(func.count(), maintain_column_froms=True)) or 0
