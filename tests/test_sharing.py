"""Sharing: three presses at most, nothing twice, nothing above its label, and an audience that its source names."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cast import SOAKED, data_of, forges, goes, paper, shares, shelves
from record import calls
from story import Stage, buttons, written

from bot import application
from bot.regrets import Regrets
from handlers.context import Services
from handlers.documents.versions import NewVersion
from handlers.glances import NOTHING_SEEN, Seen
from handlers.prompts import Choose
from storage import access, directory, members
from storage.tlp import Label

FILE = {"file_name": "paper.pdf", "mime_type": "application/pdf", "content_b64": "JVBERi0xLjQ="}
REPORT = Seen(
    "Early  warning in <border> districts", "UNRCCA", 2024, "en ru", "What five countries do.",
    "https://www.example.org/report",
)  # fmt: skip


@dataclass
class Known:
    """Sees what the story says; the first looks fail as often as it says."""

    pages: dict[str, Seen] = field(default_factory=dict)
    files: dict[str, Seen] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    fails: int = 0

    async def page(self, url: str) -> Seen:
        self.looked.append(url)
        if self.fails:
            self.fails -= 1
            raise ConnectionError("the power is gone")
        return self.pages.get(url, NOTHING_SEEN)

    async def file(self, _file_id: str, name: str, _size: int) -> Seen:
        self.looked.append(name)
        return self.files.get(name, NOTHING_SEEN)


@pytest.fixture
def glance(monkeypatch: pytest.MonkeyPatch) -> Known:
    """Let the bot look with eyes that the story opens."""
    known = Known()

    class Seeing(application.Framework):
        def application(self, services: Services, regrets: Regrets) -> Any:
            return super().application(replace(services, glance=known), regrets)

    monkeypatch.setattr(application, "Framework", Seeing)
    return known


async def test_a_link_of_which_everything_is_seen_takes_three_presses(stage: Stage, glance: Known) -> None:
    member = await stage.joined(50)
    glance.pages["https://example.org/r"] = REPORT
    glance.fails = 1  # the look is lost with everything else, and comes again with the press
    async with stage.bot():
        await member.sends(text="See example.org/r", forward_from="A channel")
        await member.sees("example.org/r", "Traffic Light Protocol")
        assert glance.looked == []
        await goes(member, "TLP:GREEN", "3 of 3", "Which topic")
        summary = await goes(member, "Media and communication", "read it once more")
        assert written(summary).startswith("TLP:GREEN")
        mine, seen, topic = written(summary).split("\n\n")[3:6]
        address = "\u2068https://example.org/r\u2069 → \u2068https://www.example.org/report\u2069"
        assert mine == f"You said\nSource: {address}\nLabel: TLP:GREEN\nTopic: Media and communication"
        assert seen.replace("\u2068", "").replace("\u2069", "").splitlines() == [
            "Read behind the link", "Title: Early warning in <border> districts", "Publisher: UNRCCA", "Year: 2024",
            "Languages: English, Русский", "Description: What five countries do.",
        ]  # fmt: skip
        assert topic == "As its topic has it\nPillars: Pillar I: conditions"
        await member.taps("Confirm and share")
        await member.sees("TLP:GREEN", "Thank you", "Early warning in <border> districts")
        assert [c["parameters"]["action"] for c in await calls(stage.control, "sendChatAction")] == ["typing"] * 2
    assert glance.looked == ["https://example.org/r"] * 2
    assert await stage.rows("SELECT title, publisher, year, languages, pillars, description, url FROM document") == [
        ("Early warning in <border> districts", "UNRCCA", 2024, "en ru", "P1", "What five countries do.",
         "https://www.example.org/report"),
    ]  # fmt: skip
    ((facts,),) = await stage.rows("SELECT facts FROM audit WHERE event = 'document:shared'")
    assert '"permission": "confirmed"' in str(facts).replace("'", '"')


@SOAKED
async def test_everything_else_can_be_said_from_the_summary(stage: Stage, glance: Known) -> None:
    member = await stage.joined(50)
    glance.pages["https://example.org/r"] = REPORT
    async with stage.bot():
        await member.says("https://example.org/r")
        await goes(member, "TLP:CLEAR", "Which topic")
        await goes(member, "Media and communication", "read it once more", "Left open: Kind, Country, Other topics")
        await goes(member, "Edit: Title", "Share a document · Title", "What is its title?")
        await member.says("Our own title")
        await member.sees("You said", "Title: \u2068Our own title\u2069\n\nRead behind")
        await goes(member, "Edit: Publisher", "Who published it?")
        await goes(member, "Leave empty", "Left open: Publisher")
        await goes(member, "Edit: Languages", "In which languages")
        for language in ("Русский", "中文", "Тоҷикӣ"):
            await goes(member, language, "In which languages")
        await goes(
            member,
            "Done",
            "Languages: \u2068English\u2069, \u2068中文\u2069, \u2068Тоҷикӣ\u2069",
        )
        for label, asked, answer in (
            ("Kind", "What sort", "Handbook"), ("Country", "about one country", "Tajikistan"),
            ("Comments", "members may comment", "14 days"),
        ):  # fmt: skip
            await goes(member, f"Edit: {label}", asked)
            await goes(member, answer, f"{label}: {answer}")
        for label, asked, ticks in (
            ("Pillars", "Which pillars", ["Capacity", "Prevention"]),
            ("Other topics", "In which other topics", ["Victims of terrorism", "Joint Plan of Action"]),
        ):
            await goes(member, f"Edit: {label}", asked)
            for tick in ticks:
                await goes(member, tick, asked)
            await goes(member, "Done", "read it once more")
        await goes(member, "Edit: In Russian", "What is its title in Russian?")
        await member.says("Наше название")
        await member.sees("In Russian: \u2068Наше название\u2069")
        await goes(member, "Edit: Description", "What is it about")
        await member.says("y" * 601)
        await member.sees("at most 600 characters")
        await goes(member, "Back", "What five countries do")
        await goes(member, "Edit: Source", "Send the link")
        await member.says("https://example.org/other")
        await member.sees(
            "Source: \u2068https://example.org/other\u2069",
            "Title: \u2068Our own title\u2069",
            "Left open: Publisher, Year",
        )
        await member.taps("Confirm and share")
        await member.sees("Thank you", "Our own title")
    told = "title, titles, publisher, year, languages, kind, pillars, country, description, stage, url"
    ((title, titles, *rest),) = await stage.rows(f"SELECT {told} FROM document")  # noqa: S608
    assert (title, "Наше название" in str(titles) or "\\u041d" in str(titles)) == ("Our own title", True)
    assert rest == [None, None, "en zh tg", "handbook", "P3", "TJ", None, "comment", "https://example.org/other"]
    assert await stage.rows("SELECT topic_id FROM document_topic ORDER BY topic_id") == [(1,), (10,)]
    ((until, at),) = await stage.rows("SELECT comments_until, shared_at FROM document")
    lasts = datetime.fromisoformat(str(until)) - datetime.fromisoformat(str(at))
    assert round(lasts / timedelta(days=1), 3) == 14


async def enters_the_directory(stage: Stage, telegram_id: int) -> None:
    now = await stage.now()
    async with stage.beside() as database, database.transaction() as tx:
        member = await members.by_telegram(tx, telegram_id)
        assert member is not None
        viewer = await access.viewer(tx, member.id)
        await directory.tick(tx, viewer, "name", now, on=True)
        await directory.publish(tx, viewer, now)


async def test_amber_is_never_fetched_and_reaches_whom_its_source_names(stage: Stage, glance: Known) -> None:
    source = await stage.joined(50, "Source Demo", organisation="Institute A")
    house = await stage.joined(51, "In a named house", organisation="Бюро по делам Б")
    named = await stage.joined(52, "Gülşat Nusgaýewa", organisation="Elsewhere")
    hidden = await stage.joined(53, "Gulshat Hidden", organisation="Elsewhere")
    await enters_the_directory(stage, 52)
    stage.settings["network"] = {"max_label": "TLP:AMBER+STRICT"}
    async with stage.bot():
        await source.says("https://example.org/secret")
        await source.sees("Traffic Light Protocol")
        await goes(source, "TLP:AMBER", "Whom is it for?", "Institute A")
        await goes(source, "Name others besides", "Write the first letters")
        await source.says("x")
        await source.sees("at least two")
        await source.says("buro")
        asked = await source.sees("Who of them is it for?")
        assert buttons(asked) == ["Бюро по делам Б", "Done", "Back", "Cancel"]
        await goes(source, "Бюро", "Who of them")
        await goes(source, "Back", "Write the first letters")
        await source.says("гульшат")
        asked = await source.sees("Named already: \u2068Бюро по делам Б\u2069", "Who of them is it for?")
        assert buttons(asked) == ["Gülşat Nusgaýewa", "Done", "Back", "Cancel"]
        await goes(source, "Gülşat", "Who of them")
        await goes(source, "Done", "Which topic")
        await goes(source, "Media and communication", "What is its title?")
        await source.says("Draft contact list")
        await source.sees("TLP:AMBER", "Named: \u2068Бюро по делам Б\u2069, \u2068Gülşat Nusgaýewa\u2069")
        await source.taps("Confirm and share")
        await source.sees("Thank you")
        for reader in (house, named):
            await reader.says("D-1")
            await reader.sees("TLP:AMBER", "Draft contact list")
        await hidden.says("D-1")
        await hidden.sees("Nothing was found")
        await shares(hidden, "The same link", "TLP:GREEN", text="https://example.org/secret")

        await source.says("/share this one: https://example.org/strict")
        await source.sees("Not carried here: TLP:RED")
        await goes(source, "TLP:AMBER+STRICT", "Which topic")
        await goes(source, "Media and communication", "What is its title?")
        await source.says("For ourselves")
        await source.sees("TLP:AMBER+STRICT", "Strictly for your organisation")
        await goes(source, "Confirm and share", "TLP:AMBER+STRICT", "Thank you")
        await goes(source, "Back", "Library")
        await house.says("D-3")
        await house.sees("Nothing was found")
    assert glance.looked == ["https://example.org/secret"]


@SOAKED
async def test_a_new_version_may_stand_at_the_address_of_the_old_one(stage: Stage, glance: Known) -> None:
    owner = await stage.joined(50)
    await shelves(stage, 50, replace(paper("The plan", Label.GREEN), url="https://example.org/plan"))
    glance.pages["https://example.org/plan"] = replace(REPORT, title="The plan, updated", url=None)
    async with stage.bot():
        await owner.says("/library")
        await owner.sees("The plan")
        await forges(owner, NewVersion(1))
        await owner.sees("1 of 4", "Send the link, or the file itself")
        await owner.says("It is at https://example.org/plan now")
        await owner.sees("Traffic Light Protocol")
        await goes(owner, "TLP:GREEN", "3 of 3")
        await goes(owner, "Media and communication", "The plan, updated", "It is the new version of D-1")
        await goes(owner, "Confirm and share", "Thank you", "The plan, updated")
    assert await stage.rows("SELECT id, successor_id FROM document ORDER BY id") == [(1, 2), (2, None)]


@SOAKED
async def test_what_is_there_already_opens_and_what_must_not_come_in_does_not(stage: Stage, glance: Known) -> None:
    member = await stage.joined(50)
    await shelves(stage, 50, replace(paper("The report", Label.GREEN), url="https://example.org/report"))
    glance.pages["https://short.example/1"] = replace(REPORT, url="https://www.example.org/report/")
    glance.files["evil.pdf"] = Seen(refused="document:dangerous")
    glance.files["a.pdf"] = glance.files["b.pdf"] = Seen("Read in the file", kind="pdf", sha256="ab" * 32, pages=12)
    async with stage.bot():
        await member.says("https://short.example/1")
        await member.sees("Traffic Light Protocol")
        again = await goes(member, "TLP:CLEAR", "in the library already", "The report")
        assert buttons(again) == ["Open it", "Menu"]
        assert written(again).startswith("TLP:GREEN")
        await goes(member, "Open it", "TLP:GREEN", "The report")
        await member.says("/cancel")
        await member.sees("Cancelled")
        await member.sends(document={**FILE, "file_name": "evil.pdf"})
        await member.sees("Programs and files with macros")
        await member.sends(document={**FILE, "file_name": "a.pdf"})
        await goes(member, "TLP:GREEN", "3 of 3")
        await goes(member, "Media and communication", "Read in the file\nTitle: \u2068Read in the file\u2069")
        await goes(member, "Confirm and share", "Thank you")
        await member.sends(document={**FILE, "file_name": "b.pdf", "content_b64": "JVBERi0xLjU="})
        await member.sees("in the library already", "Read in the file")
    assert await stage.rows("SELECT file_kind, sha256, pages FROM document WHERE id = 2") == [("pdf", "ab" * 32, 12)]
    assert await calls(stage.control, "sendDocument") == []


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


@SOAKED
async def test_a_label_is_asked_for_and_what_is_too_high_is_refused_with_guidance(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("https://example.org/paper")
        asked = await member.sees("Traffic Light Protocol", "Not carried here: TLP:AMBER+STRICT, TLP:RED")
        assert buttons(asked) == ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "Back", "Cancel"]
        await member.says("tlp red")
        await member.sees("TLP:RED is not carried here", "Deliver it in person")
        await member.says("TLP:AMBER STRICT")
        await member.sees("TLP:AMBER+STRICT is not carried here")
        await member.says("secret & more")
        await member.sees("“secret & more” is not a TLP label")
        await forges(member, Choose(1, "RED"))
        await member.says("tlp: white")
        await member.sees("Which topic")
        await goes(member, "Media and communication", "What is its title?")
        await member.says("A title")
        await member.sees("TLP:CLEAR", "read it once more", "TLP:WHITE is a label of TLP 1.0")
        await goes(member, "Edit: Year", "In which year?")
        for year, answer in (("1944", "between 1945 and"), ("next year", "between 1945"), ("９９９９", "between 1945")):
            await member.says(year)
            await member.sees(answer)
        await member.says("2024")
        await member.sees("read it once more", "Year: 2024")
        await goes(member, "Edit: Label", "Traffic Light Protocol")
        await goes(member, "TLP:AMBER", "Whom is it for?", "Demo Institute")
        summary = await goes(
            member, "Keep to my organisation", "read it once more", "Audience: \u2068Demo Institute\u2069 only"
        )
        assert written(summary).startswith("TLP:AMBER")
        assert summary["has_protected_content"]
        await member.taps("Confirm and share")
        await member.sees("TLP:AMBER", "Thank you", "A title", "2024")

    assert await stage.rows("SELECT label, year FROM document") == [("TLP:AMBER", 2024)]


async def test_an_album_opens_one_form_and_a_double_submit_shares_once(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.sends(document=FILE, media_group_id="7")
        await member.sends(document={**FILE, "file_name": "second.pdf"}, media_group_id="7")
        await member.sees("paper.pdf", "Traffic Light Protocol")
        await goes(member, "TLP:CLEAR", "Which topic")
        await goes(member, "Media and communication", "What is its title?")
        await member.says("First of two")
        summary = await member.sees("read it once more", "First of two")
        press = {"chat": 50, "message_id": summary["message_id"], "data": data_of(summary, "Confirm and share")}
        await asyncio.gather(member.does("press", **press), member.does("press", **press))
        await member.sees("Thank you", "First of two")
    assert await stage.rows("SELECT title, file_name FROM document") == [("First of two", "paper.pdf")]


@SOAKED
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
