"""Onboarding: a newcomer applies, administrators decide together or against each other, everybody is told once."""

from __future__ import annotations

import asyncio

import pytest
from cast import administrators, applies, data_of, forges
from story import Person, Stage, buttons, written

from handlers.applications.card import Approve, Decline
from handlers.applications.vouching import Attest, Candidate, Object
from handlers.prompts import Go
from storage.applications import Attestation
from storage.members import MemberState


async def newcomer(stage: Stage) -> Person:
    return await stage.joined(50, "Account", state=MemberState.VISITOR, organisation_id=None)


async def test_two_administrators_decide_at_once_and_the_second_is_told_who_decided(stage: Stage) -> None:
    first, second = await administrators(stage)
    member, person = await stage.joined(60), await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo")
        await member.says("/menu")
        await member.sees("Test network")
        for press in (Candidate(1), Attest(1, Attestation.MET), Object(1)):
            await forges(member, press)  # nobody asks members where admission is plain review
            await member.sees("This question about an applicant is closed")
        for administrator in (first, second):
            card = await administrator.sees("A-1", "Saltanat Demo", "Demo Institute, unit <b>7</b>", "Media")
            assert buttons(card) == ["Approve", "Decline", "Ask", "Take"]
        await asyncio.gather(first.taps("Approve"), second.taps("Approve"))
        await person.sees("Welcome to Test network")
        await first.sees("A-1", "Approved by")
        await second.sees("A-1", "Approved by")
        (decider,) = (await stage.rows("SELECT m.name FROM application a JOIN member m ON m.id = a.decided_by"))[0]
        late = second if decider == "Maral Demo" else first
        await late.sees("already been decided", decider)

        await forges(late, Decline(1))
        await late.sees("already been decided", decider)
        await forges(first, Approve(99))
        await first.sees("no such application any more")
        await person.says("/status")
        await person.sees("You are a member")
        await person.says("/start apply")
        await person.sees("Send a link or a file")

    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'application:approved'") == [(1,)]
    assert await stage.rows(
        "SELECT event FROM audit WHERE subject_id = (SELECT max(id) FROM member) ORDER BY id"
    ) == [
        ("terms:accepted",), ("application:submitted",), ("application:vetted",), ("application:voted",),
        ("application:approved",), ("member:activated",),
    ]  # fmt: skip
    assert await stage.rows(
        "SELECT m.state, m.name, o.name, m.country, m.zone FROM member m "
        "JOIN organisation o ON o.id = m.organisation_id WHERE m.telegram_id = 50"
    ) == [("active", "Saltanat Demo", "Demo Institute, unit <b>7</b>", "KG", "Asia/Bishkek")]
    assert await stage.rows("SELECT count(*) FROM digest_schedule s JOIN member m ON m.id = s.member_id") != [(0,)]


async def test_declined_twice_withdrawn_once_and_applied_again_each_time(stage: Stage) -> None:
    first, second = await administrators(stage)
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Aidana One")
        await first.sees("A-1")
        await first.taps("Decline")
        await first.sees("Choose a reason or write your own")
        await first.says("Please <write> from your office address & sign.")
        await first.sees("read it once more", "Please <write> from")
        await second.sees("A-1")
        await first.taps("Decline", on="read it once more")
        await first.sees("A-1", "Declined by", "Maral Demo")
        await second.sees("A-1", "Declined by", "Maral Demo")
        told = await person.sees("was declined", "Please <write> from your office address & sign.")
        assert "Maral" not in written(told)

        await applies(person, "Aidana Two")
        await second.sees("A-2", "Aidana Two")
        await second.taps("Decline", on="A-2")
        await second.sees("Choose a reason")
        await second.taps("Could not be confirmed")
        await second.sees("read it once more")
        await second.taps("Decline", on="read it once more")
        await person.sees("was declined", "your affiliation could not be confirmed")

        await applies(person, "Aidana Three")
        await first.sees("A-3")
        await person.says("/status")
        await person.sees("A-3", "waits for the reviewers' decision")
        await person.taps("Withdraw it")
        await person.sees("Withdraw your application?")
        await person.taps("Withdraw it", on="Withdraw your")
        await person.sees("was withdrawn")
        card = await first.sees("A-3", "Withdrawn by the applicant")
        assert buttons(card) == []
        await forges(first, Approve(3))
        await first.sees("The applicant has withdrawn this application")
        await first.says("/review")
        await first.sees("No application is waiting")

    assert await stage.rows("SELECT state FROM application ORDER BY id") == [
        ("declined",), ("declined",), ("withdrawn",),
    ]  # fmt: skip
    assert await stage.rows("SELECT count(*) FROM consent") == [(3,)]
    assert await stage.rows("SELECT state FROM member WHERE telegram_id = 50") == [("visitor",)]


