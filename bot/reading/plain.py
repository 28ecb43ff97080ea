"""Plain text: which bytes are text, in which charset, and which text is markup that could run something."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_CHARSETS = ("utf-8", "cp1251")
_CONTROL = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_TYPED = re.compile(
    r"\s*(<\?xml[^>]{0,200}>\s*|<!--[^>]{0,400}-->\s*)*<(!doctype\s+)?(html|head|body|svg)\b", re.IGNORECASE
)
_RUNS = re.compile(
    r"<\s*(script|iframe|object|embed|applet|foreignobject|hta:application|meta[^>]{0,200}refresh)"
    r"|\bon[a-z]{3,20}\s*=|(java|vb)script\s*:",
    re.IGNORECASE,
)
_BEGINNING = 2000


def decoded(content: bytes) -> str | None:
    """Return a content as text; None where it is none."""
    marked = next((charset for mark, charset in _MARKS if content.startswith(mark)), None)
    for charset in (marked,) if marked else _CHARSETS:
        try:
            found = content.decode(charset)
        except UnicodeDecodeError:
            continue
        return None if _CONTROL.search(found) else found
    return None


def is_markup(content: bytes) -> bool:
    """Tell whether a content begins as a page does."""
    return _TYPED.match(content[:_BEGINNING].decode("latin-1")) is not None


def kind_of(content: bytes) -> str | None:
    """Return `html`, `svg` or `txt`; None for what is no text, and for markup that could run something."""
    found = decoded(content)
    if found is None or not found.strip():
        return None
    typed = _TYPED.match(found[:_BEGINNING])
    if typed is None:
        return None if found.lstrip().startswith("<") and _RUNS.match(found.lstrip()) else "txt"
    if _RUNS.search(found):
        return None
    return "svg" if typed[3].lower() == "svg" else "html"
