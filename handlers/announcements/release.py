"""The second pair of eyes: the card that another administrator releases or returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.announcements.compose import Again
from handlers.announcements.reading import Content, draw
from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated
from handlers.screens import Screen, lines
from storage import announcements, members
from storage.access import Action, Viewer, allowed
from storage.announcements import AnnouncementState
from storage.database import Transaction
from storage.outbox import Facts


@dataclass(frozen=True)
class Release(Press, prefix="ann.go"):
    """Release the announcement whose content has this hash."""

    announcement: int
    digest: str


@dataclass(frozen=True)
class Return(Press, prefix="ann.back"):
    """Return the announcement to its author."""

    announcement: int


async def let_go(context: Context, press: Release) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await announcements.release(tx, me, press.announcement, press.digest, context.now)


async def send_back(context: Context, press: Return) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await announcements.give_back(tx, me, press.announcement, context.now)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    found: dict[int, Any] = {}
    for viewer in viewers:
        if allowed(viewer, Action.ANNOUNCE):
            row = await announcements.by_id(tx, viewer, facts["announcement"])
            names = await members.by_ids(tx, [i for i in (row.author_id, row.released_by) if i])
            found[viewer.id] = (row, {i: members.called(m) for i, m in names.items()})
    return found


def _card(content: Any, say: Say, policy: Policy) -> Screen:
    row, names = content
    preview = draw(Content(row.id, row.title, row.text, row.label), say, policy)
    author = isolated(names.get(row.author_id, "–"))
    count = say.many("{n} recipient", "{n} recipients", row.audience_count)
    by = isolated(names.get(row.released_by, "–"))
    said: Html | None = None
    buttons: tuple[Row, ...] = ()
    match row.state:
        case AnnouncementState.AWAITING:
            said = say("{author} asks you to release this announcement. {count}.", author=author, count=count)
            go = Button(say("Release"), Release(row.id, row.digest[: announcements.BOUND]), style="success")
            buttons = ((go, Button(say("Return"), Return(row.id), style="danger")),)
        case AnnouncementState.RETURNED if row.released_by is None:
            said = say("Nobody released it within 30 minutes.")
        case AnnouncementState.RETURNED:
            said = say("Returned by {by}.", by=by)
        case AnnouncementState.CANCELLED:
            said = say("Cancelled.")
        case _:
            said = say("Released by {by}.", by=by)
    return Screen(lines([preview.text, f"<b>{said}</b>"]), buttons, row.label)


def _returned(content: Any, say: Say, _policy: Policy) -> Screen:
    row, names = content
    words = say("Nobody released your announcement “{title}” within 30 minutes: it was not sent.", title=row.title)
    if row.released_by is not None:
        by = isolated(names.get(row.released_by, "–"))
        words = say("Your announcement “{title}” was returned by {by}: it was not sent.", title=row.title, by=by)
    return Screen(words, ((Button(say("Edit and send again"), Again(row.id), style="primary"),),))


RELEASE = Notice("announcement:release", _card, _load)
RETURNED = Notice("announcement:returned", _returned, _load)
