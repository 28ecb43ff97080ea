"""The profile: a member reads what is known of them, changes some of it at once and some with others' consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cast import administrators, alters, forges, goes, stands_at
from story import Person, Stage, buttons, written

from handlers.profile.card import SetClock
from storage.members import MemberState, Office, Role

NOW = datetime(2026, 12, 6, tzinfo=UTC)


async def edits(person: Person, what: str, to: str, *seen: str) -> dict[str, Any]:
    """Open the form of the post from the profile and change one answer."""
    await person.says("/profile")
    await person.sees("My profile")
    await goes(person, "Change name or post", "This is what is known of you")
    await person.taps(f"Edit: {what}")
    await person.sees("of 4")
    await (person.taps(to) if what == "Country" else person.says(to))
    return await person.sees(*seen)


async def state(stage: Stage, telegram_id: int = 50) -> Any:
    rows = await stage.rows("SELECT state FROM member WHERE telegram_id = :telegram_id", telegram_id=telegram_id)
    return rows[0][0]


async def due(stage: Stage) -> str:
    """Return when the member's next digest is due, in UTC."""
    scheduled = "SELECT next_due_at FROM digest_schedule s JOIN member m ON m.id = s.member_id"
    return str((await stage.rows(f"{scheduled} WHERE m.telegram_id = 50"))[0][0])[:16]


async def test_a_new_post_waits_for_one_vouch_and_a_reviewer_and_roles_end(stage: Stage) -> None:
    await stands_at(stage, NOW)
    stage.settings["admission"] = {"vouches": 2, "other_organisation": 1, "objection_days": 7}
    administrator, _ = await administrators(stage)
    known = NOW - timedelta(days=90)
    colleague = await stage.joined(60, "Colleague", vouches_from=known)
    member = await stage.joined(50, roles=[Office(Role.MODERATOR, topic_id=3)], topics=["media"], vouches_from=known)
    async with stage.bot():
        await member.says("/digest")
        await member.sees("Almaty", "7 December 2026, 09:00")
        await member.says("/profile")
        about = await member.sees(
            "Saltanat Demo", "Demo Institute", "Academia", "Kazakhstan", "Almaty (UTC+5)", "English"
        )
        assert "Role: moderator, \u2068Media and communication\u2069" in written(about)
        await edits(
            member, "Organisation", "Ministry of Examples", "another post", "until a member vouches", "roles end"
        )
        await goes(member, "Edit: Country", "of 4")
        await goes(member, "Kyrgyzstan", "another post", "Kyrgyzstan")
        await goes(member, "Submit", "A-1", "who knows you in your new post")
        assert await state(stage) == "vetted"
        await member.says("/library")
        await member.sees("This is for members of the network")
        await member.says("/status")
        assert "Withdraw it" in buttons(await member.sees("Change of post A-1"))

        card = await administrator.sees("Change of post A-1", "Ministry of Examples", "Kyrgyzstan")
        assert "Approve" not in buttons(card)
        await colleague.sees("Ministry of Examples", "Do you know them?")
        await colleague.says("/menu")
        await colleague.sees("Send a link")
        await goes(colleague, "Vouch for applicants", "Do you know them?")
        await goes(colleague, "Saltanat Demo", "Ministry of Examples")
        await goes(colleague, "I have worked with them", "Thank you")
        await administrator.taps("Approve", on="A-1")
        await member.sees("Your new post was confirmed")
        await goes(member, "Open the menu", "Send a link")
        await member.says("/digest")
        await member.sees("Bishkek", "7 December 2026, 09:00")

    assert await stage.rows(
        "SELECT m.state, o.name, m.country, m.zone FROM member m JOIN organisation o ON o.id = m.organisation_id "
        "WHERE m.telegram_id = 50"
    ) == [("active", "Ministry of Examples", "KG", "Asia/Bishkek")]
    assert await stage.rows("SELECT count(*) FROM member_role WHERE role = 'moderator'") == [(0,)]
    assert await due(stage) == "2026-12-07 03:00"


