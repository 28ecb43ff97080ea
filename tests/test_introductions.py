"""Introductions: who asks is answered, or reads that there was no answer; a refusal cannot be told from silence."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cast import alters, forges, goes, stands_at
from sqlalchemy import select
from story import Person, Stage, buttons, written

from handlers.introductions.answering import Refuse, Share, Wish
from handlers.presses import AskContact
from storage import access, directory
from storage.members import Category, Member, MemberState

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
WEEK = timedelta(days=7)


async def listed(stage: Stage, *people: str) -> None:
    """Let these members be in the directory and be asked for contact; call it before the bot comes."""
    async with stage.beside() as database, database.transaction() as tx:
        for member_id in await tx.scalars(select(Member.id).where(Member.name.in_(people))):
            viewer = await access.viewer(tx, member_id)
            await directory.tick(tx, viewer, "name", NOW, on=True)
            await directory.tick(tx, viewer, "contact", NOW, on=True)
            await directory.publish(tx, viewer, NOW)


async def finds(person: Person, name: str) -> None:
    await person.says(f"/directory {name}")
    await person.sees("1 entry fits")
    await goes(person, "①", "Can be asked for contact")


async def asks(person: Person, name: str, purpose: str) -> None:
    await finds(person, name)
    await goes(person, "Ask for contact", "Why would you like to be in contact with")
    await person.says(purpose)
    await person.sees("will read this of you", "Reader Demo", "Institute R", "Kazakhstan", purpose)
    await goes(person, "Send", "Your request was sent")


async def transcript(person: Person) -> list[Any]:
    """Return all that stands in a person's chat, as they see it: texts, marks and buttons, in their order."""
    found = await person.control.get(f"/users/{person.id}/chats/{person.id}/messages", after=0)
    return [
        (m["from"]["is_bot"], written(m), m.get("entities"), buttons(m), m["silent"], m["date"])
        for m in found["messages"]
        if not m.get("deleted")
    ]


async def copy_of(person: Person) -> dict[str, Any]:
    await person.says("/mydata")
    message = await person.sees("Everything stored about you")
    path = f"{person.control.url}/sandbox/files/{message['document']['file_id']}"
    async with person.control._session.get(path) as answer:
        return dict(json.loads(await answer.read()))


def masked(copied: dict[str, Any]) -> dict[str, Any]:
    """Return a copy without what differs between any two people: numbers, and what they themselves wrote when."""
    told = json.dumps({table: rows for table, rows in copied.items() if table not in {"inbox", "dialogue"}})
    return dict(json.loads(re.sub(r"\b[0-9a-f]{64}\b|\d+", "0", told)))


