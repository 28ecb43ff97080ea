"""Privacy: told before anything is asked, a whole copy, leaving, and an erasure that leaves nothing."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import MEDIA, administrators, goes, paper, shelves
from record import everything
from sqlalchemy import select
from story import Person, Stage, buttons, written

from handlers.applications.review import Approve
from storage import access, applications, members, privacy
from storage.applications import Admission, ApplicationState, Filled
from storage.consents import Accepted
from storage.database import Database
from storage.members import Category, Member, MemberState
from storage.refusals import Refusal
from storage.tlp import Label

TELEGRAM_ID = 7_340_512_998
NOW = datetime(2026, 11, 24, tzinfo=UTC)


async def applies(person: Person) -> None:
    await person.says("/start apply")
    await person.sees("The terms")
    await goes(person, "Accept", "2 of 7")
    await person.says("Perizat Tracewell")
    await person.sees("3 of 7")
    await person.says("Lonely Foundation")
    await person.sees("4 of 7")
    await goes(person, "Media", "5 of 7")
    await goes(person, "Norway", "6 of 7")
    await person.says("perizat@tracewell.example.org")
    await person.sees("7 of 7")
    await person.says("Tracewell studies")
    await person.sees("read it once more")
    await goes(person, "Submit", "was sent")


async def copy_for(person: Person) -> dict[str, list[dict[str, Any]]]:
    await person.says("/mydata")
    message = await person.sees("Everything stored about you")
    assert message["document"]["file_name"] == "my-data.json"
    path = f"{person.control.url}/sandbox/files/{message['document']['file_id']}"
    async with person.control._session.get(path) as answer:
        return dict(json.loads(await answer.read()))


async def test_a_life_in_the_network_can_be_copied_whole_and_erased_without_a_trace(  # noqa: PLR0915 - a whole life
    stage: Stage,
) -> None:
    first, second = await administrators(stage)
    person = await stage.person(TELEGRAM_ID, "Perizat")
    async with stage.bot():
        await person.says("/privacy")
        await person.sees("What is stored", "Why", "Who sees it", "How long", "/mydata", "/erase", "Test network")
        await person.says("/leave")
        await person.sees("You are not a member")
        await person.starts()
        await goes(person, "English", "A community of practitioners")
        await applies(person)
        await first.sees("Perizat Tracewell", "Lonely Foundation")
        await second.sees("Perizat Tracewell")
        await goes(first, "Approve", "Approved by")
        await person.sees("Welcome to Test network")
        await person.says("/topics")
        await person.sees("Topics.")
        await goes(person, "Joint Plan of Action", "You do not follow")
        await goes(person, "Subscribe", "You follow it in your digest")
        await goes(person, "Back", "Topics.")
        await goes(person, "Prevent and combat", "Topics.")
        await goes(person, "Border security", "on request")
        await goes(person, "Ask to join", "You have asked")
        await second.sees("Perizat Tracewell", "asks to join")
        await person.says("https://example.org/paper")
        await goes(person, "TLP:GREEN", "Which topic")
        await goes(person, "Media and communication", "What is its title?")
        await person.says("Half a document of Perizat Tracewell")
        await person.sees("read it once more")

        copied = await copy_for(person)
        assert {"member", "application", "consent", "subscription", "topic_request", "digest_schedule", "dialogue",
                "outbox", "audit", "organisation", "inbox"} == set(copied)  # fmt: skip
        assert copied["member"][0]["telegram_id"] == TELEGRAM_ID
        assert copied["organisation"][0]["name"] == "Lonely Foundation"
        assert copied["application"][0]["name"] == "Perizat Tracewell"
        staff = await copy_for(first)
        assert "Perizat" not in json.dumps(staff)
        assert staff["application"] == [{"id": 1, "decided_by": 1}]

        await person.says("/erase")
        await person.sees("Erase everything about you?")
        assert "Perizat Tracewell" in await everything(stage)
        await goes(person, "Erase my data", "Everything about you was erased")
        for administrator in (first, second):
            await administrator.sees("A-1", "Erased at the applicant's wish")
            await administrator.sees("This request was erased")
            assert not any("Perizat" in written(m) for m in administrator.seen.values() if m["from"]["is_bot"])
        press = {"chat": 1, "message_id": max(first.seen), "data": Approve(1).pack(), "forge": True}
        await first.does("press", **press)
        await first.sees("no such application any more")
        left = await everything(stage)
        for trace in ("Perizat", "Tracewell", "Lonely", str(TELEGRAM_ID)):
            assert trace not in left, trace

        await person.starts()
        await person.sees("choose your language")
        await goes(person, "English", "A community of practitioners")
        await person.says("/status")
        await person.sees("You have not applied yet")


async def test_who_leaves_ends_everything_and_may_come_back(stage: Stage) -> None:
    first, _ = await administrators(stage)
    member = await stage.joined(50, "Leaving", topics=["media"], organisation="Institute A")
    await shelves(stage, 50, paper("A paper that stays", Label.GREEN, topic=MEDIA))
    async with stage.bot():
        await member.says("/digest")
        await member.sees("Your digest")
        await member.says("https://example.org/unfinished")
        await member.sees("Traffic Light Protocol")
        await member.says("/leave")
        await member.sees("Leave Test network?")
        await goes(member, "Leave", "You have left")
        await member.says("anything")
        await member.sees("This is for members of the network")
        await member.says("/leave")
        await member.sees("You are not a member")
        await member.says("/start")
        assert "Apply" in buttons(await member.sees("You have left the network"))
        await goes(member, "Apply", "The terms")
        await first.says("/search stays")
        await first.sees("A paper that stays")
        await first.says("/library")
        await first.sees("A paper that stays")
        await goes(first, "①", "Shared by", "Institute A")

    assert await stage.rows("SELECT count(*) FROM subscription") == [(0,)]
    assert await stage.rows("SELECT count(*) FROM digest_schedule WHERE member_id = 3") == [(0,)]


async def test_of_the_last_two_administrators_who_go_at_once_one_stays(stage: Stage) -> None:
    first, second = await administrators(stage)
    async with stage.bot():
        await first.says("/leave")
        await first.sees("Leave Test network?")
        await second.says("/erase")
        await second.sees("Erase everything about you?")
        await asyncio.gather(first.taps("Leave"), second.taps("Erase my data"))
        await asyncio.gather(first.sees(""), second.sees(""))
        last = (await stage.rows("SELECT telegram_id FROM member WHERE state = 'active'"))[0][0]
        person = first if last == 1 else second
        await person.sees("This is the last administrator")
        for command, button in (("/leave", "Leave"), ("/erase", "Erase my data")):
            await person.says(command)
            await person.sees("?")
            await goes(person, button, "This is the last administrator")

    assert await stage.rows("SELECT count(*) FROM member_role") == [(1,)]


async def test_what_the_notice_promises_to_forget_is_forgotten_in_time(database: Database) -> None:
    async with database.transaction() as tx:
        people = [await members.welcome(tx, 50 + n, "en", "UTC", NOW) for n in range(3)]
        for person in people:
            viewer = await access.viewer(tx, person.id)
            filled = Filled(f"N{person.id}", "Institute", Category.MEDIA, "KZ")
            await applications.submit(tx, viewer, filled, Accepted("1", "terms"), Admission(), NOW)
        await applications.withdraw(tx, people[0].id, NOW)
        for person in people[1:]:
            row = await applications.open_one(tx, person.id)
            assert row is not None
            row.state, person.state, person.name = ApplicationState.APPROVED, MemberState.ACTIVE, f"N{person.id}"
            await privacy.leave(tx, person.id, NOW)
        people[2].state = MemberState.ACTIVE
        await privacy.leave(tx, people[2].id, NOW + timedelta(days=60))
        found = []
        for days in (29, 31, 89, 91, 149, 151):
            await privacy.forget(tx, NOW + timedelta(days=days))
            await tx.flush()
            kept = select(applications.Application.member_id).order_by(applications.Application.id)
            named = select(Member.id).where(Member.name.is_not(None)).order_by(Member.id)
            found.append(([*await tx.scalars(kept)], [*await tx.scalars(named)]))

    assert found == [
        ([1, 2, 3], [2, 3]), ([2, 3], [2, 3]), ([2, 3], [2, 3]), ([3], [3]), ([3], [3]), ([], []),
    ]  # fmt: skip


async def test_an_organisation_is_forgotten_with_its_last_trace_only(database: Database) -> None:
    async with database.transaction() as tx:
        shared = await members.organisation(tx, "Shared Institute")
        alone = await members.organisation(tx, "Alone Institute")
        for telegram_id, organisation in ((1, shared), (2, shared), (3, alone)):
            member = await members.welcome(tx, telegram_id, "en", "UTC", NOW)
            member.organisation_id = organisation.id
        await privacy.erase(tx, 1, NOW)
        await privacy.erase(tx, 3, NOW)
        left = await members.organisation_names(tx, [shared.id, alone.id])
        with pytest.raises(Refusal, match="access:denied"):
            await privacy.erase(tx, 99, NOW)

    assert left == {shared.id: "Shared Institute"}