async def test_a_correction_of_a_name_keeps_the_membership_and_asks_no_member(stage: Stage) -> None:
    stage.settings["admission"] = {"vouches": 2, "other_organisation": 1, "objection_days": 7}
    administrator, _ = await administrators(stage)
    colleague = await stage.joined(60, "Colleague", vouches_from=NOW - timedelta(days=90))
    member = await stage.joined(50, "Saltanat Dmo", roles=[Office(Role.MODERATOR, topic_id=3)])
    async with stage.bot():
        await edits(member, "Name", "Saltanat Demo", "A reviewer confirms this correction", "You stay a member")
        await goes(member, "Submit", "A-1", "You stay a member meanwhile")
        await administrator.sees("Correction of a profile A-1", "Saltanat Demo")
        await goes(administrator, "Ask", "What would you like to know?")
        await administrator.says("Is it in your passport?")
        await administrator.sees("read it once more")
        await administrator.taps("Send")
        await member.sees("Is it in your passport?")
        await goes(member, "Answer", "Your answer?")
        await member.says("It is")
        await member.sees("read it once more")
        await goes(member, "Send", "The reviewers can read it now")
        await administrator.taps("Approve", on="It is")
        await member.sees("The change of your profile was confirmed")
        await goes(member, "My profile", "Saltanat Demo", "Role: moderator")
        await edits(member, "Name", "Somebody Else", "A reviewer confirms this correction")
        await goes(member, "Submit", "A-2")
        await member.says("/status")
        await member.sees("You are a member", "Correction of a profile A-2")
        await goes(member, "Withdraw it", "Take the correction of your profile back?")
        await member.taps("Withdraw it", on="Take the correction")
        await member.sees("Nothing has changed")
        await colleague.says("/status")
        await colleague.sees("You are a member")

    assert await stage.rows("SELECT state, name FROM member WHERE telegram_id = 50") == [("active", "Saltanat Demo")]
    assert await stage.rows("SELECT state, kind FROM application ORDER BY id") == [
        ("approved", "correction"), ("withdrawn", "correction"),
    ]  # fmt: skip
    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'vouch:card'") == [(0,)]


async def test_a_new_post_can_be_taken_back_or_declined(stage: Stage) -> None:
    administrator, _ = await administrators(stage)
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/profile")
        await member.sees("My profile")
        await goes(member, "Change name or post", "This is what is known of you")
        await goes(member, "Submit", "Nothing has changed, so nothing was sent")
        await member.says("/profile")
        await member.sees("My profile")
        await goes(member, "Change name or post", "This is what is known of you")
        await member.says("/cancel")
        await member.sees("Cancelled: Name and post")
        await edits(member, "Country", "Turkmenistan", "another post", "until a reviewer approves")
        await goes(member, "Submit", "A-1", "A reviewer decides")
        await member.says("/status")
        await goes(member, "Withdraw it", "Take the change of your post back?")
        await member.taps("Withdraw it", on="Take the change")
        await member.sees("You are a member as before")
        assert await state(stage) == "active"
        await administrator.sees("A-1", "Withdrawn by the applicant")

        await edits(member, "Organisation", "Another Institute", "another post")
        await goes(member, "Submit", "A-2")
        await administrator.sees("A-2")
        await administrator.taps("Decline", on="A-2")
        await administrator.sees("Choose a reason")
        await administrator.taps("Could not be confirmed")
        await administrator.sees("read it once more")
        await administrator.taps("Decline", on="read it once more")
        await member.sees("The change of your post was not confirmed", "your affiliation could not be confirmed")

    assert await state(stage) == "declined"
    assert await stage.rows("SELECT count(*) FROM digest_schedule s JOIN member m ON m.id = s.member_id "
                            "WHERE m.telegram_id = 50") == [(0,)]  # fmt: skip


