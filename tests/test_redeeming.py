"""Links in storage: random, hashed, one person's, void with their sender, and nobody's name after an erasure."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from storage import access, applications, members, nominations, privacy
from storage.applications import Admission, Filled
from storage.audit import AuditRow
from storage.consents import TERMS_VERSION, Accepted
from storage.database import Base, Database, Transaction
from storage.members import Category, MemberState, Office, Role
from storage.nominations import NominationState, Written
from storage.outbox import OutboxRow
from storage.refusals import Refusal

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PERSON = Written("Nominee Note", "Ministry Note", Category.JUSTICE, "KG", "A good reason", "note@example.org")


async def planted(tx: Transaction, *, guests: int) -> tuple[int, list[int]]:
    """Put a focal point and some newcomers in place; return their ids."""
    sender = await members.welcome(tx, 5, "en", "UTC", NOW)
    sender.state, sender.name = MemberState.ACTIVE, "Focal Demo"
    await members.give_role(tx, sender.id, Office(Role.FOCAL_POINT, country="KG"), NOW)
    return sender.id, [(await members.welcome(tx, 100 + n, "en", "UTC", NOW)).id for n in range(guests)]


async def nominated(tx: Transaction, sender: int) -> str:
    return await nominations.nominate(tx, await access.viewer(tx, sender), PERSON, NOW)


async def test_of_fifty_who_open_one_link_at_once_exactly_one_has_it(database: Database) -> None:
    async with database.transaction() as tx:
        sender, guests = await planted(tx, guests=50)
        secret = await nominated(tx, sender)

    async def opens(guest: int) -> bool:
        try:
            async with database.transaction() as tx:
                await nominations.redeem(tx, await access.viewer(tx, guest), secret, NOW)
        except Refusal as refusal:
            return refusal.reason != "nomination:unknown"
        return True

    won = await asyncio.gather(*(opens(guest) for guest in guests))
    assert won.count(True) == 1
    async with database.reading() as tx:
        row = await nominations.by_id(tx, 1)
        assert row is not None
        assert (row.state, row.used_by) == (NominationState.USED, guests[won.index(True)])
        used = select(AuditRow).where(AuditRow.event == "nomination:used")
        assert len(list(await tx.scalars(used))) == 1


async def test_a_link_that_is_opened_and_revoked_at_once_is_one_of_both(database: Database) -> None:
    async with database.transaction() as tx:
        sender, guests = await planted(tx, guests=10)
        secrets = [await nominated(tx, sender) for _ in guests]

    async def tries(number: int, *, opens: bool) -> bool:
        async with database.transaction() as tx:
            try:
                if opens:
                    await nominations.redeem(tx, await access.viewer(tx, guests[number]), secrets[number], NOW)
                else:
                    await nominations.revoke(tx, await access.viewer(tx, sender), number + 1, NOW)
            except Refusal:
                return False
            return True

    deeds = [tries(number, opens=opens) for number in range(len(guests)) for opens in (number % 2 == 0, number % 2 > 0)]
    done = await asyncio.gather(*deeds)
    assert all(sorted(pair) == [False, True] for pair in zip(done[::2], done[1::2], strict=True))


async def test_a_link_is_random_kept_as_a_hash_and_void_with_its_sender_or_their_office(database: Database) -> None:
    async with database.transaction() as tx:
        sender, (guest,) = await planted(tx, guests=1)
        secrets = {await nominated(tx, sender) for _ in range(20)}
        assert {len(secret) for secret in secrets} == {24}  # of 64 signs each: 144 bits
        secret = secrets.pop()
    for change, kept in (
        ({"state": MemberState.SUSPENDED}, False),
        ({"read_only": True}, False),
        ({}, True),
    ):
        async with database.transaction() as tx:
            member = await members.by_id(tx, sender, lock=True)
            for column, value in {"state": MemberState.ACTIVE, "read_only": False, **change}.items():
                setattr(member, column, value)
        assert await opens_form(database, guest, secret) is kept
    async with database.transaction() as tx:
        await members.take_roles(tx, sender)
        await members.give_role(tx, sender, Office(Role.FOCAL_POINT, country="TJ"), NOW)
    assert not await opens_form(database, guest, secret)


async def opens_form(database: Database, guest: int, secret: str, now: datetime = NOW) -> bool:
    """Tell whether a link opens the form, without taking it."""
    async with database.reading() as tx:
        try:
            await nominations.find(tx, await access.viewer(tx, guest), secret, now)
        except Refusal:
            return False
        return True


async def test_erasure_leaves_no_name_in_what_a_person_has_sent_or_used(database: Database) -> None:
    async with database.transaction() as tx:
        sender, (guest, other) = await planted(tx, guests=2)
        used, still_open = await nominated(tx, sender), await nominated(tx, sender)
        await nominations.redeem(tx, await access.viewer(tx, guest), used, NOW)
        taken = await nominated(tx, sender)
        await nominations.redeem(tx, await access.viewer(tx, other), taken, NOW)
        copy = repr(await privacy.copy_of(tx, guest))
        assert "nomination" in copy
        assert "Note" not in copy
        assert "Ministry Note" in repr(await privacy.copy_of(tx, sender))
    async with database.transaction() as tx:
        await privacy.erase(tx, guest, NOW)
    async with database.reading() as tx:
        names = [(await nominations.by_id(tx, n)).name for n in (1, 2, 3)]  # type: ignore[union-attr]
    assert names == ["–", "Nominee Note", "Nominee Note"]
    async with database.transaction() as tx:
        await privacy.erase(tx, sender, NOW)
    async with database.reading() as tx:
        rows = repr((await tx.execute(select(Base.metadata.tables["nomination"]))).all())
    assert "Note" not in rows
    assert "reason" not in rows
    assert not await opens_form(database, other, still_open)


async def test_the_form_refuses_without_a_link_and_old_links_are_swept_and_forgotten(database: Database) -> None:
    closed = Admission(vouches=0, other_organisation=0, objection_days=0, self_application=False)
    filled = Filled("Saltanat Demo", "Demo Institute", Category.MEDIA, "KG", nomination_id=1)
    accepted = Accepted(TERMS_VERSION, "the terms")
    async with database.transaction() as tx:
        sender, (guest, other) = await planted(tx, guests=2)
        secret = await nominated(tx, sender)
        await nominated(tx, sender)
        await nominations.redeem(tx, await access.viewer(tx, guest), secret, NOW)
    async with database.transaction() as tx:
        with pytest.raises(Refusal, match="application:by-invitation"):  # another's link is none
            await applications.submit(tx, await access.viewer(tx, other), filled, accepted, closed, NOW)
    async with database.transaction() as tx:
        await applications.submit(tx, await access.viewer(tx, guest), filled, accepted, closed, NOW)
    assert not await opens_form(database, guest, secret)
    late = NOW + timedelta(hours=72)
    async with database.transaction() as tx:
        await nominations.expire(tx, late)
        await privacy.forget(tx, late + timedelta(days=31))
        rows = list(await tx.scalars(select(nominations.Nomination)))
        told = list(await tx.scalars(select(OutboxRow.notice).where(OutboxRow.member_id == sender)))
    assert [row.id for row in rows] == [1]
    assert "nomination:applied" in told


async def test_the_sender_is_told_that_it_was_decided_and_not_why(database: Database) -> None:
    async with database.transaction() as tx:
        sender, (guest, reviewer) = await planted(tx, guests=2)
        decider = await members.by_id(tx, reviewer)
        assert decider is not None
        decider.state = MemberState.ACTIVE
        await members.give_role(tx, reviewer, Role.ADMINISTRATOR, NOW)
        applicant = await access.viewer(tx, guest)
        row = await nominations.redeem(tx, applicant, await nominated(tx, sender), NOW)
        filled = Filled("Saltanat Demo", "Demo Institute", Category.MEDIA, "KG", nomination_id=row.id)
        await applications.submit(tx, applicant, filled, Accepted(TERMS_VERSION, "the terms"), Admission(), NOW)
        await applications.decline(tx, await access.viewer(tx, reviewer), 1, "own words about them", NOW)
    async with database.reading() as tx:
        told = select(OutboxRow.notice, OutboxRow.facts).where(OutboxRow.notice.startswith("nomination:"))
        rows = [tuple(row) for row in await tx.execute(told.order_by(OutboxRow.id))]
    assert rows == [
        ("nomination:applied", {"nomination": 1}),
        ("nomination:ended", {"nomination": 1, "outcome": "declined"}),
    ]
