"""How administrators compose an announcement and choose whom it is for: by typing and tapping, as everybody does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cast import goes
from record import goes_on
from story import Person, Stage, buttons

from storage import announcements
from storage.access import Viewer
from storage.announcements import BOUND, EVERYBODY, Announcement
from storage.database import Transaction
from storage.tlp import Label

TEXT = "Please reply by Friday."


async def drafts(
    author: Person, title: str, text: str = TEXT, *, label: str = "TLP:GREEN", **said: Any
) -> dict[str, Any]:
    """Fill the form in English up to the draft, which is for nobody, and return it; `said` is sent with the text."""
    await author.says("/announce")
    await author.sees("In which language do you write?")
    await goes(author, "English", "title of the announcement")
    await author.says(title)
    await author.sees("The text?")
    await author.sends(text=text, **said)
    await author.sees("Traffic Light Protocol")
    return await goes(author, label, "Draft N-", title)


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
    shown = await drafts(author, title, text, label=label)
    return await chooses(author, *audience) if audience else shown


async def addresses(author: Person) -> dict[str, Any]:
    """Let the draft be for everybody, and return it."""
    await chooses(author, "Everybody")
    return await author.sees("Draft N-", "It will be sent to")


async def translates(author: Person, title: str, text: str, **said: Any) -> None:
    """Write the words in Russian too, from the draft."""
    await goes(author, "Words", "Languages of announcement")
    await goes(author, "Add: Russian", "The title of the announcement?")
    await author.says(title)
    await author.sees("The text?")
    await author.sends(text=text, **said)
    await author.sees("Draft N-")


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


async def leaves_at(author: Person, moment: str, *seen: str) -> None:
    """Choose by the clock in Almaty when the draft leaves whose hours are being chosen."""
    await goes(author, "Choose day and hour", "On which day")
    await author.says(moment)
    await author.sees("By which clock?")
    await goes(author, "By the clock in Almaty", *seen)


async def passes(stage: Stage, seconds: float) -> None:
    """Let time pass."""
    await stage.control.post("/clock", advance=seconds)


async def sends_album(stage: Stage, author: Person, pictures: int, album: str = "meeting") -> None:
    """Send pictures as one album, and let the time pass after which the bot answers it, once it has them all."""
    [(before,)] = await stage.rows("SELECT count(*) FROM inbox")
    for _ in range(pictures):
        await author.sends(photo={}, media_group_id=album)
    while await stage.rows("SELECT count(*) FROM inbox WHERE state = 'done'") != [(before + pictures,)]:
        await goes_on(stage.control)
    await passes(stage, 1.5)


async def leaves(stage: Stage) -> None:
    """Let the time pass in which a send can be undone."""
    await passes(stage, 11)


async def sends_off(stage: Stage, author: Person, where: str = "notice = 'announcement:text'") -> None:
    """Send the draft, and let what it promises leave."""
    await author.taps("Send")
    await author.sees("N-", "being sent")
    await leaves(stage)
    await stage.settled(where)
    await passes(stage, 4)


async def reported(stage: Stage, author: Person, *seen: str) -> dict[str, Any]:
    """Let time pass once everything has landed, and wait for the report."""
    await stage.settled("notice = 'announcement:text'")
    await passes(stage, 1)
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