async def test_e_mail_and_time_zone_change_at_once_and_the_digest_follows(stage: Stage) -> None:
    await stands_at(stage, NOW)
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/settings")
        await member.sees("What would you like to change?")
        await goes(member, "My profile", "E-mail: \u2068–\u2069", "Member since")
        await goes(member, "Change e-mail", "Your e-mail address at work?")
        await member.says("no address")
        await member.sees("That is no e-mail address")
        await member.says("saltanat@example.org")
        await member.sees("My profile", "saltanat@example.org")
        await goes(member, "Change e-mail", "Your e-mail address at work?")
        await goes(member, "Skip", "E-mail: \u2068–\u2069")
        await goes(member, "Change time zone", "Which clock do you live by?")
        assert {"✓ Kazakhstan (UTC+5)", "Iran (UTC+3:30)"} <= set(buttons(max(member.seen.values(), key=_newest)))
        await goes(member, "Iran", "My profile", "Tehran (UTC+3:30)")
        assert await due(stage) == "2026-12-07 05:30"
        await goes(member, "Change time zone", "Which clock do you live by?")
        await goes(member, "Name another city", "Which city's clock")
        await member.says("Atlantis")
        await member.sees("No time zone is called after this city")
        await member.says("new york")
        await member.sees("My profile", "New York (UTC−5)")
        assert await due(stage) == "2026-12-07 14:00"
        await forges(member, SetClock("Etc/UTC"))
        await member.sees("out of date")
        await member.says("/language")
        await member.sees("choose your language")
        await goes(member, "Русский", "Пришлите ссылку")
        await member.says("/profile")
        await goes(member, "Изменить часовой пояс", "По какому времени")
        await goes(member, "Назвать другой город", "какого города")
        await member.says("цюрих")
        await member.sees("Мой профиль", "Цюрих (UTC+1)")

    assert await stage.rows("SELECT email, zone FROM member WHERE telegram_id = 50") == [(None, "Europe/Zurich")]


def _newest(message: dict[str, Any]) -> int:
    return int(message["change"])


async def test_who_did_not_confirm_in_time_may_still_tell_of_a_new_post(stage: Stage) -> None:
    await stands_at(stage, NOW)
    administrator, _ = await administrators(stage)
    late = {"state": MemberState.SUSPENDED, "state_reason": "validation", "state_since": NOW}
    moved = await stage.joined(50, "Moved", **late)
    renamed = await stage.joined(51, "Renmed", **late)
    barred = await stage.joined(52, "Barred", **{**late, "state_reason": "complaint"})
    async with stage.bot():
        await moved.says("/start")
        await goes(moved, "See my membership", "until you confirm")
        await goes(moved, "Change my post", "This is what is known of you")
        await moved.taps("Edit: Organisation")
        await moved.sees("of 4")
        await moved.says("Another Institute")
        await moved.sees("another post")
        await goes(moved, "Submit", "A-1")
        await administrator.sees("Change of post A-1")
        await administrator.taps("Approve", on="A-1")
        await moved.sees("Your new post was confirmed")
        await edits(renamed, "Name", "Renamed", "A reviewer confirms this correction")
        await renamed.taps("Submit")
        await renamed.sees("Your post is confirmed")
        await alters(stage, "UPDATE member SET state_reason = 'validation' WHERE telegram_id = 52")
        await barred.says("/profile")
        await goes(barred, "Change name or post", "This is what is known of you")
        await barred.taps("Edit: Name")
        await barred.sees("of 4")
        await barred.says("Free")
        await barred.sees("A reviewer confirms")
        await alters(stage, "UPDATE member SET state_reason = 'complaint' WHERE telegram_id = 52")
        await goes(barred, "Submit", "The secretariat has suspended your membership")

    assert [await state(stage, n) for n in (50, 51, 52)] == ["active", "active", "suspended"]
