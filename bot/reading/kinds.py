"""Kinds: the type of a file by its content, never by its name, and what must not be shared at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.reading import compound, packages, plain

DANGEROUS, MISMATCH = "document:dangerous", "document:mismatch"
_PROGRAMS = (
    b"MZ", b"\x7fELF", b"#!", b"dex\n", b"\x00asm", b"ITSF", b"L\x00\x00\x00\x01\x14\x02\x00", b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"<?php", b"REGEDIT4",
    b"Windows Registry Editor",
)  # fmt: skip
_ARCHIVES = (
    b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"\x1f\x9d", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd",
    b"LZIP", b"MSCF", b"!<arch>", b"\xed\xab\xee\xdb", b"PK\x05\x06", b"PK\x07\x08",
)  # fmt: skip
_ZIP = b"PK\x03\x04"
_RICH = b"{\\rtf"
_BEGINNINGS = (
    (_RICH, "rtf"), (b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF87a", "gif"), (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"), (b"MM\x00*", "tiff"), (b"AT&TFORM", "djvu"), (b"ID3", "mp3"), (b"\xff\xfb", "mp3"),
    (b"\xff\xf3", "mp3"), (b"\xff\xf2", "mp3"), (b"\xff\xf1", "aac"), (b"\xff\xf9", "aac"), (b"fLaC", "flac"),
    (b"OggS", "ogg"), (b"\x00\x00\x01\xba", "mpg"), (b"0&\xb2u\x8ef\xcf\x11", "wmv"),
    (b"8BPS", "psd"), (b"\x1aE\xdf\xa3", "mkv"),
)  # fmt: skip
_RIFF = {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}
_PICTURED = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})
_EXTENSION = re.compile(r"\.([a-z0-9]{1,8})[\s.]*$")
_CLAIMS = {
    "jpeg": "jpg", "jfif": "jpg", "tif": "tiff", "heif": "heic", "avif": "heic", "m4v": "mp4", "m4a": "mp4",
    "mov": "mp4", "3gp": "mp4", "webm": "mkv", "mka": "mkv", "oga": "ogg", "opus": "ogg", "ogv": "ogg",
    "htm": "html", "xhtml": "html", "text": "txt", "csv": "txt", "tsv": "txt", "md": "txt", "markdown": "txt",
    "json": "txt", "xml": "txt", "srt": "txt", "vtt": "txt", "bib": "txt", "ris": "txt", "ics": "txt",
    "vcf": "txt", "log": "txt", "dotx": "docx", "xltx": "xlsx", "potx": "pptx", "ppsx": "pptx", "dot": "doc",
    "xlt": "xls", "pot": "ppt", "pps": "ppt", "ott": "odt", "ots": "ods", "otp": "odp", "djv": "djvu",
    "mpeg": "mpg", "wma": "wmv", "asf": "wmv",
}  # fmt: skip
"""Names of one and the same type."""
_KNOWN = frozenset(
    {kind for _, kind in _BEGINNINGS}
    | {*_RIFF.values(), *_CLAIMS.values(), *packages.KINDS, *compound.KINDS, "pdf", "heic", "mp4", "html", "svg", "txt"}
)
_HEAD, _TAR, _ISO = 1024, 257, 0x8001
_OBJECT = re.compile(rb"\\obj(data|update|autlink)", re.IGNORECASE)


@dataclass(frozen=True)
class Told:
    """What a content told: its kind, or the refusal for which it must not be shared; neither of an empty one."""

    kind: str | None = None
    refused: str | None = None


def tell(content: bytes, name: str) -> Told:
    """Return the kind of a file, `document:dangerous`, or `document:mismatch` where its name says another type."""
    if not content:
        return Told()
    kind = kind_of(content)
    claimed = _claimed(name)
    if kind is None:
        return Told(refused=DANGEROUS)
    if claimed is not None and claimed != kind:
        return Told(kind, MISMATCH)
    return Told(_finer(kind, name))


def kind_of(content: bytes) -> str | None:
    """Return what a content is; None for a program, an archive, what holds macros, and whatever is not known."""
    head = content[:_HEAD]
    if head.startswith((*_PROGRAMS, *_ARCHIVES)) or _is_image_of_a_disk(content):
        return None
    if head.startswith(_RICH) and _OBJECT.search(content):
        return None
    if head.startswith(_ZIP):
        return packages.kind_of(content)
    if head.startswith(compound.MAGIC):
        return compound.kind_of(content)
    return _by_beginning(head) or plain.kind_of(content)


def hides(content: bytes) -> bool:
    """Tell of a content without a kind whether it is a program, or could hold one: an archive, a macro."""
    return content.startswith((*_PROGRAMS, *_ARCHIVES, _ZIP, compound.MAGIC)) or _is_image_of_a_disk(content)


def _by_beginning(head: bytes) -> str | None:
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in _PICTURED else "mp4"
    return next((kind for magic, kind in _BEGINNINGS if head.startswith(magic)), None)


def _is_image_of_a_disk(content: bytes) -> bool:
    tar = content[_TAR : _TAR + 5] == b"ustar"
    return tar or content[_ISO : _ISO + 5] == b"CD001"


def _extension(name: str) -> str | None:
    found = _EXTENSION.search(name.lower())
    return found[1] if found else None


def _claimed(name: str) -> str | None:
    extension = _extension(name)
    kind = _CLAIMS.get(extension or "", extension)
    return kind if kind in _KNOWN else None


def _finer(kind: str, name: str) -> str:
    """Return what a plain text is called by its name: nothing else tells a table from a note."""
    extension = _extension(name)
    return extension if kind == "txt" and extension in {"csv", "md"} else kind
