"""The editorial desk: what focal points bring, what editors make of it, and an approval for what was seen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from cast import administrators, alters, goes, stands_at
from editors import accepts, approves, contributes, editor, focal_point, presses
from record import goes_on
from story import Stage, buttons, written

from handlers.desk import (
    Accept,
    AddPin,
    Approve,
    Contribute,
    Decline,
    DropPin,
    OpenIssue,
    OpenItem,
    Reopen,
    Withdraw,
    Word,
    WriteNote,
)
from storage import access, digests, members, privacy
from storage.digests import Editing, desk, queue
from storage.digests.queue import Draft
from storage.digests.tables import DeskKind, DeskState
from storage.members import Office, Role
from storage.refusals import Refusal
from storage.tlp import Label

WEDNESDAY = datetime(2026, 12, 2, 9, tzinfo=UTC)
"""In week 49, whose issue is No. 1; contributions for No. 2 close on Friday at 10:00 UTC."""
DEADLINE = datetime(2026, 12, 4, 10, tzinfo=UTC)
BEGINS = datetime(2026, 12, 6, 10, tzinfo=UTC)
"""When it is Monday of week 50 where each day begins first."""
SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def issues(stage: Stage) -> dict[int, tuple[Any, ...]]:
    found = await stage.rows("SELECT number, iso_week, approved_by IS NOT NULL FROM digest_issue ORDER BY number")
    return {row[0]: (row[1], bool(row[2])) for row in found}


async def test_what_a_focal_point_brings_is_translated_and_goes_out_under_a_note_and_a_pin(stage: Stage) -> None:  # noqa: PLR0915 - a whole week
    await stands_at(stage, WEDNESDAY)
    author, hand = await focal_point(stage, "ru"), await editor(stage)
    async with stage.bot():
        await author.says("/submit")
        await author.sees("пойдёт в № 2", "4 дек. 2026", "15:00", "пока ничего не предлагали")
        kinds = buttons(await goes(author, "Новый материал", "Что вы предлагаете?", "пойдёт в № 2"))
        assert "Организационное" not in kinds
        await goes(author, "Приглашение к участию", "На каком языке")
        await goes(author, "Русский", "Как называется материал? Язык: русский", "ничего оперативного")
        await author.says("Ищем <тренеров> для семинара")
        await author.sees("название на другом языке: английский")
        await goes(author, "Пропустить", "О чём он?")
        await author.says("Три дня в Алматы.\n\n\n\nРабочий язык русский.")
        await author.sees("Есть ли ссылка?")
        await author.says("http://example.org/open")
        await author.sees("начинается с https://")
        await author.says("https://example.org/call?utm_source=x")
        await author.sees("До какого дня")
        for day, answer in (("завтра", "Это не дата"), ("31.02.2027", "Это не дата"), ("02.12.2026", "в будущем")):
            await author.says(day)
            await author.sees(answer)
        await author.says("24.12.2026")
        asked = await author.sees("Traffic Light Protocol", "не выше TLP:GREEN")
        assert [label for label in buttons(asked) if "TLP" in label] == ["TLP:CLEAR", "TLP:GREEN"]
        await author.says("TLP:AMBER")
        await author.sees("одну из кнопок")
        shown = await goes(author, "TLP:GREEN", "Ищем <тренеров>", "24 декабря 2026", "https://example.org/call", "№ 2")
        assert "Язык" in " ".join(buttons(shown))
        shown = await goes(author, "Отправить", "Спасибо", "№ 2 ждёт редактора")
        assert written(shown).startswith("TLP:GREEN")

        await hand.says("/desk")
        await hand.sees("No. 1 · week 49", "Not approved yet", "1 contribution waits for you")
        await goes(hand, "No. 2 ›", "No. 2 · week 50, leaves from Monday, 7 December 2026", "Contributions close")
        await goes(hand, "Queue", "Ищем <тренеров> для семинара", "(Russian)", "Call · No. 2 · waits for an editor")
        card = await goes(hand, "Open 1", "English: not translated", "Три дня в Алматы.", "Institute of Kazakhstan")
        assert written(card).startswith("TLP:GREEN")
        assert {"Accept", "Decline", "Take into No. 1", "Edit: Russian", "Translate: English"} <= set(buttons(card))
        await goes(hand, "Translate: English", "Write the title. Language: English", "Ищем <тренеров>")
        await hand.says("Trainers wanted")
        await hand.sees("Write the text", "Три дня")
        await hand.says("Three days in Almaty.")
        await hand.sees("read it once more", "Three days")
        await goes(hand, "Save", "Trainers wanted", "Ищем <тренеров>", "waits for an editor")
        await goes(hand, "Accept", "No. 2: accepted by an editor", "Decided by")
        await author.sees("Ваш материал", "Ищем <тренеров>", "принял материал для № 2")

        await presses(hand, OpenIssue(2))
        await hand.sees("No. 2 · week 50", "1 accepted contribution goes out", "Note, English: missing")
        await goes(hand, "Editor’s note", "There is no note yet")
        await goes(hand, "Write: English", "At most 800 characters", "nothing operational")
        await hand.says("x" * 801)
        await hand.sees("at most 800")
        await hand.sends(text="Read this & <that>", entities=[{"type": "bold", "offset": 0, "length": 4}])
        await hand.sees("No. 2", "Read this & <that>")
        await goes(hand, "Back", "Note, English: written", "Note, Russian: missing")
        await goes(hand, "Pins", "Nothing is pinned", "at most 3")
        await goes(hand, "Pin something", "In which language")
        await goes(hand, "English", "What is the title?")
        await hand.says("Confirm your post")
        await hand.sees("another language: Russian")
        await hand.says("Подтвердите должность")
        await hand.sees("Is there a link?")
        await goes(hand, "Skip", "Traffic Light Protocol")
        await goes(hand, "TLP:CLEAR", "read it once more", "Confirm your post")
        await goes(hand, "Pin it", "No. 2", "1. 📌", "Confirm your post", "TLP:CLEAR")
        shown = await approves(hand, 2, "Read this & <that>", "Pin:", "Confirm your post", "Call:", "Trainers wanted")
        assert "The note is missing in one language: Russian" in written(shown)
        assert written(shown).startswith("TLP:GREEN")
        await author.says("/submit")
        await author.sees("Ваши материалы", "Ищем <тренеров>", "№ 2 · принято редактором", "пойдёт в № 3")
        await goes(author, "Открыть 1", "Материал вошёл в № 2")

    async with stage.beside() as database, database.reading() as tx:
        assert await desk.edited(tx, 2, 9) == []
        (signed,) = await desk.edited(tx, 0, 2)
        assert hash(signed)
        assert (signed.number, signed.signed_by) == (2, "Editor Demo")
        assert signed.note == (("en", "<b>Read</b> this &amp; &lt;that&gt;"),)
        pin, call = signed.items
        assert (pin.kind, pin.title("ru"), pin.text("ru")) == ("pin", ("ru", "Подтвердите должность"), ("ru", ""))
        assert call.title("en") == ("en", "Trainers wanted")
        assert call.text("ru") == ("ru", "Три дня в Алматы.\n\nРабочий язык русский.")
        assert (call.url, str(call.until), call.country) == ("https://example.org/call", "2026-12-24", "KZ")
        assert call.organisation == "Institute of Kazakhstan"
        assert await desk.items_by_id(tx, [call.id, 99]) == {call.id: call}
    acts = await stage.rows("SELECT event FROM audit WHERE event LIKE 'issue:%' OR event LIKE 'contrib%' ORDER BY id")
    assert [row[0] for row in acts] == [
        "contribution:made", "contribution:changed", "contribution:accepted", "issue:noted", "issue:pinned",
        "issue:approved",
    ]  # fmt: skip


async def test_two_editors_approve_once_and_any_change_asks_for_it_again_until_the_week_begins(  # noqa: PLR0915 - a whole quarrel
    stage: Stage,
) -> None:
    await stands_at(stage, WEDNESDAY)
    author, one, two = await focal_point(stage), await editor(stage), await editor(stage, 51, "Second Demo")
    async with stage.bot():
        await contributes(author, "A workshop was held", "No. 2")
        await contributes(author, "A second thing", "No. 2")
        await accepts(one, "A workshop was held")
        for person in (one, two):
            await presses(person, OpenIssue(2))
            await goes(person, "Approve", "This goes out with it", "A workshop was held")
        await asyncio.gather(one.taps("Approve"), two.taps("Approve"))
        told = [await person.sees("pproved") for person in (one, two)]
        lost = [written(message) for message in told if "has been approved already: by" in written(message)]
        assert len(lost) == 1
        winner = "Editor Demo" if "Second Demo" not in lost[0] else "Second Demo"
        await presses(one, OpenIssue(2))
        await one.sees("No. 2", "Approved by", winner)

        await goes(one, "Editor’s note", "There is no note yet")
        await goes(one, "Write: Russian", "Language: Russian")
        await one.says("Здравствуйте")
        await one.sees("No. 2 had been approved: with this change it must be approved again")
        await presses(two, OpenIssue(2))
        await two.sees("Not approved yet", "1 accepted contribution goes out")
        await goes(two, "Approve", "This goes out with it", "The note is missing in one language: English")
        await goes(one, "Remove: Russian", "There is no note yet")
        await two.taps("Approve")
        await two.sees("Something has changed meanwhile")
        await approves(two, 2)
        await goes(two, "Withdraw approval", "The approval is withdrawn", "Not approved yet")
        await approves(two, 2)
        await presses(two, OpenItem(1))
        await goes(two, "Decline", "Why?")
        await two.says("It was in No. 7 <already>")
        await two.sees("declined", "It was in No. 7 <already>", "No. 2 had been approved")
        await author.sees("Your contribution", "An editor declined it", "It was in No. 7 <already>")
        await presses(one, Accept(1, 0))
        await one.sees("Somebody has decided on it already", "Second Demo")
        await presses(one, Decline(2, DeskState.ACCEPTED))
        await one.sees("Why?")
        await one.says("Too late")
        await one.sees("Somebody has decided on it already")
        await one.says("/cancel")
        await one.sees("Cancelled")
        await presses(author, Withdraw(2))
        await author.sees("You have withdrawn it")
        await presses(author, Withdraw(1))
        await author.sees("Somebody has decided on it already")
        await approves(one, 2)
        await stands_at(stage, BEGINS)
        for press in (Reopen(2), OpenIssue(2)):
            await presses(one, press)
            shown = await one.sees("No. 2", "begun")
        assert "Withdraw approval" not in buttons(shown)
        await presses(one, WriteNote(2, "en"))
        await one.sees("Write the note for No. 2")
        await one.says("Late words")
        await one.sees("The week of No. 2 has begun", "use the next issue")

    assert await issues(stage) == {1: (49, False), 2: (50, True), 3: (51, False)}
    assert await stage.rows("SELECT id, state, issue FROM desk_item ORDER BY id") == [
        (1, "declined", None), (2, "withdrawn", None),
    ]  # fmt: skip


@SQLITE
async def test_editors_are_told_when_contributions_close_and_late_ones_go_to_the_next_issue(stage: Stage) -> None:
    await stands_at(stage, WEDNESDAY)
    first, _ = await administrators(stage)
    author, hand = await focal_point(stage), await editor(stage)
    async with stage.bot():
        await contributes(author, "In time", "for No. 2")
        await presses(hand, WriteNote(1, "en"))
        await hand.sees("Write the note for No. 1")
        await hand.says("Words of a week ago")
        await hand.sees("Words of a week ago")
        await stands_at(stage, DEADLINE)
        for person in (first, hand):
            shown = await person.sees("No. 2 waits for your approval", "0 contributions are accepted. 1 waits")
            assert buttons(shown) == ["Open the desk", "Menu"]
        await goes(hand, "Open the desk", "No. 2 · week 50", "Contributions closed")
        await author.says("/submit")
        await goes(author, "New contribution", "Contributions for No. 2 have closed", "for No. 3")
        await author.says("/cancel")
        await author.sees("Cancelled")
        late = await contributes(author, "Too late", "for No. 3", kind="Call")
        assert "Contributions for No. 2 have closed" in written(late)
        await stands_at(stage, datetime(2026, 12, 5, 19, tzinfo=UTC))
        await hand.sees("No. 2 waits for your approval", "2 wait")
        await hand.says("/desk")
        await hand.sees("No. 1 · week 49")
        await goes(hand, "Queue", "In time", "Too late")
        await goes(hand, "Open 2", "Too late", "No. 3: waits for an editor")
        await goes(hand, "Take into No. 2", "Too late", "No. 2: accepted by an editor")
        await author.sees("accepted it for No. 2")
        await stands_at(stage, datetime(2026, 12, 7, 4, tzinfo=UTC))
        while await stage.rows("SELECT number, CAST(note AS text) FROM digest_issue WHERE number = 1") != [(1, "{}")]:
            await goes_on(stage.control)
        await hand.says("/desk")
        await hand.sees("No. 2 · week 50", "Note, English: written")
        shown = await approves(hand, 2, "Words of a week ago", "Too late")
        assert "In time" not in written(shown)
        await accepts(hand, "In time")
        await author.sees("In time", "accepted it for No. 3")
        await stage.settled()

    told = (
        "SELECT m.telegram_id, count(*) FROM outbox o JOIN member m ON m.id = o.member_id WHERE notice = 'desk:waits'"
    )
    assert await stage.rows(f"{told} GROUP BY 1 ORDER BY 1") == [(1, 2), (2, 2), (50, 2)]


@SQLITE
async def test_a_call_whose_last_day_has_passed_is_left_out_and_a_digest_that_waited_leaves(stage: Stage) -> None:
    await stands_at(stage, WEDNESDAY)
    author, hand = await focal_point(stage), await editor(stage)
    async with stage.bot():
        await contributes(author, "Papers wanted", "No. 2", kind="Call")
        await accepts(hand, "Papers wanted")
        await alters(stage, "UPDATE desk_item SET until = '2026-12-05'")
        await alters(stage, "UPDATE digest_schedule SET waits_for = 2 WHERE member_id = 1")
        for title in ("One", "Two", "Three"):
            await presses(hand, AddPin(2))
            await hand.sees("In which language")
            await goes(hand, "English", "What is the title?")
            await hand.says(title)
            await hand.sees("another language")
            await goes(hand, "Skip", "Is there a link?")
            await goes(hand, "Skip", "Traffic Light Protocol")
            await goes(hand, "TLP:GREEN", "read it once more")
            shown = await goes(hand, "Pin it", "📌", title)
        assert "Pin something" not in buttons(shown)
        await goes(hand, "Words of 1", "One", "Russian: not translated")
        await goes(hand, "Translate: Russian", "Language: Russian")
        await hand.says("Раз")
        await goes(hand, "Save", "Раз")
        await goes(hand, "Back", "📌", "Three")
        await goes(hand, "Remove 2", "2. 📌", "Three")
        await presses(hand, OpenIssue(2))
        await hand.sees("Left out, for the last day has passed", "Papers wanted", "0 accepted contributions go out")
        await approves(hand, 2, "Left out, for the last day has passed", "Papers wanted", "One", "Three")

    assert await stage.rows("SELECT count(*) FROM digest_schedule WHERE waits_for IS NOT NULL") == [(0,)]
    assert await stage.rows("SELECT id, issue FROM desk_item ORDER BY id") == [(1, None), (2, 2), (3, None), (4, 2)]


@SQLITE
async def test_who_is_no_focal_point_and_no_editor_learns_nothing_of_the_desk(stage: Stage) -> None:
    await stands_at(stage, WEDNESDAY)
    author, hand = await focal_point(stage), await editor(stage)
    member, other = (
        await stage.joined(70, "Member Demo"),
        await stage.joined(61, "Other Demo", roles=[Office(Role.FOCAL_POINT, country="KG")], country="KG"),
    )
    async with stage.bot():
        await contributes(author, "A workshop was held", "No. 2")
        for deed in ("/submit", "/desk"):
            await member.says(deed)
            await member.sees("I do not know that")
        deeds = (
            OpenIssue(2), OpenItem(1), Accept(1, 0), Accept(1, 1), Decline(1, DeskState.WAITING), Approve(2, "x"),
            Reopen(2), AddPin(2), DropPin(2, 1), Word(1, "en"), WriteNote(2, "en"),
        )  # fmt: skip
        for press in (*deeds, Contribute(), Withdraw(1)):
            await presses(member, press)
            await member.sees("I do not know that")
        for press in deeds:
            await presses(other, press)
            await other.sees("I do not know that")
        await presses(other, Withdraw(1))
        await other.sees("There is no such contribution any more")
        for press, answer in (
            (DropPin(2, 1), "no such contribution"), (Accept(1, 9), "There is no such issue"),
            (Reopen(2), "not approved"), (OpenIssue(99), "No. 99 takes nothing more"), (Word(1, "xx"), "out of date"),
            (Reopen(8), "There is no such issue"), (WriteNote(2, "xx"), "out of date"),
            (Approve(2, "x"), "Something has changed"),
        ):  # fmt: skip
            await presses(hand, press)
            await hand.sees(answer)

    assert await stage.rows("SELECT state, issue FROM desk_item") == [("waiting", None)]


@SQLITE
async def test_what_went_out_stays_as_the_organisation_s_when_its_author_is_erased(stage: Stage) -> None:
    await stands_at(stage, WEDNESDAY)
    author, hand = await focal_point(stage), await editor(stage)
    async with stage.bot():
        await contributes(author, "Went out", "No. 2")
        await accepts(hand, "Went out")
        await approves(hand, 2, "Went out")
        await contributes(author, "Still waits", "No. 3")
    (author_id, hand_id) = [row[0] for row in await stage.rows("SELECT id FROM member ORDER BY id LIMIT 2")]
    async with stage.beside() as database, database.transaction() as tx:
        copied = await privacy.copy_of(tx, author_id)
        assert [row["titles"]["en"] for row in copied["desk_item"]] == ["Went out", "Still waits"]
        assert "decided_by" not in copied["desk_item"][0]
        assert (await privacy.copy_of(tx, hand_id))["desk_item"] == [{"id": 1, "decided_by": hand_id}]
        await privacy.erase(tx, author_id, WEDNESDAY + timedelta(hours=1))
        await digests.ensure(tx, Editing("UTC", 4, WEDNESDAY.time()), WEDNESDAY)
        (signed,) = await desk.edited(tx, 0, 9)
        assert [(i.title("en")[1], i.organisation) for i in signed.items] == [("Went out", "Institute of Kazakhstan")]
    assert await stage.rows("SELECT id, author_id FROM desk_item") == [(1, None)]


async def brings(stage: Stage, telegram_id: int, *drafts: Draft) -> None:
    """Let a member have contributed; call it before the bot comes."""
    editing = Editing("Asia/Ashgabat", 4, time(15))
    async with stage.beside() as database, database.transaction() as tx:
        await digests.ensure(tx, editing, WEDNESDAY)
        member = await members.by_telegram(tx, telegram_id)
        assert member is not None
        viewer = await access.viewer(tx, member.id)
        for draft in drafts:
            await queue.submit(tx, viewer, draft, editing, WEDNESDAY)


@SQLITE
async def test_a_network_of_one_language_is_not_asked_for_another_and_a_long_queue_has_pages(stage: Stage) -> None:
    stage.settings["network"] = {"languages": ["en"], "default_language": "en"}
    await stands_at(stage, WEDNESDAY)
    author, hand = await focal_point(stage), await editor(stage)
    news = [Draft(DeskKind.NEWS, {"en": f"Thing {n} <{'x' * 90}>"}, Label.GREEN) for n in range(11)]
    await brings(stage, 60, *news)
    for draft, reason in (
        (Draft(DeskKind.HOUSEKEEPING, {"en": "No"}, Label.CLEAR), "desk:kind"),
        (Draft(DeskKind.PIN, {"en": "No"}, Label.CLEAR), "desk:kind"),
        (Draft(DeskKind.NEWS, {"en": "No"}, Label.AMBER), "desk:label"),
        (Draft(DeskKind.CALL, {"en": "No"}, Label.CLEAR, until=WEDNESDAY.date()), "desk:past"),
        (Draft(DeskKind.NEWS, {"en": "No"}, Label.CLEAR, url="ftp://example.org"), "desk:link"),
    ):
        with pytest.raises(Refusal, match=reason):
            await brings(stage, 60, draft)
    async with stage.bot():
        await author.sees("Thank you", "Thing 10")
        await alters(stage, "UPDATE desk_item SET state = 'accepted' WHERE id > 2")
        await hand.says("/submit")
        await goes(hand, "New contribution", "What do you contribute?")
        await goes(hand, "Housekeeping", "What is the title?")
        await hand.says("The office moves")
        await hand.sees("What is it about?")
        await goes(hand, "Skip", "Is there a link?")
        await goes(hand, "Skip", "Traffic Light Protocol")
        shown = await goes(hand, "TLP:CLEAR", "read it once more", "The office moves")
        assert "Edit: Language" not in buttons(shown)
        await goes(hand, "Edit: Last day", "last day on which")
        await hand.says("2026-12-31")
        await hand.sees("read it once more", "31 December 2026")
        await goes(hand, "Submit", "Thank you", "The office moves")
        await hand.says("/desk")
        await goes(hand, "No. 2 ›", "3 contributions wait for you", "9 accepted contributions go out")
        shown = await goes(hand, "Approve", "Thing 2", "… and 1 more")
        assert "missing" not in written(shown)
        await goes(hand, "Approve", "Approved, with 9 items", "Approved by")
        await hand.says("/desk")
        await goes(hand, "Queue", "Thing 0", "Thing 1", "The office moves")
        await author.says("/submit")
        assert "1/3" in buttons(await author.sees("Thing 10", "Thing 6"))
        await goes(author, "›", "Thing 5")
        await goes(author, "Open 1", "Thing 5", "It is in No. 2")

    assert await stage.rows("SELECT count(*) FROM desk_item WHERE issue = 2") == [(9,)]
