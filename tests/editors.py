"""The editors and focal points of the stories, and what they do at the desk."""

from __future__ import annotations

from typing import Any

from cast import forges, goes
from story import Person, Stage

from handlers.buttons import Press
from handlers.desk import OpenIssue
from storage.members import Office, Role


async def focal_point(stage: Stage, language: str = "en") -> Person:
    reach = [Office(Role.FOCAL_POINT, country="KZ")]
    facts = {"organisation": "Institute of Kazakhstan", "language": language}
    return await stage.joined(60, "Saltanat Demo", roles=reach, **facts)


async def editor(stage: Stage, telegram_id: int = 50, name: str = "Editor Demo") -> Person:
    return await stage.joined(telegram_id, name, roles=[Role.EDITOR], organisation="Secretariat")


async def presses(person: Person, press: Press) -> None:
    """Open the menu, and press a button there that stands nowhere."""
    await person.says("/menu")
    await person.sees("Test network")
    await forges(person, press)


async def contributes(person: Person, title: str, *seen: str, kind: str = "News of members") -> dict[str, Any]:
    """Fill the form with no more than it needs, and submit it."""
    await person.says("/submit")
    await goes(person, "New contribution", "What do you contribute?")
    await goes(person, kind, "In which language")
    await goes(person, "English", "What is the title?")
    await person.says(title)
    await person.sees("the title in another language")
    await goes(person, "Skip", "What is it about?")
    await goes(person, "Skip", "Is there a link?")
    await goes(person, "Skip", "last day on which" if kind == "Call" else "Traffic Light Protocol")
    if kind == "Call":
        await goes(person, "Skip", "Traffic Light Protocol")
    await goes(person, "TLP:CLEAR", "read it once more", title)
    return await goes(person, "Submit", "Thank you", title, *seen)


async def accepts(person: Person, title: str) -> None:
    """Open what waits from the queue, and accept it."""
    await person.says("/desk")
    await goes(person, "Queue", title)
    await goes(person, "Open 1", title, "waits for an editor")
    await goes(person, "Accept", title, "accepted by an editor")


async def approves(person: Person, number: int, *seen: str) -> dict[str, Any]:
    """Open an issue, look at what goes out, and approve it."""
    await presses(person, OpenIssue(number))
    await person.sees(f"No. {number} ·", "Not approved yet")
    shown = await goes(person, "Approve", "This goes out with it", *seen)
    await goes(person, "Approve", f"No. {number} ·", "Approved by")
    return shown