async def test_refusal_and_silence_are_the_same_to_who_asks_word_for_word_and_at_the_same_moment(stage: Stage) -> None:
    await stands_at(stage, NOW)
    target = await stage.joined(50, "Target Demo")
    refused = await stage.joined(51, "Reader Demo", organisation="Institute R", category=Category.MEDIA)
    ignored = await stage.joined(52, "Reader Demo", organisation="Institute R", category=Category.MEDIA)
    await listed(stage, "Target Demo")
    await alters(stage, "UPDATE directory_entry SET introduced_at = '2026-01-01 00:00:00+00:00'")  # in no digest
    async with stage.bot():
        for asker in (refused, ignored):
            await asks(asker, "target", "A joint <training>")
        card = await target.sees("Reader Demo", "Institute R", "A joint <training>", "8 December 2026")
        assert buttons(card) == ["Share how to reach me", "Decline", "Decline for good", "Menu"]
        await forges(target, Refuse(1, 1, 0))
        await target.sees("never be asked by", "Reader Demo")
        await goes(target, "Decline for good", "You have declined", "Nobody is told")
        assert await stage.rows("SELECT state FROM introduction ORDER BY id") == [("refused",), ("asked",)]

        await alike(refused, ignored, "open until 8 December 2026")
        for asker in (refused, ignored):
            await finds(asker, "target")
            await goes(asker, "Ask for contact", "Why would")
            await asker.says("Once more")
            await asker.sees("Once more")
            await goes(asker, "Send", "asked this member already")
            await asker.says("/cancel")
            await asker.sees("Cancelled")
        assert await transcript(refused) == await transcript(ignored)

        await stands_at(stage, NOW + WEEK)
        for asker in (refused, ignored):
            await asker.sees("no answer to your request", "Target Demo", "1 December 2026")
        await alike(refused, ignored, "No answer.")
        await stage.settled()
        assert masked(await copy_of(refused)) == masked(await copy_of(ignored))

        for asker in (refused, ignored):
            await asks(asker, "target", "Second <try>")
        await target.sees("Second <try>")
        await alike(refused, ignored, "open until 15 December 2026")
        told = [words for _, words, *_ in await transcript(target) if "Second <try>" in words]
        assert len(told) == 1
        await stands_at(stage, NOW + 2 * WEEK)
        for asker in (refused, ignored):
            await asker.sees("no answer to your request", "8 December 2026")
        await alike(refused, ignored, "No answer.")

        await stage.settled()
        mine = await copy_of(refused)
        assert masked(mine) == masked(await copy_of(ignored))
        assert {"state", "answered_at", "bars", "target_id"} & set(mine["introduction"][0]) == set()
        assert "refused" not in json.dumps(mine)
        assert "withheld" not in json.dumps(mine["introduction"])

    answered = await stage.rows("SELECT actor_id, subject_id, facts FROM audit WHERE event = 'introduction:answered'")
    assert [(actor, asker) for actor, asker, _ in answered] == [(None, 2), (None, 3), (None, 2), (None, 3)]
    assert all("false" in str(facts).lower() for _, _, facts in answered)


async def alike(one: Person, other: Person, standing: str) -> None:
    """Let both look at what they have asked; whatever stands in their chats is the same."""
    for asker in (one, other):
        await asker.says("/directory")
        await asker.sees("Members who chose")
        await goes(asker, "My requests", standing)
    assert await transcript(one) == await transcript(other)


async def test_what_is_shared_is_read_at_once_by_who_asked_and_by_nobody_else(stage: Stage) -> None:
    target = await stage.joined(50, "Target Demo", email="target@example.org")
    asker = await stage.joined(51, "Reader Demo", organisation="Institute R", category=Category.MEDIA)
    other = await stage.joined(52, "Other Demo", category=Category.MEDIA)
    await listed(stage, "Target Demo")
    async with stage.bot():
        await asks(asker, "target", "A joint training")
        await target.sees("A joint training")
        await other.says("/menu")
        await other.sees("Test network")
        for press in (Share(1), Refuse(1, 0, 0), Refuse(1, 1, 1), Wish(1)):
            for outsider in (other, asker):
                await forges(outsider, press)
                await outsider.sees("This request is closed")
        await target.says("/directory")
        await target.sees("Members who chose")
        await goes(target, "Requests to me", "Members who ask")
        await goes(target, "Reader Demo", "A joint training")
        await goes(target, "Share how to reach me", "How can they reach you", "target@example.org")
        await goes(target, "Share my e-mail", "read it once more", "target@example.org")
        await goes(target, "Send", "They can read now")
        await asker.sees("tells you how to reach them", "target@example.org")
        await goes(asker, "My requests", "Shared: \u2068target@example.org")

        await asks(asker, "target", "Another matter")
        await target.sees("Another matter")
        await goes(target, "Share how to reach me", "How can they reach you")
        await target.says("@")
        await target.sees("How can they reach you")
        await target.says("t.me/target <work>")
        await target.sees("read it once more", "t.me/target <work>")
        await goes(target, "Send", "They can read now")
        await asker.sees("t.me/target <work>")
        await forges(target, Refuse(2, 0, 1))
        await target.sees("This request is closed")
        copied = await copy_of(asker)
        assert [row["answer"] for row in copied["introduction"]] == ["target@example.org", "t.me/target <work>"]
    assert await stage.rows("SELECT state, told FROM introduction") == [("shared", True), ("shared", True)]
    assert not [m for m in await transcript(other) if "example.org" in m[1]]
    assert "example.org" not in str(await stage.rows("SELECT facts FROM audit"))


