"""Whom an announcement is for: tapped together, counted at every tap, and what was counted is what is sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from announcers import chooses, composes, opens
from cast import administrators, alters, data_of, forges, goes
from record import replies
from story import Person, Stage, buttons, written

from handlers.announcements.audience import ChooseAll, DropBlock, KeepList, OpenBlock, OpenPicker, OpenSample
from handlers.announcements.describing import ROOM, Names, described
from handlers.announcements.picking import Lift, Tick, TurnOut
from handlers.announcements.presses import OpenAudience
from handlers.announcements.saved import DropList, OpenList
from handlers.language import Say
from handlers.screens import length
from storage.announcements import Audience, Condition, Dimension
from storage.announcements.choosing import mark_of
from storage.members import Role

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
NOBODY = "This audience is empty: nobody would get it"


def plain(message: dict[str, Any]) -> str:
    """Return what a message says without the marks around names."""
    return written(message).replace("\u2068", "").replace("\u2069", "")


async def taps(author: Person, label: str, *seen: str) -> dict[str, Any]:
    """Tap a button, and read what stands there then."""
    shown = await goes(author, label)
    assert all(words in plain(shown) for words in seen), plain(shown)
    named_by_people = plain(shown).startswith("Topic")
    assert named_by_people or all(len(label.removeprefix("✓ ")) <= 24 for label in buttons(shown)), buttons(shown)
    return shown


async def audience_of(stage: Stage) -> Audience:
    ((kept,),) = await stage.rows("SELECT audience FROM announcement")
    return Audience.of(json.loads(kept) if isinstance(kept, str) else kept)


async def on_a_break(stage: Stage, member: int) -> None:
    await alters(
        stage,
        "INSERT INTO digest_schedule (member_id, frequency, even, paused, paused_until, weekday, at, quiet_line,"
        " next_due_at, edited_upto) VALUES (:n, 'weekly', true, true, :until, 0, '09:00', false, :until, 0)",
        n=member,
        until=datetime.now(UTC) + timedelta(days=60),
    )


async def everyone(stage: Stage) -> dict[str, Person]:
    """Bring on stage who gets something and who is left out for every reason; the administrators are 1 and 2."""
    there = {
        name: await stage.joined(50 + n, name, organisation=house, **facts)
        for n, (name, house, facts) in enumerate(
            [
                ("Reader", "Border Institute", {}),
                ("Resting", "Border Institute", {}),
                ("Idle", "Border Institute", {"state": "idle"}),
                ("Blocker", "Border Institute", {"unreachable_since": datetime.now(UTC)}),
                ("Accountless", "Border Institute", {}),
                ("Suspended", "Border Institute", {"state": "suspended"}),
                ("Guest", "Border Institute", {"state": "visitor"}),
            ]
        )
    }
    await on_a_break(stage, 4)
    await alters(stage, "UPDATE member SET telegram_id = NULL WHERE id = 7")
    return there


async def sent_to(stage: Stage, author: Person, number: int, count: int) -> list[str]:
    """Let it go, and return the names of those for whom it was frozen; the report counts as many."""
    await stage.control.post("/clock", advance=11)
    await stage.settled(f"subject = 'announcement:{number}'")
    await stage.control.post("/clock", advance=4)
    await author.sees(f"N-{number}: sent", f"{count} of {count} recipients sent")
    frozen = await stage.rows(
        "SELECT m.name FROM announcement_recipient r JOIN member m ON m.id = r.member_id"
        " WHERE r.announcement_id = :n AND r.state = 'sent' ORDER BY m.id",
        n=number,
    )
    assert await stage.rows("SELECT audience_count FROM announcement WHERE id = :n", n=number) == [(count,)]
    return [name for (name,) in frozen]


async def test_who_is_counted_is_who_is_frozen_and_who_is_reported(stage: Stage) -> None:
    stage.settings["announcements"] = {"two_person_above": 100}
    author, second = await administrators(stage)
    there = await everyone(stage)
    async with stage.bot():
        draft = await composes(author, "For all")
        assert "It will be sent to 3 members." in plain(draft)
        assert "Left out: on a break: 2, cannot be reached: 2" in plain(draft)
        await opens(author)
        left = await goes(author, "Who is left out", "Meant, but left out")
        assert plain(left).splitlines()[2:] == [
            "Resting: on a break", "Idle: on a break", "Blocker: cannot be reached", "Accountless: cannot be reached",
        ]  # fmt: skip
        await goes(author, "Back", "Audience of announcement")
        await goes(author, "Back", "Draft N-1")
        await goes(author, "Send", "N-1: being sent")
        assert await sent_to(stage, author, 1, 3) == ["Maral Demo", "Timur Demo", "Reader"]
        await there["Reader"].sees("For all", "Please reply by Friday")

        await composes(author, "For all at once")
        urgent = await goes(author, "Urgent", "It will be sent to 5 members.", "Left out: cannot be reached: 2")
        assert "on a break" not in written(urgent)
        await author.taps("Send")
        await goes(second, "Release", "Released by")
        urgent_to = await sent_to(stage, author, 2, 5)
        assert urgent_to == ["Maral Demo", "Timur Demo", "Reader", "Resting", "Idle"]
        await there["Idle"].sees("Urgent: For all at once")

        narrow = await composes(
            author, "Within one house", label="TLP:AMBER", audience=("Organisation", "Border Institute")
        )
        assert "It will be sent to 1 member." in plain(narrow)
        assert "on a break: 1, cannot be reached: 2, may not see this label: 1" in plain(narrow)
        wider = await chooses(author, "Or…", "Organisation", "Secretariat", "Back", "Country", "Kyrgyzstan")
        assert "It will be sent to 2 members." in plain(wider)
        await goes(author, "Send", "N-3: being sent")
        assert await sent_to(stage, author, 3, 2) == ["Timur Demo", "Reader"]
        await there["Reader"].sees("TLP:AMBER", "Within one house")

    for name in ("Suspended", "Guest", "Blocker", "Accountless"):
        assert not any("For all" in written(m) for m in there[name].seen.values())


async def test_an_audience_is_tapped_together_counted_at_every_tap_and_outlives_a_restart(stage: Stage) -> None:
    author, _ = await administrators(stage)
    await stage.joined(50, "Aida", country="KZ", topics=["media"], language="ru")
    await stage.joined(51, "Bek", country="KG", roles=[Role.MODERATOR], category="MEDIA")
    await stage.joined(52, "Vera", country="UZ", organisation="Border Institute")
    await stage.joined(53, "Dana", country=None, category=None)
    async with stage.bot():
        await composes(author, "Step by step", audience=())
        await opens(author)
        shown = await taps(author, "Country", "For: nobody yet", NOBODY)
        assert buttons(shown) == ["Kazakhstan", "Kyrgyzstan", "Uzbekistan", "Back"]
        assert "Kazakhstan: 2\nKyrgyzstan: 2\nUzbekistan: 1" in plain(shown)
        await taps(author, "Kyrgyzstan", "For: members in Kyrgyzstan\n", "It will be sent to 2 members.")
        shown = await taps(author, "Kazakhstan", "For: members in Kyrgyzstan or Kazakhstan\n", "sent to 4 members.")
        assert buttons(shown)[:2] == ["✓ Kazakhstan", "✓ Kyrgyzstan"]
        await taps(author, "Not these", "everybody; except those in Kyrgyzstan or Kazakhstan", "sent to 2 members.")
        await taps(author, "✓ Kazakhstan", "everybody; except those in Kyrgyzstan\n", "sent to 4 members.")
        await taps(author, "✓ Not these", "For: members in Kyrgyzstan\n", "sent to 2 members.")
        await taps(author, "Back", "Audience of announcement")
        await taps(author, "Role", "Administrator", "Moderator: 1")
        both = "members in Kyrgyzstan; and with the role Moderator"
        await taps(author, "Moderator", f"For: {both}\n", "sent to 1 member.")
        emptied = "with role still to be chosen (nobody until then)"
        await taps(author, "✓ Moderator", f"members in Kyrgyzstan; and {emptied}", NOBODY)
        await taps(author, "Moderator", both, "sent to 1 member.")
        await taps(author, "Back", "Audience of announcement")
        await taps(author, "Or…", "You begin another group")
    async with stage.bot():
        await taps(author, "Topic", "Media and communication: 1")
        third = f"For: {both}\nor members who follow Media and communication\n"
        await taps(author, "Media and communication", third, "sent to 2 members.")
        await taps(author, "Back", "You choose in group 2 of 2.")
        await taps(author, "Language", "Russian: 1")
        await taps(author, "Russian", "who read Russian; and who follow Media and communication", "sent to 2 members")
        await taps(author, "Remove condition", "or members who follow")
        await taps(author, "Organisation", "Border Institute: 1", "Demo Institute: 3", "Secretariat: 2")
        await taps(author, "Border Institute", "sent to 1 member.")
        await taps(author, "Remove condition", "sent to 2 members.")
        await taps(author, "Group 1", "You choose in group 1 of 2.")
        shown = await taps(author, "Remove group", "members who follow")
        assert "Group" not in "".join(buttons(shown))
        await taps(author, "Category", "Academia: 4", "Media: 1")
        await taps(author, "Media", "from Media; and who follow Media and communication", NOBODY)
        await taps(author, "Back", "Audience of announcement")
        await taps(author, "Clear", "For: nobody yet", NOBODY)
        await taps(author, "Everybody", "For: everybody\n", "sent to 6 members.")
        await taps(author, "Country", "For: everybody")
        await taps(author, "Uzbekistan", "For: members in Uzbekistan\n", "sent to 1 member.")
        await taps(author, "✓ Uzbekistan", "For: nobody yet\n", NOBODY)
        assert await audience_of(stage) == Audience()


@SQLITE
async def test_what_members_can_have_several_of_is_asked_for_together_and_without(stage: Stage) -> None:
    author, _ = await administrators(stage)
    await stage.joined(50, "Both", topics=["media", "border"])
    await stage.joined(51, "Media", topics=["media"])
    await stage.joined(52, "All three", topics=["media", "border", "financing"])
    async with stage.bot():
        await composes(author, "Together", audience=())
        await opens(author)
        await taps(author, "Topic", NOBODY)
        shown = await taps(author, "Media and communication", "sent to 3 members.")
        assert "And also…" in buttons(shown)
        assert "And also…" not in buttons(await taps(author, "Media and communication", "nobody yet"))
        await taps(author, "Media and communication", "sent to 3 members.")
        shown = await taps(author, "And also…", "sent to 3 members.")
        assert "✓ Condition 2" in buttons(shown)
        together = "members who follow Media and communication; and who follow Border security and management"
        await taps(author, "Border security", f"For: {together}\n", "sent to 2 members.")
        await taps(author, "And also…", f"For: {together}\n")
        await taps(author, "Countering the financing", "sent to 1 member.")
        without = f"{together}; except those who follow Countering the financing of terrorism\n"
        await taps(author, "Not these", without, "sent to 1 member.")
        shown = await taps(author, "Condition 2", without)
        assert "✓ Border security and management" in buttons(shown)
        await taps(author, "Remove condition", "Media and communication; except those", "sent to 2 members.")
        shown = await taps(author, "Country", "sent to 2 members.")
        assert "And also…" not in buttons(await taps(author, "Kazakhstan", "sent to 2 members."))


@SQLITE
async def test_long_lists_are_paged_and_a_sample_shows_five_and_stays(stage: Stage) -> None:
    author, _ = await administrators(stage)
    for n in range(11):
        await stage.joined(50 + n, f"Reader {n:02}", organisation=f"House {n:02}", state="idle" if n == 3 else "active")
    async with stage.bot():
        await composes(author, "Many houses", audience=())
        await opens(author)
        first = await taps(author, "Organisation", "House 00: 1", "House 07: 1")
        assert buttons(first) == [f"House {n:02}" for n in range(8)] + ["1/2", "›", "Back"]
        second = await taps(author, "›", "House 08: 1", "Secretariat: 2")
        assert buttons(second)[:4] == ["House 08", "House 09", "House 10", "Secretariat"]
        second = await taps(author, "House 09", "sent to 1 member.", "House 10: 1")
        assert "✓ House 09" in buttons(second)
        await taps(author, "‹", "House 00: 1")
        for n in range(8):
            shown = await taps(author, f"House {n:02}")
        shown = await taps(author, "Back", "It will be sent to 8 members.", "on a break: 1")
        assert "House 09" in written(shown)
        assert "House 07" in written(shown)

        some = plain(await taps(author, "Who gets it", "A sample, picked by chance", "8 members in all"))
        named = some.splitlines()[2:]
        assert len(named) == 5
        assert all(" · House " in line and line.endswith("Kazakhstan · Academia") for line in named)
        others = plain(await taps(author, "Others", "A sample")).splitlines()[2:]
        assert len(others) == 3
        assert not set(named) & set(others)
        again = plain(await taps(author, "Others"))
        assert again == some
        assert "Reader 03" not in some + "".join(others)
        await taps(author, "Back", "Audience of announcement")
        await taps(author, "Who is left out", "Reader 03")


@SQLITE
async def test_forged_and_old_buttons_leave_the_audience_as_it_is(stage: Stage) -> None:
    author, second = await administrators(stage)
    member = await stage.joined(50, "Reader", country="KG")
    async with stage.bot():
        await composes(author, "Mine", audience=("Country", "Kyrgyzstan"))
        shown = await opens(author, "Or…")
        assert "You begin another group" in written(shown)
        await goes(author, "Back", "Draft N-1")
        before = await audience_of(stage)
        made = [
            *(Tick(1, 0, Dimension.COUNTRY, v) for v in ("+NO", "+", "", "KG", "+kg", "*KG", "+KG' OR 1=1")),
            *(Tick(1, at, Dimension.COUNTRY, "+KZ") for at in (-4, -1, 2, 3, 5, 8, 9, 36)),
            *(Tick(1, 0, d, "+999") for d in Dimension),
            Tick(1, 0, Dimension.EVERYBODY, "+all"),
            TurnOut(1, 0, Dimension.ROLE, 1), TurnOut(1, 20, Dimension.COUNTRY, 1), Lift(1, 0, Dimension.EVERYBODY),
            DropBlock(1, 0, "00000000"), DropBlock(1, 3, "4f53cda1"), ChooseAll(1, 2), ChooseAll(1, -1),
            OpenPicker(1, 0, Dimension.EVERYBODY, 0), OpenPicker(1, 9, Dimension.ROLE, 0),
            OpenPicker(1, 2, Dimension.ROLE, 0), OpenList(1, 5), Lift(1, -4, Dimension.COUNTRY),
            DropBlock(1, -1, mark_of(())), DropBlock(1, 0, mark_of(())), Lift(1, 1, Dimension.COUNTRY),
            DropList(1, 5), OpenAudience(9), OpenSample(9, 0), KeepList(9), OpenPicker(1, 0, Dimension.COUNTRY, 99),
            OpenPicker(1, 0, Dimension.COUNTRY, -1), OpenSample(1, -7), OpenSample(1, 99), OpenBlock(1, 99),
        ]  # fmt: skip
        for press in made:
            assert len(await replies(author, forges(author, press))) <= 1, press
        for person in (second, member):
            await person.says("/help")
            await person.sees("What you can do here")
            for press in (Tick(1, 0, Dimension.COUNTRY, "+KZ"), ChooseAll(1, 0), OpenAudience(1), KeepList(1)):
                (answer,) = await replies(person, forges(person, press))
                assert "somebody else’s draft" in written(answer) or person is member, press
                assert "Audience" not in written(answer), press
        assert await audience_of(stage) == before

        shown = await opens(author, "Country")
        old = data_of(shown, "Kazakhstan")
        again = {"chat": 1, "message_id": shown["message_id"], "data": old, "forge": True}
        await author.does("press", **again)
        await author.sees("Kyrgyzstan", "or", "Kazakhstan", "It will be sent to 3 members.")
        assert await replies(author, author.does("press", **again)) == []
        both = Condition(Dimension.COUNTRY, ("KG", "KZ"))
        assert await audience_of(stage) == Audience(((both,),))  # pressed twice, it stays ticked
        await goes(author, "Back", "Audience of announcement")
        await goes(author, "Or…", "another group")
        await goes(author, "Everybody", "or everybody")
        shown = await goes(author, "Group 1", "You choose in group 1 of 2.")
        remove = data_of(shown, "Remove group")
        await author.taps("Remove group")
        await author.sees("For: everybody")
        await author.does("press", chat=1, message_id=shown["message_id"], data=remove, forge=True)
        await author.sees("out of date")
        assert await audience_of(stage) == Audience(((Condition(Dimension.EVERYBODY),),))
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []


async def test_a_saved_list_is_used_again_holds_no_list_and_means_nobody_once_it_is_dropped(stage: Stage) -> None:
    author, second = await administrators(stage)
    await stage.joined(50, "Aida", country="UZ")
    async with stage.bot():
        await composes(author, "First", audience=("Country", "Uzbekistan", "Kyrgyzstan"))
        await opens(author)
        await goes(author, "Keep as list", "Under which name")
        await author.says("South & others")
        await author.sees("Audience of announcement N-1", "It will be sent to 2 members.")

        await composes(second, "Second", audience=("Saved list", "South & others", "Not these"))
        shown = await second.sees("everybody; except those on the list", "South & others", "sent to 1 member.")
        await opens(second)
        await goes(second, "Keep as list", "cannot contain another one")
        await goes(author, "Keep as list", "Under which name")
        await author.says("South & others")
        await author.sees("There is a list called", "Keep it under another name")
        await author.says("/cancel")
        await author.sees("Cancelled")
        assert await stage.rows("SELECT name FROM audience_list") == [("South & others",)]

        await composes(second, "Third", audience=("Saved list", "South & others", "Back", "Role", "Administrator"))
        await second.sees("on the list", "South & others", "with the role", "sent to 1 member.")

        await author.says("/announce")
        await author.sees("In which language do you write?")
        await goes(author, "Cancel", "Cancelled")
        await composes(author, "Fourth", audience=())
        await opens(author)
        await goes(author, "Saved list", "South & others", ": 2")
        await goes(author, "See lists", "Saved lists")
        shown = await goes(author, "South & others", "Kept by", "Maral Demo", "2 members")
        assert "members in Uzbekistan or Kyrgyzstan" in plain(shown)
        await goes(author, "Drop this list", "No list is saved")
        await goes(author, "Back", "There is nothing to choose here yet")

        await forges(second, OpenAudience(2))
        gone = await second.sees("except those on the list", "a list that was dropped", NOBODY)
        assert "A list named here was dropped" in written(gone)
        await forges(second, OpenAudience(3))
        await second.sees("with the role", "on the list", "a list that was dropped", NOBODY)

        await composes(author, "Fifth")
        await opens(author)
        await goes(author, "Keep as list", "Under which name")
        await author.says("Everybody at all")
        await author.sees("Audience of announcement")
        assert (1,) not in await stage.rows("SELECT id FROM audience_list")  # the number of the one that is gone
        await taps(second, "Saved list", "Everybody at all: 3", "a list that was dropped: 0")
        await goes(second, "✓ a list that was dropped", "still to be chosen", NOBODY)
    events = await stage.rows("SELECT event FROM audit WHERE event LIKE 'announcement:list%' ORDER BY id")
    assert events == [("announcement:list-kept",), ("announcement:list-dropped",), ("announcement:list-kept",)]


@SQLITE
async def test_amber_needs_named_organisations_and_strict_exactly_one(stage: Stage) -> None:
    stage.settings["network"] = {"max_label": "TLP:AMBER+STRICT"}
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader", organisation="Border Institute")
    async with stage.bot():
        draft = await composes(author, "Strictly", label="TLP:AMBER+STRICT")
        assert "may not see this label: 3" in written(draft)
        assert "TLP:AMBER+STRICT stays in one organisation: choose exactly one" in written(draft)
        assert "Send" not in buttons(draft)
        draft = await chooses(author, "Clear", "Organisation", "Border Institute", "Secretariat")
        assert "It will be sent to 3 members." in written(draft)
        await goes(author, "Send", "TLP:AMBER+STRICT stays in one organisation: choose exactly one")
        assert await stage.rows("SELECT state FROM announcement") == [("draft",)]
        await forges(author, OpenAudience(1))
        await author.sees("Audience of announcement")
        await goes(author, "Organisation", "For:")
        await taps(author, "✓ Secretariat", "For: members who belong to Border Institute\n", "sent to 1 member.")
        await goes(author, "Back", "Audience of announcement")
        draft = await goes(author, "Back", "Draft N-1")
        assert "stays in one" not in written(draft)
        await goes(author, "Send", "N-1: being sent")
        await stage.control.post("/clock", advance=11)
        await reader.sees("TLP:AMBER+STRICT", "Strictly")

        draft = await composes(author, "Named", label="TLP:AMBER", audience=("Country", "Kazakhstan"))
        assert "may not see this label: 2" in written(draft)
        assert "TLP:AMBER is only for organisations that you name: choose them in every group." in written(draft)
        draft = await chooses(author, "Organisation", "Border Institute")
        assert "only for organisations" not in written(draft)
        assert "It will be sent to 1 member." in written(draft)
        draft = await chooses(author, "Or…", "Everybody")
        assert "may not see this label: 3" in written(draft)


@SQLITE
async def test_it_reads_well_in_russian(stage: Stage) -> None:
    author = await stage.joined(1, "Марал", roles=[Role.ADMINISTRATOR], language="ru")
    await stage.joined(50, "Айда", country="KG", topics=["media"], category="MEDIA", organisation="Институт границ")
    await stage.joined(51, "Бек", country="UZ", state="idle")
    async with stage.bot():
        await author.says("/announce")
        await taps(author, "Русский", "Какой будет заголовок")
        await author.says("Семинар")
        await author.sees("текст")
        await author.says("Приходите в пятницу.")
        await author.sees("Traffic Light Protocol")
        await taps(author, "TLP:GREEN", "Семинар", "Кому: пока никому")
        await taps(author, "Аудитория", "Аудитория объявления N-1")
        await taps(author, "Страна", "Кыргызстан")
        await taps(author, "Кыргызстан", "страна —")
        shown = plain(await taps(author, "Узбекистан", "Его получит 1 участник.", "Не получат: на паузе: 1"))
        assert "Кому: участникам, у которых страна — Кыргызстан или Узбекистан" in shown
        shown = plain(await taps(author, "Кроме этих", "кроме тех"))
        assert "Кому: всем участникам; кроме тех, у кого страна — Кыргызстан или Узбекистан" in shown
        await taps(author, "✓ Кроме этих", "участникам, у которых")
        await taps(author, "Назад", "Аудитория объявления")
        await taps(author, "Или…", "Вы начинаете ещё одну группу")
        await taps(author, "Организация", "Институт границ")
        shown = plain(await taps(author, "Институт границ", "или участникам"))
        assert "или участникам, у которых организация — Институт границ" in shown
        await taps(author, "Назад", "Вы выбираете в группе 2 из 2.")
        await taps(author, "Кто не получит", "Входят в аудиторию, но не получат", "Бек")
        await taps(author, "Назад", "Аудитория объявления")
        await taps(author, "Кто получит", "Случайная выборка", "Айда", "Всего: 1 участник.")
        await taps(author, "Назад", "Аудитория объявления")
        await taps(author, "Сохранить список", "Под каким названием")
        await author.says("Юг")
        await author.sees("Аудитория объявления", "Его получит 1 участник.")
        await taps(author, "Сохранённый список", "Юг: 2")


@SQLITE
async def test_the_longest_words_and_the_widest_audience_have_room_in_one_message(stage: Stage) -> None:
    stage.settings["announcements"] = {"two_person_above": 1}
    author = await stage.joined(1, "Марал", roles=[Role.ADMINISTRATOR], language="ru")
    second = await stage.joined(2, "Тимур " * 19, roles=[Role.ADMINISTRATOR], language="ru")
    houses = [f"Институт {n} " + "с длинным названием " * 9 for n in range(30)]
    for n, house in enumerate(houses):
        await stage.joined(50 + n, f"Reader {n}", organisation=house, language="uz" if n % 2 else "kk")
    block = (Condition(Dimension.COUNTRY, ("KG", "TR"), outside=True), _of(range(2, 30)))
    wide = json.dumps(Audience((block,) * 7 + ((_of(range(30)),),)).facts())
    async with stage.bot():
        await author.says("/announce")
        await goes(author, "Русский", "заголовок")
        await author.says("Заголовок " * 12)
        await author.sees("текст")
        await author.says("слово " * 466)
        await author.sees("Traffic Light Protocol")
        await goes(author, "TLP:GREEN", "Кому: пока никому")
        later = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%d %H:%M:%S.000000")
        times = ", ".join(f"{name} = '{later}'" for name in ("expires_at", "acknowledge_by"))
        await alters(stage, f"UPDATE announcement SET audience = :wide, {times}", wide=wide)  # noqa: S608
        shown = await goes(author, "Аудитория", "Аудитория объявления N-1")
        assert written(shown).count("или участникам, у которых организация") == 7
        await goes(author, "Организация", "Институт 0", "Институт 1")
        await goes(author, "Назад", "Аудитория объявления")
        await goes(author, "Назад", "Кому: 8 группам условий")
        await goes(author, "Отправить", "ждёт второго администратора")
        await second.sees("Кому:", "Марал")


def _of(numbers: range) -> Condition:
    return Condition(Dimension.ORGANISATION, tuple(str(n + 1) for n in numbers))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("room", [ROOM, 100, -300])
def test_whatever_is_chosen_has_room_in_a_message(language: str, room: int) -> None:
    names = Names({}, dict.fromkeys(range(60), "Institute of the long name " * 7), {})
    many = Condition(Dimension.ORGANISATION, tuple(str(n) for n in range(60)))
    block = (Condition(Dimension.COUNTRY, ("KZ", "KG"), outside=True), many)
    for audience in (Audience((block,) * count) for count in (1, 2, 8)):
        assert length(described(audience, names, Say(language), room)) <= max(room, 30)


def test_where_there_is_little_room_values_are_counted() -> None:
    audience = Audience(((Condition(Dimension.COUNTRY, ("KZ", "KG", "UZ", "TJ", "TM", "AF", "TR")),),))
    said = described(audience, Names(), Say("en"), 75).replace("\u2068", "").replace("\u2069", "")
    assert said == "members in Kazakhstan, Kyrgyzstan, Uzbekistan or 4 more"
