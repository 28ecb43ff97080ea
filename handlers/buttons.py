"""Buttons and what their callback data says: typed, versioned, at most 64 bytes, never an authority."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, Self, get_type_hints

from telegram import CopyTextButton, InlineKeyboardButton

from handlers.language import legible
from storage.pages import Page

VERSION = "1"
LIMIT = 64
GREATEST = 2**31 - 1
"""The greatest number that a column of ids holds."""
_NUMBER = re.compile(r"-?[0-9]{1,10}")
Style = Literal["primary", "success", "danger"]


class Press:
    """Base of what a button says; a subclass is a frozen dataclass of ids of rows, small numbers and short strings.

    `class Open(Press, prefix="doc.open")` packs to `1|doc.open|12`. The prefix is unique in the whole program.
    """

    prefix: ClassVar[str]
    known: ClassVar[dict[str, type[Press]]] = {}

    def __init_subclass__(cls, *, prefix: str) -> None:
        if prefix in Press.known and Press.known[prefix].__qualname__ != cls.__qualname__:
            raise ValueError(f"two presses share the prefix {prefix!r}")
        cls.prefix = prefix
        Press.known[prefix] = cls

    def pack(self) -> str:
        """Return the callback data.

        Raises:
            ValueError: it is longer than Telegram carries, or would be read as something else.
        """
        fields: tuple[int | str, ...] = dataclasses.astuple(self)  # type: ignore[call-overload]
        data = "|".join([VERSION, self.prefix, *map(str, fields)])
        if len(data.encode()) > LIMIT:
            raise ValueError(f"callback data is longer than {LIMIT} bytes: {data!r}")
        if self.unpack(data) != self:
            raise ValueError(f"callback data would be read as something else: {data!r}")
        return data

    @classmethod
    def unpack(cls, data: str) -> Self | None:
        """Read callback data; None if it was made by another version, another kind of button, or by hand."""
        version, _, rest = data.partition("|")
        prefix, _, packed = rest.partition("|")
        kinds = _kinds(cls)  # type: ignore[arg-type]
        values = packed.split("|", max(len(kinds) - 1, 0)) if kinds else []
        if (version, prefix) != (VERSION, cls.prefix) or len(values) != len(kinds) or (not kinds and packed):
            return None
        if not all(_sound(value, kind) for kind, value in zip(kinds, values, strict=True)):
            return None
        try:
            return cls(*(kind(value) for kind, value in zip(kinds, values, strict=True)))
        except ValueError:  # a field of few values, and this is none of them
            return None


@cache
def _kinds(press: type[Press]) -> list[Any]:
    types = get_type_hints(press)
    return [types[field.name] for field in dataclasses.fields(press)]  # type: ignore[arg-type]


def _sound(value: str, kind: type) -> bool:
    """Tell whether a field could have been packed by us; a forged one must not reach the database."""
    if kind is int:
        return _NUMBER.fullmatch(value) is not None and abs(int(value)) <= GREATEST
    return legible(value) == value


@dataclass(frozen=True)
class Button:
    """A button under a message: exactly one of `press`, `url` and `copy`."""

    label: str
    press: Press | None = None
    url: str | None = None
    copy: str | None = None
    style: Style | None = None

    def markup(self) -> InlineKeyboardButton:
        return InlineKeyboardButton(
            self.label,
            callback_data=None if self.press is None else self.press.pack(),
            url=self.url,
            copy_text=None if self.copy is None else CopyTextButton(self.copy),
            style=self.style,
        )


Row = tuple[Button, ...]


def columns(buttons: list[Button], width: int) -> list[Row]:
    """Lay buttons out in rows of `width`."""
    return [tuple(buttons[i : i + width]) for i in range(0, len(buttons), width)]


def pages(previous: Press | None, following: Press | None, number: int, count: int) -> list[Row]:
    """Return the row that turns pages, `‹ 2/5 ›`; nothing when there is one page."""
    if not (previous or following):
        return []
    back = [Button("‹", previous)] if previous else []
    on = [Button("›", following)] if following else []
    return [(*back, Button(f"{number}/{count}", Here()), *on)]


def turns(page: Page[Any], press: Callable[[int], Press]) -> list[Row]:
    """Return the row that turns the pages of a list; `press` opens the page that begins with an item's id."""
    previous = press(page.previous) if page.previous else None
    following = press(page.following) if page.following else None
    return pages(previous, following, page.number, page.count)


@dataclass(frozen=True)
class Here(Press, prefix="here"):
    """The page number between the arrows: pressing it changes nothing."""
