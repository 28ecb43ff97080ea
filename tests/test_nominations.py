"""The ways in by a link: told once, for one person, seventy-two hours; it opens the form and nothing else."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import administrators, alters, fills, forges, goes
from record import replies
from sqlalchemy import select
from story import Person, Stage, buttons, written

from handlers.nominations.links import Renew, Revoke, ShowLink
from handlers.presses import Begin
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
MEMBERS_ONLY = "This is for members of the network."
SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
PERSON = Written("Nominee Note", "Ministry Note", Category.JUSTICE, "KG", "A good reason", "note@example.org")


def link_in(message: dict[str, Any]) -> str:
    """Return the payload of the link that a screen tells."""
    found = re.search(r"https://t\.me/network_test_bot\?start=(in_[\w-]+)", written(message))
    assert found is not None, written(message)
    return found[1]


async def newcomer(stage: Stage, telegram_id: int, **facts: Any) -> Person:
    return await stage.joined(telegram_id, f"Account {telegram_id}", **{"state": MemberState.VISITOR, **facts})


async def nominates(person: Person) -> str:
    """Fill the form of a nomination to the end and return the payload of its link."""
    await person.says("/nominate")
    await person.sees("1 of 6", "Whom do you nominate?")
    for words, then in (("Nominee Note", "2 of 6"), ("Ministry Note", "3 of 6")):
        await person.says(words)
        await person.sees(then)
    await goes(person, "Justice", "4 of 6", "The country they work in?")
    await goes(person, "Kyrgyzstan", "5 of 6", "Why do you nominate them?")
    await person.says("A good reason")
    await person.sees("6 of 6")
    await person.says("note@example.org")
    await person.sees("read it once more", "Nominee Note", "Ministry Note", "A good reason")
    return link_in(await goes(person, "Make the link", "The link for", "Nominee Note", "It works once"))


async def invites(person: Person, name: str) -> str:
    await person.says("/invite")
    await person.sees("Whom do you invite?")
    await person.says(name)
    await person.sees("read it once more", name)
    return link_in(await goes(person, "Make the link", "The link for", name))


async def everything(stage: Stage) -> str:
    """Return every value of every column of every table, as one text."""
    database = Database(stage.storage_url)
    try:
        async with database.reading() as tx:
            return repr([(await tx.execute(select(table))).all() for table in Base.metadata.sorted_tables])
    finally:
        await database.close()


async def test_a_nomination_opens_the_form_for_one_of_several_and_its_sender_learns_the_outcome(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    first, _ = await administrators(stage)
    focal = await stage.joined(5, "Focal Demo", roles=[Office(Role.FOCAL_POINT, country="KG")])
    people = [await newcomer(stage, 60 + n) for n in range(4)]
    async with stage.bot():
        payload = await nominates(focal)
        assert payload.removeprefix("in_") not in await everything(stage)
        await asyncio.gather(*(person.starts(payload) for person in people))
        seen = [await person.sees("") for person in people]
        (winner,) = [person for person, shown in zip(people, seen, strict=True) if "1 of 7" in written(shown)]
        others = [written(shown) for shown in seen if "1 of 7" not in written(shown)]
        assert len(others) == len(people) - 1
        assert all(MEMBERS_ONLY in words for words in others)
        await winner.taps("Accept")
        await winner.sees("2 of 7")
        await winner.starts(payload)
        await winner.sees("2 of 7")  # opened again, it goes on where it was
        await winner.taps("Back")
        await winner.sees("1 of 7")
        await fills(winner, "Saltanat Demo", organisation="Demo Institute")
        await focal.sees("Nominee Note", "has applied by your link")
        await winner.starts(payload)
        await winner.sees(MEMBERS_ONLY)
        await first.sees("A-1", "Nominated by", "Focal Demo", "Nominee Note")
        await first.taps("Approve")
        await winner.sees("Welcome to Test network")
        told = await focal.sees("Nominee Note", "is a member now")
        assert buttons(told) == ["My links", "Menu"]
        await goes(focal, "My links", "My links", "Nominee Note", "used on")
        read = await replies(winner)
        assert not [m for m in winner.seen.values() if "Note" in written(m) or "good reason" in written(m)], read

    assert await stage.rows("SELECT state, used_by = (SELECT id FROM member WHERE telegram_id = :t) FROM nomination",
                            t=winner.id) == [("used", True)]  # fmt: skip
    assert await stage.rows("SELECT notice, count(*) FROM outbox WHERE notice LIKE 'nomination:%' GROUP BY notice "
                            "ORDER BY notice") == [("nomination:applied", 1), ("nomination:ended", 1)]  # fmt: skip
    assert await stage.rows("SELECT event FROM audit WHERE event LIKE 'nomination:%' ORDER BY id") == [
        ("nomination:made",), ("nomination:used",),
    ]  # fmt: skip
    assert payload.removeprefix("in_") not in await everything(stage)
    logged = "".join(capfd.readouterr())
    assert '"ready"' in logged
    assert payload.removeprefix("in_") not in logged


@SQLITE
async def test_who_nominates_reaches_their_country_or_organisation_and_administrators_everything(stage: Stage) -> None:
    first, _ = await administrators(stage)
    both = {"topics": [], "organisation": "Institute A"}
    country = await stage.joined(5, "Of Country", roles=[Office(Role.FOCAL_POINT, country="KG")], **both)
    ((number,),) = await stage.rows("SELECT id FROM organisation WHERE name = 'Institute A'")
    office = Office(Role.FOCAL_POINT, organisation_id=number)
    own = await stage.joined(6, "Of Organisation", roles=[office], **both)
    plain = await stage.joined(7, "Plain")
    async with stage.bot():
        await plain.says("/nominate")
        await plain.sees("I do not know that")
        for person, begins in ((country, "Border Agency"), (first, "Border Agency"), (own, "Another one")):
            await person.says("/nominate")
            await person.sees("1 of 6")
            await person.says("Somebody")
            await person.sees("2 of 6")
            await person.says(begins)
        await country.sees("3 of 6")
        refused = await own.sees("Please press one of the buttons", "2 of 6")
        assert buttons(refused)[0] == "Institute A"
        await goes(own, "Institute A", "3 of 6")
        offered = {}
        for person in (country, first, own):
            await goes(person, "Media", "4 of 6")
            offered[person.id] = buttons(await person.sees("4 of 6"))[:-2]
        assert offered[country.id] == ["Kyrgyzstan"]
        assert len(offered[first.id]) > 10
        assert offered[own.id] == offered[first.id]
        await goes(first, "Norway", "5 of 6")
        for person, label in ((country, "Kyrgyzstan"), (own, "Norway"), (first, "")):
            if label:
                await goes(person, label, "5 of 6")
            await person.says("Because")
            await person.sees("6 of 6")
            await goes(person, "Skip", "read it once more")
        await alters(stage, "UPDATE member_role SET country = 'TJ' WHERE country = 'KG'")
        await goes(country, "Make the link", "within your own country or organisation only")
        await goes(own, "Make the link", "The link for")
        await goes(first, "Make the link", "The link for")
    assert await stage.rows("SELECT organisation, country FROM nomination ORDER BY by_id") == [
        ("Border Agency", "NO"), ("Institute A", "NO"),
    ]  # fmt: skip


async def touches_anothers_link(other: Person) -> None:
    await other.says("/menu")
    await other.sees("Test network")
    for press in (ShowLink(1), Revoke(1, 0), Revoke(1, 1), Renew(1)):
        await forges(other, press)
        await other.sees("There is no such link of yours")


@SQLITE
async def test_a_member_has_five_open_invitations_revokes_one_and_makes_another_link(stage: Stage) -> None:
    await administrators(stage)
    sender, other = await stage.joined(50, "Sender Demo"), await stage.joined(51, "Other Demo")
    guests = [await newcomer(stage, 60 + n) for n in range(3)]
    async with stage.bot():
        lost, *_, revoked = [await invites(sender, f"Guest No. {n}") for n in range(1, 6)]
        await sender.says("/invite")
        assert buttons(await sender.sees("You have 5 open invitations")) == ["My links", "Menu"]
        await forges(sender, Begin("invitation"))
        await sender.sees("1 of 1")
        await sender.says("Guest No. 6")
        await sender.sees("read it once more")
        await goes(sender, "Make the link", "You have 5 open invitations")
        await sender.says("/cancel")
        await sender.sees("Cancelled")
        await sender.says("/menu")
        await goes(sender, "Invite or nominate", "My links", "1. ", "Guest No. 5", "open until")
        await goes(sender, "Open 1", "Guest No. 5")
        await goes(sender, "Revoke the link", "Revoke the link for", "Guest No. 5", "open nothing any more")
        await goes(sender, "Revoke the link", "The link is revoked")
        await forges(sender, Revoke(5, 1))
        await sender.sees("not open any more")
        await forges(sender, Renew(5))
        await sender.sees("not open any more")
        await invites(sender, "Guest No. 6")
        page = await goes(sender, "My links", "1. ", "Guest No. 6", "Guest No. 2")
        assert "1/2" in buttons(page)
        await goes(sender, "›", "Guest No. 1")
        await goes(sender, "Open 1", "Guest No. 1", "A new link makes the old one void")
        await sender.taps("Make a new link")
        again = link_in(await sender.sees("The link for", "Guest No. 1"))
        await touches_anothers_link(other)
        answers = [
            written((await replies(guests[0], guests[0].says(f"/start {payload}")))[0])
            for payload in (lost, revoked, "in_unknown", "in_", "in_%%", "doc_x")
        ]
        assert len(set(answers)) == 1
        assert MEMBERS_ONLY in answers[0]
        await stage.control.post("/clock", advance=72 * 3600 + 5)
        await guests[1].starts(again)
        await guests[1].sees(MEMBERS_ONLY)
        await sender.says("/invite")
        await sender.sees("Whom do you invite?")  # the old ones have expired
        await sender.says("/cancel")
        await sender.sees("Cancelled")
        await forges(sender, Renew(2))
        fresh = link_in(await sender.sees("The link for", "Guest No. 2"))
        await guests[1].starts(fresh)
        await guests[1].sees("1 of 7")
        await sender.says("/menu")
        await goes(sender, "Invite or nominate", "expired on", "revoked", "used on")
    states = [state for (state,) in await stage.rows("SELECT state FROM nomination ORDER BY id")]
    assert states == ["expired", "used", "expired", "expired", "revoked", "expired"]


@SQLITE
async def test_without_applications_by_oneself_only_a_link_opens_the_form_in_the_chosen_language(stage: Stage) -> None:
    stage.settings["admission"] = {"self_application": False}
    await administrators(stage)
    sender = await stage.joined(50, "Sender Demo")
    declined = await stage.joined(61, "Declined", state=MemberState.DECLINED)
    invited, stranger = await stage.person(60), await stage.person(62)
    async with stage.bot():
        payload = await invites(sender, "Guest Note")
        for person in (stranger, declined):
            await person.starts("apply")
            if person is stranger:
                await goes(person, "English", "A community of practitioners")
            door = await person.sees("Only who was nominated or invited", "One joins by nomination or invitation")
            assert "Apply" not in buttons(door)
            await forges(person, Begin("application"))
            await person.sees("Only who was nominated or invited")
            await person.says("/status")
            assert "Apply" not in buttons(await person.sees("appl"))
            await person.says("/topics")
            assert "Apply" not in buttons(await person.sees(MEMBERS_ONLY))
        await invited.starts(payload)
        await invited.sees("choose your language")
        await goes(invited, "Русский", "1 из 7")
        await invited.starts()
        await goes(invited, "Подать заявку", "1 из 7")
        await goes(invited, "Принять", "2 из 7")
        await invited.says("/language")
        await goes(invited, "English", "Test network")
        await goes(invited, "Apply", "2 of 7")
        await goes(invited, "Back", "1 of 7")
        await fills(invited, "Saltanat Demo", organisation="Demo Institute")
        await sender.sees("Guest Note", "has applied")
        await invited.says("/status")
        await goes(invited, "Withdraw it", "Withdraw your application?")
        await goes(invited, "Withdraw it", "was withdrawn")
        await sender.sees("Guest Note", "ended without a decision")
        await invited.starts(payload)
        await invited.sees(MEMBERS_ONLY)
    assert await stage.rows("SELECT state FROM application") == [("withdrawn",)]


@SQLITE
async def test_who_may_not_apply_does_not_use_a_link_up_and_one_who_has_left_sends_none(stage: Stage) -> None:
    await administrators(stage)
    sender = await stage.joined(50, "Sender Demo")
    states = (MemberState.ACTIVE, MemberState.NOMINATED, MemberState.SUSPENDED, MemberState.BLOCKED)
    outside = [await stage.joined(70 + n, f"Account {n}", state=state) for n, state in enumerate(states)]
    guest, late = await newcomer(stage, 60), await newcomer(stage, 61)
    async with stage.bot():
        payload, void = await invites(sender, "Guest Note"), await invites(sender, "Second Note")
        for person in outside:
            answers = await replies(person, *(person.starts(p) for p in (payload, "in_unknown", "ev_unknown")))
            assert len({written(answer) for answer in answers}) == 1
        await guest.starts("apply")
        await guest.sees("1 of 7")
        await goes(guest, "Accept", "2 of 7")
        await guest.starts(payload)
        await guest.sees("2 of 7")  # what was answered before is kept
        await sender.says("/leave")
        await goes(sender, "Leave", "You have left")
        await late.starts(void)
        await late.sees(MEMBERS_ONLY)
    assert await stage.rows("SELECT state FROM nomination ORDER BY id") == [("used",), ("revoked",)]


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
