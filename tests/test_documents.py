"""The library: sharing in every way people share, what is refused, who sees what, and finding it again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cast import data_of, forges, goes
from story import Person, Stage, buttons, written

from handlers.documents.card import GetFile
from handlers.documents.library import Found
from handlers.presses import OpenDocument
from handlers.prompts import Choose

FILE = {"file_name": "paper.pdf", "mime_type": "application/pdf", "content_b64": "JVBERi0xLjQ="}


async def shares(person: Person, title: str, label: str = "TLP:GREEN", **shared: Any) -> None:
    """Share something and fill the form to the end."""
    await person.sends(**shared)
    await person.sees("What is its title?")
    await person.says(title)
    await person.sees("Who published it?")
    await goes(person, "Skip", "In which year?")
    await goes(person, "Skip", "Which topic")
    await goes(person, "Media and communication", "Traffic Light Protocol")
    await goes(person, label, "Please confirm")
    await goes(person, "Confirm", "read it once more", title)
    await person.taps("Submit")
    shown = await person.sees("Thank you", title)
    assert written(shown).startswith(label)
    assert shown.get("has_protected_content", False) is (label != "TLP:CLEAR")


async def finds(person: Person, words: str, *titles: str) -> None:
    """Search, and see exactly these titles."""
    await person.says(words)
    answer = await person.sees(f"“\u2068{words}\u2069”")
    for title in titles:
        assert title in written(answer), (words, written(answer))
    assert sum(label in "①②③④⑤" for label in buttons(answer)) == len(titles), written(answer)


async def test_everything_people_send_can_be_shared_and_nothing_twice(stage: Stage) -> None:
    member, other = await stage.joined(50), await stage.joined(51, "Other", organisation="Other Institute")
    async with stage.bot():
        await shares(member, "Clear paper", "TLP:CLEAR", text="https://www.Example.org/paper/?utm_source=x&id=7#top")
        await shares(member, "Forwarded paper", text="Look: example.com/a?fbclid=1 (good)", forward_from="A channel")
        await shares(member, "File with a caption", document=FILE, caption="Please see https://example.org/other")
        await shares(member, "By command", text="/share example.net/b")
        await member.says("/share")
        await member.sees("Send the link, or the file itself")
        await member.sends(photo={})
        await member.sees("Please send a web address")
        await member.says("no address at all")
        await member.sees("not a web address", "example.org/paper")
        await member.sends(document={**FILE, "file_name": "run.EXE. "})
        await member.sees("Programs and files with macros")
        await member.says("/cancel")
        await member.sees("Cancelled: Share a document")

        for again in ("http://example.org/paper?id=7&utm_medium=y", "/share EXAMPLE.org:443/paper/?id=7"):
            await other.says(again)
            await other.sees("in the library already", "Clear paper")
        await other.says("/cancel")
        await other.sees("nothing to cancel")
        for refused, answer in (
            ("/share ftp://example.org/a", "not a web address"),
            ("/share https://user:secret@example.org/a", "not a web address"),
            ("/share https://localhost/a", "not a web address"),
            (f"/share https://example.org/{'a' * 2000}", "not a web address"),
        ):
            await other.says(refused)
            await other.sees(answer)
        await other.sends(document={**FILE, "file_name": "macro.docm"})
        await other.sees("Programs and files with macros")
        await other.sends(photo={}, caption="a picture")
        await other.sees("the document as a file")

    assert await stage.rows("SELECT url, url_key FROM document ORDER BY id") == [
        ("https://www.example.org/paper/?id=7", "example.org/paper?id=7"),
        ("https://example.com/a", "example.com/a"),
        (None, None),
        ("https://example.net/b", "example.net/b"),
    ]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_label_is_asked_for_and_what_is_too_high_is_refused_with_guidance(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("https://example.org/paper")
        await member.sees("What is its title?")
        await member.says("A title")
        await member.sees("Who published it?")
        await goes(member, "Skip", "In which year?")
        for year, answer in (("1944", "between 1945 and"), ("next year", "between 1945"), ("９９９９", "between 1945")):
            await member.says(year)
            await member.sees(answer)
        await member.says("2024")
        await member.sees("Which topic")
        asked = await goes(
            member, "Media and communication", "Traffic Light Protocol", "Not carried here: TLP:AMBER+STRICT, TLP:RED"
        )
        assert buttons(asked) == ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "Back", "Cancel"]
        await member.says("tlp red")
        await member.sees("TLP:RED is not carried here", "Deliver it in person")
        await member.says("TLP:AMBER STRICT")
        await member.sees("TLP:AMBER+STRICT is not carried here")
        await member.says("secret & more")
        await member.sees("“secret & more” is not a TLP label")
        await forges(member, Choose(1, "RED"))
        await member.says("tlp: white")
        await member.sees("Please confirm")
        await goes(member, "Confirm", "read it once more")
        await goes(member, "Edit: Label", "Traffic Light Protocol")
        summary = await goes(member, "TLP:AMBER", "read it once more")
        assert written(summary).startswith("TLP:AMBER")
        assert summary["has_protected_content"]
        await member.taps("Submit")
        await member.sees("TLP:AMBER", "Thank you", "A title", "2024")

    assert await stage.rows("SELECT label, year FROM document") == [("TLP:AMBER", 2024)]


async def test_amber_does_not_exist_for_other_organisations(stage: Stage) -> None:
    source = await stage.joined(50, "Source", organisation="Institute A")
    colleague = await stage.joined(51, "Colleague", organisation="institute  a")
    other = await stage.joined(52, "Other", organisation="Institute B")
    async with stage.bot():
        await shares(source, "Draft contact list", "TLP:AMBER", document=FILE)
        token = (await stage.rows("SELECT token FROM document"))[0][0]
        await finds(colleague, "contact", "Draft contact list")
        await colleague.taps("①")
        card = await colleague.sees("Draft contact list", "Shared by", "Institute A")
        assert written(card).startswith("TLP:AMBER")
        assert "Get the file, 1 kB" in buttons(card)
        await colleague.taps("Get the file")
        copy = await colleague.sees("TLP:AMBER", "Draft contact list")
        assert copy["document"]["file_name"] == "paper.pdf"
        assert copy["has_protected_content"]

        await other.says("/start")
        await other.sees("Test network")
        await finds(other, "contact")
        await other.sees("Nothing was found")
        await other.says("/library")
        await other.sees("Nothing is here yet")
        for payload in (f"doc_{token}", "doc_unknown"):
            await other.starts(payload)
            await other.sees("This link does not lead anywhere now")
        for press in (OpenDocument(1), GetFile(1), OpenDocument(2)):
            await forges(other, press)
            await other.sees("There is no such document")
        await forges(other, Found(0, "", "contact"))
        await other.sees("Nothing was found")
        await forges(other, Found(0, "t3", ""))
        await other.sees("Nothing is here. Lift")
        await shares(other, "Our own copy", "TLP:GREEN", document=FILE)
        await finds(source, "copy", "Our own copy")

        await colleague.taps("Get the file")
        await colleague.sees("TLP:AMBER")
    assert all("Draft contact" not in written(m) for m in other.seen.values())


async def test_an_album_opens_one_form_and_a_double_submit_shares_once(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.sends(document=FILE, media_group_id="7")
        await member.sends(document={**FILE, "file_name": "second.pdf"}, media_group_id="7")
        await member.sees("paper.pdf", "What is its title?")
        await member.says("First of two")
        await member.sees("Who published it?")
        await goes(member, "Skip", "In which year?")
        await goes(member, "Skip", "Which topic")
        await goes(member, "Media and communication", "Traffic Light Protocol")
        await goes(member, "TLP:CLEAR", "Please confirm")
        summary = await goes(member, "Confirm", "read it once more")
        press = {"chat": 50, "message_id": summary["message_id"], "data": data_of(summary, "Submit")}
        await asyncio.gather(member.does("press", **press), member.does("press", **press))
        await member.sees("Thank you", "First of two")
        await finds(member, "first", "First of two")

    assert await stage.rows("SELECT title, file_name FROM document") == [("First of two", "paper.pdf")]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_file_above_the_limit_is_refused_before_anything_is_asked(stage: Stage) -> None:
    member = await stage.joined(50)
    file: dict[str, Any] = {
        "file_id": "f",
        "file_unique_id": "u",
        "file_name": "big.pdf",
        "file_size": 20 * 1024**2 + 1,
    }
    message = {"message_id": 900, "date": 0, "chat": {"id": 50, "type": "private"}, "document": file}
    sender = {"id": 50, "is_bot": False, "first_name": "Saltanat"}
    await stage.receives({"update_id": 1, "message": {**message, "from": sender}})
    async with stage.bot():
        await member.sees("larger than 20 MB", "share a link")
