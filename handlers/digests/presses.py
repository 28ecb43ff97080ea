"""The buttons on a digest: they say which digest, which part of it, and which thing in it."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Press


@dataclass(frozen=True)
class Item(Press, prefix="digest.item"):
    """Show a `document` or an `event` in place of the part of a digest that tells of it."""

    kind: str
    number: int
    digest: str
    part: int


@dataclass(frozen=True)
class Part(Press, prefix="digest.part"):
    """Show a part of a digest (see `Copy.ref`)."""

    digest: str
    part: int


@dataclass(frozen=True)
class Earlier(Press, prefix="digest.past"):
    """Show the digests that one got, from this one on."""

    first: int
