"""What crosses an announcement on its way: stops, corrections and retractions, however near the copies are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest
from announcers import addresses, drafts, passes, submits
from cast import administrators, alters, forges, goes
from sqlalchemy import select, text
from story import Stage, buttons, written
from test_announcement_revising import FIXES, LATER, SQLITE, corrects, fixed, opens, retracts

from handlers.announcements.progress import Stop
from storage import access, announcements, outbox
from storage.announcements import EVERYBODY, Announcement, AnnouncementState, Recipient, Repeats, Revision
from storage.database import Database, Transaction
from storage.outbox import Lane, OutboxRow, OutboxState, Settlement
from storage.refusals import Refusal
from storage.tlp import Label

POSTGRESQL = pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
NOW = datetime(2026, 12, 7, 6, tzinfo=UTC)
LEAVES = NOW + timedelta(seconds=11)
WORDS = ("The seminar", "On Tuesday.")


@asynccontextmanager
async def sent(stage: Stage, *, above: int = 20) -> AsyncIterator[Database]:
    """Have an announcement by the first of two administrators submitted to both; it is number 1."""
    await administrators(stage)
    async with stage.beside() as database:
        async with database.transaction() as tx:
            await submits(tx, await access.viewer(tx, 1), "The seminar", NOW, above=above)
        yield database


async def claimed(tx: Transaction, at: datetime = LEAVES, limit: int = 1) -> list[OutboxRow]:
    return await outbox.claim(tx, [Lane.BULK], limit, at, lease="another", lease_seconds=60)


async def states(database: Database) -> list[tuple[OutboxState, str | None]]:
    async with database.reading() as tx:
        found = await tx.execute(
            select(OutboxRow.state, OutboxRow.reason)
            .where(OutboxRow.subject == "announcement:1")
            .order_by(OutboxRow.member_id)
        )
        return [(state, reason) for state, reason in found]


async def test_whoever_may_have_a_copy_is_told_anew_of_a_correction_and_of_the_end(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "The seminar", "On Monday.")
        await addresses(author)
        await stage.control.post("/faults", method="sendMessage", chat_id=50, kind="accepted_reset", times=3)
        await author.taps("Send")
        await author.sees("N-1: being sent")
        await passes(stage, 11)
        while (await stage.rows("SELECT state FROM outbox WHERE subject = 'announcement:1' AND member_id = 3")) != [
            ("unknown",)
        ]:
            await passes(stage, 3)
        had = await reader.sees("The seminar", "On Monday.")
        await passes(stage, 4)
        await author.sees("N-1: sent", "2 of 3", "unknown: 1")
        await corrects(author, "On Tuesday.")
        await goes(author, "Correct it", "Corrected.")
        anew = await reader.sees("On Tuesday.", "Corrected, version 2")
        await fixed(stage, author, "version 2: changed in place: 2, told anew: 1")
        await retracts(author)
        over = await reader.sees("was retracted")
        await fixed(stage, author, "Taken back: changed in place: 3")
    assert anew["message_id"] > had["message_id"]
    assert over["message_id"] == anew["message_id"]


async def test_a_copy_that_may_have_arrived_before_a_stop_is_unknown_and_its_reader_told_of_the_end(
    stage: Stage,
) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "The seminar", "On Monday.")
        await addresses(author)
        await stage.control.post("/faults", method="sendMessage", chat_id=50, kind="accepted_reset")
        await author.taps("Send")
        await author.sees("N-1: being sent")
        await passes(stage, 10.2)
        await reader.sees("The seminar", "On Monday.")
        while (await stage.rows("SELECT state FROM outbox WHERE reason LIKE 'perhaps sent: %'")) != [("queued",)]:
            await stage.settled("FALSE")
        await forges(author, Stop(1))
        await stage.settled("subject = 'announcement:1'")
        await passes(stage, 4)
        await author.sees("N-1: cancelled", "2 of 3", "unknown: 1")
        await retracts(author)
        await reader.sees("was retracted")
        await fixed(stage, author, "Taken back: changed in place: 2, told anew: 1")


@SQLITE
async def test_what_was_cancelled_on_the_way_can_be_corrected_and_retracted_where_it_arrived(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    waiting = await stage.joined(51, "Waiting")
    async with stage.bot():
        await drafts(author, "The seminar", "On Monday.")
        await addresses(author)
        await author.taps("Send")
        await author.sees("N-1: being sent")
        await alters(stage, "UPDATE outbox SET due_at = :at WHERE member_id = 4", at=LATER)
        await passes(stage, 11)
        await reader.sees("The seminar", "On Monday.")
        await stage.settled("notice = 'announcement:text' AND member_id <> 4")
        await passes(stage, 4)
        await author.sees("N-1: being sent", "3 of 4")
        await goes(author, "Cancel", "N-1: cancelled", "withheld: 1")
        shown = await opens(author)
        assert {"Correct", "Retract"} <= set(buttons(shown))
        await corrects(author, "On Tuesday.")
        await goes(author, "Correct it", "Corrected.")
        await reader.sees("On Tuesday.", "Corrected, version 2")
        await fixed(stage, author, "cancelled", "version 2: changed in place: 3")
        await retracts(author)
        await reader.sees("was retracted")
        await stage.settled(FIXES)
    assert not any("seminar" in written(m) for m in waiting.seen.values())


async def test_a_copy_whose_attempt_fails_after_a_stop_does_not_leave(stage: Stage) -> None:
    async with sent(stage) as database:
        async with database.transaction() as tx:
            me = await access.viewer(tx, 1)
            [row] = await claimed(tx)
        async with database.transaction() as tx:
            await announcements.pause(tx, me, 1, LEAVES)
        async with database.transaction() as tx:
            again = Settlement(row.id, OutboxState.QUEUED, "Too Many Requests", due_at=LEAVES)
            await outbox.settle(tx, [again], LEAVES, lease="another")
            await announcements.report_progress(tx, LEAVES)
        assert await states(database) == [(OutboxState.HELD, "paused")] * 2

        async with database.transaction() as tx:
            await announcements.resume(tx, me, 1, LEAVES)
            [row] = await claimed(tx)
        async with database.transaction() as tx:
            await announcements.cancel(tx, me, 1, LEAVES)
            again = Settlement(row.id, OutboxState.QUEUED, "Too Many Requests", due_at=LEAVES)
            await outbox.settle(tx, [again], LEAVES, lease="another")
        async with database.transaction() as tx:
            assert (await announcements.copies(tx, 1, [me]))[1] == {}
            with pytest.raises(Refusal, match="announcement:decided"):
                await announcements.pause(tx, me, 1, LEAVES)
        async with database.transaction() as tx:
            await announcements.report_progress(tx, LEAVES)
            assert (await tx.get_one(Announcement, 1)).state is AnnouncementState.CANCELLED
        assert await states(database) == [(OutboxState.WITHHELD, "cancelled")] * 2


async def crosses(database: Database, deed: Callable[[Transaction], Awaitable[object]]) -> OutboxRow:
    """Do something while another process is just taking a copy, and return that copy."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    async def does() -> None:
        async with database.transaction() as tx:
            await deed(tx)

    async with database.transaction() as tx:
        [row] = await claimed(tx)
        doing = asyncio.create_task(does(), context=Context())
        while not doing.done() and not await tx.scalar(waiting):
            await tx.execute(text("SELECT pg_sleep(0.01)"))
    await doing
    return row


