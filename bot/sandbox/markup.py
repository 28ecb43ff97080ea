"""The fallback parser of Telegram's HTML and of what a client detects, for where Telegram's own is not at hand."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlsplit

Entity = dict[str, Any]

_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "code": "code", "pre": "pre", "blockquote": "blockquote", "a": "text_link",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ENTITY = re.compile(r"&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-z]+);?")
_NAME = re.compile(r"[^\s/>=\"']*")
_DETECT = (
    ("url", re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")),
    ("email", re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]*\w")),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z]\w{3,31}")),
    ("bot_command", re.compile(r"(?<![\w/])/[a-z0-9_]{1,64}(?:@\w+)?", re.IGNORECASE)),
    ("hashtag", re.compile(r"(?<!\w)#\w*[^\W\d]\w*")),
)


class ParseError(Exception):
    """Text that Telegram refuses; `description` is its sentence without `Bad Request: `."""

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


def units(text: str) -> int:
    """Return the length in UTF-16 units."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)  # noqa: PLR2004 - the last code point of one unit


def parse(text: str, mode: str) -> tuple[str, list[Entity]]:
    """Parse Telegram's HTML; other modes need Telegram's own parser.

    Raises:
        ParseError: the text is not well formed, with Telegram's own sentence.
    """
    if mode != "html":
        raise ParseError("can't parse entities: this sandbox reads Markdown only where tdjson installs")
    return _Html(text).parse()


def detect(text: str) -> list[Entity]:
    """Return the entities that Telegram finds in plain text, the first kind that claims a place."""
    found: list[Entity] = []
    taken: list[tuple[int, int]] = []
    for kind, pattern in _DETECT:
        for match in pattern.finditer(text):
            first, last = match.span()
            if not any(a < last and first < b for a, b in taken):
                taken.append((first, last))
                found.append({"type": kind, "offset": units(text[:first]), "length": units(match[0])})
    return sorted(found, key=lambda e: e["offset"])


class _Html:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out: list[str] = []
        self._length = 0
        self._open: list[tuple[str, int, int, dict[str, str]]] = []
        self._found: list[tuple[int, Entity]] = []

    def parse(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._text):
            c = self._text[self._at]
            if c == "<":
                self._tag()
            elif c == "&" and (said := self._character()):
                self._say(said)
            else:
                self._at += 1
                self._say(c)
        if self._open:
            raise ParseError(
                f"can't parse entities: Can't find end tag corresponding to start tag \"{self._open[-1][0]}\""
            )
        ordered = sorted(self._found, key=lambda pair: (pair[1]["offset"], -pair[1]["length"], pair[0]))
        return "".join(self._out), [entity for _, entity in ordered]

    def _say(self, text: str) -> None:
        self._out.append(text)
        self._length += units(text)

    def _bytes(self, at: int) -> int:
        return len(self._text[:at].encode())

    def _character(self) -> str | None:
        match = _ENTITY.match(self._text, self._at)
        if match is None:
            return None
        name = match[1]
        if name.startswith("#"):
            said = html.unescape(f"&{name};")
        elif name in _NAMED:
            said = _NAMED[name]
        else:
            return None
        self._at = match.end()
        return said

    def _tag(self) -> None:
        begin = self._at
        self._at += 1
        if self._text[self._at : self._at + 1] == "/":
            self._end(begin)
        else:
            self._start(begin)

    def _start(self, begin: int) -> None:
        name = self._word().lower()
        if self._at >= len(self._text):
            raise ParseError(f"can't parse entities: Unclosed start tag at byte offset {self._bytes(begin)}")
        if name not in _TAGS:
            raise ParseError(
                f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {self._bytes(begin)}'
            )
        attributes = self._attributes(begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise ParseError(
                f'can\'t parse entities: Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(begin)}'
            )
        self._open.append((name, self._length, len(self._found), attributes))

    def _attributes(self, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            self._space()
            if self._at >= len(self._text):
                raise ParseError(f"can't parse entities: Unclosed start tag at byte offset {self._bytes(begin)}")
            if self._text[self._at] == ">":
                self._at += 1
                return found
            name = self._word().lower()
            self._space()
            if self._text[self._at : self._at + 1] != "=":
                found[name] = ""
                self._at += not name  # a stray slash
                continue
            self._at += 1
            self._space()
            found[name] = self._value(begin)

    def _value(self, begin: int) -> str:
        quote = self._text[self._at : self._at + 1]
        if quote not in ("'", '"'):
            match = re.compile(r"[A-Za-z0-9.-]+").match(self._text, self._at)
            end = match.end() if match else self._at
            if end == self._at or self._text[end : end + 1] not in (" ", ">", "\n", "\t"):
                where = self._bytes(begin if end == self._at else end)
                raise ParseError(f"can't parse entities: Unexpected end of name token at byte offset {where}")
            value, self._at = self._text[self._at : end].lower(), end
            return value
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            raise ParseError(f"can't parse entities: Unclosed start tag at byte offset {self._bytes(begin)}")
        value, self._at = html.unescape(self._text[self._at + 1 : end]), end + 1
        return value

    def _end(self, begin: int) -> None:
        self._at += 1
        name = self._word().lower()
        self._space()
        if not self._open:
            raise ParseError(f"can't parse entities: Unexpected end tag at byte offset {self._bytes(begin)}")
        if self._text[self._at : self._at + 1] != ">":
            raise ParseError(f"can't parse entities: Unclosed end tag at byte offset {self._bytes(begin)}")
        self._at += 1
        opened, offset, order, attributes = self._open.pop()
        if name and name != opened:
            raise ParseError(
                f"can't parse entities: Unmatched end tag at byte offset {self._bytes(begin)}, "
                f'expected "</{opened}>", found "</{name}>"'
            )
        if self._length > offset:
            self._close(opened, offset, order, attributes)

    def _close(self, tag: str, offset: int, order: int, attributes: dict[str, str]) -> None:
        entity: Entity = {"offset": offset, "length": self._length - offset, "type": _TAGS[tag]}
        if tag == "a":
            url = _link(attributes.get("href") or "".join(self._out)[-entity["length"] :])
            if url is None:
                return
            entity["url"] = url
        if tag == "blockquote" and "expandable" in attributes:
            entity["type"] = "expandable_blockquote"
        if tag == "code" and "class" in attributes:
            entity["language"] = attributes["class"].removeprefix("language-")
        if tag == "tg-time":
            entity["unix_time"] = int(attributes.get("unix", "0"))
        if tag == "tg-emoji":
            if not attributes.get("emoji-id", "").isdigit():
                raise ParseError("can't parse entities: Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = attributes["emoji-id"]
        self._found.append((order, entity))

    def _word(self) -> str:
        match = _NAME.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return match[0]

    def _space(self) -> None:
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1


def _link(href: str) -> str | None:
    """Return a link as Telegram keeps it, or None if it drops it in silence (no dot in the host, odd scheme)."""
    url = href if "://" in href else f"http://{href}"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https", "tg"} or not parts.hostname or "." not in parts.hostname:
        return None
    return url if parts.path or parts.query or parts.fragment else f"{url}/"
