"""What a person sees at once: a text, its label and its buttons."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telegram import InlineKeyboardMarkup
from telegram.constants import ParseMode

from handlers.buttons import Row
from handlers.language import Html
from storage.lengths import units
from storage.tlp import Label

LIMIT = 4096
_TAG = re.compile(r"<[^>]+>")
_EMOJI = {
    Label.CLEAR: "⚪",
    Label.GREEN: "🟢",
    Label.AMBER: "🟠",
    Label.AMBER_STRICT: "🟠",
    Label.RED: "🔴",
}


NO_PREVIEW = {"is_disabled": True}
"""A link's preview would tell the linked site who reads what."""


@dataclass(frozen=True)
class Screen:
    """One message. `label` stands directly before the text and is never translated (TLP 2.0 §2).

    `media` are kinds (`photo`, `document`) and file ids: the text is written below a single one, and several are an
    album, which has no buttons. What is shown `in_place` of a message edits it: its media and its protection stay.
    """

    text: str
    buttons: tuple[Row, ...] = ()
    label: Label | None = None
    media: tuple[tuple[str, str], ...] = ()
    in_place: bool = False

    @property
    def protected(self) -> bool:
        return self.label is not None and self.label.protected

    @property
    def html(self) -> str:
        """The text as Telegram HTML, with the label as its first line."""
        if self.label is None:
            return self.text
        return lines([marked(self.label), self.text])

    @property
    def markup(self) -> InlineKeyboardMarkup | None:
        if not self.buttons:
            return None
        return InlineKeyboardMarkup([[button.markup() for button in row] for row in self.buttons])

    def parameters(self) -> dict[str, Any]:
        """Return the screen as parameters of `sendMessage` and `editMessageText`, in plain JSON values."""
        markup = self.markup
        return {
            "text": self.html,
            "parse_mode": ParseMode.HTML,
            "link_preview_options": NO_PREVIEW,
            **({"reply_markup": markup.to_dict()} if markup else {}),
        }


def file_of(file_id: str | None) -> tuple[tuple[str, str], ...]:
    """Return the media of a screen that shows one document, or none."""
    return (("document", file_id),) if file_id else ()


def marked(label: Label) -> Html:
    """Return a label as the first line of a message; the emoji only decorates it."""
    return Html(f"<b>{label.value}</b> {_EMOJI[label]}")


def length(written: str) -> int:
    """Return how many UTF-16 units of Telegram HTML count against `LIMIT`: those that are left once it is parsed."""
    return units(html.unescape(_TAG.sub("", written)))


def plain(written: str, limit: int) -> str:
    """Return the words of Telegram HTML on one line, cut at a word where they have more than `limit` UTF-16 units."""
    words = " ".join(html.unescape(_TAG.sub("", written)).split())
    if units(words) <= limit:
        return words
    kept = words.encode("utf-16-le", "surrogatepass")[: 2 * limit].decode("utf-16-le", "ignore")
    return f"{kept.rsplit(' ', 1)[0]}…"


def lines(parts: Sequence[str | None]) -> str:
    """Join paragraphs with one empty line; what is None or empty is left out."""
    return "\n\n".join(part for part in parts if part)
