"""What a PDF tells, found in a process of its own that may neither grow nor last: bytes come in, JSON goes out.

It is run as a script, and knows nothing of the bot: a hostile file finds no token, no database and no memory there.
"""

from __future__ import annotations

import json
import resource
import sys
from io import BytesIO
from typing import Any

MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 20
LONGEST_TEXT = 200_000
LARGEST = 21 * 1024 * 1024


def bound() -> None:
    """Take from this process what it does not need."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def facts(content: bytes, *, wants_text: bool) -> dict[str, Any]:
    """Return what a PDF says of itself, and its text; what cannot be told is missing."""
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted:
        reader.decrypt("")
    found: dict[str, Any] = {"pages": len(reader.pages)}
    said: dict[str, Any] = dict(reader.metadata or {})
    for key, name in (("title", "/Title"), ("created", "/CreationDate")):
        found[key] = str(said.get(name) or "")[:500]
    found["language"] = str(reader.root_object.get("/Lang") or "")[:40]
    found["headline"] = headline(reader.pages[0]) if found["pages"] else ""
    if wants_text:
        found["text"] = text(reader)
    return found


def headline(page: Any) -> str:
    """Return what stands largest on a page: a title, where the file names none."""
    sizes: dict[int, list[str]] = {}

    def note(words: str, outer: Any, inner: Any, _font: Any, size: float) -> None:
        seen = round(abs(size * (inner[3] or inner[0]) * (outer[3] or outer[0])))
        if any(letter.isalpha() for letter in words):
            sizes.setdefault(seen, []).append(words)

    try:
        page.extract_text(visitor_text=note)
    except Exception:  # noqa: BLE001 - its title is then a person's to write
        return ""
    return " ".join(" ".join(sizes[max(sizes)]).split())[:500] if len(sizes) > 1 else ""


def text(reader: Any) -> str:
    """Return the text, page by page until there is enough; a page that cannot be read is left out."""
    pages: list[str] = []
    length = 0
    for page in reader.pages:
        try:
            words = " ".join(page.extract_text().split())
        except Exception:  # noqa: BLE001, S112 - whatever is wrong with it, the next may be well
            continue
        pages.append(words)
        length += len(words)
        if length >= LONGEST_TEXT:
            break
    return " ".join(pages)[:LONGEST_TEXT]


def main() -> None:
    """Read a PDF from standard input and write what it tells; nothing where it cannot be read."""
    bound()
    content = sys.stdin.buffer.read(LARGEST)
    try:
        found = facts(content, wants_text="--text" in sys.argv)
    except Exception:  # noqa: BLE001 - a broken file tells nothing
        found = {}
    sys.stdout.buffer.write(json.dumps(found, ensure_ascii=True).encode())


if __name__ == "__main__":
    main()
