"""What Telegram makes of a text before it keeps it: odd characters, given entities, and the space around."""

from __future__ import annotations

import re
from bisect import bisect_left

from bot.sandbox.formatted import Entity, ParseError, size, units

_REMOVED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f]")
_SPACE = " \n"
_LONGEST = 1_000_000


def checked(text: str, entities: list[Entity]) -> list[Entity]:
    """Return entities that a call gave, less the empty ones.

    Raises:
        ParseError: one of them lies outside the text or within one of its characters.
    """
    places = _places(text)
    for entity in entities:
        _check(entity, places, text)
    return [dict(entity) for entity in entities if entity["length"]]


def _check(entity: Entity, places: list[int], text: str) -> None:
    first, length = entity["offset"], entity["length"]
    for name, value in (("offset", first), ("length", length)):
        if not 0 <= value < _LONGEST:
            raise ParseError(f"receive an entity with incorrect {name} {value}")
    last, end = first + length, places[-1]
    beginning = f"entity beginning at UTF-16 offset {first}"
    if length and first > end:
        raise ParseError(f"entity begins after the end of the text at UTF-16 offset {first}")
    if length and last > end:
        raise ParseError(f"{beginning} ends after the end of the text at UTF-16 offset {last}")
    for words, place in (("entity begins", first), (f"{beginning} ends", last)):
        if length and place not in places:
            byte = size(text[: bisect_left(places, place)])
            raise ParseError(f"{words} in a middle of a UTF-16 symbol at byte offset {byte}")


def _places(text: str) -> list[int]:
    """Return where each character begins in UTF-16 units, and where the text ends."""
    places = [0]
    for c in text:
        places.append(places[-1] + units(c))
    return places


def cleaned(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Return the text without what cannot be shown, with the entities moved along."""
    removed = [units(text[: match.start()]) for match in _REMOVED.finditer(text)]
    clean = _CONTROL.sub(" ", _REMOVED.sub("", text))
    return clean, [_moved(e, removed) for e in entities] if removed else entities


def _moved(entity: Entity, removed: list[int]) -> Entity:
    first, last = entity["offset"], entity["offset"] + entity["length"]
    first, last = first - bisect_left(removed, first), last - bisect_left(removed, last)
    return {**entity, "offset": first, "length": last - first}


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Return the text without the space at its end, and without that at its begin which no entity claims."""
    shorter = text.rstrip(_SPACE)
    end = units(shorter)
    kept = [{**e, "length": min(e["length"], end - e["offset"])} for e in entities if e["offset"] < end]
    first = min((e["offset"] for e in kept), default=end)
    space = min(len(shorter) - len(shorter.lstrip(_SPACE)), first)
    return shorter[space:], [{**e, "offset": e["offset"] - space} for e in kept]
