"""What a reader sees of an announcement: the same in the preview, on the releaser's card, and in the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button
from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Say
from handlers.presses import Open
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Viewer
from storage.database import Transaction
from storage.outbox import Facts
from storage.tlp import Label


@dataclass(frozen=True)
class Content:
    """An announcement's words; equal for all its readers, so rendered once per language."""

    number: int
    title: str
    text: str
    label: Label


def draw(content: Content, say: Say, policy: Policy) -> Screen:
    """Return the announcement as it is read."""
    title = say("<b>{title}</b>", title=content.title)
    sender = say("From the administrators of {network}.", network=policy.network)
    number = say("Announcement <code>N-{number}</code>", number=content.number) if content.number else None
    footer = " ".join(str(part) for part in (sender, number) if part)
    change = Button(say("Settings"), Open("settings"))
    return Screen(lines([title, content.text, f"<i>{footer}</i>"]), ((change,),), content.label)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Content]:
    row, readers = await announcements.for_readers(tx, facts["announcement"], viewers)
    if row is None:
        return {}
    content = Content(row.id, row.title, row.text, row.label)
    return {viewer.id: content for viewer in readers}


TEXT = Notice("announcement:text", draw, _load)
