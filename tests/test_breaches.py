"""Breaches: all administrators read of one at once, and what it names is seen by nobody else until they decide."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from cast import MEDIA, administrators, alters, goes, paper, shelves, stands_at
from gatherings import inside
from moderators import TUESDAY, everybody, forges, holds, reports, speaks
from record import comes, written_in
from story import Person, Stage, buttons, written

from handlers.documents.card import GetFile
from handlers.moderation.breach_card import Judge
from handlers.presses import OpenDocument, ReportBreach
from storage.moderation import Pointer
from storage.tlp import Label

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def reports_breach(person: Person, named: str | None, *seen: str, words: str = "It is not ours to share") -> None:
    """Fill the form by command and send it."""
    await person.says("/breach")
    await person.sees("What is it about?", "frozen at once")
    await (person.says(named) if named else person.taps("Skip"))
    await person.sees("What happened?")
    await person.says(words)
    await person.sees("Report a breach", words, "with your name", *seen)
    await goes(person, "Submit", "Thank you. All administrators read it now")


async def test_a_breach_in_a_post_freezes_it_at_once_and_administrators_give_it_back(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group, thread, said = await speaks(stage, cast, "A list of names", cast.reader)
        await cast.follower.sees("A list of names")
        address = f"https://t.me/c/{str(group)[4:]}/{thread}/{said['message_id']}"
        await reports_breach(cast.reader, address, "a post in “Media and communication”: ", "A list of names")
        words = ("TLP:GREEN", "A breach is reported", "Reader Demo", "It is not ours to share", "Saltanat Demo",
                 "A list of names", "It is frozen")  # fmt: skip
        for administrator in (cast.first, cast.second):
            card = await administrator.sees(*words)
            assert card["has_protected_content"]
            assert not card["silent"]
        await comes(stage.control, "deleteMessage", chat_id=group, message_id=said["message_id"])
        told = await cast.author.sees("A breach was reported", "your post in “Media and communication”")
        assert "Reader" not in written(told)
        await cast.follower.sees("is hidden")
        await forges(cast.lead, Judge(1, 0))
        await cast.lead.sees("I do not know that")

        await asyncio.gather(cast.first.taps("Release it"), cast.second.taps("Release it"))
        await cast.reader.sees("Your breach report", "released what was frozen")
        await cast.author.sees("have found no breach and released", "your post in")
        by = (await stage.rows("SELECT m.name FROM breach b JOIN member m ON m.id = b.decided_by"))[0][0]
        await (cast.second if by == "Maral Demo" else cast.first).sees("This has already been decided, by", by)
        for administrator in (cast.first, cast.second):
            await administrator.sees("A breach is reported", "Unfrozen by", by)
        await holds(stage, "SELECT state FROM post", "published")
        back = await inside(cast.reader, group).sees("A list of names", "Saltanat Demo")
        assert back["message_thread_id"] == thread
    events = "SELECT event FROM audit WHERE event LIKE 'breach:%' OR event LIKE 'post:%' ORDER BY id"
    assert [event for (event,) in await stage.rows(events)] == ["breach:reported", "post:hidden", "breach:released"]
    assert "names" not in str(await stage.rows("SELECT facts FROM audit"))


async def test_a_breach_by_a_document_takes_it_from_everybody_but_administrators(stage: Stage) -> None:
    await stands_at(stage, datetime.fromisoformat(TUESDAY))
    first, second = await administrators(stage)
    sharer = await stage.joined(50, "Saltanat Demo", topics=["media"])
    reader = await stage.joined(51, "Reader Demo", topics=["media"])
    await shelves(stage, 50, paper("A leaked paper", Label.GREEN, topic=MEDIA), paper("Another one", topic=MEDIA))
    (token,) = (await stage.rows("SELECT token FROM document WHERE id = 1"))[0]
    async with stage.bot():
        await forges(reader, OpenDocument(1))
        await reader.sees("A leaked paper")
        await goes(reader, "Report", "What is wrong with", "it must not be here at all")
        await goes(reader, "Report a breach", "What happened?")
        await reader.says("It was lost by its owner")
        await reader.sees("document D-1", "A leaked paper", "It was lost")
        await goes(reader, "Submit", "Thank you. All administrators", "frozen until then")
        for administrator in (first, second):
            await administrator.sees("A breach is reported", "D-1", "Saltanat Demo", "A leaked paper", "It was lost")
        await sharer.sees("A breach was reported", "your document “", "A leaked paper")

        for person in (reader, sharer):
            for press in (OpenDocument(1), GetFile(1), ReportBreach("document", 1)):
                await forges(person, press)
                expected = "What happened?" if isinstance(press, ReportBreach) else "There is no such document"
                await person.sees(expected)
            await person.says("/cancel")
            await person.sees("Cancelled")
            await person.starts(f"doc_{token}")
            await person.sees("This link does not lead anywhere now")
            await person.says("/search leaked")
            await person.sees("Nothing was found")
            await person.says("/library")
            assert "leaked" not in written(await person.sees("Another one"))
        await reader.says("/share https://border.example.org/A%20leaked%20paper")
        await reader.sees("This is not carried here at present")
        await first.says("/search leaked")
        await first.sees("A leaked paper")
        await goes(first, "①", "A leaked paper", "Frozen since 24 November 2026")

        await goes(second, "Remove it for good", "Removed for good by")
        await first.sees("Removed for good by", "Timur Demo")
        await reader.sees("Your breach report", "have removed what it was about")
        told = await sharer.sees("removed because of a breach", "A leaked paper", "write to an administrator")
        assert "Reader" not in written(told)
        await forges(reader, OpenDocument(1))
        await reader.sees("There is no such document")

        await reports_breach(reader, "D-2", "document D-2", "Another one", words="By mistake")
        await first.sees("Another one", "By mistake")
        await goes(first, "Release it", "Unfrozen by")
        await sharer.sees("found no breach and released", "Another one")
        await reader.says("/search another")
        await reader.sees("Another one")
    events = "SELECT event FROM audit WHERE event LIKE 'document:%' ORDER BY id"
    assert [event for (event,) in await stage.rows(events)][2:] == [
        "document:frozen", "document:withdrawn", "document:frozen", "document:released",
    ]  # fmt: skip


@SQLITE
async def test_a_frozen_document_is_in_no_digest(stage: Stage) -> None:
    first, _ = await administrators(stage)
    reader = await stage.joined(51, "Reader Demo", topics=["media"])
    await shelves(stage, 1, paper("A leaked paper", topic=MEDIA), paper("A good paper", topic=MEDIA))
    await alters(stage, "UPDATE document SET frozen_at = :now WHERE id = 1", now="2026-11-24 06:00:00")
    await alters(stage, "INSERT INTO subscription (member_id, topic_id, level, since) VALUES (1, 3, 'digest', :now)",
                 now="2026-11-24 06:00:00")  # fmt: skip
    async with stage.bot():
        for person in (first, reader):
            await person.says("/digest")
            await person.sees("Your digest")
            assert "leaked" not in written(await goes(person, "Preview", "A good paper"))


@SQLITE
async def test_a_breach_without_an_item_is_read_and_closed(stage: Stage) -> None:
    first, second = await administrators(stage)
    member = await stage.joined(50, "Saltanat Demo")
    async with stage.bot():
        await member.says("/breach")
        await member.sees("What is it about?")
        await member.says("the thing from yesterday")
        await member.sees("I cannot read this")
        await member.says("/cancel")
        await member.sees("Cancelled")
        await reports_breach(member, None, "nothing that I know", words="Somebody showed our list in a lecture")
        card = await first.sees("A breach is reported", "in a lecture", "It names no post and no document")
        assert buttons(card) == ["Close the case"]
        await goes(first, "Close the case", "Closed by")
        await second.sees("Closed by", "Maral Demo")
        await member.sees("Your breach report", "closed the case")
        await reports_breach(member, "https://t.me/c/1234567/89", "nothing that I know")
        await second.sees("Address: https://t.me/c/1234567/89")
        await forges(member, ReportBreach("member", 1))
        await member.sees("out of date")


@SQLITE
async def test_a_reply_in_a_group_freezes_without_a_word_there(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group, thread, said = await speaks(stage, cast, "A list of names", cast.reader)
        there = inside(cast.reader, group)
        await there.looks()
        command = await there.sends(text="/breach", reply_to=said["message_id"], message_thread_id=thread)
        await cast.reader.sees("All administrators read it now", "what you replied to is frozen")
        await cast.first.sees("A breach is reported", "Reader Demo", "A list of names")
        for message in (said, command):
            await comes(stage.control, "deleteMessage", chat_id=group, message_id=message["message_id"])
        assert not [m for m in await written_in(cast.reader, group) if "rivate" in written(m) or "breach" in written(m)]
        await goes(cast.first, "Remove it for good", "Removed for good by")
        await cast.author.sees("removed because of a breach")
        await cast.follower.sees("was removed by the moderators")
    assert await stage.rows("SELECT state FROM post") == [("removed",)]


@SQLITE
async def test_a_forwarded_message_names_its_post(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group, _, said = await speaks(stage, cast, "A list of names", cast.reader)
        await cast.reader.says("/breach")
        await cast.reader.sees("What is it about?")
        await inside(cast.reader, group).does("forward", chat=group, message_id=said["message_id"], to=51)
        await cast.reader.sees("What happened?")
        await cast.reader.says("Not ours")
        await cast.reader.sees("a post in “Media and communication”", "A list of names")


@SQLITE
async def test_reports_and_a_breach_of_one_post_do_not_undo_each_other(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group, thread, said = await speaks(stage, cast, "A list of names")
        address = f"https://t.me/c/{str(group)[4:]}/{thread}/{said['message_id']}"
        await reports(cast.reader, "personal data")
        await cast.lead.sees("Reported by 1 member")
        await reports_breach(cast.point, address, "A list of names")
        await cast.first.sees("A breach is reported", "A list of names")
        await goes(cast.lead, "Keep it", "Kept by")
        await cast.reader.sees("kept it")
        assert await stage.rows("SELECT state FROM post") == [("hidden",)]
        await goes(cast.first, "Release it", "Unfrozen by")
        await holds(stage, "SELECT state FROM post", "published")

        await reports(cast.reader, "off topic")
        await cast.lead.sees("Reported by 1 member: off topic (1)")
        await forges(cast.point, ReportBreach("post", 1))
        await cast.point.sees("What happened?")
        await cast.point.says("Once more")
        await cast.point.sees("A list of names", "Once more")
        await goes(cast.point, "Submit", "Thank you")
        await cast.second.sees("A breach is reported", "Once more")
        await goes(cast.second, "Remove it for good", "Removed for good")
        await cast.lead.sees("Removed by", "Timur Demo", "operational or classified")
        await cast.reader.sees("Thank you for your report: the post was removed")
    assert await stage.rows("SELECT state FROM review ORDER BY id") == [("kept",), ("removed",)]
    assert await stage.rows("SELECT state FROM post") == [("removed",)]


async def test_an_erased_reporter_leaves_a_case_without_name_and_words(stage: Stage) -> None:
    first, second = await administrators(stage)
    sharer = await stage.joined(50, "Saltanat Demo")
    reader = await stage.joined(51, "Reader Demo")
    await shelves(stage, 50, paper("A leaked paper", topic=MEDIA))
    async with stage.bot():
        await reports_breach(reader, "D-1", words="Said by Reader")
        await first.sees("Reader Demo", "Said by Reader")
        await second.sees("Reader Demo")
        await reader.says("/erase")
        await reader.sees("Erase everything about you?")
        await goes(reader, "Erase my data", "was erased")
        for administrator in (first, second):
            await administrator.sees("A breach is reported", "somebody whose data was erased", "A leaked paper")
            assert [m for m in await written_in(administrator, administrator.id) if "Reader" in written(m)] == []
        await goes(first, "Release it", "Unfrozen by")
        await sharer.sees("found no breach and released")
    assert await stage.rows("SELECT member_id, words, state FROM breach") == [(None, None, "released")]


@pytest.mark.parametrize(
    ("written", "pointer"),
    [
        ("https://t.me/c/1000007/12/34", Pointer(chat=-1001000007, message=34)),
        ("t.me/c/1000007/34?single", Pointer(chat=-1001000007, message=34)),
        ("https://t.me/Network_Forum/12/34?thread=12", Pointer(chat="network_forum", message=34)),
        ("https://telegram.me/network_forum/34", Pointer(chat="network_forum", message=34)),
        ("https://t.me/network_bot?start=doc_aB-c_9", Pointer(token="aB-c_9")),
        ("doc_aB-c_9", Pointer(token="aB-c_9")),
        ("d-12", Pointer(document=12)),
        ("Д12", Pointer(document=12)),
        ("https://example.org/c/1/2", None),
        ("https://t.me/network_bot", None),
        ("", None),
    ],
)
def test_what_is_pasted_is_read_as_people_copy_it(written: str, pointer: Pointer | None) -> None:
    assert Pointer.read(written) == pointer
