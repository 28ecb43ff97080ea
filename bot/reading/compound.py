"""Compound files: Word, Excel and PowerPoint before 2007, and the objects that newer ones carry inside."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
KINDS = ("doc", "xls", "ppt")
_STREAMS = {"worddocument": "doc", "workbook": "xls", "book": "xls", "powerpoint document": "ppt"}
_REFUSED = re.compile(r"^(_?vba.*|macros|\x01ole10native|encryptedpackage|package)$")
"""Macros, a packed file, and what is encrypted: nobody can tell what that is."""
_ENTRY, _NAME = 128, 64
_ENTRIES = frozenset({1, 2, 5})
"""A storage, a stream, and the root."""
_SIZES = range(4, _NAME + 1, 2)
"""Bytes of a name in UTF-16, with the zero at its end."""
_SHEET = re.compile(rb"\x85\x00(.)\x00....[\x00-\x02]\x01(.)([\x00\x01])", re.DOTALL)
"""A record of Excel that names a sheet of old macros (BOUNDSHEET of type 1): its length, the name's, its width."""


def kind_of(content: bytes) -> str | None:
    """Return which office document it is; None for any other (an installer, a mail) and for what holds macros."""
    names = set(_names(content))
    if any(_REFUSED.match(name) for name in names):
        return None
    kind = next((kind for name, kind in _STREAMS.items() if name in names), None)
    return None if kind == "xls" and _has_old_macros(content) else kind


def is_harmless(content: bytes) -> bool:
    """Tell whether an object inside another document holds neither macros nor a packed file."""
    return not any(_REFUSED.match(name) for name in _names(content))


def _names(content: bytes) -> Iterator[str]:
    """Yield the name of whatever could be an entry of the directory, wherever that stands."""
    for at in range(0, len(content) - _ENTRY + 1, _ENTRY):
        size, high, kind = content[at + _NAME : at + _NAME + 3]
        if kind in _ENTRIES and not high and size in _SIZES:
            yield content[at : at + size - 2].decode("utf-16-le", "replace").lower()


def _has_old_macros(content: bytes) -> bool:
    return any(found[1][0] == 8 + found[2][0] * (1 + found[3][0]) for found in _SHEET.finditer(content))