async def test_with_two_approvals_needed_each_administrator_counts_once(stage: Stage) -> None:
    stage.settings["admission"] = {"approvals": 2}
    first, second = await administrators(stage)
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo")
        await first.sees("Approvals: 0 of 2")
        await first.taps("Approve")
        await first.sees("Approvals: 1 of 2")
        await second.sees("Approvals: 1 of 2")
        await forges(first, Approve(1))
        await first.sees("You have approved this application already")
        assert await stage.rows("SELECT state FROM member WHERE telegram_id = 50") == [("vetted",)]
        await second.taps("Approve")
        await person.sees("Welcome to Test network")
        await first.sees("Approved by", "Timur Demo")


async def test_whoever_declines_too_late_sees_who_was_quicker(stage: Stage) -> None:
    first, second = await administrators(stage)
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo")
        await first.sees("A-1")
        await second.says("/review")
        await second.sees("Applications that are waiting")
        await second.taps("A-1 ✓ Saltanat Demo")
        await second.sees("A-1", "Kyrgyzstan")
        await second.taps("Decline", on="A-1")
        await second.sees("Choose a reason")
        await second.taps("Not now")
        await second.sees("read it once more")
        await first.taps("Approve")
        await person.sees("Welcome to Test network")
        await second.taps("Decline", on="read it once more")
        await second.sees("A-1", "Approved by", "Maral Demo")
        await second.says("/cancel")
        await second.sees("nothing to cancel")

    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'application:declined'") == [(0,)]


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_a_withdrawal_and_an_approval_at_once_leave_one_of_them_standing(stage: Stage) -> None:
    first, _ = await administrators(stage)
    person = await newcomer(stage)
    async with stage.bot():
        await applies(person, "Saltanat Demo")
        await first.sees("A-1")
        await person.says("/status")
        await person.sees("A-1")
        await person.taps("Withdraw it")
        await person.sees("Withdraw your application?")
        await asyncio.gather(person.taps("Withdraw it", on="Withdraw your"), first.taps("Approve"))
        await first.sees("A-1", " by ")
        state = (await stage.rows("SELECT state FROM application"))[0][0]
        await person.sees("was withdrawn" if state == "withdrawn" else "Welcome to Test network")

    expected = {"withdrawn": "visitor", "approved": "active"}[state]
    assert await stage.rows("SELECT state FROM member WHERE telegram_id = 50") == [(expected,)]


async def test_double_taps_and_old_buttons_send_one_application(stage: Stage) -> None:
    first, _ = await administrators(stage)
    person = await newcomer(stage)
    async with stage.bot():
        await person.says("/start apply")
        await person.sees("The terms")
        await person.says("I accept")
        await person.sees("Please press one of the buttons", "The terms")
        await person.taps("Accept")
        await person.sees("2 of 7")
        for answer, refusal in (
            ("x" * 121, "at most 120 characters"),
            ("x" * 4096, "at most 120 characters"),
            ("…", "at least one letter"),
        ):
            await person.says(answer)
            await person.sees(refusal)
        await person.sends(sticker={})
        await person.sees("Please send text here")
        await person.says("Saltanat Demo")
        await person.sees("3 of 7")
        await person.says("Institute")
        await person.sees("4 of 7")
        await person.taps("Media")
        await person.sees("5 of 7")
        await person.says("Atlantis")
        await person.sees("Please press one of the buttons", "5 of 7")
        await person.taps("Kyrgyzstan")
        await person.sees("6 of 7", "e-mail")
        for answer in ("nobody", "a@b", "a b@example.org"):
            await person.says(answer)
            await person.sees("That is no e-mail address", "6 of 7")
        await person.says("saltanat@example.org")
        await person.sees("7 of 7")
        await person.says("Media training")
        await person.sees("read it once more")
        summary = next(m for m in person.seen.values() if "read it once more" in written(m))
        press = {"chat": person.chat, "message_id": summary["message_id"], "data": data_of(summary, "Submit")}
        await asyncio.gather(person.does("press", **press), person.does("press", **press))
        await person.sees("A-1", "was sent")
        await forges(person, Go(1, "submit"))
        await person.says("/status")
        await person.sees("A-1", "waits for the reviewers")
        await first.sees("A-1", "Media training", "saltanat@example.org")

    assert await stage.rows("SELECT count(*) FROM application") == [(1,)]
    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'application:received'") == [(1,)]
