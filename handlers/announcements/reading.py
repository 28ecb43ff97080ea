"""What a reader sees of an announcement: the same in the preview, on the releaser's card, and in the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.announcements.presses import Acknowledge, Answer
from handlers.buttons import Button, Row
from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Html, Say
from handlers.presses import Open
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Viewer
from storage.announcements import Announcement, Recipient
from storage.announcements.poll import Poll
from storage.database import Transaction
from storage.outbox import Facts
from storage.tlp import Label
from storage.translations import closest


@dataclass(frozen=True)
class Content:
    """An announcement as one language's readers get it; what is equal for many is rendered once.

    `language` is that of its words. `acknowledged` tells that the reader has acknowledged this version. `media` are
    kinds and file ids of what comes with the words, and `vote` the options of the poll that the reader chose.
    """

    number: int
    code: str
    version: int
    language: str
    title: str
    text: str
    label: Label
    urgent: bool
    acknowledge_by: datetime | None
    acknowledged: bool = False
    media: tuple[tuple[str, str], ...] = ()
    poll: Poll | None = None
    vote: tuple[int, ...] = ()


def content_of(row: Announcement, language: str, copy: Recipient | None = None) -> Content:
    """Return an announcement as it is read in a language, by whom `copy` is."""
    spoken, text = closest(row.texts, language)
    acknowledged = copy is not None and copy.acknowledged_version == row.version
    media = () if row.apart else album_of(row).media
    poll = None if row.poll is None else Poll.of(row.poll)
    vote = tuple(copy.vote or ()) if copy is not None else ()
    return Content(
        row.id, row.code, row.version, spoken, row.titles[spoken], text, row.label, row.urgent, row.acknowledge_by,
        acknowledged, media, poll, vote,
    )  # fmt: skip


def code_of(code: str) -> str:
    """Return a code as people read and type it."""
    return f"{code[:4]}-{code[4:]}"


def draw(content: Content, say: Say, policy: Policy) -> Screen:
    """Return the announcement as it is read."""
    urgent = f"❗ {say('Urgent')}: " if content.urgent else ""
    title = Html(f"<b>{urgent}{say('{title}', title=content.title)}</b>")
    foreign = say("In {language}: there is no version in your language.", language=say.language_name(content.language))
    sender = say("From the administrators of {network}.", network=policy.network)
    proof = say(
        "Announcement <code>N-{number}</code>, code <code>{code}</code>: /verify tells whether it is genuine.",
        number=content.number, code=code_of(content.code),
    )  # fmt: skip
    corrected = say("Corrected, version {version}.", version=content.version) if content.version > 1 else None
    footer = Html(" ".join(part for part in (corrected, sender, proof) if part))
    noted = foreign if content.language != say.language else None
    parts = [title, content.text, _acknowledgement(content, say), noted and f"<i>{noted}</i>", f"<i>{footer}</i>"]
    return Screen(lines(parts), _choices(content, say), content.label, content.media)


def _acknowledgement(content: Content, say: Say) -> Html | None:
    if content.acknowledge_by is None:
        return None
    if content.acknowledged:
        return Html(f"✓ {say('You have acknowledged this.')}")
    return say("Please acknowledge this by {day}.", day=say.moment(content.acknowledge_by))


def _choices(content: Content, say: Say) -> tuple[Row, ...]:
    answer = Button(say("Reply"), Answer(content.number))
    settings = Button(say("Settings"), Open("settings"))
    if content.acknowledge_by is None or content.acknowledged:
        return ((answer, settings),)
    yes = Button(say("Acknowledge"), Acknowledge(content.number, content.version), style="primary")
    return ((yes,), (answer, settings))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Content]:
    row, copies = await announcements.copies(tx, facts["announcement"], viewers)
    return {} if row is None else {v.id: content_of(row, v.language, copies[v.id]) for v in viewers if v.id in copies}


@dataclass(frozen=True)
class Album:
    """What goes before the words, under the same label."""

    label: Label
    media: tuple[tuple[str, str], ...]


def album_of(row: Announcement) -> Album:
    """Return what is attached to an announcement."""
    return Album(row.label, tuple((medium["kind"], medium["file_id"]) for medium in row.media))


def draw_album(album: Album, _say: Say, _policy: Policy) -> Screen:
    """Return pictures or documents that say nothing but their label."""
    return Screen("", label=album.label, media=album.media)


async def _load_album(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Album]:
    row, copies = await announcements.copies(tx, facts["announcement"], viewers)
    return {} if row is None else dict.fromkeys(copies, album_of(row))


TEXT = Notice("announcement:text", draw, _load)
ALBUM = Notice("announcement:album", draw_album, _load_album)
