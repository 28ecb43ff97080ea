"""Whether the words fit below the picture or the document that comes with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from types import MappingProxyType

from handlers.announcements.reading import Content, content_of, draw
from handlers.context import Policy
from handlers.language import Say
from handlers.screens import Screen, length, lines
from storage.announcements import Announcement

CAPTION = 1024
_ROOM = 8
"""For what differs between readers: a day with two digits, by the clock where they live."""
_LAST_VERSION = 99


def fit(row: Announcement, policy: Policy) -> None:
    """Decide whether what is attached goes before the words, apart from them.

    So do several; and one where the words of some reader would not fit, in whatever they make of it: corrected,
    acknowledged or not. The result of a poll has any length.
    """
    row.apart = len(row.media) > 1 or (bool(row.media) and (row.poll is not None or not fits(row, policy)))


def fits(row: Announcement, policy: Policy, changed: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> bool:
    """Tell whether the words of each reader can stand below a picture; by language they may be `changed`."""
    contents = [(language, content_of(row, language)) for language in policy.languages]
    return all(
        captioned(screen)
        for language, content in contents
        for screen in _drawn(reworded(content, changed), language, policy)
    )


def reworded(content: Content, changed: Mapping[str, tuple[str, str]]) -> Content:
    """Return what is read with the changed words in its language."""
    title, text = changed.get(content.language, (content.title, content.text))
    return replace(content, title=title, text=text)


def captioned(screen: Screen, room: int = _ROOM) -> bool:
    """Tell whether a screen can stand below a picture."""
    return length(screen.html) <= CAPTION - room


def headed(screen: Screen, *words: str) -> Screen:
    """Return a screen with words above it, where they can stand there."""
    above = replace(screen, text=lines([*words, screen.text]))
    return screen if screen.media and not captioned(above, 0) else above


def _drawn(content: Content, language: str, policy: Policy) -> list[Screen]:
    variants: list[Content] = [
        replace(content, version=version, acknowledged=acknowledged)
        for version, acknowledged in product((1, _LAST_VERSION), (False, True))
    ]
    return [draw(variant, Say(language, policy.zone), policy) for variant in variants]
