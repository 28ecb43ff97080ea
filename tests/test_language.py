"""Words: whatever people write is shown as they wrote it, and neither turns nor hides what stands around it."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_texts import said

from bot.sandbox import entities
from handlers.forms import Form, Reply, line
from handlers.language import Say, available, isolated, legible
from storage.refusals import Refusal

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=60) | st.sampled_from(
    [
        "<b>Ann</b> & <Bob>",
        "&lt;&amp;&nbsp;&#0;",
        "A\u00a0B\x00C\x1b[31mD",
        "\u202egnp.exe \u2066\u2069\u2069 \u200b\ufeff",
        "👨\u200d👩\u200d👧 🏴\U000e0067\U000e0062\U000e007f",
        "می\u200cخواهم עברית العربية",
        "{name} {0} %s \\ '; DROP TABLE member",
        "half \ud83d of it",
        "x" * 10_000,
    ]
)
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def shown(html: str) -> str:
    """Return a text as Telegram shows it."""
    return entities.parse(html, "HTML")[0]


def directions(words: str) -> list[str]:
    return [unicodedata.bidirectional(c) for c in words if unicodedata.bidirectional(c) in DIRECTIONS]


@given(ANYTHING)
def test_a_fact_in_a_text_is_shown_literally(words: str) -> None:
    literally = entities.parse(f"“{legible(words)}”")[0]
    assert shown(Say("en")("<b>“{words}”</b>", words=words)) == literally
    assert shown(Say("en")("“{words}”", words=isolated(words))) == literally.replace("“", "“\u2068", 1)[:-1] + "\u2069”"


@given(ANYTHING)
def test_a_name_cannot_turn_the_words_around_it(words: str) -> None:
    assert directions(isolated(words)) == ["FSI", "PDI"]
    assert isolated(words)[0] + isolated(words)[-1] == "\u2068\u2069"
    assert directions(Say("en")("{name}", name=words)) == []


@given(ANYTHING)
def test_what_is_legible_can_be_stored_and_stays_as_it_is(words: str) -> None:
    kept = legible(words)
    assert legible(kept) == kept
    assert "\x00" not in kept
    kept.encode()
    assert not {"\u202e", "\u200b", "\ufeff"} & set(kept)


def test_what_joins_letters_and_pictures_stays() -> None:
    for words in ("می\u200cخواهم", "👨\u200d👩\u200d👧 Ana", "two\nlines", "Ж\u0301"):
        assert legible(words) == words


@given(ANYTHING, st.integers(1, 200))
def test_a_line_is_read_as_one_sound_line_or_refused(words: str, limit: int) -> None:
    read = read_or_refused(words, limit)
    if read in {"answer:empty", "answer:long"}:
        return
    assert 0 < len(read) <= limit
    assert read == " ".join(read.split())
    assert legible(read) == read


def read_or_refused(words: str, limit: int) -> str:
    form = Form({}, None, None, None, datetime.now(UTC))  # type: ignore[arg-type]
    try:
        return line(limit)(form, Reply(text=words))
    except Refusal as refusal:
        return refusal.reason


@pytest.mark.parametrize("language", available())
def test_a_moment_is_shown_by_the_clock_of_its_reader_with_words_for_old_clients(language: str) -> None:
    at = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
    words, (found,) = entities.parse(Say(language, "Asia/Almaty").moment(at), "HTML")
    assert (found["type"], found["unix_time"]) == ("date_time", int(at.timestamp()))
    assert "24" in words
    assert "09:30" in words


def test_every_number_that_people_quote_is_set_to_be_copied() -> None:
    texts = [text for message in said() for text in (message if isinstance(message, tuple) else (message,))]
    quoted = [text for text in texts if re.search(r"\b[A-Z]-\{", text)]
    assert len(quoted) >= 4
    assert [text for text in quoted if not re.search(r"<code>[A-Z]-\{number\}</code>", text)] == []
