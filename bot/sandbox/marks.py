"""Telegram's MarkdownV2, read as Telegram reads it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox import links
from bot.sandbox.formatted import (
    INT32,
    SPACE,
    Entity,
    ParseError,
    custom_emoji,
    date_time,
    ordered,
    size,
    units,
    unparsable,
)
from bot.sandbox.tags import link

_RESERVED = "_*[]()~`>#+-=|{}.!\n"
_PAD = "\0\0\0\0"
_LAST_ESCAPED = "~"
_NAMES = {
    "bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough",
    "spoiler": "Spoiler", "code": "Code", "pre": "Pre", "pre_code": "PreCode", "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji", "blockquote": "BlockQuote",
}  # fmt: skip
_ENDS = {
    "bold": "*", "italic": "_", "underline": "__", "strikethrough": "~", "spoiler": "||", "code": "`",
    "pre": "```", "pre_code": "```", "text_link": "]", "custom_emoji": "]",
}  # fmt: skip
_SPECIAL = "tg://emoji or tg://time URL"


@dataclass(frozen=True)
class _Open:
    kind: str
    offset: int
    begin: int
    where: int
    language: str = ""


class MarkdownV2:
    """One text in MarkdownV2."""

    def __init__(self, text: str) -> None:
        self._text = text + _PAD
        self._size = len(text)
        self._at = 0
        self._said: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._found: list[Entity] = []
        self._quoting = False
        self._line_begins = True

    def parse(self) -> tuple[str, list[Entity]]:
        """Return the text without its marks, and the entities that they make.

        Raises:
            ParseError: it is not well formed.
        """
        while self._at < self._size:
            self._step()
        if self._open and self._open[-1].kind == "blockquote":
            self._close("blockquote")
        if self._open:
            raise self._endless()
        return "".join(self._said), ordered(self._found)

    def _step(self) -> None:
        c, after = self._text[self._at], self._text[self._at + 1]
        if c == "\\" and "\0" < after <= _LAST_ESCAPED:
            self._at += 1
            self._literal(after, begins=after == "\n")
        elif c not in self._reserved():
            self._literal(c)
        elif self._open and self._ends():
            self._end()
        else:
            self._begin(c)

    def _reserved(self) -> str:
        inside_code = bool(self._open) and self._open[-1].kind in {"code", "pre", "pre_code"}
        return "`" if inside_code else _RESERVED

    def _literal(self, c: str, *, begins: bool = False) -> None:
        self._say(c)
        self._at += 1
        self._line_begins = begins

    def _say(self, text: str) -> None:
        self._said.append(text)
        self._length += units(text)

    def _here(self, mark: str, ahead: int = 0) -> bool:
        return self._text.startswith(mark, self._at + ahead)

    def _line_ends(self, ahead: int = 0) -> bool:
        """Tell whether a quotation is over here: at the last line break, or at one without `>` behind it."""
        at = self._at + ahead
        return self._text[at] == "\n" and self._text[at + 1] != ">"

    # -- the end of an entity

    def _ends(self) -> bool:
        kind = self._open[-1].kind
        if self._quoting and (self._line_ends() or self._folds()):
            return True
        if kind == "blockquote":
            return False
        if kind == "italic" and self._here("__"):
            return False
        return self._here(_ENDS[kind])

    def _folds(self) -> bool:
        """Tell whether the mark of an expandable quotation is here, at its very end."""
        if not self._here("||"):
            return False
        return self._at + 2 == self._size or self._line_ends(3 if self._here("||\r") else 2)

    def _end(self) -> None:
        kind = self._open[-1].kind
        if kind == "blockquote":
            self._end_quotation()
        elif self._here("\n") or (self._quoting and kind != "spoiler" and self._folds()):
            raise self._endless()
        elif kind in {"text_link", "custom_emoji"}:
            self._end_link(kind)
        else:
            self._at += len(_ENDS[kind])
            self._close(kind)

    def _end_quotation(self) -> None:
        kind = "blockquote"
        self._line_begins = False
        if self._here("||"):
            kind = "expandable_blockquote"
            self._at += 2
        while self._at < self._size and not self._line_begins:
            self._literal(self._text[self._at], begins=self._here("\n"))
        self._close(kind)

    def _end_link(self, kind: str) -> None:
        if kind == "text_link" and not self._here("](", 0):
            self._at += 1
            self._close(kind, link("".join(self._said[self._open[-1].begin :])))
            return
        if not self._here("]("):
            raise unparsable(f"The entity must contain a {_SPECIAL}")
        self._at += 2
        url = self._url()
        self._close(kind, link(url) if kind == "text_link" else _special(url))

    def _url(self) -> str:
        begin, url = self._at, ""
        while self._at < self._size and not self._here(")"):
            c, after = self._text[self._at], self._text[self._at + 1]
            escaped = c == "\\" and "\0" < after <= _LAST_ESCAPED
            url += after if escaped else c
            self._at += 1 + escaped
        if not self._here(")"):
            raise unparsable(f"Can't find end of a URL at byte offset {size(self._text[:begin])}")
        self._at += 1
        return url

    def _close(self, kind: str, linked: Entity | None = None) -> None:
        opened = self._open.pop()
        if opened.kind == "blockquote":
            self._quoting = False
        place = {"offset": opened.offset, "length": self._length - opened.offset}
        if not place["length"] or (kind in {"text_link", "custom_emoji"} and linked is None):
            return
        language = {"language": opened.language} if opened.language else {}
        self._found.append({**place, **(linked or {"type": "pre" if kind == "pre_code" else kind}), **language})

    def _endless(self) -> ParseError:
        last = self._open[-1]
        return unparsable(f"Can't find end of {_NAMES[last.kind]} entity at byte offset {last.where}")

    # -- the begin of an entity

    def _begin(self, c: str) -> None:
        where = size(self._text[: self._at])
        if c == "\n":
            self._break_line(where)
        elif c == ">" and self._line_begins:
            self._quote(where)
        elif self._here("```"):
            self._at += 3
            language = self._language()
            self._enter("pre_code" if language else "pre", where, language)
        else:
            mark, kind = self._mark(c)
            self._at += len(mark)
            self._enter(kind, where)

    def _mark(self, c: str) -> tuple[str, str]:
        marks = [("__", "underline"), ("||", "spoiler"), ("![", "custom_emoji"), ("_", "italic"), ("*", "bold")]
        for mark, kind in [*marks, ("~", "strikethrough"), ("[", "text_link"), ("`", "code")]:
            if self._here(mark):
                return mark, kind
        raise unparsable(f"Character '{c}' is reserved and must be escaped with the preceding '\\'")

    def _break_line(self, where: int) -> None:
        self._say("\n")
        self._at += 1
        self._line_begins = True
        if self._here(">"):
            self._quote(where)

    def _quote(self, where: int) -> None:
        self._at += 1
        if not self._quoting:
            self._enter("blockquote", where)

    def _enter(self, kind: str, where: int, language: str = "") -> None:
        self._quoting = self._quoting or kind == "blockquote"
        self._open.append(_Open(kind, self._length, len(self._said), where, language))

    def _language(self) -> str:
        begin = end = self._at
        while self._text[end] not in f"{SPACE}`":
            end += 1
        named = begin != end < self._size and self._text[end] != "`"
        if named:
            self._at = end
        if self._text[self._at] in "\r\n":
            pair = self._text[self._at + 1] in "\r\n" and self._text[self._at] != self._text[self._at + 1]
            self._at += 1 + pair
        return self._text[begin:end] if named else ""


def _special(url: str) -> Entity:
    emoji = links.parameters(url, "emoji")
    found = custom_emoji(emoji.get("id", "")) if emoji is not None else None
    moment = links.parameters(url, "time") or {}
    if links.whole(moment.get("unix", "")) and 0 < int(moment["unix"]) < INT32:
        found = date_time(moment["unix"], moment.get("format", ""))
    if found is None:
        raise unparsable(f"Invalid {_SPECIAL} specified")
    return found
