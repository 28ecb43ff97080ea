"""Reading: what a feed says becomes plain lines and clean addresses; nothing of its markup goes further."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO
from time import struct_time
from typing import Any
from urllib.parse import urljoin

from bot.fetching import Fetched
from handlers.language import legible
from storage.documents import clean_url
from storage.feeds import LONGEST_SUMMARY, LONGEST_TITLE, Entry, Found
from storage.refusals import Refusal

MOST_ENTRIES = 200
MOST_MARKS = 100_000
"""Of one kind (`<`, `&`, `+`): a parser takes seconds for more, and no honest feed has so many."""
_LONGEST_MARKUP = 20_000
"""Characters of a title or summary that are looked at: the rest would be cut off anyway."""
_UNSEEN = frozenset({"script", "style", "template", "iframe", "object", "noscript"})
_PAGE = (b"<!doctype html", b"<html")
_BEGINNING = 1000
_AHEAD = timedelta(days=1)


class UnreadableError(Exception):
    """What came is no feed: `page` (a web page), `feed` (anything else), `marks` (made to be slow)."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def read(fetched: Fetched, now: datetime) -> Found:
    """Return what a feed says. Slow: to be called beside the event loop.

    Raises:
        UnreadableError: it is no feed.
    """
    import feedparser  # a seventh of a second, and seldom needed

    body = fetched.body
    if max(body.count(mark) for mark in (b"<", b"&", b"+")) > MOST_MARKS:
        raise UnreadableError("marks")
    # A stream, never bytes or text: what looks like an address or a path would be opened.
    parsed: Mapping[str, Any] = feedparser.parse(
        BytesIO(body),
        response_headers={"content-type": fetched.headers.get("content-type", "")},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.get("version") and not parsed["entries"]:
        raise UnreadableError("page" if _is_page(body) else "feed")
    entries = (_entry(fetched.url, entry, now) for entry in parsed["entries"][:MOST_ENTRIES])
    title = line(_text(parsed["feed"], "title"), LONGEST_TITLE)
    kept = {"etag": _kept(fetched, "etag", 500), "modified": _kept(fetched, "last-modified", 100)}
    return Found(title or None, tuple(entry for entry in entries if entry is not None), **kept)


def _is_page(body: bytes) -> bool:
    beginning = body[:_BEGINNING].lower()
    return any(mark in beginning for mark in _PAGE)


def _kept(fetched: Fetched, header: str, longest: int) -> str | None:
    value = fetched.headers.get(header, "")
    return value if value.isprintable() and 0 < len(value) <= longest else None


def _entry(base: str, entry: Mapping[str, Any], now: datetime) -> Entry | None:
    """Return an entry with a title and an address, or None."""
    try:
        url = clean_url(urljoin(base, _text(entry, "link")))
    except (Refusal, ValueError):
        return None
    summary = line(_text(entry, "summary") or _content(entry), LONGEST_SUMMARY)
    title = line(_text(entry, "title"), LONGEST_TITLE) or line(summary, LONGEST_TITLE)
    if not title:
        return None
    guid = legible(_text(entry, "id"))
    return Entry(guid, title, url, "" if summary == title else summary, _moment(entry, now))


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value[:_LONGEST_MARKUP] if isinstance(value, str) else ""


def _content(entry: Mapping[str, Any]) -> str:
    found = entry.get("content")
    return _text(found[0], "value") if isinstance(found, list) and found else ""


def _moment(entry: Mapping[str, Any], now: datetime) -> datetime | None:
    told = entry.get("published_parsed") or entry.get("updated_parsed")
    if not isinstance(told, struct_time):
        return None
    try:
        moment = datetime.fromtimestamp(calendar.timegm(told), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment <= now + _AHEAD else None


def line(markup: str, longest: int) -> str:
    """Return the words of HTML or of plain text as one line, at most `longest` characters."""
    reader = _Words()
    try:
        reader.feed(markup)
        reader.close()
    except AssertionError:  # the parser's own, at some broken declarations
        reader.words = [markup.replace("<", " ").replace(">", " ")]
    folded = " ".join(legible(" ".join(reader.words)).split())
    return folded if len(folded) <= longest else f"{folded[: longest - 1].rstrip()}…"


class _Words(HTMLParser):
    """Keeps the words between tags that people would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._hidden += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(self._hidden - (tag in _UNSEEN), 0)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)
