"""Traffic Light Protocol 2.0 (FIRST, August 2022): the labels, their order and how people write them."""

from __future__ import annotations

import re
from enum import StrEnum

from storage.refusals import Refusal


class Label(StrEnum):
    """The four labels and AMBER's restriction; written without spaces and never translated (TLP 2.0 §2)."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"

    @property
    def rank(self) -> int:
        """The order of restriction: CLEAR 0 … RED 4."""
        return _ORDER.index(self)

    @property
    def protected(self) -> bool:
        """Whether forwarding and saving are switched off for what carries this label: all but CLEAR."""
        return self is not Label.CLEAR

    @property
    def named_audience(self) -> bool:
        """Whether the source must name who may see it (TLP 2.0 §4: AMBER and above)."""
        return self.rank >= Label.AMBER.rank


_ORDER = tuple(Label)
_VARIANT = re.compile(r"^(?:TLP[\s:_-]*)?(CLEAR|WHITE|GREEN|AMBER(?:[\s+_-]*STRICT)?|RED)$")


def parse(text: str) -> Label:
    """Read a label as people write it: `tlp green`, `TLP: AMBER STRICT`, TLP 1.0's `WHITE` …

    Raises:
        Refusal: `label:unknown` for anything else; an absent label is never taken for CLEAR.
    """
    match = _VARIANT.match(text.strip().upper())
    if match is None:
        raise Refusal("label:unknown", text=text)
    word = match[1].replace("WHITE", "CLEAR")
    return Label.AMBER_STRICT if word.endswith("STRICT") else Label(f"TLP:{word}")


def highest(labels: list[Label]) -> Label | None:
    """Return the most restrictive label: an aggregate carries the highest of its parts."""
    return max(labels, key=lambda label: label.rank, default=None)
