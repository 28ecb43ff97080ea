"""Vetting: members vouch or object, time passes, reviewers decide within their reach, nobody learns too much."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from cast import administrators, applies, forges, goes
from story import Person, Stage, buttons, written

from handlers.applications.card import Approve, Ask, Claim, Decline, Objections
from handlers.applications.review import Review
from handlers.applications.vouching import Attest, Candidate, Judge, Object
from storage import access, applications, members
from storage.applications import Admission, Attestation, Filled
from storage.consents import Accepted
from storage.database import Database, Transaction
from storage.members import Category, MemberState, Office, Role
from storage.refusals import Refusal

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
VOUCHING = {"vouches": 2, "other_organisation": 1, "objection_days": 7}
KYRGYZSTAN = Office(Role.FOCAL_POINT, country="KG")
KAZAKHSTAN = Office(Role.FOCAL_POINT, country="KZ")


async def newcomer(stage: Stage, telegram_id: int = 50) -> Person:
    return await stage.joined(
        telegram_id, "Account", state=MemberState.VISITOR, organisation_id=None, terms_version=None, joined_at=None
    )


async def passes(stage: Stage, days: float) -> None:
    await stage.control.post("/clock", advance=days * 86400)


async def state_of(stage: Stage, telegram_id: int = 50) -> Any:
    return (await stage.rows(f"SELECT state FROM member WHERE telegram_id = {telegram_id}"))[0][0]  # noqa: S608


async def test_two_vouches_seven_days_and_a_focal_point_make_a_member(stage: Stage) -> None:
    stage.settings["admission"] = VOUCHING
    first, second = await administrators(stage)
    near = await stage.joined(60, "Near Demo", organisation="Demo Institute")
    far = await stage.joined(61, "Far Demo", organisation="Far Institute")
    new = await stage.joined(62, "New Demo", vouches_from=datetime.now(UTC) + timedelta(days=29))
    focal = await stage.joined(63, "Focal Demo", organisation="Ministry", roles=[KYRGYZSTAN])
    other = await stage.joined(64, "Other Demo", organisation="Ministry", roles=[KAZAKHSTAN])
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo", organisation="Demo Institute")
        card = await first.sees("A-1", "Vouches: 0 of 2", "From other organisations: 0 of 1", "Objections until")
        assert buttons(card) == ["Decline", "Ask", "Take"]
        await focal.sees("A-1", "Vouches: 0 of 2")
        asked = await near.sees("Saltanat Demo", "Demo Institute", "Kyrgyzstan", "Do you know them?")
        assert written(asked).count("\n") == 0
        await near.taps("I have worked with them")
        await near.sees("Thank you. You have said: I have worked with them.")
        await first.sees("Near Demo", "has worked with them", "Vouches: 1 of 2", "From other organisations: 0 of 1")
        await goes(second, "I cannot vouch", "Thank you")
        await goes(focal, "I know them by their office", "Thank you")
        await first.sees("Timur Demo", "cannot vouch", "Vouches: 2 of 2", "From other organisations: 1 of 1")
        await forges(first, Approve(1))
        await first.sees("not vetted yet")
        await person.says("/status")
        await person.sees("A-1", "being looked at")

        await passes(stage, 7)
        await person.sees("enough members know you")
        await goes(first, "Approve", "A focal point of the country or organisation has to approve as well")
        await focal.sees("A-1", "Approved so far", "Maral Demo")
        await new.says("/review")
        await new.sees("I do not know that")
        for outsider in (other, far, new):
            await forges(outsider, Approve(1))
            await outsider.sees("no such application any more" if outsider is other else "I do not know that")
        await other.says("/review")
        await other.sees("No application is waiting")
        await goes(focal, "Approve", "A-1", "Approved by", "Focal Demo")
        await person.sees("Welcome to Test network")
        await far.sees("This question about an applicant is closed")

    assert await state_of(stage) == "active"
    assert (await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'vouch:card' AND member_id = 5")) == [(0,)]
    told = await stage.rows("SELECT notice FROM outbox WHERE member_id = 8 AND notice LIKE 'application:%' ORDER BY id")
    assert told == [("application:received",), ("application:vetted",), ("application:approved",)]


async def test_an_objection_is_for_the_secretariat_alone_and_stops_the_clock(stage: Stage) -> None:
    stage.settings["admission"] = {**VOUCHING, "vouches": 1, "other_organisation": 0, "objection_days": 0}
    first, second = await administrators(stage)
    member = await stage.joined(60, "Near Demo", organisation="Near Institute")
    focal = await stage.joined(63, "Focal Demo", organisation="Ministry", roles=[KYRGYZSTAN])
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo", organisation="Demo Institute")
        await member.sees("Do you know them?")
        await member.taps("Object")
        await member.sees("Only the secretariat reads it")
        await member.says("They left that office <years> ago.")
        await member.sees("read it once more", "They left that office <years> ago.")
        await member.taps("Send")
        await member.sees("until then nothing is decided")
        await forges(member, Object(1))
        await member.sees("What speaks against")
        await member.says("Again")
        await member.sees("read it once more")
        await member.taps("Send")
        await member.sees("You have objected already")
        await member.says("/cancel")
        await first.sees("Somebody objects")
        await goes(focal, "I have met them in person", "Thank you")
        held = await focal.sees("A-1", "has met them in person", "Vouches: 1 of 1")
        assert "objection" not in written(held).lower()
        assert "Read objections" not in buttons(held)
        for outsider in (focal, member):
            for press in (Objections(1), Judge(1, 0, 1), Judge(1, 1, 1)):
                await forges(outsider, press)
                await outsider.sees("I do not know that")

        await passes(stage, 30)
        await goes(second, "Read objections", "Near Demo", "They left that office")
        await goes(second, "Dismiss 1", "The objection is dismissed")
        await person.sees("enough members know you")
        assert await state_of(stage) == "vetted"
    assert await stage.rows("SELECT state FROM objection") == [("dismissed",)]


async def test_an_upheld_objection_blocks_for_good_and_looks_like_a_refusal(stage: Stage) -> None:
    stage.settings["admission"] = VOUCHING
    first, second = await administrators(stage)
    member = await stage.joined(60, "Near Demo", organisation="Near Institute")
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo", organisation="Demo Institute")
        for objector in (member, first):
            await objector.sees("Do you know them?")
            await objector.taps("Object")
            await objector.sees("Only the secretariat reads it")
            await objector.says("Not who they say")
            await objector.sees("read it once more")
            await objector.taps("Send")
            await objector.sees("until then nothing is decided")
        await forges(first, Judge(2, 1, 1))
        await first.sees("Nobody decides on their own objection")
        await forges(first, Objections(1))
        await first.sees("Not who they say", "Near Demo", "Maral Demo")
        await goes(first, "Uphold 1", "It blocks them")
        await goes(first, "Uphold it", "the applicant is blocked")
        told = await person.sees("was declined", "could not be confirmed")
        assert "Demo Institute" not in written(told)
        await forges(second, Judge(2, 0, 1))
        await second.sees("has been decided already")
        await person.says("/start apply")
        door = await person.sees("Test network")
        assert "Apply" not in buttons(door)

    assert await state_of(stage) == "blocked"


async def test_an_application_without_vouches_lapses_and_may_be_made_again(stage: Stage) -> None:
    stage.settings["admission"] = VOUCHING
    first, _ = await administrators(stage)
    member = await stage.joined(60, "Near Demo", organisation="Near Institute")
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo", organisation="Demo Institute")
        await member.sees("Do you know them?")
        await passes(stage, 20.9)
        await goes(member, "I have met them in person", "Thank you")
        await passes(stage, 0.2)
        await person.sees("Your application has lapsed", "You may apply again")
        await first.sees("A-1", "Lapsed: not enough members vouched in time")
        await member.sees("This question about an applicant is closed")
        for press in (Attest(1, Attestation.MET), Candidate(1), Object(1)):
            await forges(member, press)
            await member.sees("This question about an applicant is closed")
        await forges(first, Approve(1))
        await first.sees("This application has lapsed")
        await applies(person, "Saltanat Demo", organisation="Demo Institute")
        await member.says("/menu")
        await goes(member, "Vouch for applicants", "Applicants that members are asked about")
        await goes(member, "Saltanat Demo", "Do you know them?")

    assert await stage.rows("SELECT state FROM application ORDER BY id") == [("lapsed",), ("submitted",)]


async def test_a_card_that_is_still_on_its_way_follows_what_happens_meanwhile(stage: Stage) -> None:
    first, second = await administrators(stage)
    person = await newcomer(stage)
    late = {"kind": "accepted_late", "chat_id": 2, "seconds": 2}
    await stage.control.post("/faults", method="sendMessage", times=None, **late)
    async with stage.bot():
        await applies(person, "Saltanat Demo")
        await second.sees("A-1", "Saltanat Demo")
        await goes(first, "Take", "Taken by", "Maral Demo")
        await second.sees("Taken by", "Maral Demo")


async def test_reviewers_claim_ask_and_are_reminded_and_the_answer_stands_on_the_card(stage: Stage) -> None:
    first, second = await administrators(stage)
    approver = await stage.joined(60, "Approver Demo", roles=[Role.APPROVER])
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo")
        await approver.sees("A-1", "Saltanat Demo")
        await goes(approver, "Take", "Taken by", "Approver Demo")
        await first.sees("Taken by", "Approver Demo")
        await forges(first, Claim(1))
        await first.sees("Approver Demo", "has taken this application")
        await approver.taps("Ask")
        await approver.sees("reads it without your name")
        await approver.says("Who is your <head> of unit?")
        await approver.sees("read it once more")
        await approver.taps("Send")
        await approver.sees("A-1", "Asked", "Who is your <head> of unit?")
        asked = await person.sees("The reviewers of your application ask", "Who is your <head> of unit?")
        assert "Approver" not in written(asked)
        await goes(person, "Answer", "Your answer?", "Who is your <head> of unit?")
        await person.sends(sticker={})
        await person.sees("Please send text here")
        await person.says("Ms Example & son")
        await person.sees("read it once more")
        await person.taps("Send")
        await person.sees("The reviewers can read it now")
        await approver.sees("has answered")
        await second.sees("A-1", "Answered", "Ms Example & son")
        await goes(person, "See my application", "A-1")
        await goes(person, "Add a note", "What should the reviewers know")
        await person.says("I moved last week")
        await person.sees("read it once more")
        await person.taps("Send")
        await second.sees("A-1", "Noted", "I moved last week")
        await goes(second, "Read all remarks", "All that was said", "Who is your <head> of unit?", "I moved last week")
        await goes(second, "Back", "A-1", "Noted")
        await goes(approver, "Give back", "A-1")

        for reviewer in (second, approver):
            await reviewer.says("/review")
            await reviewer.sees("Applications that are waiting")
        await passes(stage, 1.9)
        await passes(stage, 0.2)
        for reviewer in (second, approver):
            await reviewer.sees("A-1", "I moved last week")
        await goes(second, "Approve", "Approved by")
        await person.sees("Welcome to Test network")
        for press in (Ask(1), Claim(1), Decline(1)):
            await forges(first, press)
            await first.sees("already been decided", "Timur Demo")


async def test_a_name_that_looks_like_staff_and_a_third_refusal_are_flagged_on_the_card(stage: Stage) -> None:
    first, _ = await administrators(stage)
    await stage.joined(60, "Aidana One", country="KG")
    person = await newcomer(stage)
    async with stage.bot():
        for number, name in enumerate(("Маral Demo", "Demo Марал", "Aidana  One"), 1):
            await applies(person, name)
            flagged = await first.sees(f"A-{number}")
            shown = written(flagged)
            assert ("resembles staff" in shown) == (number < 3), shown
            assert ("different alphabets" in shown) == (number == 1), shown
            assert ("a member of that name" in shown) == (number == 3), shown
            await forges(first, Decline(number))
            await first.sees("Choose a reason")
            await first.taps("Outside the scope")
            await first.sees("read it once more")
            await first.taps("Decline", on="read it once more")
            await person.sees("was declined")
        await applies(person, "Saltanat Demo")
        await first.sees("A-4", "Declined 3 times in a row", "the steering group decides")


async def test_the_list_of_what_waits_pages_and_keeps_to_the_reach(stage: Stage) -> None:
    first, _ = await administrators(stage)
    await stage.joined(63, "Focal Demo", organisation="Ministry", roles=[KAZAKHSTAN])
    focal = stage.people[63]
    async with stage.beside() as database, database.transaction() as tx:
        for number in range(1, 8):
            await _applies(tx, 100 + number, f"Applicant {number}", "KZ" if number == 7 else "KG", Admission(0, 0, 0))
    async with stage.bot():
        await first.says("/review")
        page = await first.sees("Applications that are waiting")
        assert buttons(page)[:5] == [f"A-{n} ✓ Applicant {n}" for n in range(1, 6)]
        await goes(first, "›", "Applications that are waiting")
        await goes(first, "Applicant 7", "A-7", "Kazakhstan")
        await goes(first, "Back", "Applications that are waiting")
        await focal.says("/review")
        page = await focal.sees("Applications that are waiting")
        assert buttons(page) == ["A-7 ✓ Applicant 7", "Menu"]
        await forges(focal, Review(1, 0))
        await focal.sees("no such application any more")


async def _applies(tx: Transaction, telegram_id: int, name: str, country: str, policy: Admission) -> int:
    member = await members.welcome(tx, telegram_id, "en", "UTC", NOW)
    viewer = await access.viewer(tx, member.id)
    filled = Filled(name, f"Institute {telegram_id}", Category.MEDIA, country)
    return (await applications.submit(tx, viewer, filled, Accepted("1", "terms"), policy, NOW)).id


async def _joins(tx: Transaction, telegram_id: int, *roles: Role) -> int:
    member = await members.welcome(tx, telegram_id, "en", "UTC", NOW)
    member.state, member.vouches_from, member.name = MemberState.ACTIVE, NOW, f"Member {telegram_id}"
    member.organisation_id = (await members.organisation(tx, f"Organisation {telegram_id}")).id
    for role in roles:
        await members.give_role(tx, member.id, role, NOW)
    return member.id


async def test_of_two_who_approve_at_once_fifty_times_one_decides_each_time(database: Database) -> None:
    plain = Admission(0, 0, 0)
    async with database.transaction() as tx:
        staff = [await _joins(tx, 1, Role.ADMINISTRATOR), await _joins(tx, 2, Role.APPROVER)]
        waiting = [await _applies(tx, 100 + n, f"Applicant {n}", "KZ", plain) for n in range(50)]

    async def approves(member_id: int, application_id: int) -> str:
        try:
            async with database.transaction() as tx:
                me = await access.viewer(tx, member_id)
                await applications.approve(tx, me, application_id, plain, NOW)
        except Refusal as refusal:
            return refusal.reason
        return "approved"

    for application_id in waiting:
        said = await asyncio.gather(*(approves(member_id, application_id) for member_id in staff))
        assert sorted(said) == ["application:decided", "approved"]

    async with database.reading() as tx:
        people = await members.by_ids(tx, list(range(3, 53)))
    assert {m.state for m in people.values()} == {MemberState.ACTIVE}


async def test_two_vouches_at_once_vet_once(database: Database) -> None:
    policy = Admission(2, 1, 0)
    async with database.transaction() as tx:
        await _joins(tx, 1, Role.ADMINISTRATOR)
        pair = [await _joins(tx, 2), await _joins(tx, 3)]
        waiting = [await _applies(tx, 100 + n, f"Applicant {n}", "KZ", policy) for n in range(20)]

    async def vouches(member_id: int, application_id: int) -> None:
        async with database.transaction() as tx:
            me = await access.viewer(tx, member_id)
            await applications.vouch(tx, me, application_id, Attestation.MET, policy, NOW)

    for application_id in waiting:
        await asyncio.gather(*(vouches(member_id, application_id) for member_id in pair))

    async with database.reading() as tx:
        people = await members.by_ids(tx, list(range(4, 24)))
    assert {m.state for m in people.values()} == {MemberState.VETTED}
