"""Mails: what is said in Telegram's HTML as a letter, in plain text and in light HTML that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from handlers.language import Html, Say
from storage.tlp import Label

STYLE = (
    "body{margin:0;padding:1.5rem 1rem;color-scheme:light dark;"
    "font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}"
    "main{max-width:40rem;margin:0 auto;overflow-wrap:break-word}"
    "main div{margin:0 0 1rem}"
    "blockquote{margin:0 0 0 .2rem;padding-left:.8rem;border-left:.2rem solid #888}"
    ".label{font-weight:700;letter-spacing:.02em}"
    "footer{margin-top:2rem;padding-top:1rem;border-top:1px solid #888;font-size:.875rem}"
    "button{font:inherit;padding:.6rem 1.2rem;border:1px solid #888;border-radius:.4rem;cursor:pointer}"
)
"""How letters and pages look: the reader's own fonts and colours, also in the dark."""

_INLINE = {"b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "s": "s", "code": "code", "blockquote": "blockquote"}
_QUOTE = "blockquote"
_ADDRESSES = ("https://", "http://", "mailto:")


@dataclass(frozen=True)
class Mail:
    """One letter. `label` leads the subject and both texts; `unsubscribe` tells that one click may stop such mails."""

    subject: str
    text: str
    html: str
    label: Label | None = None
    unsubscribe: bool = False


def compose(
    subject: str,
    label: Label | None,
    paragraphs: Sequence[str],
    say: Say,
    stop_url: str | None = None,
    why: Html | None = None,
) -> Mail:
    """Return a letter of paragraphs in Telegram's HTML (a line break is one); empty ones are left out.

    `subject` is plain text, without the label. `why` says why the reader gets it, and stands in the footer above the
    way to stop such mails with one click, where `stop_url` is given.
    """
    body = [paragraph for paragraph in paragraphs if paragraph]
    foot = [why] if why else []
    if stop_url is not None:
        foot.append(_stop(stop_url, say))
    marked = [label.value] if label else []
    plain = "\n\n".join([*marked, *map(plain_of, body), *(["-- ", *map(plain_of, foot)] if foot else [])])
    headed = " ".join([*(f"[{one}]" for one in marked), *subject.split()])
    html = document(headed, _body(label, body, foot), say.language)
    return Mail(headed, f"{plain}\n", html, label, stop_url is not None)


def _stop(url: str, say: Say) -> Html:
    return Html(f'<a href="{escape(url)}">{say("Stop these mails")}</a>')


def _body(label: Label | None, body: Sequence[str], foot: Sequence[str]) -> str:
    marked = [f'<div class="label">{label.value}</div>'] if label else []
    below = [f"<footer>{light_paragraphs(foot)}</footer>"] if foot else []
    return "\n".join([*marked, light_paragraphs(body), *below])


def light_paragraphs(paragraphs: Sequence[str]) -> str:
    """Return paragraphs in Telegram's HTML as light HTML; each may hold a quotation, so none is a `<p>`."""
    return "\n".join(f"<div>{light_of(paragraph)}</div>" for paragraph in paragraphs)


def document(title: str, body: str, language: str) -> str:
    """Return a whole page around a body of light HTML; nothing in it is fetched from anywhere."""
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def plain_of(written: str) -> str:
    """Return Telegram's HTML as plain text: a link as `words (address)`, a quotation behind `> `."""
    return _read(_Plain(), written)


def light_of(written: str) -> str:
    """Return Telegram's HTML as HTML that any mail program shows: no tag of Telegram's own, line breaks as `<br>`."""
    return _read(_Light(), written)


def _read(reader: _Plain | _Light, written: str) -> str:
    reader.feed(written)
    reader.close()
    return "".join(reader.parts)


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._quoted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._links.append((_address(attrs), len(self.parts)))
        elif tag == _QUOTE:
            self._quoted = True
            self.parts.append("> ")

    def handle_endtag(self, tag: str) -> None:
        if tag == _QUOTE:
            self._quoted = False
        elif tag == "a" and self._links:
            address, begun = self._links.pop()
            if address and "".join(self.parts[begun:]) != address:
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\n", "\n> ") if self._quoted else data)


class _Light(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._ends: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = _address(attrs) if tag == "a" else ""
        known = _INLINE.get(tag)
        if address:
            known = "a"
            self.parts.append(f'<a href="{escape(address)}" rel="noreferrer">')
        elif known:
            self.parts.append(f"<{known}>")
        self._ends.append(f"</{known}>" if known else "")

    def handle_endtag(self, tag: str) -> None:
        del tag  # Telegram's HTML is well nested
        if self._ends:
            self.parts.append(self._ends.pop())

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data, quote=False).replace("\n", "<br>\n"))


def _address(attrs: Sequence[tuple[str, str | None]]) -> str:
    """Return where a link leads; nothing where only Telegram can follow it."""
    found = dict(attrs).get("href") or ""
    return found if found.startswith(_ADDRESSES) else ""
