"""Words in the reader's language: strict gettext, HTML-safe facts, CLDR dates and plurals."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_location
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

TEXTS = Path(__file__).parent / "texts"
SOURCE = "en"
_LOCALES = {"en": "en_001", "ru": "ru_KZ"}
_COUNTRY_NAMES = {("ru", "KG"): "Кыргызстан", ("en", "TR"): "Türkiye", ("ru", "US"): "США"}
_FIRST_STRONG, _POP = "\u2068", "\u2069"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSEEN = re.compile("[\u200b\u2060\u202a-\u202e\u2066-\u2069\ufeff]")


class Html(str):
    """Text that is Telegram HTML already and is not escaped again."""

    __slots__ = ()


def text(words: str) -> str:
    """Mark words that are said later, so that they are translated: `say(LABEL)`."""
    return words


def legible(words: str) -> str:
    """Return `words` with a space for each control character, and without what only turns or hides its neighbours.

    What joins letters stays: Persian words and families of emoji are written with it.
    """
    return _UNSEEN.sub("", _CONTROL.sub(" ", words))


def isolated(value: object) -> Html:
    """Wrap a name so that its direction of writing cannot disturb the words around it."""
    return Html(f"{_FIRST_STRONG}{html.escape(legible(str(value)), quote=False)}{_POP}")


@dataclass(frozen=True)
class Say:
    """Speaks one language for one reader; `zone` is the reader's IANA time zone.

    A text without translation or a fact without a value is an error, never a silent fallback.
    """

    language: str
    zone: str = "UTC"

    def __call__(self, words: str, /, **facts: object) -> Html:
        """Return `words` in the reader's language with each {fact} escaped and put in its place."""
        said = words if self.language == SOURCE else _translated(self.language, words)
        return Html(said.format_map(_escaped(facts)))

    def many(self, one: str, other: str, n: int, /, **facts: object) -> Html:
        """Return the plural form of CLDR for `n`; `{n}` stands for the formatted number."""
        if self.language == SOURCE:
            said = one if n == 1 else other
        else:
            said = _catalogue(self.language).ngettext(one, other, n)
        return Html(said.format_map(_escaped({**facts, "n": self.number(n)})))

    def number(self, n: float) -> str:
        return format_decimal(n, locale=self._locale)

    def date(self, day: date) -> str:
        """Return a day without time, with its month in words: `24 November 2026`."""
        return format_date(day, format="long", locale=self._locale)

    def day(self, at: datetime) -> str:
        """Return the day of a moment as the reader's calendar has it: words, for no other zone may shift a day."""
        return self.date(at.astimezone(ZoneInfo(self.zone)).date())

    def moment(self, at: datetime) -> Html:
        """Return a moment as a `tg-time` tag (the client shows it in its own zone) with the member's time inside."""
        words = format_datetime(at.astimezone(ZoneInfo(self.zone)), "d MMM y, HH:mm", locale=self._locale)
        return Html(f'<tg-time unix="{int(at.timestamp())}" format="wDT">{html.escape(words)}</tg-time>')

    def weekday(self, number: int) -> str:
        """Return the name of a weekday, Monday = 0."""
        return str(self._locale.days["stand-alone"]["wide"][number])

    def country(self, code: str) -> str:
        """Return the name of a country; a code that nobody knows stands for itself."""
        return _COUNTRY_NAMES.get((self.language, code)) or str(self._locale.territories.get(code, code))

    def language_name(self, code: str) -> str:
        """Return the name of a language as it stands within a sentence; a code that nobody knows stands for itself."""
        return str(self._locale.languages.get(code, code))

    def zone_name(self, zone: str) -> str:
        """Return a zone as people call it: `Almaty`, `Алматы`."""
        return str(get_timezone_location(zone, locale=self._locale, return_city=True))

    @property
    def own_name(self) -> str:
        """The language's name in itself, with a capital: `English`, `Русский`."""
        return (self._locale.get_language_name() or self.language).split(" (")[0].capitalize()

    @property
    def _locale(self) -> Locale:
        return Locale.parse(_LOCALES.get(self.language, self.language))


def capital(words: str) -> str:
    """Return words as a button begins: with a capital, and otherwise as they are."""
    return words[:1].upper() + words[1:]


def available() -> tuple[str, ...]:
    """Return the languages that this program speaks, the source language first."""
    return (SOURCE, *sorted(folder.name for folder in TEXTS.iterdir() if folder.is_dir() and folder.name != SOURCE))


def negotiate(tag: str | None, offered: tuple[str, ...], default: str) -> str:
    """Return the offered language nearest to an IETF tag such as `ru-KZ`; `default` when there is none."""
    spoken = (tag or "").replace("_", "-").split("-")[0].lower()
    return spoken if spoken in offered else default


class _Strict(NullTranslations):
    def gettext(self, message: str) -> str:
        raise KeyError(f"no translation: {message!r}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:  # noqa: ARG002
        raise KeyError(f"no translation: {msgid1!r}")


@cache
def _catalogue(language: str) -> GNUTranslations:
    """Read all of a language's domains as one; the domains only keep each feature's words together."""
    first: GNUTranslations | None = None
    for path in sorted((TEXTS / language).glob("*.po")):
        compiled = BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=language))
        compiled.seek(0)
        domain = GNUTranslations(compiled)
        domain.add_fallback(first or _Strict())
        first = domain
    if first is None:  # a language without a single file
        raise LookupError(f"no texts for {language!r}")
    return first


def _translated(language: str, words: str) -> str:
    return _catalogue(language).gettext(words)


def _escaped(facts: Mapping[str, Any]) -> dict[str, str]:
    return {k: v if isinstance(v, Html) else html.escape(legible(str(v)), quote=False) for k, v in facts.items()}