async def test_who_goes_away_meanwhile_has_not_answered_and_nobody_asks_too_much(stage: Stage) -> None:
    await stands_at(stage, NOW)
    names = ["Silent Demo", "Leaving Demo", "Suspended Demo", "Hidden Demo", "Fifth Demo", "Sixth Demo"]
    targets = [await stage.joined(60 + n, name) for n, name in enumerate(names)]
    asker = await stage.joined(51, "Reader Demo", organisation="Institute R", category=Category.JUSTICE)
    await listed(stage, *names, "Reader Demo")
    async with stage.bot():
        for name in names[:5]:
            await asks(asker, name.split()[0], "The same purpose")
        await finds(asker, "sixth")
        await goes(asker, "Ask for contact", "Why would")
        await asker.says("One too many")
        await asker.sees("One too many")
        await goes(asker, "Send", "5 members a day", "in 24 h.")
        await asker.says("/cancel")
        await asker.sees("Cancelled")
        (own,) = (await stage.rows("SELECT number FROM directory_entry WHERE member_id = 7"))[0]
        await forges(asker, AskContact(int(own)))
        await asker.sees("Why would")
        await asker.says("Myself")
        await asker.sees("will read this of you")
        await goes(asker, "Send", "This entry is your own")
        await asker.says("/cancel")
        await asker.sees("Cancelled")

        await targets[1].says("/leave")
        await targets[1].sees("Leave")
        await goes(targets[1], "Leave", "You have left")
        await suspends(stage, "Suspended Demo")
        await targets[3].says("/directory")
        await targets[3].sees("Directory")
        await goes(targets[3], "My entry", "Published since")
        await goes(targets[3], "Take down", "Not published")
        await targets[4].says("/directory")
        await targets[4].sees("Directory")
        await goes(targets[4], "Requests to me", "Members who ask")
        await goes(targets[4], "Reader Demo", "The same purpose")
        await goes(targets[4], "Decline", "Decline the request of", "Reader Demo")
        await goes(targets[4], "Decline", "You have declined")
        await stands_at(stage, NOW + WEEK)
        for name in names[:5]:
            await asker.sees("no answer to your request", name)
    said = [re.sub(r"\w+ Demo", "X", words) for _, words, *_ in await transcript(asker) if "no answer to your" in words]
    assert len(said) == 5
    assert len(set(said)) == 1
    assert await stage.rows("SELECT DISTINCT told FROM introduction") == [(True,)]


async def suspends(stage: Stage, name: str) -> None:
    async with stage.beside() as database, database.transaction() as tx:
        member = await tx.scalar(select(Member).where(Member.name == name))
        assert member is not None
        member.state = MemberState.SUSPENDED


async def test_an_erased_person_leaves_no_request_behind(stage: Stage) -> None:
    target = await stage.joined(50, "Target Demo")
    asker = await stage.joined(51, "Reader Demo", organisation="Institute R", category=Category.JUSTICE)
    await listed(stage, "Target Demo", "Reader Demo")
    async with stage.bot():
        await asks(asker, "target", "A joint training")
        await target.sees("A joint training")
        await asker.says("/erase")
        await asker.sees("Erase everything")
        await goes(asker, "Erase my data", "was erased")
        await target.sees("This request was erased")
        assert not any("Reader Demo" in written(m) for m in target.seen.values() if m["from"]["is_bot"])
        await forges(target, Share(1))
        await target.sees("This request is closed")
    assert await stage.rows("SELECT count(*) FROM introduction") == [(0,)]
    assert await stage.rows("SELECT member_id FROM directory_entry") == [(1,)]
