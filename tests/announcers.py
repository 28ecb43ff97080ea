"""How administrators compose an announcement and choose whom it is for: by typing and tapping, as everybody does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cast import goes
from story import Person, Stage, buttons

from storage import announcements
from storage.access import Viewer
from storage.announcements import BOUND, EVERYBODY, Announcement
from storage.database import Transaction
from storage.tlp import Label

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


async def leaves(stage: Stage) -> None:
    """Let the time pass in which a send can be undone."""
    await stage.control.post("/clock", advance=11)


async def reported(stage: Stage, author: Person, *seen: str) -> dict[str, Any]:
    """Let time pass once everything has landed, and wait for the report."""
    await stage.settled("notice = 'announcement:text'")
    await stage.control.post("/clock", advance=1)
    return await author.sees(*seen)


async def announces(stage: Stage, author: Person, *seen: str) -> dict[str, Any]:
    """Send the draft that stands there, and wait until everybody has it and the author is told."""
    await goes(author, "Send", "being sent", "The first copies leave")
    await leaves(stage)
    return await reported(stage, author, *seen)


async def submits(
    tx: Transaction, author: Viewer, title: str, now: datetime, *, label: Label = Label.GREEN, above: int = 20
) -> Announcement:
    """Submit an announcement to everybody, as the screens do it."""
    row = await announcements.begin(tx, author, "en", title, TEXT, label, now)
    row.audience = EVERYBODY.facts()
    reach = await announcements.reach(tx, row.meant, row.label, now)
    digest = announcements.digest_of(row, reach.recipients)[:BOUND]
    return await announcements.submit(tx, author, row.id, digest, above, now)
