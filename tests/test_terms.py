"""Terms: what was accepted is kept to the letter, newer ones are asked for once, and who waits too long only reads."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from cast import administrators, alters, applies, forges, goes, stands_at
from story import Person, Stage, buttons, written

from handlers.context import Policy
from handlers.language import Say
from handlers.terms import Accept, terms
from storage.consents import TERMS_VERSION
from storage.members import MemberState, Office, Role

NOW = datetime(2026, 12, 8, tzinfo=UTC)
GRACE = timedelta(days=14)
FIRST = "Please accept the new terms first"


def of_bot(person: Person, words: str) -> list[dict[str, Any]]:
    return [m for m in person.seen.values() if m["from"]["is_bot"] and words in written(m)]


class _Named:
    network = "Test network"


def digest(language: str) -> str:
    policy: Policy = _Named()  # type: ignore[assignment]
    return hashlib.sha256(terms(Say(language), policy).encode()).hexdigest()


async def test_newer_terms_are_asked_for_once_and_who_waits_too_long_only_reads(stage: Stage) -> None:
    await stands_at(stage, NOW)
    old = {"terms_version": "0", "vouches_from": NOW - GRACE, "language": "en"}
    chief = await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR], **old)
    member = await stage.joined(50, "Reader", roles=[Office(Role.MODERATOR, topic_id=3)], **old)
    prompt = await stage.joined(51, "Prompt", **{**old, "language": "ru"})
    async with stage.bot():
        await prompt.sees("Условия изменились")
        await goes(prompt, "Принять", "Спасибо")
        await member.sees("The terms have changed", "within 14 days", "version 1")
        await stands_at(stage, NOW + GRACE - timedelta(hours=1))
        await member.says("/menu")
        assert "Share a document" in buttons(await member.sees("Send a link"))
        await stands_at(stage, NOW + GRACE)
        await member.sees("you can only read until you do")
        await chief.sees("you can only read until you do")
        await member.says("/library")
        await member.sees("Library")
        for refused in ("/share", "https://example.org/paper"):
            await member.says(refused)
            await member.sees(FIRST)
        for refused in ("/review", "/announce"):
            await chief.says(refused)
            await chief.sees(FIRST)
        await chief.says("/menu")
        shown = buttons(await chief.sees("Send a link"))
        assert not {"Announce", "Review applications", "Confirm posts", "Vouch for applicants"} & set(shown)
        await forges(member, Accept("0"))
        await member.sees("out of date")
        await member.says("/status")
        assert "Accept" in buttons(await member.sees("You are a member", "version 1"))
        await goes(member, "Accept", "The terms are accepted")
        await member.says("/share")
        await member.sees("Send the link")
        await stands_at(stage, NOW + 3 * GRACE)
        await member.says("/cancel")
        await member.sees("Cancelled")

    assert len(of_bot(member, "The terms have changed")) == 1
    assert len(of_bot(member, "You have not accepted the new terms")) == 1
    assert await stage.rows(
        "SELECT m.telegram_id, c.version, c.sha256, c.language FROM consent c JOIN member m ON m.id = c.member_id "
        "ORDER BY m.telegram_id"
    ) == [(50, TERMS_VERSION, digest("en"), "en"), (51, TERMS_VERSION, digest("ru"), "ru")]
    given = await stage.rows("SELECT given_at FROM consent ORDER BY id")
    assert [str(at)[:16] for (at,) in given] == ["2026-12-08 00:00", "2026-12-22 00:00"]
    assert await stage.rows("SELECT read_only FROM member WHERE telegram_id IN (1, 50) ORDER BY telegram_id") in (
        [(1,), (0,)], [(True,), (False,)],
    )  # fmt: skip


async def test_who_is_approved_while_the_terms_change_accepts_them_before_they_belong(stage: Stage) -> None:
    administrator, _ = await administrators(stage)
    person = await stage.joined(60, "Account", state=MemberState.VISITOR, organisation_id=None, terms_version=None)
    stranger = await stage.joined(61, "Stranger", state=MemberState.VISITOR, organisation_id=None, terms_version=None)
    async with stage.bot():
        await applies(person, "Saltanat Demo")
        await alters(stage, "UPDATE member SET terms_version = '0' WHERE telegram_id = 60")
        await administrator.sees("A-1")
        await administrator.taps("Approve")
        await person.sees("Your application was approved. The terms have changed meanwhile")
        assert await stage.rows("SELECT state FROM member WHERE telegram_id = 60") == [("approved",)]
        await person.says("/library")
        await person.sees("Accept the terms to become a member")
        await person.says("/status")
        assert "Accept" in buttons(await person.sees("Your application was approved", "version 1"))
        await goes(person, "Accept", "Welcome to Test network")
        await person.says("/digest")
        await person.sees("Your digest")
        await stranger.says("/start")
        await stranger.sees("A community of practitioners")
        await forges(stranger, Accept(TERMS_VERSION))
        await stranger.sees("This is for members of the network")

    assert await stage.rows("SELECT state FROM member WHERE telegram_id = 60") == [("active",)]
    scheduled = "SELECT count(*) FROM digest_schedule s JOIN member m ON m.id = s.member_id WHERE m.telegram_id = 60"
    assert await stage.rows(scheduled) == [(1,)]
