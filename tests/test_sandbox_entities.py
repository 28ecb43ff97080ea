"""What becomes of overlapping entities and of odd characters is what Telegram's own library makes of them."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.sandbox import cleaning, entities, markup, nesting
from bot.sandbox.formatted import ParseError, ordered, units

pytestmark = pytest.mark.skipif(entities.native() is None, reason="tdjson is not installed here")

KINDS: dict[str, dict[str, Any]] = {
    **{kind: {"@type": f"textEntityType{kind.title()}"} for kind in ("bold", "italic", "underline", "strikethrough")},
    **{kind: {"@type": f"textEntityType{kind.title()}"} for kind in ("spoiler", "code", "pre", "mention", "hashtag")},
    "blockquote": {"@type": "textEntityTypeBlockQuote"},
    "expandable_blockquote": {"@type": "textEntityTypeExpandableBlockQuote"},
    "text_link": {"@type": "textEntityTypeTextUrl", "url": "http://t.me/"},
    "text_mention": {"@type": "textEntityTypeMentionName", "user_id": 7},
    "custom_emoji": {"@type": "textEntityTypeCustomEmoji", "custom_emoji_id": "5"},
    "date_time": {"@type": "textEntityTypeDateTime", "unix_time": 5},
}
# Words as people write them: Telegram knows every domain there is and reads stranger addresses than these; the fallback
# is for a demonstration.
WORDS = [
    *(
        "@abc",
        "@abcd",
        "@gif",
        "@Имя_long",
        "@a_long_name1",
        "/help",
        "/start@network_bot",
        "/Помощь",
        "/",
        "//x",
        "#tag",
    ),
    *("#тег", "#1", "#1a", "#", "##a", "$USD", "$usd", "$TOOLONGTAG", "https://example.org", "HTTPS://Example.ORG/A"),
    *(
        "http://example.org/path?x=1&y=2#z",
        "https://e.com/x.",
        "https://e.com/a(b)",
        "https://localhost/x",
        "ftp://x.org/f",
    ),
    *(
        "http://127.0.0.1:80/x",
        "example.org",
        "Example.com/path",
        "t.me/x",
        "www.example.org",
        "file.txt",
        "a.b",
        "x@y",
    ),
    *("me@x.org", "first.last@sub.example.com", "@", "hello", "мир", "1.5", "v1.2.3", "e.g.", "слово.слово", "сайт.рф"),
    *("https://пример.рф/путь", "foo_bar", "mailto:me@x.org", "(https://e.com)", '"example.org"', "example.org:8080/x"),
    *("http://a_b.com", "https://-a.com", "https://e.com,", "10:30"),
]
EXAMPLES = 300
# Telegram's library settles entities on the way of reading its third dialect of Markdown, which has no offline door of
# its own; so the texts have none of that dialect's marks. It also treats a text of mere spaces apart.
LETTERS = ["a", "b", " ", "\n", "ё", "😀"]
ODD = ["\r", "\t", "\x0b", "\x1b", "\u2028", "\u202e", "\u202f", "\u0333", "\u033f", "\u030a", "\u200b", "\xa0", "\x7f"]

Facts = tuple[str, int, int]


def telegrams(text: str, listed: list[dict[str, Any]]) -> Any:
    """Return the text and the entities as Telegram's library settles them, or its refusal."""
    given = [{"offset": e["offset"], "length": e["length"], "type": KINDS[e["type"]]} for e in listed]
    execute = entities.native()
    assert execute is not None
    answer = execute({"@type": "parseMarkdown", "text": {"@type": "formattedText", "text": text, "entities": given}})
    if answer["@type"] == "error":
        return answer["message"]
    return answer["text"], sorted(map(facts, map(entities._entity, answer["entities"])))


def facts(entity: dict[str, Any]) -> Facts:
    return entity["type"], entity["offset"], entity["length"]


def ours(text: str, listed: list[dict[str, Any]]) -> Any:
    try:
        clean, moved = cleaning.cleaned(text, cleaning.checked(text, listed))
    except ParseError as error:
        return error.description[:1].upper() + error.description[1:]
    return clean, sorted(map(facts, nesting.settled(moved)))


