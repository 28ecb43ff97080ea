"""Spelling: what different ways to write one word share, over scripts, accents, endings and borrowed letters.

A word becomes its key (one Latin spelling for all scripts), the key of its stem where its language has a stemmer, a
loose key in which vowels and borrowed letters meet, and the place it stands for, if it is a name of one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from storage import names
from storage.documents.places import PLACES

STEM, LOOSE, PLACE = "σ", "λ", "π"
"""What a stem's key, a loose key and a place begin with where they stand between keys; keys never hold them."""
LONGEST = 40
_ARABIC = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "‌": " "})
_WORD = re.compile(r"[^\W_]+")
_BORROWED = (("ks", "h"), ("ch", "č"), ("c", "k"), ("č", "ch"), ("z", "s"))
_VOWELS = str.maketrans("ou", "aa")
_DOUBLE = re.compile(r"(.)\1+")
_SHORT_LOOSE, _SHORT_STEM, _LONG, _LONGER = 4, 3, 6, 8


@dataclass(frozen=True)
class Forms:
    """All that a word is known and looked for by.

    `loosest` is the loose key of its stem, with which loose keys begin; `short` is its key without what endings
    change. Both are None for a short word.
    """

    key: str
    stem: str | None
    loose: str | None
    place: str | None
    loosest: str | None
    short: str | None


def words(text: str) -> list[str]:
    """Return the words of a text without case, accents, apostrophes and ё, each at most `LONGEST` characters."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(names.APOSTROPHES).translate(_ARABIC)
    plain = plain.replace("ё", "е")
    bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c) or c in _KEPT)
    return [word[:LONGEST] for word in _WORD.findall(unicodedata.normalize("NFC", bare).replace("ё", "е"))]


_KEPT = "\u0306\u0304\u0327\u030c"
"""Marks that make another letter (й, ў, ӣ, ş, ž), not an accent."""


def fold(text: str) -> str:
    """Return the words of a text, folded, with spaces between."""
    return " ".join(words(text))


@lru_cache(maxsize=100_000)
def forms(word: str) -> Forms:
    """Return the forms of one folded word, as `words` returns it."""
    key = _key(word)
    stem = _key(_stem(word))
    loose, loosest = _loose(key), _loose(stem)
    return Forms(
        key=key,
        stem=STEM + stem if len(stem) >= _SHORT_STEM and stem.isalpha() else None,
        loose=LOOSE + loose if len(loose) >= _SHORT_LOOSE and loose.isalpha() else None,
        place=_place(key),
        loosest=LOOSE + loosest if len(loosest) >= _SHORT_LOOSE and loosest.isalpha() else None,
        short=_shortened(key) if len(key) >= _LONG and key.isalpha() else None,
    )


def _shortened(key: str) -> str:
    return key[:-3] if len(key) >= _LONGER else key[:-2]


def indexed(text: str) -> str:
    """Return what an index keeps of a text: each word's key, followed by its other forms."""
    kept: list[str] = []
    for word in words(text):
        found = forms(word)
        kept += [form for form in (found.key, found.stem, found.loose, found.place) if form]
    return " ".join(kept)


@lru_cache(maxsize=100_000)
def _key(word: str) -> str:
    """Return the key of a word, as of a name; a number, and letters that no name here has, stand as they are."""
    return word if word.isdigit() else names.key(word) or word


def _loose(key: str) -> str:
    for written, meant in _BORROWED:
        key = key.replace(written, meant)
    return _DOUBLE.sub(r"\1", key.translate(_VOWELS))


def _stem(word: str) -> str:
    if word.isascii():
        return str(_stemmer("english").stemWord(word))
    return str(_stemmer("russian").stemWord(word)) if "а" <= word[0] <= "я" else word


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer  # some dozens of languages, for whoever searches first

    return snowballstemmer.stemmer(language)


def _place(key: str) -> str | None:
    """Return the place that a word names, with whatever ending."""
    known = _places()
    for length in range(len(key), 2, -1):
        found = known.get(key[:length])
        if found is not None and (length == len(key) or length >= _LONG - 1):
            return PLACE + found
    return None


@cache
def _places() -> dict[str, str]:
    return {_key(word): code for code, names in PLACES.items() for word in words(names)}
