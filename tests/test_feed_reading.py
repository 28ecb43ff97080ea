"""Reading feeds: every kind is understood, and none can open a file, ask another site or last for long."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from feed_site import News, rss
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.feeds.markup import line
from bot.feeds.reading import MOST_MARKS, UnreadableError, read
from bot.fetching import Fetched
from handlers.language import legible
from storage.feeds import LONGEST_SUMMARY, LONGEST_TITLE, Entry, Found
from storage.feeds.keys import keys

NOW = datetime(2026, 11, 28, tzinfo=UTC)
BASE = "https://news.example.org/feeds/all.xml"
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">News &amp;amp; views</title>
<entry><id>tag:example.org,2026:7</id><title type="html">&lt;b&gt;Bold&lt;/b&gt; words</title>
<link rel="self" href="https://news.example.org/self"/><link rel="alternate" href="../papers/7"/>
<updated>2026-11-24T10:00:00+05:00</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>The <em>content</em></p></div></content></entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old</title></channel>
<item><title>By RDF</title><link>https://old.example.org/1</link><dc:date>2026-11-23</dc:date></item></rdf:RDF>"""


def got(body: str | bytes, **headers: str) -> Found:
    raw = body.encode() if isinstance(body, str) else body
    return read(Fetched(BASE, 200, raw, {name.replace("_", "-"): value for name, value in headers.items()}), NOW)


def channel(inner: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{inner}</channel></rss>'


def test_atom_rss_and_rdf_are_read_alike() -> None:
    day = datetime(2026, 11, 24, 5, tzinfo=UTC)
    one = Entry("tag:example.org,2026:7", "Bold words", "https://news.example.org/papers/7", "The content", day)
    assert got(ATOM) == Found("News & views", (one,))
    old = Entry("", "By RDF", "https://old.example.org/1", "", datetime(2026, 11, 23, tzinfo=UTC))
    assert got(RDF) == Found("Old", (old,))
    news = got(rss("Regional", [News("A report", day=1)]), etag='"1"', last_modified="Tue, 24 Nov 2026 00:00:00 GMT")
    assert (news.title, news.etag, news.modified) == ("Regional", '"1"', "Tue, 24 Nov 2026 00:00:00 GMT")
    assert news.entries[0].published_at == datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-16", "utf-8"])
def test_old_encodings_are_read(encoding: str) -> None:
    text = channel("<item><title>Вышел отчёт</title><link>https://example.org/1</link></item>")
    body = text.replace('version="1.0"', f'version="1.0" encoding="{encoding}"', 1).encode(encoding)
    assert got(body).entries[0].title == "Вышел отчёт"


def test_a_broken_feed_gives_what_can_be_read() -> None:
    broken = channel("<item><title>Fish &nbsp;& chips</title><link>https://example.org/1</link>")
    assert [entry.title for entry in got(broken).entries] == ["Fish & chips"]
    assert got(channel("")).entries == ()


def test_a_date_of_the_future_or_of_nowhen_is_none() -> None:
    for date in ("Sat, 28 Nov 2099 00:00:00 GMT", "yesterday", "0000-00-00T99:99:99Z", "9" * 300):
        item = f"<item><title>A report</title><link>https://example.org/1</link><pubDate>{date}</pubDate></item>"
        assert got(channel(item)).entries[0].published_at is None


def test_nothing_that_a_feed_says_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text(rss("Secret", [News("A secret")]))
    for body in (str(secret), secret.as_uri(), "http://127.0.0.1:9/feed"):
        with pytest.raises(UnreadableError, match="feed"):
            got(body)
    for declared in (f'SYSTEM "{secret.as_uri()}"', '"A secret"'):
        item = "<item><title>[&x;] seen</title><link>https://example.org/1</link></item>"
        found = got(channel(item).replace("<rss", f"<!DOCTYPE rss [<!ENTITY x {declared}>]><rss", 1))
        assert "secret.xml" not in str(found)
        assert "A secret" not in str(found) or declared == '"A secret"'
    styled = f'<?xml-stylesheet href="{secret.as_uri()}"?><?xml version="1.0"?>{channel("")}'
    assert "Secret" not in str(got(styled))


LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
SLOW = {
    "entities in entities": channel("<item><title>&l11;</title></item>").replace(
        "<rss", f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LOL}]><rss', 1
    ),
    "one long entity": channel(f"<item><title>{'&a;' * 90_000}</title></item>").replace(
        "<rss", f'<!DOCTYPE rss [<!ENTITY a "{"a" * 90_000}">]><rss', 1
    ),
    "a deep nest": channel("<item>" + "<a>" * 45_000 + "</a>" * 45_000 + "</item>"),
    "a nest without an end": channel("<item>" + "<a>" * 99_000),
    "openings": channel("<item><title>" + "<a " * 99_000),
    "comments": channel("<item><title>" + "<!--" * 99_000),
    "many small items": channel("<item><title>t</title><link>https://a.example</link></item>" * 16_000),
    "one long title": channel(f"<item><title>{'&lt;a ' * 90_000}</title><link>https://a.example</link></item>"),
    "openings in every item": channel(
        f"<item><title>t</title><link>https://a.example</link><description>{'&lt;a ' * 440}</description></item>" * 200
    ),
    "digits for a date": channel(f"<item><pubDate>{'1:' * 500_000}</pubDate></item>"),
}


