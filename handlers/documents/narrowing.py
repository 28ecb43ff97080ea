"""Narrowing: what a search is restricted to, packed so that a button carries it together with the words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.documents.vocabulary import KINDS, PILLARS
from handlers.language import Say, capital, text
from storage import documents
from storage.documents import Filters, Kind
from storage.refusals import Refusal

ROOM = 44
"""How many bytes of a button are left for the words of a search and what it is narrowed to."""
FACETS = {
    "t": text("Topic"),
    "p": text("Pillar"),
    "l": text("Language"),
    "y": text("Year"),
    "c": text("Country"),
    "k": text("Type"),
}
"""What a search can be narrowed by, and the letter that stands for it."""
_KINDS = tuple(Kind)
_VALUES = {"t": r"\d{1,7}", "p": r"P\d", "l": r"[a-z]{2,3}", "y": r"\d{4}", "c": r"[A-Z]{2}", "k": r"\d", "s": ""}
_CYRILLIC = "".join(bytes([octet]).decode("koi8-r") for octet in range(0xC0, 0xE0))
_SEVEN = str.maketrans({letter: chr(0x40 + at) for at, letter in enumerate(_CYRILLIC)})
_EIGHT = {code: letter for letter, code in _SEVEN.items()}
_BACK = {ord(letter): chr(code) for code, letter in _SEVEN.items()}


def packed(filters: Filters) -> str:
    """Return filters as a button carries them: `t12,lru,y2014`."""
    parts = {
        "t": filters.topic_id,
        "p": filters.pillar,
        "l": filters.language,
        "y": filters.year,
        "c": filters.country,
        "k": None if filters.kind is None else _KINDS.index(filters.kind),
        "s": "" if filters.saved else None,
    }
    return ",".join(f"{letter}{value}" for letter, value in parts.items() if value is not None)


def unpacked(carried: str) -> Filters:
    """Read what `packed` wrote; anything else comes from a forged button (`button:old`)."""
    found: dict[str, str] = {}
    for part in carried.split(",") if carried else ():
        if part[:1] not in _VALUES or not re.fullmatch(_VALUES[part[:1]], part[1:]):
            raise Refusal("button:old")
        found[part[0]] = part[1:]
    return Filters(
        topic_id=int(found["t"]) if "t" in found else None,
        pillar=found.get("p"),
        language=found.get("l"),
        year=int(found["y"]) if "y" in found else None,
        country=found.get("c"),
        kind=_KINDS[int(found["k"])] if "k" in found else None,
        saved="s" in found,
    )


def with_value(carried: str, letter: str, value: str) -> str:
    """Return packed filters with one of them set, or lifted by an empty value."""
    rest = [part for part in carried.split(",") if part and part[0] != letter]
    return ",".join([*rest, f"{letter}{value}"] if value else rest)


def squeezed(words: str, room: int) -> str:
    """Return folded words in at most `room` bytes: all of them, as long beginnings as there is room for.

    Russian letters take one byte each, as KOI-7 writes them; folded words hold no capitals to be confused with.
    """
    folded = documents.fold(words)
    for length in range(len(folded), 0, -1):
        kept = " ".join(word[:length] for word in folded.split()).translate(_SEVEN)
        if len(kept.encode()) <= room:
            return kept
    return folded.translate(_SEVEN).encode()[:room].decode(errors="ignore")


def stretched(carried: str) -> str:
    """Return the words that `squeezed` packed."""
    return carried.translate(_BACK)


def described(filters: Filters, topics: Mapping[int, str], say: Say) -> str:
    """Return what a search is narrowed to, in words."""
    told = [
        topics.get(filters.topic_id) if filters.topic_id is not None else None,
        say(PILLARS[filters.pillar]) if filters.pillar in PILLARS else None,
        named("l", filters.language, topics, say) if filters.language else None,
        str(filters.year) if filters.year else None,
        say.country(filters.country) if filters.country else None,
        say(KINDS[filters.kind]) if filters.kind else None,
    ]
    return " · ".join(words for words in told if words)


def counted(rows: Sequence[Any], letter: str) -> list[tuple[str, int]]:
    """Return the values of a facet among documents' `facets`, packed, the most frequent first."""
    found = Counter(value for row in rows for value in _values(row, letter))
    if letter == "y":
        return sorted(found.items(), reverse=True)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _values(row: Any, letter: str) -> list[str]:
    if letter == "t":
        return [str(row.topic_id)]
    if letter == "p":
        return [code for code in row.pillars.split() if code in PILLARS]
    if letter == "l":
        return [code for code in (row.languages or "").split() if re.fullmatch(_VALUES["l"], code)]
    if letter == "k":
        return [str(_KINDS.index(row.kind))]
    value = row.year if letter == "y" else row.country
    return [] if value is None else [str(value)]


def named(letter: str, value: str, topics: Mapping[int, str], say: Say) -> str | None:
    """Return the name of a facet's value; None for a topic that the reader does not know."""
    if letter == "t":
        return topics.get(int(value))
    if letter == "p":
        return say(PILLARS[value])
    if letter == "l":
        return capital(say.language_name(value))
    if letter == "c":
        return say.country(value)
    return say(KINDS[_KINDS[int(value)]]) if letter == "k" else value
