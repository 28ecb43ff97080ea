"""Reading: what a feed says becomes plain lines and clean addresses; nothing of its markup goes further."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from time import struct_time
from typing import Any
from urllib.parse import urljoin

from bot.feeds.markup import line
from bot.fetching import Fetched
from handlers.language import legible
from storage.documents import clean_url
from storage.feeds import LONGEST_SUMMARY, LONGEST_TITLE, Entry, Found
from storage.refusals import Refusal

MOST_ENTRIES = 200
MOST_MARKS = 100_000
"""Of one kind (`<`, `&`, `+`): a parser takes seconds for more, and no honest feed has so many."""
LONGEST_GUID = 2000
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
    body = fetched.body
    if max(body.count(mark) for mark in (b"<", b"&", b"+")) > MOST_MARKS:
        raise UnreadableError("marks")
    parsed = _parsed(body, fetched.headers.get("content-type", ""))
    if not parsed.get("version") and not parsed["entries"]:
        raise UnreadableError("page" if _is_page(body) else "feed")
    entries = (_entry(fetched.url, entry, now) for entry in parsed["entries"][:MOST_ENTRIES])
    title = line(_text(parsed["feed"], "title"), LONGEST_TITLE)
    kept = {"etag": _kept(fetched, "etag", 500), "modified": _kept(fetched, "last-modified", 100)}
    return Found(title or None, tuple(entry for entry in entries if entry is not None), **kept)


def _parsed(body: bytes, content_type: str) -> Mapping[str, Any]:
    import feedparser  # a seventh of a second, and seldom needed

    how = {"sanitize_html": False, "resolve_relative_uris": False, "response_headers": {"content-type": content_type}}
    try:
        # A stream, never bytes or text: what looks like an address or a path would be opened.
        parsed: Mapping[str, Any] = feedparser.parse(BytesIO(body), **how)
    except Exception:  # noqa: BLE001 - what a parser stumbles over is no feed
        raise UnreadableError("feed") from None
    return parsed


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
    guid = legible(_text(entry, "id"))[:LONGEST_GUID]
    return Entry(guid, title, url, "" if summary == title else summary, _moment(entry, now))


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _content(entry: Mapping[str, Any]) -> str:
    found = entry.get("content")
    return _text(found[0], "value") if isinstance(found, list) and found else ""


def _moment(entry: Mapping[str, Any], now: datetime) -> datetime | None:
    told = next((entry[name] for name in ("published_parsed", "updated_parsed") if name in entry), None)
    if not isinstance(told, struct_time):
        return None
    try:
        moment = datetime.fromtimestamp(calendar.timegm(told), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment <= now + _AHEAD else None
