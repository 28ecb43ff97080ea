"""One's own entry: nobody is in the directory until they publish it, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage import access, audit, members, names
from storage.access import Action, Viewer
from storage.audit import Event
from storage.database import Transaction
from storage.directory.reading import Shown, shown
from storage.directory.tables import FIELDS, LANGUAGES, DirectoryEntry, blank, lot
from storage.members import Category, Member, Role
from storage.refusals import Refusal

_OPEN = ("name", "organisation", "category", "country")
_SUGGESTED = {
    Category.GOV_POLICY: _OPEN,
    Category.JUSTICE: _OPEN,
    Category.REL_EDU: _OPEN,
    Category.ACADEMIA: _OPEN,
    Category.INTL: _OPEN,
    Category.GOV_PRACT: ("name", "organisation", "contact"),
}
"""What is ticked before a member has chosen; for media and civil society nothing is: for them it can be a risk."""


@dataclass(frozen=True)
class Mine:
    """A member's own entry: the ticks, the preview of what others read, and what they could show."""

    entry: DirectoryEntry
    preview: Shown
    category: Category | None
    email: str | None


async def mine(tx: Transaction, viewer: Viewer) -> Mine:
    """Return a member's own entry; with the suggested ticks before they chose any."""
    access.require(viewer, Action.BELONG)
    person = await _person(tx, viewer)
    entry = await tx.get(DirectoryEntry, viewer.id) or _suggestion(viewer, person)
    preview = (await shown(tx, viewer, [entry]))[0]
    return Mine(entry, preview, person.category, person.email)


def suggested(category: Category | None, roles: frozenset[Role]) -> tuple[str, ...]:
    """Return the fields ticked at first; a focal point is there to be asked, where being found is no risk."""
    fields = _SUGGESTED.get(category, ()) if category else ()
    return (*fields, "contact") if fields and Role.FOCAL_POINT in roles and "contact" not in fields else fields


async def tick(tx: Transaction, viewer: Viewer, field: str, now: datetime, *, on: bool) -> None:
    """Let others read a field, or not. Refusals: `directory:unknown`, `directory:no-email`."""
    if field not in FIELDS:
        raise Refusal("directory:unknown")
    entry, person = await _own(tx, viewer)
    if field == "email" and on and person.email is None:
        raise Refusal("directory:no-email")
    entry.show(field, on=on)
    await _changed(tx, viewer, entry, person, now)


async def speak(tx: Transaction, viewer: Viewer, language: str, now: datetime, *, on: bool) -> None:
    """Name a language that the member speaks, or not. Refusal: `directory:unknown`."""
    if language not in LANGUAGES:
        raise Refusal("directory:unknown")
    entry, person = await _own(tx, viewer)
    spoken = [code for code in LANGUAGES if (on if code == language else code in entry.spoken)]
    entry.languages = f",{','.join(spoken)}," if spoken else ""
    await _changed(tx, viewer, entry, person, now)


async def describe(tx: Transaction, viewer: Viewer, about: str | None, now: datetime) -> None:
    """Set the line about the member's work, or take it away."""
    entry, person = await _own(tx, viewer)
    entry.about = about
    await _changed(tx, viewer, entry, person, now)


async def publish(tx: Transaction, viewer: Viewer, now: datetime) -> None:
    """Let members find the entry from now on."""
    entry, person = await _own(tx, viewer)
    if entry.published_at is None:
        entry.published_at, entry.number = now, lot()
        entry.introduced_at = entry.introduced_at or now
        await _changed(tx, viewer, entry, person, now)


async def take_down(tx: Transaction, viewer: Viewer, now: datetime) -> None:
    """Take the entry out of the directory at once; the ticks stay as they are."""
    entry, _ = await _own(tx, viewer)
    if entry.published_at is not None:
        entry.published_at = None
        await _record(tx, viewer, entry, now)


async def _own(tx: Transaction, viewer: Viewer) -> tuple[DirectoryEntry, Member]:
    access.require(viewer, Action.BELONG)
    person = await _person(tx, viewer)
    entry = await tx.get(DirectoryEntry, viewer.id, with_for_update=True)
    if entry is None:
        entry = _suggestion(viewer, person)
        tx.add(entry)
    return entry, person


async def _person(tx: Transaction, viewer: Viewer) -> Member:
    person = await members.by_id(tx, viewer.id)
    if person is None:
        raise Refusal("access:denied")
    return person


def _suggestion(viewer: Viewer, person: Member) -> DirectoryEntry:
    entry = blank(viewer.id)
    for field in suggested(person.category, viewer.roles):
        entry.show(field, on=True)
    return entry


async def _changed(tx: Transaction, viewer: Viewer, entry: DirectoryEntry, person: Member, now: datetime) -> None:
    name_anew(entry, person.name)
    await tx.flush()
    if entry.published_at is not None:  # what is not published yet concerns nobody else
        await _record(tx, viewer, entry, now)


async def _record(tx: Transaction, viewer: Viewer, entry: DirectoryEntry, now: datetime) -> None:
    facts = {"published": entry.published_at is not None, "fields": list(entry.shown)}
    await audit.record(tx, Event.DIRECTORY_CHANGED, now, actor=viewer.id, subject=viewer.id, **facts)


def name_anew(entry: DirectoryEntry, name: str | None) -> None:
    """Sort and find the entry by the name that the member has now, if it is shown."""
    entry.named = name if entry.shows_name else None
    entry.name_key = names.key(entry.named or "")
