"""The schema: up and down on each engine, and equal to the models."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text

from storage import digests, members, migrations, outbox
from storage.announcements import (
    EVERYBODY,
    Announcement,
    AnnouncementState,
    Audience,
    Condition,
    Dimension,
    Recipient,
)
from storage.database import Base, Database
from storage.digests import Digest, DigestIssue, DigestSchedule, Editing
from storage.members import Office, Role
from storage.outbox import Promise


async def test_the_migrated_schema_equals_the_models(empty_url: str) -> None:
    database = Database(empty_url)
    await migrations.upgrade(database)

    async with database.engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await database.close()

    assert differences == []


async def test_every_migration_can_be_taken_back(empty_url: str) -> None:
    database = Database(empty_url)
    await migrations.upgrade(database)
    await migrations.downgrade(database)

    async with database.engine.connect() as connection:
        left = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    await migrations.upgrade(database)
    at = await migrations.revision(database)
    await database.close()

    assert left == {"alembic_version"}
    assert at == migrations.newest()


async def test_a_digest_that_is_on_its_way_is_made_anew_by_a_newer_version(empty_url: str) -> None:
    database = Database(empty_url)
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        for n in (1, 2):
            person = await members.welcome(tx, n, "en", "Asia/Almaty", DUE)
            await members.give_role(tx, person.id, Office(Role.EDITOR), DUE)
            schedule = DigestSchedule(member_id=person.id, weekday=0, at="09:00", next_due_at=DUE + 2 * WEEK)
            tx.add(schedule)
        await outbox.promise(tx, [Promise(2, "desk:waits", {"issue": 1})], DUE)
    await migrations.downgrade(database, "0015")
    async with database.engine.begin() as connection:
        for week in (0, 1):
            for n in (1, 2):
                await connection.execute(text(_DIGEST), {
                    "n": n, "week": 49 + week, "since": str(DUE + (week - 1) * WEEK), "at": str(DUE + week * WEEK),
                })  # fmt: skip
    async with database.engine.begin() as connection:
        await connection.execute(text(_LETTER), {"at": str(DUE + WEEK)})
    await migrations.upgrade(database)
    async with database.reading() as tx:
        rows = await tx.scalars(select(DigestSchedule).order_by(DigestSchedule.member_id))
        assert [(row.next_due_at, row.covered_until) for row in rows] == [
            (DUE + WEEK, DUE), (DUE + 2 * WEEK, DUE + WEEK),
        ]  # fmt: skip
        kept = await tx.scalars(select(Digest).order_by(Digest.id))
        assert [(row.member_id, row.iso_week) for row in kept] == [(1, 49), (2, 49), (2, 50)]
        assert (await tx.scalars(select(outbox.OutboxRow))).all() == []
        assert (await tx.scalars(select(members.MemberRole))).all() == []
    async with database.transaction() as tx:
        await digests.ensure(tx, Editing("Asia/Almaty", 4, time(15)), DUE + 2 * WEEK)
        numbered = await tx.scalars(select(DigestIssue).order_by(DigestIssue.number))
        assert [(row.number, row.iso_week) for row in numbered] == [(1, 50), (2, 51), (3, 52), (4, 53)]
    await database.close()


async def test_what_was_announced_keeps_its_readers_and_a_release_is_asked_for_again(empty_url: str) -> None:
    database = Database(empty_url)
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        for n in (1, 2):
            await members.welcome(tx, n, "en", "Asia/Almaty", DUE)
    await migrations.downgrade(database, "0017")
    async with database.engine.begin() as connection:
        for state, kind, value in (("sending", "country", "KZ"), ("awaiting", "all", "")):
            meant = json.dumps({"kind": kind, "value": value})
            await connection.execute(text(_ANNOUNCEMENT), {"state": state, "meant": meant, "at": str(DUE)})
        for n, state in ((1, "sent"), (2, "queued")):
            settled = str(DUE) if state == "sent" else None
            await connection.execute(text(_COPY), {"n": n, "state": state, "settled": settled, "at": str(DUE)})
    await migrations.upgrade(database)
    async with database.reading() as tx:
        first, second = await tx.scalars(select(Announcement).order_by(Announcement.id))
        copies = await tx.scalars(select(Recipient).order_by(Recipient.member_id))
        kept = [(row.announcement_id, row.member_id, row.state.value) for row in copies]
    await database.close()

    assert (first.title, first.texts, first.state) == ("Title", {"en": "Text"}, AnnouncementState.SENDING)
    assert first.meant == Audience(((Condition(Dimension.COUNTRY, ("KZ",)),),))
    assert (second.meant, second.state) == (EVERYBODY, AnnouncementState.RETURNED)
    assert first.code != second.code
    assert kept == [(1, 1, "sent"), (1, 2, "queued")]


DUE = datetime(2026, 11, 30, 4, tzinfo=UTC)
WEEK = timedelta(days=7)
_DIGEST = (
    "INSERT INTO digest (member_id, iso_year, iso_week, period_start, period_end, state, created_at) "
    "VALUES (:n, 2026, :week, :since, :at, 'queued', :at)"
)
_LETTER = (
    "INSERT INTO outbox (member_id, lane, notice, facts, key, silent, state, due_at, attempts, created_at) "
    "VALUES (1, 2, 'digest:issue', '{\"digest\": 3}', 'digest:1:2026-W50', FALSE, 'queued', :at, 0, :at)"
)
_ANNOUNCEMENT = (
    "INSERT INTO announcement (author_id, state, title, text, label, audience, audience_count, digest, submitted_at) "
    "VALUES (1, :state, 'Title', 'Text', 'TLP:GREEN', :meant, 2, '', :at)"
)
_COPY = (
    "INSERT INTO outbox (member_id, lane, notice, facts, subject, silent, state, due_at, attempts, created_at, "
    "settled_at) VALUES (:n, 2, 'announcement:text', '{\"announcement\": 1}', 'announcement:1', FALSE, :state, :at, "
    "0, :at, :settled)"
)


def _differences(connection: Connection) -> list[object]:
    # The engines' own search indexes follow a table of ours, and no model speaks of them.
    ours = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith("document_index")}
    context = MigrationContext.configure(connection, opts=ours)
    return list(compare_metadata(context, Base.metadata))
