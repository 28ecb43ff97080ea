"""What comes with the words: pictures or documents, that Telegram puts together only where they are of one kind."""

from __future__ import annotations

from collections.abc import Sequence

from storage.refusals import Refusal

Medium = dict[str, str]
MOST = 10
"""How many an album holds."""


def check_album(media: Sequence[Medium]) -> None:
    """Refuse what makes no album. Refusals: `announcement:mixed`, `announcement:many`."""
    if len({medium["kind"] for medium in media}) > 1:
        raise Refusal("announcement:mixed")
    if len(media) > MOST:
        raise Refusal("announcement:many", limit=MOST)
