"""Files as people share them, made here: a PDF of so many words, an office document, and what hides in either."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORD = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def pdf(
    words: str = "", *, title: str = "", created: str = "D:20240131120000Z", language: str = "en-GB", headline: str = ""
) -> bytes:
    """Return a PDF of one page."""
    above = f"BT /F1 24 Tf 20 150 Td ({headline}) Tj ET " if headline else ""
    shown = f"{above}BT /F1 12 Tf 20 100 Td ({words}) Tj ET".encode()
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) >>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<</Type/Page /Parent 2 0 R /MediaBox [0 0 600 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Title ({title}) /CreationDate ({created}) >>".encode(),
    ]
    made = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    begins = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    made += b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, begins)
    return made


def zipped(entries: dict[str, bytes | str], *, stored: bool = False) -> bytes:
    """Return a zip file with these entries."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return file.getvalue()


def docx(words: str = "Words", *, types: bytes = WORD, **more: bytes | str) -> bytes:
    """Return a document of Word; `more` entries stand in it besides, by names as `packed` reads them."""
    body = f"<w:document><w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:body></w:document>"
    known: dict[str, bytes | str] = {"[Content_Types].xml": b'<Types><Override ContentType="%s"/></Types>' % types}
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    return zipped({**known, "word/document.xml": body, **named})


def opendocument(kind: str, **more: bytes | str) -> bytes:
    """Return an OpenDocument; `kind` is `text`, `spreadsheet` or `presentation`."""
    entries: dict[str, bytes | str] = {"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": "<a/>"}
    return zipped({**entries, **{n.replace("__", "/").replace("_dot_", "."): c for n, c in more.items()}})


def compound(*streams: str) -> bytes:
    """Return a compound file whose directory names these streams."""
    entries = b""
    for name in streams:
        written = name.encode("utf-16-le")
        entries += written.ljust(64, b"\0") + struct.pack("<HB", len(written) + 2, 2) + b"\0" * 61
    return COMPOUND.ljust(512, b"\0") + entries
