"""What the clock asks the database again and again, each question in a transaction of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from bot.clock import Clock
from bot.digests import Digests
from bot.schedule import Tick
from handlers.context import Policy
from storage import (
    alarms,
    announcements,
    applications,
    by_mail,
    consents,
    dialogues,
    digests,
    directory,
    documents,
    errands,
    feeds,
    inbox,
    introductions,
    moderation,
    mutes,
    nominations,
    outbox,
    pace,
    posts,
    presence,
    privacy,
    removals,
    staff,
    validation,
)
from storage.database import Database, Transaction

Work = Callable[[], Awaitable[object]]
Question = Callable[[Transaction, datetime], Awaitable[object]]


def ticks(
    database: Database,
    clock: Clock,
    policy: Policy,
    *,
    remove: Work,
    publish: Work,
    run: Work,
    sweep: Work,
    read: Work,
    texts: Work,
    fold: Work,
    look: Work,
) -> list[Tick]:
    """Return all ticks.

    `remove` takes people out of groups, `run` does errands in chats, `sweep` looks through the groups, `publish` keeps
    what Telegram shows of the bot, `read` brings what feeds say, `look` tells which links are alive, `texts` reads what
    is shared, and `fold` lets search know documents that an older version wrote.
    """

    async def vet(tx: Transaction, now: datetime) -> None:
        await applications.advance(tx, policy.admission, now)

    async def edit(tx: Transaction, now: datetime) -> None:
        await digests.remind(tx, policy.editing, now)

    async def recur(tx: Transaction, now: datetime) -> None:
        await announcements.recur(tx, now, policy.zone, policy.two_person_above)

    lives = (
        vet,
        edit,
        consents.remind,
        nominations.expire,
        staff.expire,
        introductions.close,
        validation.advance,
        presence.advance,
        moderation.remind,
        documents.close_comments,
    )
    forgets = (
        inbox.forget, outbox.forget, pace.forget, dialogues.expire, removals.forget, errands.forget, mutes.forget,
        moderation.breaches.drop_old, posts.fate.forget, directory.forget, privacy.forget, feeds.forget,
        alarms.forget, by_mail.forget, announcements.forget, announcements.forget_guesses,
    )  # fmt: skip
    return [
        Tick("digest", 5, Digests(database, clock, policy).work),
        Tick("progress", 3, _asking(database, clock, [recur, *ANNOUNCING])),
        Tick("membership", 30, _asking(database, clock, lives)),
        Tick("removals", 2, remove),
        Tick("errands", 2, run, after=1),  # what happened meanwhile is heard first
        Tick("sweep", 3600, sweep, after=10),
        Tick("feeds", 60, read, after=5),
        Tick("texts", 60, texts, after=20),
        Tick("words", 3600, fold, tidies=True),
        Tick("links", 300, look, after=20),
        Tick("reviews", 86400, _asking(database, clock, [documents.ask_reviews]), after=30),
        Tick("housekeeping", 3600, _asking(database, clock, forgets), tidies=True, after=60),
        Tick("profile", 60, publish, tidies=True, after=1),  # people first, then three dozen calls
    ]


ANNOUNCING = (
    announcements.report_progress, announcements.turn_back_late, announcements.revise_late, announcements.remind,
)  # fmt: skip


def _asking(database: Database, clock: Clock, questions: Sequence[Question]) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        for question in questions:
            async with database.transaction() as tx:
                await question(tx, clock.now())

    return ask
