"""Telegram's HTML, read as Telegram reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.sandbox import links
from bot.sandbox.formatted import SPACE, Entity, custom_emoji, date_time, ordered, size, units, unparsable

_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "code": "code", "pre": "pre", "blockquote": "blockquote", "a": "text_link",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]*)|#(?P<decimal>[0-9]*)|(?P<name>[A-Za-z]*))")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_LAST, _LONGEST = 0x10FFFF, 10
_END = "\0"
_LANGUAGE = "language-"


@dataclass(frozen=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    begin: int


@dataclass
class _Text:
    """The text so far and its length in UTF-16 units."""

    said: list[str] = field(default_factory=list)
    length: int = 0

    def say(self, text: str) -> None:
        self.said.append(text)
        self.length += units(text)


class Html:
    """One text in Telegram's HTML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out = _Text()
        self._open: list[_Open] = []
        self._found: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        """Return the text without its tags, and the entities that they make.

        Raises:
            ParseError: it is not well formed.
        """
        while self._at < len(self._text):
            c = self._text[self._at]
            if c == "<":
                self._tag()
            else:
                self._out.say(self._reference() if c == "&" else self._next())
        if self._open:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        clean = "".join(self._out.said)
        if any("\ud800" <= c <= "\udfff" for c in clean):
            raise unparsable(
                "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate "
                "code units"
            )
        return clean, [_shown(e) for e in ordered(self._found)]

    # -- reading

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else _END

    def _next(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _until(self, stops: str) -> str:
        begin = self._at
        while self._peek() not in stops:
            self._at += 1
        return self._text[begin : self._at]

    def _spaces(self) -> None:
        while self._at < len(self._text) and self._peek() in SPACE:
            self._at += 1

    def _reference(self) -> str:
        match = _REFERENCE.match(self._text, self._at)
        assert match is not None
        said = _decoded(match)
        if said is None:
            return self._next()
        self._at = match.end() + (self._text[match.end() : match.end() + 1] == ";")
        return said

    # -- tags

    def _tag(self) -> None:
        begin, where = self._at, size(self._text[: self._at])
        self._at += 1
        if self._peek() == "/":
            self._end(begin, where)
        else:
            self._start(where)

    def _start(self, where: int) -> None:
        tag = _lower(self._until(f"{SPACE}>"))
        if self._peek() == _END:
            raise unparsable(f"Unclosed start tag at byte offset {where}")
        if tag not in _TAGS:
            raise unparsable(f'Unsupported start tag "{tag}" at byte offset {where}')
        attributes: dict[str, str] = {}
        while self._attribute(tag, where, attributes):
            pass
        self._at += 1
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {where}')
        self._open.append(_Open(tag, attributes, self._out.length, len(self._out.said)))

    def _attribute(self, tag: str, where: int, attributes: dict[str, str]) -> bool:
        """Read one attribute; tell whether there was one before the tag's end."""
        self._spaces()
        if self._peek() == ">":
            return False
        name = self._until(f"{SPACE}=>/\"'")
        if not name:
            raise unparsable(f'Empty attribute name in the tag "{tag}" at byte offset {where}')
        self._spaces()
        if self._peek() == _END:
            raise unparsable(f'Unclosed start tag "{tag}" at byte offset {where}')
        value = self._value(tag, where) if self._peek() == "=" else ""
        if _counts(tag, name, value):
            attributes[name] = value
        return True

    def _value(self, tag: str, where: int) -> str:
        self._at += 1
        self._spaces()
        quote = self._peek()
        if quote == _END:
            raise unparsable(f'Unclosed start tag "{tag}" at byte offset {where}')
        value = self._quoted(quote) if quote in "'\"" else self._token()
        if self._peek() == _END:
            raise unparsable(f"Unclosed start tag at byte offset {where}")
        return value

    def _token(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        assert match is not None
        begin, self._at = self._at, match.end()
        if self._peek() not in f"{SPACE}>":
            raise unparsable(f"Unexpected end of name token at byte offset {size(self._text[:begin])}")
        return match[0].lower()

    def _quoted(self, quote: str) -> str:
        self._at += 1
        value = ""
        while self._peek() not in (quote, _END):
            value += self._reference() if self._peek() == "&" else self._next()
        self._at += self._peek() == quote
        return value

    def _end(self, begin: int, where: int) -> None:
        if not self._open:
            raise unparsable(f"Unexpected end tag at byte offset {where}")
        self._until(f"{SPACE}>")
        name = _lower(self._text[begin + 2 : self._at])
        self._spaces()
        if self._peek() != ">":
            raise unparsable(f"Unclosed end tag at byte offset {where}")
        self._at += 1
        opened = self._open.pop()
        if name and name != opened.tag:
            raise unparsable(f'Unmatched end tag at byte offset {where}, expected "</{opened.tag}>", found "</{name}>"')
        if self._out.length > opened.offset:
            self._close(opened)

    # -- entities

    def _close(self, opened: _Open) -> None:
        place = {"offset": opened.offset, "length": self._out.length - opened.offset}
        if opened.tag in {"code", "pre"} and self._joins(opened, place):
            return
        kind = self._kind(opened)
        if kind is not None:
            self._found.append({**place, **kind})

    def _joins(self, opened: _Open, place: Entity) -> bool:
        """Make one entity of a `pre` and a `code` that names a language, whichever is inside."""
        inner = self._found[-1] if self._found else {}
        if {key: inner.get(key) for key in place} != place:
            return False
        if opened.tag == "pre":
            language = inner.get("language") if inner["type"] == "code" else None
        else:
            language = _language(opened) if inner["type"] == "pre" and "language" not in inner else None
        if language:
            self._found[-1] = {**place, "type": "pre", "language": language}
        return bool(language)

    def _kind(self, opened: _Open) -> Entity | None:
        tag, attributes = opened.tag, opened.attributes
        if tag == "a":
            return link(attributes.get("href") or "".join(self._out.said[opened.begin :]))
        if tag == "blockquote" and "expandable" in attributes:
            return {"type": "expandable_blockquote"}
        if tag == "code":
            return {"type": "code", "language": _language(opened)}
        if tag == "tg-time":
            return date_time(attributes.get("unix", ""), attributes.get("format", ""))
        if tag == "tg-emoji":
            emoji = custom_emoji(attributes.get("emoji-id", ""))
            if emoji is None:
                raise unparsable("Invalid custom emoji identifier specified")
            return emoji
        return {"type": _TAGS[tag]}


def link(url: str) -> Entity | None:
    """Return the kind of a link's entity: a mention, a link, or nothing where Telegram drops it."""
    user_id = links.user_of(url)
    if user_id is not None:
        return {"type": "text_mention", "user_id": user_id}
    kept = links.checked(url)
    return {"type": "text_link", "url": kept} if kept else None


def _shown(entity: Entity) -> Entity:
    return {k: v for k, v in entity.items() if k != "language"} if entity["type"] == "code" else entity


def _language(opened: _Open) -> str:
    return opened.attributes.get("class", "").removeprefix(_LANGUAGE)


def _lower(name: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in name)


def _counts(tag: str, name: str, value: str) -> bool:
    """Tell whether Telegram looks at this attribute of this tag."""
    if (tag, name) == ("code", "class"):
        return value.startswith(_LANGUAGE)
    if (tag, name) == ("span", "class"):
        return value.startswith("tg-")
    looked = {"a": {"href"}, "blockquote": {"expandable"}, "tg-emoji": {"emoji-id"}, "tg-time": {"unix", "format"}}
    return name in looked.get(tag, set())


def _decoded(match: re.Match[str]) -> str | None:
    if match["name"] is not None:
        return _NAMED.get(match["name"])
    digits, base = (match["hex"], 16) if match["hex"] is not None else (match["decimal"], 10)
    code = int(digits, base) if digits else 0
    short = match.end() - match.start() < _LONGEST
    return chr(code) if 0 < code < _LAST and short else None