@st.composite
def formatted(draw: st.DrawFn, letters: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """Make a text with a few entities, each over whole characters of it."""
    characters = draw(st.lists(st.sampled_from(letters), min_size=1, max_size=10))
    places = [units("".join(characters[:n])) for n in range(len(characters) + 1)]
    place = st.integers(0, len(characters))
    spans = draw(st.lists(st.tuples(place, place, st.sampled_from(sorted(KINDS))), max_size=5))
    found = [(places[min(a, b)], places[max(a, b)], kind) for a, b, kind in spans if a != b]
    return "".join(characters), ordered([{"type": k, "offset": a, "length": b - a} for a, b, k in found])


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(formatted(LETTERS))
@example(("aaabbb", [{"type": "bold", "offset": 0, "length": 6}, {"type": "italic", "offset": 3, "length": 2}]))
@example(("aaabbb", [{"type": "bold", "offset": 0, "length": 6}, {"type": "italic", "offset": 0, "length": 2}]))
@example(("aaabbb", [{"type": "date_time", "offset": 0, "length": 3}, {"type": "bold", "offset": 0, "length": 3}]))
@example(("aaabbb", [{"type": "bold", "offset": 0, "length": 6}, {"type": "code", "offset": 2, "length": 2}]))
def test_both_settle_overlaps_alike(case: tuple[str, list[dict[str, Any]]]) -> None:
    text, listed = case
    assume(text.strip())
    assert ours(text, listed) == telegrams(text, listed)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(formatted([*LETTERS, *ODD]))
def test_both_clean_a_text_alike(case: tuple[str, list[dict[str, Any]]]) -> None:
    text, listed = case
    assume(cleaning.cleaned(text, [])[0].strip(" \n"))
    # One entity, of which something is left: how several that shrink together overlap is the other test's matter.
    one = [e for e in listed[:1] if cleaning.cleaned(text, [e])[1][0]["length"]]
    assert ours(text, one) == telegrams(text, one)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", "\n", ", ", ". "])), max_size=4))
def test_both_find_the_same_addresses_and_names(words: list[tuple[str, str]]) -> None:
    text = "".join(word + space for word, space in words)
    execute = entities.native()
    assert execute is not None
    found = [entities._entity(e) for e in execute({"@type": "getTextEntities", "text": text})["entities"]]
    told = [e for e in found if e["type"] not in entities.UNKNOWN_TO_BOTS]
    assert sorted(map(facts, markup.detect(text))) == sorted(map(facts, told))


WRONG: list[tuple[str, int, int]] = [
    ("abc", -1, 1),
    ("abc", 0, -1),
    ("abc", 4, 1),
    ("abc", 3, 1),
    ("abc", 1, 9_999_999),
    ("a😀c", 2, 1),
    ("a😀c", 0, 2),
    ("abc", 2, 0),
    ("abc", 9, 0),
]


@pytest.mark.parametrize(("text", "offset", "length"), WRONG)
def test_both_refuse_an_entity_out_of_place_alike(text: str, offset: int, length: int) -> None:
    listed = [{"type": "bold", "offset": offset, "length": length}]
    assert ours(text, listed) == telegrams(text, listed)


KEPT = [
    (" \n<b> x</b> \n", " x", [("bold", 0, 2)]),
    ("<b>a</b><i> </i>b", "a b", [("bold", 0, 1)]),
    ("<b>see @abcde</b>", "see @abcde", [("bold", 0, 4), ("mention", 4, 6), ("bold", 4, 6)]),
    ("<code>@abcde</code> @abcde", "@abcde @abcde", [("code", 0, 6), ("mention", 7, 6)]),
    ("<blockquote>@abcde\n</blockquote>", "@abcde", [("blockquote", 0, 6), ("mention", 0, 6)]),
]


@pytest.mark.parametrize(("given", "text", "found"), KEPT)
def test_a_text_is_kept_trimmed_and_searched(given: str, text: str, found: list[Facts]) -> None:
    clean, listed = entities.parse(given, "HTML")
    assert (clean, [facts(e) for e in listed]) == (text, found)


def test_without_the_library_a_text_is_read_as_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '<b>see</b> <a href="https://e.com">x</a> @abcde, example.org/x and /help'
    with_it = entities.parse(text, "HTML")
    monkeypatch.setitem(sys.modules, "tdjson", None)
    entities.native.cache_clear()
    entities._parsed.cache_clear()
    try:
        assert entities.native() is None
        without = entities.parse(text, "HTML")
    finally:
        entities.native.cache_clear()
        entities._parsed.cache_clear()
    assert [sorted(e.items()) for e in without[1]] == [sorted(e.items()) for e in with_it[1]]
    assert without[0] == with_it[0]
