"""The fallback parser and Telegram's own agree: the same text, the same entities, the same refusal."""

from __future__ import annotations

import html
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.sandbox import entities, markup
from bot.sandbox.formatted import ParseError

pytestmark = pytest.mark.skipif(entities.native() is None, reason="tdjson is not installed here")

EXAMPLES = 300
# Telegram sorts entities with an algorithm that keeps the order of equal ones only up to this many.
STABLE = 16

# NUL ends a text inside Telegram's parser and lone surrogates cannot be sent, so neither is generated.
PLAIN = [
    "x", "Зов", "😀", "👩\u200d🔬", "é", " ", "\n", "\r\n", "\t", "t.me", "https://a.ru/x?y=1", "@name", "&", "'",
    '"', "=",
]  # fmt: skip
LINKS = [
    "t.me", "http://e.com/?a=1&b=2", "HTTPS://E.com", "tg://user?id=7", "tg:user?id=07", "tg://user?id=0",
    "tg://emoji?id=5", "tg://emoji?id=a", "tg://time?unix=5&format=wDT", "tg://time?unix=05",
    "tg://time?unix=5&format=x", "tg://resolve?domain=a", "ton://x", "http://localhost:8000/x",
    "http://127.0.0.1:8000/x", "tel:123", "javascript:a()", "пример.рф/путь", "a.b:0", "a.b:080", "a.b:99999",
    "[::1]", "{@[::1]", "u:p@a.b", "^@a.b", "a.b/ x ", "", "//a.b", "ftp://a.b",
]  # fmt: skip
OPENING = [
    "<b>", "<strong>", "<i>", "<em>", "<u>", "<ins>", "<s>", "<strike>", "<del>", "<tg-spoiler>", "<B>",
    "<b\n>", '<span class="tg-spoiler">', '<span class="tg-other">', "<span>", "<code>", "<pre>",
    '<code class="language-py">', '<code class="language-">', '<pre class="language-py">', "<blockquote>",
    "<blockquote expandable>", "<blockquote EXPANDABLE>", '<tg-emoji emoji-id="5">', '<tg-emoji emoji-id="0">',
    "<tg-emoji>", '<tg-time unix="5">', "<tg-time unix=5 format=wdT>", '<tg-time unix="5x" format="r">',
    '<tg-time unix="5" format="x">', '<tg-time unix="2147483648">', "<a>", "<a href=t.me>",
]  # fmt: skip
BROKEN = [
    "<", ">", "</", "</>", "<>", "< b>", "<p>", "<br/>", "<b ", "x=1", "x=y!", 'x="y"', "<b =>", "<b x>",
    "<b x=", "<b x=>", '<b "a">', "<b x/>", "</b x>", "</ b>", "</B>", "</i>", "</b>", "</pre>", "</code>",
    "</a>", "</span>", "&lt;", "&lt", "&LT;", "&nbsp;", "&amp;lt;", "&#65", "&#x41;", "&#X41;", "&#0;",
    "&#xD800;", "&#1114110;", "&#1114111;", "&#0000065;", "&#00000065;",
]  # fmt: skip
MARKS = [
    "*", "_", "__", "___", "~", "|", "||", "`", "```", "```py\n", "```\n", "```\r\n", "[", "![", "]", "](",
    ")", ">", "\n>", "**>", "\n**>", "||\n", "||\n>", "\\", "\\.", "\\\n", "\\ж", "\\`", ".", "!", "#", "{",
    "+", "-", "(", "\n\n",
]  # fmt: skip


