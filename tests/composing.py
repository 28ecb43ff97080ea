"""How an announcement is composed and sent in stories: what several of them do alike."""

from __future__ import annotations

from typing import Any

from announcers import chooses
from cast import goes
from story import Person, Stage


async def drafts(
    author: Person, title: str, text: str = "Please reply by Friday.", *, label: str = "TLP:GREEN", **said: Any
) -> dict[str, Any]:
    """Fill the form in English up to the draft, and return the draft."""
    await author.says("/announce")
    await author.sees("In which language do you write?")
    await goes(author, "English", "The title of the announcement?")
    await author.says(title)
    await author.sees("The text?")
    await author.sends(text=text, **said)
    await author.sees("Traffic Light Protocol")
    return await goes(author, label, "Draft N-")


async def translates(author: Person, title: str, text: str, **said: Any) -> None:
    """Write the words in Russian too, from the draft."""
    await goes(author, "Words", "Languages of announcement")
    await goes(author, "Add: Russian", "The title of the announcement?")
    await author.says(title)
    await author.sees("The text?")
    await author.sends(text=text, **said)
    await author.sees("Draft N-")


async def addresses(author: Person) -> dict[str, Any]:
    """Let the draft be for everybody, and return it."""
    await chooses(author, "Everybody")
    return await author.sees("Draft N-", "It will be sent to")


async def leaves(stage: Stage, author: Person, where: str = "notice = 'announcement:text'") -> None:
    """Send the draft, and let what it promises leave."""
    await author.taps("Send")
    await author.sees("N-", "being sent")
    await passes(stage, 11)
    await stage.settled(where)
    await passes(stage, 4)


async def passes(stage: Stage, seconds: float) -> None:
    """Let time pass."""
    await stage.control.post("/clock", advance=seconds)
