"""Odd texts on their way through the product: shown as they were written, or refused with a clear sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from announcers import announces, chooses
from cast import goes
from record import calls, replies
from story import Person, Stage, written

from bot.intake import raw_update
from storage import inbox
from storage.members import MemberState, Role

ODD = (
    "<b>Ann</b> & <Bob>",
    "&lt;&amp;&nbsp;&#0;",
    "A\u00a0B \x00 \x1b[31m C",
    "\u202egnp.exe \u2066Dan\u2069\u2069",
    "👨\u200d👩\u200d👧 Ana 🏴",
    "می\u200cخواهم עברית",
    "{name} {0} %s \\ '; DROP TABLE member; --",
    "!?…",
    "slow " * 2000,
)
PARTS = "<i>Ann</i> & \u202e{x} 👨\u200d👩\u200d👧 می\u200cخواهم"
SHOWN = "<i>Ann</i> & {x} 👨\u200d👩\u200d👧 می\u200cخواهم"


async def nothing_failed(stage: Stage) -> None:
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []
    assert await stage.rows("SELECT notice, state FROM outbox WHERE state IN ('rejected', 'unknown')") == []
    refused = [
        call["answer"]
        for call in await calls(stage.control, "sendMessage", "editMessageText")
        if call["status"] == 400 and "not modified" not in call["answer"]
    ]
    assert refused == []


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_odd_words_are_searched_for_or_refused(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        for words in ODD:
            for said in (words, f"/search {words}"):
                (answer,) = await replies(member, member.says(said))
                expected = ("Nothing was found for", "at least one letter", "That is a long text", "too long")
                assert any(part in written(answer) for part in expected), written(answer)
    await nothing_failed(stage)


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_odd_answers_are_kept_as_they_are_or_refused(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        for words in ODD:
            await member.says("/share https://example.org/paper")
            await goes(member, "TLP:GREEN", "Which topic")
            await goes(member, "Media and communication", "What is its title?")
            await member.says(words)
            await member.sees(*(("4 of 4", "⚠️") if words in ODD[-2:] else ("read it once more",)))
            await member.says("/cancel")
            await member.sees("Cancelled")
    await nothing_failed(stage)


async def test_odd_names_and_titles_go_all_the_way(stage: Stage) -> None:
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    newcomer = await stage.joined(60, state=MemberState.VISITOR)
    stage.administrators = (1,)
    async with stage.bot():
        await applies(newcomer, PARTS)
        await administrator.sees("Application", f"Name: \u2068{SHOWN}\u2069", f"Organisation: \u2068{SHOWN}\u2069")
        await administrator.taps("Approve")
        await newcomer.sees("Welcome to Test network")

        await writes(administrator, PARTS)
        await announces(stage, administrator, "N-1: sent")
        await newcomer.sees(SHOWN, f"The text: {SHOWN}")

        await shares(newcomer, PARTS)
        await newcomer.sees("D-", f"\u2068{SHOWN}\u2069", f"Publisher: \u2068{SHOWN}\u2069")
        await newcomer.says("Ann می\u200cخواهم")
        await newcomer.sees("Found for", SHOWN)
        await newcomer.says("/mydata")
        await newcomer.sees("Everything stored about you")
    await nothing_failed(stage)


async def applies(person: Person, words: str) -> None:
    await person.says("/start apply")
    await person.taps("Accept")
    await person.sees("2 of 7")
    await person.says(words)
    await person.says(words)
    for label in ("Academia", "Kazakhstan", "Skip"):
        await person.taps(label)
    await person.sees("7 of 7")
    await person.says(words)
    await person.taps("Submit")


async def writes(person: Person, words: str) -> None:
    await person.says("/announce")
    await person.sees("In which language do you write?")
    await person.taps("English")
    for said in (words, f"The text: {words}"):
        await person.says(said)
    await person.taps("TLP:GREEN")
    await person.sees("Draft N-1")
    await chooses(person, "Everybody")


async def shares(person: Person, words: str) -> None:
    await person.says("/share https://example.org/paper")
    await goes(person, "TLP:GREEN", "Which topic")
    await goes(person, "Media and communication", "What is its title?")
    await person.says(words)
    await person.sees("read it once more")
    await goes(person, "Edit: Publisher", "Who published it?")
    await person.says(words)
    await person.taps("Confirm and share")


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_what_no_client_sends_does_no_harm_either(stage: Stage) -> None:
    member, other = await stage.joined(50), await stage.joined(51)
    async with stage.bot():
        await member.says("/share https://example.org/paper")
        await goes(member, "TLP:GREEN", "Which topic")
        await goes(member, "Media and communication", "What is its title?")
    async with stage.beside() as database, database.transaction() as tx:
        rows = [raw(1, 50, "Re\x00port\ud83d \u202eing"), raw(2, 51, "\x00"), raw(3, 51, "se\x00arch \udc00")]
        await inbox.receive(tx, rows, datetime.now(UTC))
    async with stage.bot():
        await member.sees("read it once more", "Re port? ing")
        await other.sees("at least one letter")
        await other.sees("Nothing was found for “\u2068se arch ?\u2069”")
    await nothing_failed(stage)


def raw(number: int, person: int, text: str) -> inbox.RawUpdate:
    """Return a message as it might come from something that is not Telegram."""
    message = {"message_id": 4000 + number, "date": 1_790_000_000, "chat": {"id": person, "type": "private"}}
    speaker = {"id": person, "is_bot": False, "first_name": "Guest"}
    row = raw_update({"update_id": number, "message": {**message, "from": speaker, "text": text}})
    assert row is not None
    return row


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_an_announcement_fits_or_is_refused_whatever_it_is_made_of(stage: Stage) -> None:
    stage.administrators = (1,)
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    async with stage.bot():
        await administrator.says("/announce")
        await administrator.sees("In which language do you write?")
        await administrator.taps("English")
        for said in ("Annual re-validation", "👨" * 1401):
            await administrator.says(said)
        await administrator.sees("That is too long: at most 2800 characters")
        bold = [{"type": "bold", "offset": 2 * n, "length": 1} for n in range(81)]
        await administrator.sends(text="a " * 100, entities=bold)
        await administrator.sees("at most 80 formatted places")
        await administrator.sends(text="👨" * 1400, entities=[])
        await administrator.taps("TLP:GREEN")
        await administrator.sees("Draft N-1")
        await chooses(administrator, "Everybody")
        await announces(stage, administrator, "N-1: sent")
    await nothing_failed(stage)


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_copy_of_ones_data_comes_whole_however_long_it_is(stage: Stage) -> None:
    member = await stage.joined(50, name="👨" * 120, organisation="👩" * 150)
    async with stage.bot():
        for number in range(5):
            await member.says(f"/share https://example.org/{number}/{'x' * 700}")
            await member.says("/cancel")
            await member.sees("Cancelled")
        (copy,) = await replies(member, member.says("/mydata"))
    assert "Everything stored about you" in written(copy)
    assert copy["document"]["file_size"] > 4096
    await nothing_failed(stage)
