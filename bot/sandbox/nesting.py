"""How Telegram settles entities that overlap: what it drops, joins and cuts before it keeps them."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, pairwise

from bot.sandbox.formatted import Entity, ordered

_SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
OPEN = frozenset({*_SPLITTABLE, *_QUOTES})
"""The kinds inside which Telegram still finds addresses and names."""
_PLAIN = frozenset({"pre", "code", "date_time"})
_HIDDEN = frozenset({"text_link", "text_mention", "pre", "code"})

Span = tuple[int, int]


def settled(entities: list[Entity]) -> list[Entity]:
    """Return entities as Telegram keeps them.

    Links, mentions and the like stay whole, quotations hold them or are held by nothing, code and dates hold no
    style, and styles are cut where anything else begins and where a whole one ends.
    """
    listed = ordered(entities)
    quotes = _apart([e for e in listed if e["type"] in _QUOTES])
    whole = _whole(_apart([e for e in listed if e["type"] not in OPEN]), quotes)
    fixed = [*quotes, *whole]
    styles = {kind: _joined([_span(e) for e in listed if e["type"] == kind]) for kind in _SPLITTABLE}
    begins = {first for spans in styles.values() for first, _ in spans}
    cuts = {edge for span in map(_span, fixed) for edge in span} | begins
    plain = [_span(e) for e in whole if e["type"] in _PLAIN]
    pieces = [_style(kind, piece) for kind, spans in styles.items() for piece in _pieces(spans, cuts, plain)]
    return ordered([*fixed, *pieces])


def seen(text: str, entities: list[Entity]) -> list[Entity]:
    """Return entities less those of mere spaces, unless they carry something with them."""
    if not entities:
        return []
    lengths = accumulate((1 + (c > "\uffff") for c in text), initial=0)
    shown = [at for at, c in zip(lengths, text, strict=False) if c not in " \n"]
    return [e for e in entities if e["type"] in _HIDDEN or _any_between(shown, *_span(e))]


def _any_between(places: list[int], first: int, last: int) -> bool:
    found = bisect_left(places, first)
    return found < len(places) and places[found] < last


def _span(entity: Entity) -> Span:
    return entity["offset"], entity["offset"] + entity["length"]


def _style(kind: str, piece: Span) -> Entity:
    return {"type": kind, "offset": piece[0], "length": piece[1] - piece[0]}


def _apart(entities: list[Entity]) -> list[Entity]:
    """Keep of entities that touch the same text the first."""
    kept: list[Entity] = []
    for entity in entities:
        if not kept or entity["offset"] >= _span(kept[-1])[1]:
            kept.append(entity)
    return kept


def _whole(entities: list[Entity], quotes: list[Entity]) -> list[Entity]:
    """Drop what lies partly in a quotation or around one."""
    return [e for e in entities if all(_clear(_span(e), _span(quote)) for quote in quotes)]


def _clear(span: Span, quote: Span) -> bool:
    inside = quote[0] <= span[0] and span[1] <= quote[1]
    return inside or span[1] <= quote[0] or quote[1] <= span[0]


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _pieces(spans: list[Span], cuts: set[int], plain: list[Span]) -> list[Span]:
    found: list[Span] = []
    for first, last in spans:
        edges = sorted({first, last, *(cut for cut in cuts if first < cut < last)})
        found += [p for p in pairwise(edges) if not any(a < p[1] and p[0] < b for a, b in plain)]
    return found
