"""How a digest is divided into messages: at its sections where it can be, and never within a line."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.screens import LIMIT, length
from storage.digests import Line, Section

FRAME = 800
"""What head and foot of a message take at most, in UTF-16 units."""
ROOM = LIMIT - FRAME
MOST = 40
"""How many lines a message has at most: Telegram shows a hundred links and dates in it, and a line may have two."""
_FORMATTED, _MARK = 15, 16
"""For how many lines a formatted note counts besides: at most, and one for so many of its characters."""

_HEADING = 30
_AROUND = dict.fromkeys(Section, 80) | {Section.DOCUMENTS: 40, Section.TALK: 50, Section.TOPICS: 40}
"""What a line has at most besides its own words: bullet, date, label, numbers."""


def divide(told: Sequence[tuple[Section, Sequence[Line]]]) -> list[int]:
    """Return at which lines the messages begin, given how long each line's own words may be."""
    breaks, used, held, place = [0], 0, 0, 0
    for section, lines in told:
        around = _AROUND[section]
        weights = [_weight(words) for _, words in lines] if section is Section.NOTES else [1] * len(lines)
        whole, heavy = _HEADING + sum([words for _, words in lines]) + around * len(lines), sum(weights)
        if not _fits(used + whole, held + heavy) and used and _fits(whole, heavy):
            breaks.append(place)
            used, held = 0, 0
        if _fits(used + whole, held + heavy):
            used, held, place = used + whole, held + heavy, place + len(lines)
            continue
        used += _HEADING
        for (_, words), weight in zip(lines, weights, strict=True):
            if held and not _fits(used + words + around, held + weight):
                breaks.append(place)
                used, held = _HEADING, 0
            used, held, place = used + words + around, held + weight, place + 1
    return breaks


def own(section: Section, written: str) -> int:
    """Return how much of a line is to be taken for its own words: then `divide` counts the line as it is."""
    return max(0, length(written) - _AROUND[section])


def _weight(words: int) -> int:
    """Return for how many lines a note counts: what an editor marks in it takes two tags, eight characters."""
    return 1 + min(_FORMATTED, words // _MARK)


def _fits(used: int, held: int) -> bool:
    return used <= ROOM and held <= MOST
