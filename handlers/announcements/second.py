"""The second pair of eyes on a correction: the card that another administrator releases or returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from handlers.announcements.fitting import reworded
from handlers.announcements.presses import OpenReport
from handlers.announcements.reading import content_of, draw
from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated
from handlers.screens import Screen, lines, plain
from storage import announcements, members
from storage.access import Action, Viewer, allowed
from storage.announcements import Announcement, Revision, RevisionState
from storage.database import Transaction
from storage.outbox import Facts

_BEFORE = 200


@dataclass(frozen=True)
class ReleaseCorrection(Press, prefix="ann.fixgo"):
    """Release the correction whose words have this hash."""

    revision: int
    digest: str


@dataclass(frozen=True)
class ReturnCorrection(Press, prefix="ann.fixback"):
    """Let the correction not be made."""

    revision: int


@dataclass(frozen=True)
class Proposed:
    """A correction before one of those who see its card: `own` is its author's."""

    row: Announcement
    revision: Revision
    people: Mapping[int, str]
    own: bool


async def release_correction(context: Context, press: ReleaseCorrection) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await announcements.release_correction(tx, me, press.revision, press.digest, context.now)


async def return_correction(context: Context, press: ReturnCorrection) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await announcements.return_correction(tx, me, press.revision, context.now)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Proposed]:
    found: dict[int, Proposed] = {}
    for viewer in viewers:
        if allowed(viewer, Action.ANNOUNCE):
            row, revision = await announcements.awaited(tx, viewer, facts["revision"])
            people = await members.by_ids(tx, [n for n in (revision.author_id, revision.decided_by) if n])
            names = {n: members.called(person) for n, person in people.items()}
            found[viewer.id] = Proposed(row, revision, names, viewer.id == revision.author_id)
    return found


def _card(case: Proposed, say: Say, policy: Policy) -> Screen:
    """Return the words as they would be, the beginning of those that are there, and how it stands."""
    row, revision = case.row, case.revision
    language = revision.language or row.language
    words = (revision.title or "", revision.text or "")
    content = replace(reworded(content_of(row, language), {language: words}), version=revision.version)
    seen = draw(content, Say(language, say.zone), policy).text
    before = say("Before: {words}", words=plain(f"{row.titles[language]}: {row.texts[language]}", _BEFORE))
    author = isolated(case.people.get(revision.author_id or 0, "–"))
    by = isolated(case.people.get(revision.decided_by or 0, "–"))
    head = say("{author} asks you to release a correction of <code>N-{number}</code>.", author=author, number=row.id)
    if revision.state is RevisionState.AWAITING:
        waits = say("A second administrator must release it.") if case.own else head
        return Screen(lines([seen, before, f"<b>{waits}</b>"]), _choices(case, say), row.label)
    return Screen(lines([seen, f"<b>{_decided(revision, by, say)}</b>"]), _report(row, say), row.label)


def _decided(revision: Revision, by: str, say: Say) -> Html:
    if revision.state is RevisionState.DONE:
        return say("Released by {by}.", by=by)
    if revision.decided_by is not None:
        return say("Returned by {by}.", by=by)
    return say("It was not made: nobody released it within 30 minutes, or there is a newer one.")


def _choices(case: Proposed, say: Say) -> tuple[Row, ...]:
    n, digest = case.revision.id, case.revision.digest[: announcements.BOUND]
    if case.own:
        return _report(case.row, say)
    go = Button(say("Release"), ReleaseCorrection(n, digest), style="success")
    return ((go, Button(say("Return"), ReturnCorrection(n), style="danger")),)


def _report(row: Announcement, say: Say) -> tuple[Row, ...]:
    return ((Button(say("Report on sending"), OpenReport(row.id)),),)


FIX_CARD = Notice("announcement:fix-card", _card, _load)