@pytest.mark.parametrize("name", SLOW)
def test_what_is_made_to_be_slow_ends(name: str) -> None:
    body = SLOW[name]
    began = time.monotonic()
    found = got(body)
    assert time.monotonic() - began < 30  # a second or two where nobody else works
    assert len(str(found)) < 1_000_000


def test_what_would_be_slower_is_not_even_begun() -> None:
    for mark in ("<a>", "&lt;", "+ADw-"):
        with pytest.raises(UnreadableError, match="marks"):
            got(channel(mark * (MOST_MARKS + 1)))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "feed"),
        ("plain words", "feed"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "feed"),
        (gzip.compress(b"<rss/>", mtime=0), "feed"),
        ("<!DOCTYPE html><html></html>", "page"),
        ("\n<HTML><body>A page</body></HTML>", "page"),
        (b"\0" * 1000, "feed"),
    ],
)
def test_what_is_no_feed_is_said_to_be_none(body: str | bytes, problem: str) -> None:
    with pytest.raises(UnreadableError, match=problem):
        got(body)


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("<p>One</p><p>two <b>th</b>ree</p>", "One two three"),
        ("a < b and c > d", "a < b and c > d"),
        ("1<2", "1<2"),
        ("seen<!-- hidden <b>too</b> --> again", "seen again"),
        ("seen<script>if (a < b) { x() }</script> again", "seen again"),
        ("seen<SCRIPT>x()</Script > again<style>p {}", "seen again"),
        ("an <a href='x'", "an <a href='x'"),
        ("fish &amp; chips &lt;b&gt; &#8211; &nbsp;x", "fish & chips <b> – x"),
        ("one<br/>two<hr>three", "one two three"),
        ("<![CDATA[raw]]>", ""),
        ("<" * 20_000, "<" * 199 + "…"),
        ("word " * 100, "word " * 39 + "word…"),
    ],
)
def test_the_words_of_markup_are_what_people_would_see(markup: str, said: str) -> None:
    assert line(markup, LONGEST_TITLE) == said


@settings(max_examples=60)
@given(st.text() | st.from_regex(r"(<[a-z/!\[\]-]*[^>]*>?[&;a-z#0-9 ]*){1,9}"))
def test_a_line_is_one_plain_line_of_limited_length(markup: str) -> None:
    for longest in (LONGEST_TITLE, LONGEST_SUMMARY, 5):
        said = line(markup, longest)
        assert len(said) <= longest
        assert said == legible(said) == " ".join(said.split())


@settings(max_examples=60)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_whatever_an_item_says_its_entry_is_clean(title: str, link: str, summary: str) -> None:
    found = got(rss(title, [News(title, link, summary=summary)]).encode("utf-8", "replace"))
    for entry in found.entries:
        assert entry.url.startswith(("http://", "https://"))
        assert all(len(key) <= 80 for key in (keys(1, entry).guid, keys(1, entry).url, keys(1, entry).title or ""))
        for words in (entry.title, entry.summary, entry.guid):
            assert legible(words) == words


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda raw: b"<rss><channel><item>" + raw))
def test_garbage_is_read_or_refused_and_never_fails(body: bytes) -> None:
    try:
        found: Found | None = got(body)
    except UnreadableError:
        found = None
    assert found is None or all(entry.url.startswith("http") for entry in found.entries)
