"""How administrators compose an announcement and choose whom it is for: by typing and tapping, as everybody does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cast import goes
from story import Person, buttons

TEXT = "Please come on Friday."


async def composes(
    author: Person,
    title: str,
    *,
    text: str = TEXT,
    label: str = "TLP:GREEN",
    audience: Sequence[str] = ("Everybody",),
) -> dict[str, Any]:
    """Write an announcement in English, tap an audience together, and return the draft.

    `audience` is what is tapped, one after the other: `("Country", "Kazakhstan", "Back", "Role", "Moderator")`.
    """
    await author.says("/announce")
    await goes(author, "English", "title of the announcement")
    await author.says(title)
    await author.sees("The text?")
    await author.says(text)
    await author.sees("Traffic Light Protocol")
    shown = await goes(author, label, "Draft N-", title)
    return await chooses(author, *audience) if audience else shown


async def chooses(author: Person, *audience: str) -> dict[str, Any]:
    """Open the audience of the draft that stands there, tap it together, and return to the draft."""
    shown = await opens(author, *audience)
    while "Discard" not in buttons(shown):
        shown = await goes(author, "Back", "For:")
    return shown


async def opens(author: Person, *audience: str) -> dict[str, Any]:
    """Open the audience of the draft that stands there, tap, and return what is shown then."""
    shown = await goes(author, "Audience", "Audience of announcement")
    for label in audience:
        shown = await goes(author, label, "For:")
    return shown
