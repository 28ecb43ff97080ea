"""Choosing: what an author's taps make of an audience. What has no value left is nobody until it is taken away."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from storage.announcements.audience import Audience, Block, Condition, Dimension
from storage.refusals import Refusal

MOST_BLOCKS, MOST_CONDITIONS, MOST_VALUES = 8, 4, 200
"""How many blocks an audience has at most, a block conditions in one dimension, and a condition values."""
_ORDER = tuple(Dimension)


@dataclass(frozen=True)
class Place:
    """Where a condition stands: in which block, and the how manieth of its dimension there, from 0."""

    block: int
    dimension: Dimension
    nth: int = 0

    @classmethod
    def at(cls, number: int, dimension: Dimension) -> Place:
        """Return the place that a button names by one number."""
        block, nth = divmod(number, MOST_CONDITIONS)
        return cls(block, dimension, nth)

    @property
    def number(self) -> int:
        """The number that a button carries for it."""
        return self.block * MOST_CONDITIONS + self.nth


def everybody(audience: Audience, at: int) -> Audience:
    """Let a block be everybody. Refusals: `button:old`, `announcement:audience-full`."""
    _check_place(audience, at)
    return _with(audience, at, (Condition(Dimension.EVERYBODY),))


def tick(audience: Audience, place: Place, value: str, *, on: bool) -> Audience:
    """Take a value into a condition, or out of it; one after the last begins anew, and so does a block.

    The last value that is taken out leaves a condition that is nobody, so that no block widens by itself.
    Refusals: `button:old`, `announcement:audience-full`.
    """
    _check_place(audience, place.block)
    block, there = block_at(audience, place.block), condition_in(audience, place) or Condition(place.dimension)
    if on is (value in there.values):
        return audience
    if place.nth > len(conditions_in(audience, place.block, place.dimension)):
        raise Refusal("button:old")
    values = (*there.values, value) if on else tuple(v for v in there.values if v != value)
    if len(values) > MOST_VALUES:
        raise Refusal("announcement:audience-full")
    changed = _put(block, place, Condition(place.dimension, values, there.outside))
    over = not values and len(changed) == 1 and place.block == len(audience.blocks) - 1
    return _with(audience, place.block, () if over else changed)


def turn(audience: Audience, place: Place, *, outside: bool) -> Audience:
    """Let a condition mean its values, or all others. Refusal: `button:old`, where it has none."""
    there = condition_in(audience, place)
    if there is None or not there.values:
        raise Refusal("button:old")
    changed = _put(block_at(audience, place.block), place, Condition(place.dimension, there.values, outside))
    return _with(audience, place.block, changed)


def lift(audience: Audience, place: Place) -> Audience:
    """Take a condition away; a block that had no other one goes with it. Refusal: `button:old`, where there is none."""
    if condition_in(audience, place) is None:
        raise Refusal("button:old")
    return _with(audience, place.block, _put(block_at(audience, place.block), place, None))


def drop_block(audience: Audience, at: int, mark: str) -> Audience:
    """Take a block away, if it is still the one that was marked. Refusal: `button:old`."""
    block = block_at(audience, at)
    if not block or mark != mark_of(block):
        raise Refusal("button:old")
    return _with(audience, at, ())


def block_at(audience: Audience, at: int) -> Block:
    """Return a block; one that is not there is empty."""
    return audience.blocks[at] if 0 <= at < len(audience.blocks) else ()


def conditions_in(audience: Audience, at: int, dimension: Dimension) -> list[Condition]:
    """Return the conditions that a block has in a dimension."""
    return [c for c in block_at(audience, at) if c.dimension is dimension]


def condition_in(audience: Audience, place: Place) -> Condition | None:
    """Return the condition that stands in a place."""
    there = conditions_in(audience, place.block, place.dimension)
    return there[place.nth] if 0 <= place.nth < len(there) else None


def mark_of(block: Block) -> str:
    """Return what tells a block from others on a button."""
    written = json.dumps([condition.facts() for condition in block])
    return hashlib.sha256(written.encode()).hexdigest()[:8]


def _check_place(audience: Audience, at: int) -> None:
    if not 0 <= at <= len(audience.blocks):
        raise Refusal("button:old")
    if at >= MOST_BLOCKS:
        raise Refusal("announcement:audience-full")


def _put(block: Block, place: Place, condition: Condition | None) -> Block:
    """Return a block with a condition, or none, in a place of it; whoever is chosen is not everybody."""
    same = [c for c in block if c.dimension is place.dimension]
    same[place.nth : place.nth + 1] = [condition] if condition else []
    others = [c for c in block if c.dimension not in (place.dimension, Dimension.EVERYBODY)]
    return tuple(sorted([*others, *same], key=lambda c: _ORDER.index(c.dimension)))


def _with(audience: Audience, at: int, block: Block) -> Audience:
    """Return an audience with a block in place of the one there; without conditions it falls away."""
    blocks = [*audience.blocks[:at], block, *audience.blocks[at + 1 :]]
    return Audience(tuple(kept for kept in blocks if kept))
