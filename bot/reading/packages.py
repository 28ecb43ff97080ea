"""Packages: documents that are zip files (Office since 2007, OpenDocument, EPUB), looked into and never unpacked."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Sequence
from html import unescape
from io import BytesIO

from bot.reading import compound
from storage.documents import check_file
from storage.refusals import Refusal

KINDS = ("docx", "xlsx", "pptx", "odt", "ods", "odp", "epub")
MOST_ENTRIES = 10_000
MOST_UNPACKED = 400 * 1024 * 1024
"""Bytes that the entries say they are: a document of 20 MB is not larger than that."""
_RATIO, _SMALL = 300, 5 * 1024 * 1024
_MIMETYPES = {
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/epub+zip": "epub",
}
_PARTS = (
    (b"wordprocessingml.document.main+xml", "docx"), (b"wordprocessingml.template.main+xml", "docx"),
    (b"spreadsheetml.sheet.main+xml", "xlsx"), (b"spreadsheetml.template.main+xml", "xlsx"),
    (b"presentationml.presentation.main+xml", "pptx"), (b"presentationml.slideshow.main+xml", "pptx"),
    (b"presentationml.template.main+xml", "pptx"),
)  # fmt: skip
_REFUSED_TYPES = (b"macroenabled", b"vbaproject", b"macrosheet", b"activex", b"application/x-msdownload")
_REFUSED_NAMES = re.compile(
    r"(^|/)(vbaproject[^/]*|vbadata\.xml|macrosheets/|activex/|basic/.*/(?!script-l[bc]\.xml$)[^/]+"
    r"|scripts/.*\.(xlb|xba|py|js|bsh))",
    re.IGNORECASE,
)
_TYPES = "[content_types].xml"
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
_ENCRYPTED = 1
_USUAL = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_TEXT_PARTS = {
    "docx": re.compile(r"^word/(document|footnotes|endnotes)\d*\.xml$"),
    "pptx": re.compile(r"^ppt/slides/slide\d+\.xml$"),
    "odt": re.compile(r"^content\.xml$"),
    "odp": re.compile(r"^content\.xml$"),
}
_MOST_PARTS = 200
_ENDS = re.compile(r"</(w:p|a:p|text:p|text:h)>|<(w:tab|w:br|text:tab|text:line-break)\s*/?>")
_TAG = re.compile(r"<[^<>]*>")
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What unreadable zip files make the library raise; RuntimeError where one is encrypted."""


def kind_of(content: bytes) -> str | None:
    """Return which document a zip file is; None for a mere archive, a bomb, and what holds macros or programs."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            return _kind(package)
    except _BROKEN:
        return None


def _kind(package: zipfile.ZipFile) -> str | None:
    entries = package.infolist()
    if _is_bomb(entries) or any(entry.flag_bits & _ENCRYPTED or _is_refused(entry.filename) for entry in entries):
        return None
    named = {entry.filename.lower(): entry for entry in entries}
    if "mimetype" in named:
        kind = _MIMETYPES.get(_read(package, named["mimetype"], 200).decode("ascii", "replace").strip())
    else:
        kind = _by_types(_read(package, named[_TYPES], _SMALL).lower()) if _TYPES in named else None
    return kind if kind and all(_is_harmless(package, entry) for entry in entries) else None


def _is_bomb(entries: Sequence[zipfile.ZipInfo]) -> bool:
    if any(entry.compress_type not in _USUAL for entry in entries):
        return True  # no office writes these, and some take memory as they please
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        return True
    return any(e.file_size > _SMALL and e.file_size > _RATIO * max(1, e.compress_size) for e in entries)


def _is_refused(name: str) -> bool:
    try:
        check_file(name.rstrip("/"), 0)
    except Refusal:
        return True
    return _REFUSED_NAMES.search(name.replace("\\", "/")) is not None


def _by_types(types: bytes) -> str | None:
    if any(refused in types for refused in _REFUSED_TYPES):
        return None
    return next((kind for part, kind in _PARTS if part in types), None)


def _is_harmless(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is no program, and no object or document that holds one."""
    with package.open(entry) as opened:
        head = opened.read(8)
        if head.startswith(_PROGRAMS):
            return False
        if not head.startswith((compound.MAGIC, b"PK\x03\x04")):
            return True
        rest = head + opened.read(MOST_UNPACKED // 10)
    return compound.is_harmless(rest) if head.startswith(compound.MAGIC) else _is_plain(rest)


def _is_plain(content: bytes) -> bool:
    """Tell of a document within a document (the table behind a chart) that nothing stands further inside."""
    with zipfile.ZipFile(BytesIO(content)) as package:
        entries = package.infolist()
        odd = _is_bomb(entries) or any(e.flag_bits & _ENCRYPTED or _is_refused(e.filename) for e in entries)
        types = next((entry for entry in entries if entry.filename.lower() == _TYPES), None)
        if odd or types is None or _by_types(_read(package, types, _SMALL).lower()) is None:
            return False
        return not any(_head(package, entry).startswith((*_PROGRAMS, compound.MAGIC, b"PK")) for entry in entries)


def _head(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    return _read(package, entry, 8)


def _read(package: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    with package.open(entry) as opened:
        return opened.read(most)


def text_of(content: bytes, kind: str, most: int) -> str | None:
    """Return the text of a document that `kind_of` let through, or None where its kind has none that is read."""
    part = _TEXT_PARTS.get(kind)
    if part is None:
        return None
    found: list[str] = []
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            for entry in [e for e in package.infolist() if part.match(e.filename)][:_MOST_PARTS]:
                if sum(map(len, found)) < most:
                    found.append(_words(_read(package, entry, _SMALL).decode("utf-8", "replace")))
    except _BROKEN:
        return None
    return " ".join(found)[:most]


def _words(markup: str) -> str:
    return " ".join(unescape(_TAG.sub("", _ENDS.sub("\n", markup))).split())
