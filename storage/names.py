"""Names: one spelling for the many that a name has in five languages and two scripts, and what only looks like it."""

from __future__ import annotations

import re
import unicodedata

APOSTROPHES = dict.fromkeys(map(ord, "\u02bb\u02bc\u2018\u2019'`\u00b4\u02b9\u02ba\u2033"))
"""What is written for the apostrophe of the region's languages, and falls away."""
_LATIN = str.maketrans({"ç": "ch", "ş": "sh", "ž": "j", "ň": "n", "ý": "y", "ə": "a", "ı": "i", "ñ": "n"})
_CYRILLIC = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i",
        "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
        "у": "u", "ф": "f", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "",
        "э": "e", "ю": "yu", "я": "ya", "ә": "a", "ғ": "g", "қ": "k", "ң": "ng", "ө": "o", "ұ": "u", "ү": "u",
        "һ": "h", "і": "i", "ў": "o", "ҳ": "h", "ҷ": "j", "ӣ": "i", "ӯ": "u",
    }
)  # fmt: skip
_SOUNDS = (
    ("shch", "sh"), ("dzh", "j"), ("dj", "j"), ("zh", "j"), ("kh", "h"), ("x", "h"), ("gh", "g"), ("ts", "c"),
    ("q", "k"), ("w", "v"), ("iy", "y"), ("yo", "o"), ("io", "o"), ("ye", "e"), ("ie", "e"), ("ya", "a"),
    ("ia", "a"), ("yu", "u"), ("iu", "u"), ("y", "i"), ("ng", "n"),
)  # fmt: skip
_LOOKS = str.maketrans(
    {
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "һ": "h", "н": "h", "і": "i", "ӏ": "l", "ј": "j",
        "к": "k", "м": "m", "о": "o", "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "у": "y", "ѵ": "v", "ԝ": "w", "х": "x",
        "ү": "y", "0": "o", "1": "l", "3": "з", "ı": "i", "α": "a", "ο": "o", "ρ": "p", "ν": "v", "ε": "e", "κ": "k",
    }
)  # fmt: skip
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARABIC")


def key(name: str) -> str:
    """Return what the spellings of a name have in common: `Жахонгир`, `Jahongir` and `Jaxongir` give `jahonir`."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(APOSTROPHES)
    folded = folded.translate(_LATIN).translate(_CYRILLIC)
    folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    for written, heard in _SOUNDS:
        folded = folded.replace(written, heard)
    folded = re.sub(r"(.)\1+", r"\1", folded)
    return " ".join(re.sub(r"[^a-z0-9\u0600-\u06ff ]", "", folded.replace("-", "")).split())


def skeleton(name: str) -> str:
    """Return what a name looks like: names with one skeleton can be taken for each other (after UTS #39)."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in folded if c.isalnum()).translate(_LOOKS)


def resemble(one: str, other: str) -> bool:
    """Tell whether two names sound or look alike, in whatever order their words stand."""
    if skeleton(one) == skeleton(other):
        return True
    return sorted(key(one).split()) == sorted(key(other).split()) != []


def mixes_scripts(name: str) -> bool:
    """Tell whether letters of different scripts stand in one word, as in a forged name."""
    return any(len({_script(c) for c in word if c.isalpha()} - {None}) > 1 for word in name.split())


def _script(letter: str) -> str | None:
    named = unicodedata.name(letter, "")
    return next((script for script in _SCRIPTS if named.startswith(script)), None)
