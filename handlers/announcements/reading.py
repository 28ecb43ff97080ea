"""What a reader sees of an announcement: the same in the preview, on the releaser's card, and in the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.announcements.ballot import ballot, options
from handlers.announcements.presses import Acknowledge, Answer
from handlers.buttons import Button, Row
from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Html, Say
from handlers.presses import OpenBeside
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Viewer
from storage.announcements import Announcement, Copy, Recipient, Tally
from storage.announcements.poll import Poll
from storage.database import Transaction
from storage.outbox import Facts
from storage.tlp import Label
from storage.translations import closest


@dataclass(frozen=True)
class Content:
    """An announcement as one language's readers get it; what is equal for many is rendered once.

    `language` is that of its words. `acknowledged` tells that the reader has acknowledged this version, maybe `late`.
    `media` are kinds and file ids of what comes with the words, and `vote` the options of the poll that the reader
    chose; only who has voted is told the `tally`.
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
    late: bool = False
    tally: Tally | None = None
    expires_at: datetime | None = None


def content_of(
    row: Announcement, language: str, copy: Copy | Recipient | None = None, tally: Tally | None = None
) -> Content:
    """Return an announcement as it is read in a language, by whom `copy` is."""
    spoken, text = closest(row.texts, language)
    acknowledged = copy is not None and copy.acknowledged_version == row.version
    media = () if row.apart else album_of(row).media
    poll = None if row.poll is None else Poll.of(row.poll)
    vote = tuple(copy.vote or ()) if copy is not None else ()
    return Content(
        row.id, row.code, row.version, spoken, row.titles[spoken], text, row.label, row.urgent, row.acknowledge_by,
        acknowledged, media, poll, vote, acknowledged and copy is not None and announcements.is_late(row, copy),
        tally if vote else None, row.expires_at,
    )  # fmt: skip


def code_of(code: str) -> str:
    """Return a code as people read and type it."""
    return f"{code[:4]}-{code[4:]}"


def draw(content: Content, say: Say, policy: Policy) -> Screen:
    """Return the announcement as it is read."""
    urgent = f"❗ {say('Urgent')}: " if content.urgent else ""
    title = Html(f"<b>{urgent}{say('{title}', title=content.title)}</b>")
    asked = None if content.poll is None else ballot(content.poll, content.vote, content.tally, say)
    noted = foreign(content.language, say) if content.language != say.language else None
    signed = footer(content.number, content.code, content.version, say, policy)
    parts = [
        title,
        content.text,
        asked,
        _acknowledgement(content, say),
        None if content.expires_at is None else holds(content.expires_at, say),
        noted and f"<i>{noted}</i>",
        f"<i>{signed}</i>",
    ]
    return Screen(lines(parts), _choices(content, say), content.label, content.media)


def foreign(language: str, say: Say) -> Html:
    """Return what a reader is told who gets another language than theirs."""
    return say("In {language}: there is no version in your language.", language=say.language_name(language))


def footer(number: int, code: str, version: int, say: Say, policy: Policy) -> Html:
    """Return the last line: whose it is, and what proves it."""
    sender = say("From the administrators of {network}.", network=policy.network)
    proof = say(
        "Announcement <code>N-{number}</code>, code <code>{code}</code>: /verify tells whether it is genuine.",
        number=number, code=code_of(code),
    )  # fmt: skip
    corrected = say("Corrected, version {version}.", version=version) if version > 1 else None
    return Html(" ".join(part for part in (corrected, sender, proof) if part))


def _acknowledgement(content: Content, say: Say) -> Html | None:
    if content.acknowledge_by is None:
        return None
    if content.acknowledged:
        return acknowledged(say, late=content.late)
    return to_acknowledge(content.acknowledge_by, say)


def acknowledged(say: Say, *, late: bool) -> Html:
    """Return what is said to who has acknowledged."""
    words = say("You have acknowledged this, after the deadline.") if late else say("You have acknowledged this.")
    return Html(f"✓ {words}")


def to_acknowledge(by: datetime, say: Say) -> Html:
    """Return what a reader is asked."""
    return say("Please acknowledge this by {day}.", day=say.moment(by))


def holds(until: datetime, say: Say) -> Html:
    """Return until when an announcement holds, and its poll is open."""
    return say("It holds until {day}.", day=say.moment(until))


def _choices(content: Content, say: Say) -> tuple[Row, ...]:
    answer = Button(say("Reply"), Answer(content.number))
    settings = Button(say("Settings"), OpenBeside("settings"))
    votes = () if content.poll is None else options(content.number, content.poll, content.vote)
    if content.acknowledge_by is None or content.acknowledged:
        return (*votes, (answer, settings))
    yes = Button(say("Acknowledge"), Acknowledge(content.number, content.version), style="primary")
    return (*votes, (yes,), (answer, settings))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Content]:
    return await contents(tx, *await announcements.copies(tx, facts["announcement"], viewers), viewers)


async def contents(
    tx: Transaction, row: Announcement | None, copies: Mapping[int, Copy], viewers: Sequence[Viewer]
) -> dict[int, Content]:
    """Return an announcement as each of `viewers` reads it who has a copy."""
    if row is None:
        return {}
    tally = await announcements.tally(tx, row) if any(copy.vote for copy in copies.values()) else None
    made: dict[tuple[str, Copy], Content] = {}  # most copies are alike
    found: dict[int, Content] = {}
    for viewer in viewers:
        if (copy := copies.get(viewer.id)) is not None:
            like = (viewer.language, copy)
            if like not in made:
                made[like] = content_of(row, viewer.language, copy, tally)
            found[viewer.id] = made[like]
    return found


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
