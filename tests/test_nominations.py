"""The ways in by a link: told once, for one person, seventy-two hours; it opens the form and nothing else."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from cast import administrators, alters, fills, forges, goes
from record import everything, replies
from story import Person, Stage, buttons, written

from handlers.nominations.links import Renew, Revoke, ShowLink
from handlers.presses import Begin
from storage.members import MemberState, Office, Role

MEMBERS_ONLY = "This is for members of the network."


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
