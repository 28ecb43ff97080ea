"""Keys: by what an item is known again in its topic, whatever feed brings it the second time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from storage.documents import fold, url_key
from storage.feeds.tables import Entry

FEWEST_WORDS = 3
"""A shorter title (`News`, `Press release`) says nothing about whether two items are one."""


@dataclass(frozen=True)
class Keys:
    """The three keys of an item; of fixed length, for what feeds write has none."""

    guid: str
    url: str
    title: str | None


def keys(feed_id: int, entry: Entry) -> Keys:
    """Return the keys of an entry. A guid that is no address may be used by another site as well."""
    own = entry.guid if ":" in entry.guid else f"{feed_id} {entry.guid or entry.url}"
    words = fold(entry.title)
    titled = _short(words) if len(words.split()) >= FEWEST_WORDS else None
    return Keys(_short(own), _short(url_key(entry.url)), titled)


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
