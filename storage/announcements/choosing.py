"""Choosing: what an author's taps make of an audience. What has no value left is nobody until it is taken away."""

from __future__ import annotations

import hashlib
import json

from storage.announcements.audience import Audience, Block, Condition, Dimension
from storage.refusals import Refusal

MOST_BLOCKS, MOST_VALUES = 8, 200
"""How many blocks an audience has at most, and how many values a condition."""


def everybody(audience: Audience, at: int) -> Audience:
    """Let a block be everybody. Refusals: `button:old`, `announcement:audience-full`."""
    _check_place(audience, at)
    return _with(audience, at, (Condition(Dimension.EVERYBODY),))


def tick(audience: Audience, at: int, dimension: Dimension, value: str, *, on: bool) -> Audience:
    """Take a value into a block's condition, or out of it; `at` the end a new block begins.

    The last value that is taken out leaves a condition that is nobody, so that no block widens by itself.
    Refusals: `button:old`, `announcement:audience-full`.
    """
    _check_place(audience, at)
    there = condition_in(audience, at, dimension) or Condition(dimension)
    if on is (value in there.values):
        return audience
    values = (*there.values, value) if on else tuple(v for v in there.values if v != value)
    if len(values) > MOST_VALUES:
        raise Refusal("announcement:audience-full")
    changed = _put(block_at(audience, at), Condition(dimension, values, there.outside))
    over = not values and len(changed) == 1 and at == len(audience.blocks) - 1
    return _with(audience, at, () if over else changed)


def turn(audience: Audience, at: int, dimension: Dimension, *, outside: bool) -> Audience:
    """Let a condition mean its values, or all others. Refusal: `button:old`, where it has none."""
    there = condition_in(audience, at, dimension)
    if there is None or not there.values:
        raise Refusal("button:old")
    return _with(audience, at, _put(block_at(audience, at), Condition(dimension, there.values, outside)))


def lift(audience: Audience, at: int, dimension: Dimension) -> Audience:
    """Take a condition away; a block that had no other one goes with it."""
    return _with(audience, at, tuple(c for c in block_at(audience, at) if c.dimension is not dimension))


def drop_block(audience: Audience, at: int, mark: str) -> Audience:
    """Take a block away, if it is still the one that was marked. Refusal: `button:old`."""
    if mark != mark_of(block_at(audience, at)):
        raise Refusal("button:old")
    return _with(audience, at, ())


def block_at(audience: Audience, at: int) -> Block:
    """Return a block; one that is not there is empty."""
    return audience.blocks[at] if 0 <= at < len(audience.blocks) else ()


def condition_in(audience: Audience, at: int, dimension: Dimension) -> Condition | None:
    """Return the condition that a block has in a dimension."""
    return next((c for c in block_at(audience, at) if c.dimension is dimension), None)


def mark_of(block: Block) -> str:
    """Return what tells a block from others on a button."""
    written = json.dumps([condition.facts() for condition in block])
    return hashlib.sha256(written.encode()).hexdigest()[:8]


def _check_place(audience: Audience, at: int) -> None:
    if not 0 <= at <= len(audience.blocks):
        raise Refusal("button:old")
    if at >= MOST_BLOCKS:
        raise Refusal("announcement:audience-full")


def _put(block: Block, condition: Condition) -> Block:
    """Return a block with a condition in place of the one in its dimension; whoever is chosen is not everybody."""
    replaced = (condition.dimension, Dimension.EVERYBODY)
    kept = {c.dimension: c for c in block if c.dimension not in replaced} | {condition.dimension: condition}
    return tuple(kept[dimension] for dimension in Dimension if dimension in kept)


def _with(audience: Audience, at: int, block: Block) -> Audience:
    """Return an audience with a block in place of the one there; without conditions it falls away."""
    blocks = [*audience.blocks[:at], block, *audience.blocks[at + 1 :]]
    return Audience(tuple(kept for kept in blocks if kept))
