"""Pages: what the head of a foreign HTML page says of it, found in one pass, however broken it is."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.feeds.markup import line
from bot.reading.said import (
    LONGEST_DESCRIPTION,
    LONGEST_PUBLISHER,
    LONGEST_TITLE,
    clean_title,
    languages,
    year_in,
)

LOOKED_AT = 512 * 1024
"""Bytes of a page: its head stands at its beginning."""
_MOST_TAGS, _LONGEST_TAG, _DECLARED = 400, 20_000, 4096
_TAG = re.compile(r"<(!--|(?:script|style|noscript|template|title|meta|html|body|/head)(?=[\s>/]))", re.IGNORECASE)
_HIDES = {"!--": "-->", "script": "</script", "style": "</style", "noscript": "</noscript", "template": "</template"}
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s=>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([a-zA-Z0-9_-]{1,40})", re.IGNORECASE)
_KNOWN = re.compile(
    r"^(utf-?8|utf-?16(le|be)?|(windows|cp)-?125\d|iso-?8859-?\d+|koi8-[ru]|gb(k|2312|18030)|big5|shift_jis|euc-(jp|kr)|us-ascii|latin1)$"
)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BEHIND = re.compile(r"^(.+)\s+(?:[|·•»:—–-]|::)\s+(.+)$")
_BEFORE = re.compile(r"^(.+?)\s+(?:[|·•»:—–-]|::)\s+(.+)$")
_TITLES = ("citation_title", "dc.title", "dcterms.title", "og:title", "twitter:title")
_PUBLISHERS = (
    "citation_publisher", "dc.publisher", "dcterms.publisher", "citation_technical_report_institution",
    "citation_journal_title", "og:site_name", "application-name",
)  # fmt: skip
_DATES = (
    "citation_publication_date", "citation_date", "citation_year", "dcterms.issued", "dc.date.issued", "dc.date",
    "dcterms.date", "article:published_time", "datepublished", "dc.date.created", "date", "pubdate",
)  # fmt: skip
_DESCRIPTIONS = ("citation_abstract", "og:description", "dc.description", "dcterms.abstract", "description")
_LANGUAGES = ("citation_language", "dc.language", "dcterms.language")


@dataclass(frozen=True)
class Page:
    """What a page says of itself; whatever it does not say is None."""

    title: str | None = None
    publisher: str | None = None
    year: int | None = None
    languages: str | None = None
    description: str | None = None


def read(content: bytes, content_type: str, url: str) -> Page:
    """Return what a page says of itself; it was found at `url`."""
    head = _Head(decoded(content[:LOOKED_AT], content_type))
    publisher = head.first(_PUBLISHERS, LONGEST_PUBLISHER)
    years = (year_in(head.said[name]) for name in _DATES if name in head.said)
    said = [*(head.said.get(name, "") for name in _LANGUAGES), head.language]
    said += [head.said.get("og:locale", ""), head.said.get("content-language", "")]
    return Page(
        title=_title(head, publisher, url),
        publisher=publisher,
        year=next((year for year in years if year), None),
        languages=next((codes for one in said if (codes := languages(one))), None),
        description=head.first(_DESCRIPTIONS, LONGEST_DESCRIPTION),
    )


def _title(head: _Head, publisher: str | None, url: str) -> str | None:
    """Return the title without the site's name, which most sites put behind it, and some before."""
    said = head.first(_TITLES, LONGEST_TITLE) or line(head.title, LONGEST_TITLE)
    name = head.said.get("og:site_name") or publisher
    behind, before = _BEHIND.match(said), _BEFORE.match(said)
    if behind is not None and _is_site(behind[2], name, url):
        said = behind[1]
    elif before is not None and _is_site(before[1], name, url):
        said = before[2]
    return clean_title(said)


def _is_site(part: str, name: str | None, url: str) -> bool:
    letters = re.sub(r"\W", "", part).casefold()
    named = re.sub(r"\W", "", line(name or "", LONGEST_TITLE)).casefold()
    labels = (urlsplit(url).hostname or "").removeprefix("www.").split(".")
    return bool(letters) and (letters == named or letters in labels[:-1])


class _Head:
    """The head of a page: its title, its language, and what its meta elements say, by their names."""

    def __init__(self, markup: str) -> None:
        self.title = ""
        self.language = ""
        self.said: dict[str, str] = {}
        for name, at in _tags(markup):
            if name == "title":
                self.title = self.title or _inside(markup, at)
            else:
                self._take(name, _attributes(markup[at : at + _LONGEST_TAG]))

    def _take(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "html":
            self.language = self.language or attributes.get("lang") or attributes.get("xml:lang") or ""
            return
        key = (
            attributes.get("name")
            or attributes.get("property")
            or attributes.get("http-equiv")
            or attributes.get("itemprop")
            or ""
        )
        if key and attributes.get("content", "").strip():
            self.said.setdefault(key.strip().lower(), attributes["content"])

    def first(self, names: Sequence[str], longest: int) -> str | None:
        """Return the first of what is said under these names, as one line."""
        lines = (line(self.said[name], longest) for name in names if name in self.said)
        return next((one for one in lines if one), None)


def _tags(markup: str) -> Iterator[tuple[str, int]]:
    """Yield the names of what tells something, and where their attributes begin, up to the end of the head."""
    at, told, missing = 0, 0, set[str]()
    while told < _MOST_TAGS and (tag := _TAG.search(markup, at)) is not None:
        name, at = tag[1].lower(), tag.end()
        if name in {"body", "/head"}:
            return
        if name in _HIDES:
            at = _behind(markup, at, _HIDES[name], missing)
        else:
            told += 1
            yield name, at


def _behind(markup: str, at: int, end: str, missing: set[str]) -> int:
    """Return where something hidden ends; an end that is missing is looked for once, and hides nothing."""
    if end in missing:
        return at
    found = re.compile(re.escape(end), re.IGNORECASE).search(markup, at)
    if found is None:
        missing.add(end)
    return found.end() if found else at


def _inside(markup: str, at: int) -> str:
    piece = markup[at : at + _DECLARED]
    begins, ends = piece.find(">"), piece.lower().find("</title")
    return piece[begins + 1 : ends] if 0 <= begins < ends else ""


def _attributes(piece: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while (one := _ATTRIBUTE.match(piece, at)) is not None:
        found.setdefault(one[1].lower(), one[2] or one[3] or one[4] or "")
        at = one.end()
    return found


def decoded(content: bytes, content_type: str) -> str:
    """Return a page, or its beginning, as text: in the charset that it or its server names, else UTF-8 or Cyrillic."""
    marked = next((charset for mark, charset in _BOMS if content.startswith(mark)), None)
    if marked is not None:
        return content.decode(marked, "replace")
    for told in (content_type.encode(errors="replace"), content[:_DECLARED]):
        found = _CHARSET.search(told)
        charset = found[1].decode().lower() if found else ""
        if _KNOWN.match(charset):
            return content.decode(_western(charset), "replace")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"  # within a letter
        return content.decode("utf-8" if cut else "cp1251", "replace")


def _western(charset: str) -> str:
    if charset.startswith(("utf-16", "utf16")):
        return "utf-8"  # what could be read so far is no UTF-16
    return "cp1252" if charset in {"iso-8859-1", "latin1", "us-ascii"} else charset.replace("windows-", "cp")