@POSTGRESQL
async def test_what_another_process_is_just_taking_is_not_undone(stage: Stage) -> None:
    async with sent(stage) as database:

        async def undoes(tx: Transaction) -> None:
            await announcements.undo(tx, await access.viewer(tx, 1), 1, LEAVES)

        with pytest.raises(Refusal, match="announcement:left"):
            await crosses(database, undoes)
        assert sorted(state for state, _ in await states(database)) == [OutboxState.LEASED, OutboxState.QUEUED]


@POSTGRESQL
async def test_a_copy_that_another_process_takes_during_a_correction_is_looked_for(stage: Stage) -> None:
    async with sent(stage) as database:

        async def rewords(tx: Transaction) -> None:
            await announcements.correct(tx, await access.viewer(tx, 1), 1, "en", WORDS, LEAVES)

        row = await crosses(database, rewords)
        async with database.reading() as tx:
            assert await tx.scalar(select(Revision.pending)) == [row.member_id]


async def test_a_correction_falls_away_when_what_it_corrects_is_taken_back_to_be_changed(stage: Stage) -> None:
    async with sent(stage, above=0) as database:
        await releases(database)
        async with database.transaction() as tx:
            author, second = await access.viewer(tx, 1), await access.viewer(tx, 2)
            revision = await announcements.correct(tx, author, 1, "en", WORDS, NOW)
        async with database.transaction() as tx:
            row = await tx.get_one(Announcement, 1)
            row.asked_version = row.chased_version = 2
            await announcements.undo(tx, author, 1, NOW)
        async with database.transaction() as tx:
            row = await announcements.edit(tx, author, 1, NOW)
            row.texts = {"en": "Other words."}
            meant = (await announcements.reach(tx, row.meant, row.label, NOW)).recipients
            seen = announcements.digest_of(row, meant)[: announcements.BOUND]
            await announcements.submit(tx, author, 1, seen, 0, NOW)
        await releases(database)
        async with database.transaction() as tx:
            with pytest.raises(Refusal, match="announcement:decided"):
                await announcements.release_correction(tx, second, revision.id, revision.digest[:16], NOW)
        async with database.reading() as tx:
            row = await tx.get_one(Announcement, 1)
            assert (row.texts, row.version) == ({"en": "Other words."}, 1)
            assert (row.asked_version, row.chased_version) == (None, None)


