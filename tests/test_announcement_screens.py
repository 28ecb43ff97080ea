"""What people see of announcements and press where they should not: drafts of others, old buttons, odd times."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import announcers
import pytest
from announced import announces
from cast import administrators, alters, forges, goes, stands_at
from story import Person, Stage, buttons, written

from handlers.announcements.acknowledging import OpenCopy
from handlers.announcements.attaching import AddMedia
from handlers.announcements.chase import ChaseNames
from handlers.announcements.files import chart_of
from handlers.announcements.presses import (
    Acknowledge,
    ChooseLabel,
    Correct,
    OpenDraft,
    OpenFiles,
    OpenReport,
    Preview,
    Retract,
    ShowMedia,
    Vote,
)
from handlers.announcements.release import SeeAs
from handlers.announcements.revising import Reword
from handlers.announcements.times import SetTime
from handlers.announcements.voting import OpenVotes
from handlers.buttons import Press
from handlers.language import Say
from storage import privacy
from storage.announcements import Acknowledged, Announcement, Grouping
from storage.tlp import Label

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
MONDAY = datetime(2026, 12, 7, 4, tzinfo=UTC)


async def is_refused(person: Person, press: Press, words: str) -> None:
    await forges(person, press)
    await person.sees(words)


@SQLITE
async def test_settings_open_beside_an_announcement_that_stays(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo")
    async with stage.bot():
        await announces(stage, author, "Stays here")
        had = await reader.sees("Stays here")
        settings = await goes(reader, "Settings", "What would you like to change?")
        await reader.looks()
        assert settings["message_id"] != had["message_id"]
        assert "Stays here" in written(reader.seen[had["message_id"]])


@SQLITE
async def test_a_draft_is_its_author_s_alone_whatever_is_pressed(stage: Stage) -> None:
    author, second = await administrators(stage)
    poll = json.dumps({"question": "Secretly?", "options": ["A", "B"], "several": False, "anonymous": True})
    presses: list[Press] = [
        SeeAs(1, ""), SeeAs(1, "en"), ShowMedia(1), OpenReport(1), OpenFiles(1), OpenVotes(1), Correct(1, "en"),
        Reword(1, "en"), Retract(1), ChooseLabel(1), AddMedia(1), Preview(1, "en"), OpenDraft(1),
    ]  # fmt: skip
    async with stage.bot():
        await announcers.composes(author, "Not yet for you", text="Secret words")
        await alters(stage, "UPDATE announcement SET poll = :poll", poll=poll)
        await second.says("/broadcasts")
        await second.sees("Nothing was announced yet.")
        for press in presses:
            await is_refused(second, press, "somebody else’s draft")
        await forges(author, OpenDraft(1))
        await goes(author, "Discard", "The draft was discarded.")
        await author.says("/broadcasts")
        await author.sees("Nothing was announced yet.")

    assert not any(word in second.transcript() for word in ("Not yet", "Secret"))


@SQLITE
async def test_a_card_says_no_words_that_are_being_changed_and_is_found_again_in_the_list(stage: Stage) -> None:
    author, second = await administrators(stage)
    stage.settings["announcements"] = {"two_person_above": 0}
    async with stage.bot():
        await announcers.composes(author, "Before")
        await goes(author, "Send", "waits for a second administrator")
        await second.sees("asks you to release this announcement")
        await second.says("/broadcasts")
        await second.sees("N-1: waits for a second administrator")
        shown = await goes(second, "N-1 · Before", "N-1: waits for a second administrator")
        assert buttons(shown) == ["Look at it and decide", "Back"]
        assert written(shown).startswith("TLP:GREEN")
        shown = await goes(second, "Look at it and decide", "asks you to release this announcement")
        assert "Release" in buttons(shown)
        await goes(author, "Edit", "Draft N-1")
        await goes(author, "Urgent", "Urgent: Before")
        card = await second.sees("Its author has taken it back to change it.")
        assert "Before" not in written(card)


@SQLITE
async def test_labels_are_explained_as_announcements_have_them_and_stand_on_every_title(stage: Stage) -> None:
    author, _ = await administrators(stage)
    await stage.joined(50, "Reader Demo", organisation="Amber House")
    async with stage.bot():
        await author.says("/announce")
        await goes(author, "English", "title of the announcement")
        await author.says("Inside")
        await author.sees("The text?")
        await author.says("Words")
        asked = await author.sees("Traffic Light Protocol", "only members of organisations that you name")
        assert "my organisation" not in written(asked)
        await goes(author, "TLP:AMBER", "Draft N-1")
        shown = await goes(author, "Words", "Languages of announcement", "Inside")
        assert written(shown).startswith("TLP:AMBER")
        await goes(author, "Back", "Draft N-1")
        await announcers.chooses(author, "Organisation", "Amber House")
        shown = await goes(author, "Send", "N-1: being sent", "Inside")
        assert written(shown).startswith("TLP:AMBER")
        assert shown["has_protected_content"]
        await forges(author, OpenReport(1))
        shown = await author.sees("N-1:", "Inside")
        while "Back" not in buttons(shown):
            shown = await goes(author, "Report", "N-1:", "Inside")
        assert written(shown).startswith("TLP:AMBER")


@SQLITE
async def test_a_time_beyond_all_calendars_or_after_its_end_is_refused(stage: Stage) -> None:
    author, _ = await administrators(stage)
    await stands_at(stage, MONDAY)
    async with stage.bot():
        await announcers.composes(author, "Some day")
        await goes(author, "Schedule", "It leaves at once.")
        await goes(author, "Choose day and hour", "On which day")
        for odd in ("31.12.9999 23:59", "01.01.0001 00:00", "12/24/2026 09:00", "24.12.2026 25:00"):
            await author.says(odd)
            await author.sees("That is no day with an hour")
        await author.says("10.12.2026 10:00")
        await author.sees("By which clock?")
        await goes(
            author, "By each reader's own clock", "It leaves where each reader lives at 10 December 2026, 10:00."
        )
        await goes(author, "Schedule", "It leaves where")
        await goes(author, "Expires: 1 d", "It expires: 12 Dec 2026, 03:00.")
        await goes(author, "Back", "Draft N-1", "It expires: 12 Dec 2026")
        await stage.control.post("/clock", advance=3.9 * 24 * 3600)
        await goes(author, "Send", "It would leave in the past")

    assert await stage.rows("SELECT state FROM announcement") == [("draft",)]


@SQLITE
async def test_who_knows_its_number_reads_nothing_before_it_leaves(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo")
    async with stage.bot():
        await announcers.composes(author, "Not before noon")
        until = (datetime.now(UTC) + timedelta(days=3)).isoformat(" ", "microseconds")[:26]
        await alters(stage, f"UPDATE announcement SET acknowledge_by = '{until}'")  # noqa: S608 - our own
        await forges(author, OpenDraft(1))
        await author.sees("To be acknowledged")
        await goes(author, "Send", "being sent")
        await reader.says("/menu")
        await reader.sees("Send a link or a file")
        for press in (OpenCopy(1), Acknowledge(1, 1), Vote(1, 0)):
            await is_refused(reader, press, "This menu is out of date")
        assert not any("Not before noon" in written(m) for m in reader.seen.values())
        await announcers.leaves(stage)
        await goes(reader, "Acknowledge", "You have acknowledged this.")
        await is_refused(author, ChaseNames(1, Grouping.ORGANISATION, "9" * 30, 0), "out of date")


@SQLITE
async def test_words_that_grow_under_a_picture_part_from_it(stage: Stage) -> None:
    author, _ = await administrators(stage)
    async with stage.bot():
        await announcers.composes(author, "Long", text="word " * 155)
        await goes(author, "Attach", "Send pictures, or documents")
        await author.sends(photo={})
        await author.sees("1 file is attached.")
        await goes(author, "Done", "Draft N-1")
        before = await stage.rows("SELECT apart FROM announcement")
        await forges(author, SetTime(1, "acknowledge", "3"))
        await author.sees("Times of announcement", "To be acknowledged")
        assert (before, await stage.rows("SELECT apart FROM announcement")) == ([(0,)], [(1,)])


@SQLITE
async def test_what_nobody_released_is_cancelled_and_nothing_is_said_to_have_left(stage: Stage) -> None:
    stage.settings["announcements"] = {"two_person_above": 0}
    author, _ = await administrators(stage)
    async with stage.bot():
        await announcers.composes(author, "Never")
        await goes(author, "Send", "waits for a second administrator")
        await author.taps("Cancel sending")
        await author.sees_toast("Cancelled.")
        await author.sees("N-1: cancelled")


def test_a_chart_counts_who_acknowledged_as_the_report_does() -> None:
    row = Announcement(id=1, label=Label.GREEN, language="en", titles={"en": "Title"})

    drawn = chart_of(row, [], Acknowledged(asked=7, done=1, late=0), Say("en"))

    assert drawn.groups[-1] == ("Acknowledgement", (("acknowledged", 1), ("not yet", 6)))


@SQLITE
async def test_a_reader_is_told_until_when_it_holds_and_a_releaser_s_own_data_are_no_words_of_others(
    stage: Stage,
) -> None:
    author, second = await administrators(stage)
    poll = {"question": "Will you come?", "options": ["Yes", "No"], "several": False, "anonymous": True}
    until = datetime.now(UTC) + timedelta(days=2)
    async with stage.bot():
        await announces(stage, author, "Secretly", poll=poll, expires_at=until.isoformat(" ", "microseconds")[:26])
        await second.sees("Secretly", "It holds until")
        await goes(second, "1. Yes", "1. Yes – 1")
        await stage.control.post("/clock", advance=3 * 24 * 3600)
        await forges(second, Vote(1, 1))
        await second.sees("The poll is over")

    await alters(stage, "UPDATE announcement SET released_by = 2")
    async with stage.beside() as database, database.reading() as tx:
        kept, own = await privacy.copy_of(tx, 2), await privacy.copy_of(tx, 1)
    assert kept["announcement"] == [{"id": 1, "released_by": 2}]
    assert "Secretly" in str(own["announcement"])