def tagged(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    """Put well-formed tags around what is inside."""
    wrapped = st.tuples(st.sampled_from(OPENING), inner).map(lambda p: f"{p[0]}{p[1]}</{_name(p[0])}>")
    linked = st.tuples(st.sampled_from(LINKS), inner).map(lambda p: f'<a href="{html.escape(p[0])}">{p[1]}</a>')
    return st.one_of(wrapped, linked, st.lists(inner, max_size=3).map("".join))


def _name(tag: str) -> str:
    return tag.strip("<>").split()[0].lower()


def marked(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    """Put well-formed marks around what is inside."""
    pairs = [
        ("*", "*"),
        ("_", "_"),
        ("__", "__"),
        ("~", "~"),
        ("||", "||"),
        ("`", "`"),
        ("```py\n", "```"),
        (">", ""),
        ("\n>", "||"),
    ]
    wrapped = st.tuples(st.sampled_from(pairs), inner).map(lambda p: f"{p[0][0]}{p[1]}{p[0][1]}")
    escaped = st.sampled_from(LINKS).map(lambda link: link.replace("\\", "\\\\").replace(")", "\\)"))
    linked = st.tuples(st.sampled_from(["[", "!["]), inner, escaped).map(lambda p: f"{p[0]}{p[1]}]({p[2]})")
    return st.one_of(wrapped, linked, st.lists(inner, max_size=3).map("".join))


def soup(pieces: list[str]) -> SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=9).map("".join)


leaf = st.sampled_from(PLAIN)
well_formed_html = st.recursive(leaf | st.sampled_from(["&lt;", "&#128512;", ""]), tagged, max_leaves=8)
well_formed_marks = st.recursive(leaf.map(lambda text: "".join(_escaped(c) for c in text)), marked, max_leaves=8)
any_html = st.one_of(
    well_formed_html,
    soup([*PLAIN, *OPENING, *BROKEN]),
    st.lists(well_formed_html | soup(BROKEN), max_size=4).map("".join),
)
any_marks = st.one_of(well_formed_marks, soup([*PLAIN, *MARKS, "](t.me)", "](tg://emoji?id=5)"]), soup(MARKS))


def _escaped(c: str) -> str:
    return f"\\{c}" if c in "_*[]()~`>#+-=|{}.!\\" else c


def outcome(parse: Any, text: str, mode: str) -> Any:
    try:
        clean, found = parse(text, mode)
    except ParseError as error:
        return error.description
    kept = [sorted(entity.items()) for entity in found]
    return clean, kept if len(kept) <= STABLE else sorted(kept)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(any_html)
@example('<code class="language-py"><pre>x</pre></code>')
@example('<code class="language-py">x</code>')
@example('<pre>a<code class="language-py">x</code></pre>')
@example("<i><b>x</b></i>")
@example('<tg-time unix="5"><a href="t.me">x</a></tg-time>')
@example('<tg-time unix="99999999999">x</tg-time>')
@example('<span class="tg-spoiler" class="x">s</span>')
@example("<b/>x</b>")
@example('<b x="1>y</b>')
@example("<b x")
@example("<b x=")
@example("<b\u00a0>x</b>")
@example("&ltx &#00000065; &#xD83D;&#xDE00;")
@example('<a href="tg:user?id=05">x</a>')
@example('<a href="&lt;@127.0.0.1">x</a>')
@example('<a href="ton:auser?id=-5ton://-">x</a>')
@example('<a href="HTTP://EXAMPLE.com/Я">x</a>')
@example("5 <6 and a < b")
def test_both_read_html_alike(text: str) -> None:
    assert outcome(markup.parse, text, "html") == outcome(entities.read, text, "html")


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(any_marks)
@example(">>x")
@example(">a||")
@example(">a||\n>b")
@example(">a||\r\nb")
@example(">||a||||")
@example(">a||||")
@example("\n>![||\n](tg://user?id=7)")
@example("x\\\n>")
@example("||`py\n`**>")
@example("**>a\n**>b||\nc")
@example("___a_b__")
@example("___a___")
@example("```a\n>b```")
@example("`a``")
@example("```py```")
@example("\\я\\\x7f\\")
@example("[t\\.me]")
@example("[a](t.me")
@example("![x](tg://time?unix=5x&format=r)")
@example("![x](tg://time?unix=-1&format=x)")
@example("![x]")
@example("![x](t.me")
def test_both_read_markdown_alike(text: str) -> None:
    assert outcome(markup.parse, text, "markdownv2") == outcome(entities.read, text, "markdownv2")
