"""What a look at a link or a file tells of it, to be offered to who shares it; the look itself is the top floor's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Seen:
    """What was seen; whatever could not be told is None.

    `url` is the page's own address after permanent redirects. `languages` are codes with spaces between. `kind`,
    `sha256` and `pages` are a file's: what its content is (`pdf`, `docx`, …), its hash, and how many pages it has.
    `refused` is the reason for which it must not be shared at all (a refusal such as `document:dangerous`).
    """

    title: str | None = None
    publisher: str | None = None
    year: int | None = None
    languages: str | None = None
    description: str | None = None
    url: str | None = None
    kind: str | None = None
    sha256: str | None = None
    pages: int | None = None
    refused: str | None = None


NOTHING_SEEN = Seen()


class Glance(Protocol):
    """Looks at what somebody is about to share. Neither raises; what cannot be looked at is `NOTHING_SEEN`."""

    async def page(self, url: str) -> Seen:
        """Look at a web page or a linked file, for some seconds at most."""
        ...

    async def file(self, file_id: str, name: str, size: int) -> Seen:
        """Look into a file that Telegram holds."""
        ...


class Blind:
    """Sees nothing: where no glance is wired."""

    async def page(self, url: str) -> Seen:  # noqa: ARG002
        return NOTHING_SEEN

    async def file(self, file_id: str, name: str, size: int) -> Seen:  # noqa: ARG002
        return NOTHING_SEEN
