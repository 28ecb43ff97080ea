"""What files and pages say of themselves, as it is offered: a title without debris, a year, codes of languages."""

from __future__ import annotations

import re

from bot.feeds.markup import line

LONGEST_TITLE, LONGEST_PUBLISHER, LONGEST_DESCRIPTION = 200, 120, 600
FIRST_YEAR = 1945
_DEBRIS = re.compile(r"^(microsoft (word|powerpoint|excel)|powerpoint presentation)( - )?", re.IGNORECASE)
_FILE = re.compile(r"\.(docx?|pdf|pptx?|xlsx?|rtf|odt|indd|qxp|qxd|tmp)$", re.IGNORECASE)
_NOTHING = re.compile(
    r"^(untitled.*|document\d*|title|slide \d+|presentation\d*|no title|.{0,2}|[\W\d_]*)$", re.IGNORECASE
)
_YEAR = re.compile(r"(?<!\d)(19\d\d|20\d\d)(?!\d)")
_CODE = re.compile(r"^([a-z]{2,3})(?:[-_].*)?$")
_THREE = {
    "eng": "en", "rus": "ru", "kaz": "kk", "kir": "ky", "tgk": "tg", "tuk": "tk", "uzb": "uz", "pus": "ps", "prs": "fa",
    "fas": "fa", "per": "fa", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "spa": "es", "ara": "ar", "zho": "zh",
    "chi": "zh", "tur": "tr",
}  # fmt: skip
_NAMED = {"english": "en", "russian": "ru", "french": "fr", "arabic": "ar", "spanish": "es", "chinese": "zh"}


def clean_title(said: str) -> str | None:
    """Return the title that a file gives itself, without what its program added; None for none at all."""
    found = _FILE.sub("", _DEBRIS.sub("", line(said, LONGEST_TITLE)).strip()).strip()
    return None if _NOTHING.match(found) else found


def year_in(said: str) -> int | None:
    """Return the first year that a date could mean; whether it has come already is for who knows the time."""
    years = (int(found[1]) for found in _YEAR.finditer(said[:200]))
    return next((year for year in years if year >= FIRST_YEAR), None)


def languages(*said: str) -> str | None:
    """Return the codes of languages, each once, with spaces between; names of other kinds are none."""
    found = (_code(one.strip().lower()) for some in said for one in re.split(r"[,;\s]+", some[:80]))
    return " ".join(dict.fromkeys(code for code in found if code)) or None


def _code(said: str) -> str | None:
    if said in _NAMED:
        return _NAMED[said]
    found = _CODE.match(said)
    if found is None or said in {"und", "mul", "zxx"}:
        return None
    return _THREE.get(found[1]) if len(found[1]) == 3 else found[1]  # noqa: PLR2004 - ISO 639-2 beside ISO 639-1
