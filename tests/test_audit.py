"""The audit log: every staff act in the transaction of the act, and a chain that shows tampering."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from announcers import submits
from sqlalchemy import text

from handlers.staff.sentences import KINDS, SENTENCES
from storage import (
    access,
    announcements,
    applications,
    audit,
    documents,
    groups,
    members,
    privacy,
    topics,
)
from storage.access import Viewer
from storage.applications import Admission, Filled
from storage.audit import Event
from storage.consents import Accepted
from storage.database import Database, Transaction
from storage.documents import Draft
from storage.members import Category, MemberState, Role
from storage.tlp import Label

NOW = datetime(2026, 11, 24, 9, 30, 15, 123456, UTC)
PLAIN = Admission(0, 0, 0)


async def joins(tx: Transaction, telegram_id: int, *roles: Role) -> Viewer:
    member = await members.welcome(tx, telegram_id, "en", "Asia/Almaty", NOW)
    member.state, member.name, member.country = MemberState.ACTIVE, f"Name {telegram_id}", "KZ"
    for role in roles:
        await members.give_role(tx, member.id, role)
    return await access.viewer(tx, member.id)


async def applies(tx: Transaction, telegram_id: int) -> int:
    member = await members.welcome(tx, telegram_id, "en", "Asia/Almaty", NOW)
    filled, viewer = Filled("Name", "Institute", Category.MEDIA, "KZ"), await access.viewer(tx, member.id)
    return (await applications.submit(tx, viewer, filled, Accepted("1", "terms"), PLAIN, NOW)).id


async def test_every_act_of_staff_leaves_a_row_with_who_whom_and_when(database: Database) -> None:
    async with database.transaction() as tx:
        one, two = await joins(tx, 1, Role.ADMINISTRATOR), await joins(tx, 2, Role.ADMINISTRATOR)
        member = await joins(tx, 50)
        closed = {t.code: t.id for t in await topics.everything(tx)}
        await applications.approve(tx, one, await applies(tx, 60), PLAIN, NOW)
        await applications.decline(tx, two, await applies(tx, 61), "scope", NOW)
        for code, admit in (("border", True), ("prison", False)):
            await topics.ask(tx, member, closed[code], NOW)
            await topics.decide(tx, one, 1 if admit else 2, NOW, admit=admit)
        await documents.share(
            tx, member, Draft("T", closed["media"], Label.GREEN, "https://example.org"), Label.RED, NOW
        )
        first = await submits(tx, one, "First", NOW, above=1)
        await announcements.release(tx, two, first.id, first.digest[: announcements.BOUND], NOW)
        second = await submits(tx, one, "Second", NOW, above=1)
        await announcements.give_back(tx, two, second.id, NOW)
        third = await submits(tx, two, "Third", NOW, above=1)
        await announcements.cancel(tx, one, third.id, NOW)
        await groups.bind(tx, one, groups.Chat(-100, "Group", groups.GroupKind.SUPERGROUP), NOW)
        await groups.lose(tx, -100, NOW)
        await privacy.leave(tx, member.id, NOW)
        await privacy.erase(tx, member.id, NOW)
        left = [(row.event, row.actor_id, row.subject_id) for row in await audit.rows(tx)]

    assert left == [
        (Event.TERMS_ACCEPTED, 4, 4),
        (Event.APPLICATION_SUBMITTED, 4, 4),
        (Event.APPLICATION_VETTED, None, 4),
        (Event.APPLICATION_VOTED, one.id, 4),
        (Event.APPLICATION_APPROVED, one.id, 4),
        (Event.MEMBER_ACTIVATED, one.id, 4),
        (Event.TERMS_ACCEPTED, 5, 5),
        (Event.APPLICATION_SUBMITTED, 5, 5),
        (Event.APPLICATION_VETTED, None, 5),
        (Event.APPLICATION_DECLINED, two.id, 5),
        (Event.TOPIC_ADMITTED, one.id, member.id),
        (Event.TOPIC_REFUSED, one.id, member.id),
        (Event.DOCUMENT_SHARED, member.id, None),
        (Event.ANNOUNCEMENT_SUBMITTED, one.id, None),
        (Event.ANNOUNCEMENT_RELEASED, two.id, one.id),
        (Event.ANNOUNCEMENT_SUBMITTED, one.id, None),
        (Event.ANNOUNCEMENT_RETURNED, two.id, one.id),
        (Event.ANNOUNCEMENT_SUBMITTED, two.id, None),
        (Event.ANNOUNCEMENT_CANCELLED, one.id, two.id),
        (Event.GROUP_BOUND, one.id, None),
        (Event.GROUP_LOST, None, None),
        (Event.MEMBER_LEFT, member.id, member.id),
        (Event.MEMBER_ERASED, member.id, member.id),
    ]
    async with database.reading() as tx:
        assert await audit.first_broken(tx) is None
        kept = [row.at for row in await audit.rows(tx, since=NOW)]
    assert kept == [NOW] * len(left)


async def test_an_act_that_fails_leaves_no_row(database: Database) -> None:
    async def approves() -> None:
        async with database.transaction() as tx:
            await applications.approve(tx, await joins(tx, 1, Role.ADMINISTRATOR), await applies(tx, 60), PLAIN, NOW)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await approves()

    async with database.reading() as tx:
        assert await audit.rows(tx) == []


TAMPERING = (
    "UPDATE audit SET event = 'application:declined' WHERE id = 3",
    "UPDATE audit SET actor_id = NULL WHERE id = 3",
    "UPDATE audit SET facts = '{\"number\": 9}' WHERE id = 3",
    "UPDATE audit SET at = '2026-11-25 00:00:00+00:00' WHERE id = 3",
    "UPDATE audit SET digest = 'x' WHERE id = 3",
    "DELETE FROM audit WHERE id = 2",
)


async def test_a_row_that_was_changed_or_taken_out_is_found(database: Database) -> None:
    later = NOW.astimezone(timezone(timedelta(hours=5)))
    async with database.transaction() as tx:
        who = await joins(tx, 1)
        for number in range(5):
            await audit.record(tx, Event.ROLE_GIVEN, later, actor=who.id, number=number)
    async with database.transaction() as tx:
        assert await audit.first_broken(tx) is None
        for tampering in TAMPERING:
            untouched = await tx.begin_nested()
            await tx.execute(text(tampering))
            tx.expire_all()
            assert await audit.first_broken(tx) == 3, tampering
            await untouched.rollback()


async def test_two_processes_write_one_chain(database: Database) -> None:
    other = Database(str(database.engine.url.render_as_string(hide_password=False)))

    async def records(through: Database, times: int) -> None:
        for _ in range(times):
            async with through.transaction() as tx:
                await audit.record(tx, Event.ROLE_GIVEN, NOW, actor=None)

    await asyncio.gather(records(database, 10), records(other, 10))
    async with database.reading() as tx:
        rows: list[Any] = await audit.rows(tx)
        broken = await audit.first_broken(tx)
    await other.close()

    assert (len(rows), broken) == (20, None)


def test_the_log_has_a_sentence_for_every_act_and_a_heading_for_what_it_is_about() -> None:
    assert set(SENTENCES) == set(Event)
    assert set(KINDS) == {event.partition(":")[0] for event in Event}