async def releases(database: Database) -> None:
    async with database.transaction() as tx:
        row = await tx.get_one(Announcement, 1)
        second = await access.viewer(tx, 2)
        await announcements.release(tx, second, 1, row.digest[: announcements.BOUND], NOW)


async def test_pictures_whose_words_were_still_to_come_go_with_a_retraction(stage: Stage) -> None:
    async with sent(stage) as database:
        async with database.transaction() as tx:
            row, me = await tx.get_one(Announcement, 1), await access.viewer(tx, 1)
            row.media, row.apart = [{"kind": "photo", "file_id": "a"}] * 2, True
            await announcements.undo(tx, me, 1, NOW)
            meant = (await announcements.reach(tx, row.meant, row.label, NOW)).recipients
            await announcements.submit(tx, me, 1, announcements.digest_of(row, meant)[:16], 20, NOW)
        async with database.transaction() as tx:
            first, second = sorted(await claimed(tx, limit=2), key=lambda row: row.member_id or 0)
            landed = Settlement(first.id, OutboxState.SENT, message_id=70, also=[70, 71])
            await outbox.settle(tx, [landed], LEAVES, lease="another")
        async with database.transaction() as tx:
            revision = await announcements.retract(tx, me, 1, None, LEAVES)
            assert revision.pending == [second.member_id]
            assert (await tx.get_one(Announcement, 1)).finished_at == LEAVES
        assert await taken_back(database) == [(first.member_id, 70, [70, 71])]
        async with database.transaction() as tx:
            landed = Settlement(second.id, OutboxState.SENT, message_id=80, also=[80, 81])
            await outbox.settle(tx, [landed], LEAVES, lease="another")
            await announcements.revise_late(tx, LEAVES)
        assert await taken_back(database) == [(first.member_id, 70, [70, 71]), (second.member_id, 80, [80, 81])]
        async with database.reading() as tx:
            assert set(await tx.scalars(select(Recipient.state))) == {OutboxState.WITHHELD}


async def taken_back(database: Database) -> list[tuple[int | None, int | None, list[int] | None]]:
    async with database.reading() as tx:
        found = select(OutboxRow).where(OutboxRow.notice == "announcement:retracted").order_by(OutboxRow.member_id)
        return [(row.member_id, row.replaces, row.also) for row in await tx.scalars(found)]


async def test_what_recurs_asks_for_a_release_once_its_audience_has_grown(stage: Stage) -> None:
    await administrators(stage)
    async with stage.beside() as database, database.transaction() as tx:
        author = await access.viewer(tx, 1)
        row = await announcements.begin(tx, author, "en", *WORDS, Label.GREEN, NOW)
        row.audience, row.repeats, row.send_at = EVERYBODY.facts(), Repeats.WEEKLY, NOW + timedelta(hours=1)
        meant = (await announcements.reach(tx, row.meant, row.label, NOW)).recipients
        await announcements.submit(tx, author, 1, announcements.digest_of(row, meant)[: announcements.BOUND], 2, NOW)
    await stage.joined(50, "Newcomer")
    async with stage.beside() as database:
        async with database.transaction() as tx:
            await announcements.recur(tx, NOW + timedelta(hours=1), "UTC", 2)
        async with database.reading() as tx:
            row = await tx.get_one(Announcement, 2)
            assert (row.state, row.audience_count) == (AnnouncementState.AWAITING, 3)
            asked = select(OutboxRow.member_id).where(OutboxRow.notice == "announcement:release")
            assert list(await tx.scalars(asked)) == [2]
            assert not await tx.scalar(select(OutboxRow.id).where(OutboxRow.subject == row.subject).limit(1))
        async with database.transaction() as tx:
            second = await access.viewer(tx, 2)
            await announcements.release(tx, second, 2, row.digest[:16], NOW + timedelta(minutes=75))
        async with database.reading() as tx:
            assert (await tx.get_one(Announcement, 2)).state is AnnouncementState.SENDING
            copies = select(OutboxRow.member_id).where(OutboxRow.subject == row.subject)
            assert sorted(n for n in await tx.scalars(copies) if n) == [1, 2, 3]
