"""Acknowledging: once, in time or late; who has not is reminded twice at most and chased, or asked again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

import pytest
from announced import announces
from cast import administrators, alters, forges, goes, stands_at
from hypothesis import given
from hypothesis import strategies as st
from story import Stage, buttons, written

from handlers.announcements.presses import Acknowledge, OpenChase
from storage import quiet
from storage.announcements import Announcement, AnnouncementState, Recipient, remind, reminder_due, reminder_times
from storage.announcements.reminding import MOST, Reader
from storage.members import Role
from storage.outbox import OutboxState
from storage.tlp import Label

MONDAY = datetime(2026, 12, 7, 6, tzinfo=UTC)
"""Eleven o'clock in Almaty."""
DEADLINE = MONDAY + timedelta(days=4)
SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def goes_to(stage: Stage, at: datetime) -> None:
    await stands_at(stage, at)
    await stage.settled()


async def test_who_acknowledges_does_it_once_and_the_others_are_reminded_and_chased_to_the_person(  # noqa: PLR0915 - four days
    stage: Stage,
) -> None:
    await stands_at(stage, MONDAY)
    author, _ = await administrators(stage)
    quick = await stage.joined(50, "Quick Demo", organisation="Fast House", country="KG")
    slow = await stage.joined(51, "Slow Demo", organisation="Slow House", country="TJ", language="ru")
    gone = await stage.joined(52, "Gone Demo", organisation="Slow House", country="TJ")
    away = await stage.joined(53, "Away Demo", organisation="Slow House", country="TJ")
    other = await stage.joined(54, "Other Demo", state="idle")
    stage.settings["delivery"] = {"per_chat_per_second": 30}
    async with stage.bot():
        n = await announces(stage, author, "Read <this>", by=DEADLINE)
        shown = await quick.sees("Read <this>", "Please acknowledge this by")
        assert buttons(shown) == ["Acknowledge", "Reply", "Settings"]
        got = await slow.sees("Read <this>")
        await quick.taps("Acknowledge")
        again = await quick.sees("Read <this>", "✓ You have acknowledged this.")
        assert again["message_id"] == shown["message_id"]
        assert buttons(again) == ["Reply", "Settings"]
        await forges(quick, Acknowledge(n, 1))
        await other.says("/help")
        await other.sees("What you can do here")
        await forges(other, Acknowledge(n, 1))
        await other.sees("This menu is out of date")
        await away.does("block")
        await alters(stage, "UPDATE member SET state = 'left' WHERE telegram_id = 52")

        await goes_to(stage, MONDAY + timedelta(days=2, minutes=5))
        reminder = await slow.sees("Напоминание", "«Read <this>» (N-1)")
        assert written(reminder).startswith("TLP:GREEN")
        assert reminder["has_protected_content"]
        await goes_to(stage, MONDAY + timedelta(days=2, minutes=10))
        await author.says("/broadcasts")
        await goes(author, "N-1 · Read", "1 of 5 readers acknowledged")
        listed = await goes(author, "Not acknowledged", "1 of 5 readers acknowledged")
        assert "Tajikistan: 2 of 2" in written(listed).replace("\u2068", "").replace("\u2069", "")
        assert "Kazakhstan: 1 of 1" in written(listed).replace("\u2068", "").replace("\u2069", "")
        assert "Kyrgyzstan: 1 of 2" in written(listed).replace("\u2068", "").replace("\u2069", "")
        names = await goes(author, "Tajikistan: 2", "Slow Demo", "Away Demo")
        assert "Gone" not in written(names)
        await goes(author, "Back", "Tajikistan")
        await goes(author, "By organisation", "Slow House", "2 of 2", "Secretariat")
        await goes(author, "Slow House: 2", "Slow Demo", "Away Demo")
        await goes(slow, "Подтвердить", "Вы подтвердили прочтение", "«Read <this>»")
        kept = await slow.sees("Please <read>", "✓ Вы подтвердили прочтение")
        assert kept["message_id"] == got["message_id"]

        await goes_to(stage, DEADLINE - timedelta(days=1, minutes=-5))
        await author.sees("A reminder: please acknowledge")
        await goes_to(stage, DEADLINE + timedelta(minutes=5))
        told = await author.sees("N-1: the deadline has passed", "2 of 5 readers acknowledged")
        assert buttons(told) == ["Not acknowledged", "Report on sending", "Menu"]
        await author.taps("Acknowledge", on="Read <this>")
        await author.sees("You have acknowledged this, after the deadline.")
        await forges(author, OpenChase(n))
        await author.sees("3 of 5 readers acknowledged (late: 1)")

    reminded = await stage.rows(
        "SELECT m.telegram_id, r.reminders FROM announcement_recipient r JOIN member m ON m.id = r.member_id ORDER BY 1"
    )
    assert reminded == [(1, 2), (2, 2), (50, 0), (51, 1), (52, 0), (53, 1)]
    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'announcement:reminder'") == [(6,)]
    assert not any("reminder" in written(m) for person in (quick, gone) for m in person.seen.values())
    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'announcement:acknowledged'") == [(1,)]


async def test_a_correction_asks_those_again_who_had_acknowledged_and_an_old_button_shows_what_is_new(
    stage: Stage,
) -> None:
    await stands_at(stage, MONDAY)
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo", country="UZ")
    async with stage.bot():
        n = await announces(stage, author, "First words", by=DEADLINE, audience=[[["country", ["UZ"], False]]])
        await reader.taps("Acknowledge")
        await reader.sees("✓ You have acknowledged this.")
        told = await author.sees("N-1: all have acknowledged it.", "1 of 1 reader acknowledged")
        assert buttons(told) == ["Report on sending", "Menu"]
        await author.looks()
        corrected = 'UPDATE announcement SET version = 2, titles = \'{"en": "Better words"}\', corrected_at = sent_at'
        await alters(stage, corrected)
        await goes_to(stage, MONDAY + timedelta(hours=1))
        told = await reader.sees("you acknowledged was corrected", "“Better words” (N-1)")
        assert written(told).startswith("TLP:GREEN")
        await forges(reader, Acknowledge(n, 1))
        await reader.sees_toast("corrected since")
        await goes(reader, "Acknowledge", "Better words", "✓ You have acknowledged this.", "Corrected, version 2.")
        await author.sees("N-1: all have acknowledged it.")
        await goes_to(stage, MONDAY + timedelta(hours=2))

    assert await stage.rows(
        "SELECT acknowledged_version, reminders FROM announcement_recipient WHERE member_id = 3"
    ) == [(2, 0)]
    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'announcement:again'") == [(1,)]


@SQLITE
async def test_nobody_is_reminded_at_night_but_in_the_morning(stage: Stage) -> None:
    await stands_at(stage, MONDAY)
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo")
    async with stage.bot():
        await announces(stage, author, "Quiet words", by=MONDAY + timedelta(hours=30))
        await stands_at(stage, MONDAY + timedelta(hours=15, minutes=5))
        while not (due := await stage.rows("SELECT due_at FROM outbox WHERE notice = 'announcement:reminder' LIMIT 1")):
            await stage.settled("FALSE")
        assert str(due[0][0]).startswith("2026-12-08 03:00")
        await reader.looks()
        assert not any("reminder" in written(m) for m in reader.seen.values())
        await stands_at(stage, MONDAY + timedelta(hours=21, minutes=5))
        await reader.sees("A reminder", "Quiet words")
        await goes_to(stage, MONDAY + timedelta(hours=22, minutes=35))
        await reader.sees("A reminder", "Quiet words")


async def test_a_crash_or_a_second_process_reminds_nobody_twice(stage: Stage) -> None:
    await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    await stage.joined(50, "Reader Demo")
    half = MONDAY + timedelta(days=2)
    async with stage.beside() as database:
        async with database.transaction() as tx:
            words = {"en": "Words"}
            row = Announcement(
                author_id=1, state=AnnouncementState.DONE, language="en", titles=words, texts=words, label=Label.GREEN,
                audience=[], created_at=MONDAY, sent_at=MONDAY, acknowledge_by=DEADLINE,
            )  # fmt: skip
            tx.add(row)
            await tx.flush()
            tx.add(Recipient(announcement_id=row.id, member_id=2, state=OutboxState.SENT, settled_at=MONDAY))

        async def reminds(*, crashes: bool = False) -> None:
            with suppress(RuntimeError):
                async with database.transaction() as tx:
                    await remind(tx, half)
                    if crashes:
                        raise RuntimeError

        await reminds(crashes=True)
        assert await stage.rows("SELECT reminders FROM announcement_recipient") == [(0,)]
        await asyncio.gather(reminds(), reminds(), reminds())
        await reminds()

    assert await stage.rows("SELECT reminders FROM announcement_recipient") == [(1,)]
    assert await stage.rows("SELECT member_id, notice FROM outbox") == [(2, "announcement:reminder")]


ZONES = ("Asia/Almaty", "UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu")
HOURS = st.sampled_from([f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)])


@given(
    span=st.integers(60, 14 * 24 * 60),
    began=st.integers(0, 400 * 24 * 60),
    ticks=st.lists(st.integers(-100, 15 * 24 * 60), min_size=1, max_size=60),
    zone=st.sampled_from(ZONES),
    night=st.tuples(HOURS, HOURS),
    urgent=st.booleans(),
)
def test_a_reader_is_reminded_twice_at_most_never_at_night_and_never_after_the_deadline(
    span: int,
    began: int,
    ticks: list[int],
    zone: str,
    night: tuple[str, str],
    urgent: bool,  # noqa: FBT001
) -> None:
    sent = MONDAY + timedelta(minutes=began)
    row = Announcement(sent_at=sent, acknowledge_by=sent + timedelta(minutes=span), urgent=urgent)
    begin, end = (time.fromisoformat(hour) for hour in night)
    reader, reminded = Reader(1, zone, *night, sent, 0, None), list[datetime]()
    for minute in sorted(ticks):
        now = sent + timedelta(minutes=minute)
        at = reminder_due(row, reader, now)
        if at is not None:
            assert at >= now
            reminded.append(at)
            reader = reader._replace(reminders=reader.reminders + 1, reminded_at=at)

    assert len(reminded) <= MOST
    assert reminded == sorted(set(reminded))
    assert all(reminder_times(sent, row.acknowledge_by)[0] <= at < row.acknowledge_by for at in reminded)
    assert urgent or all(quiet.until(at, zone, begin, end) is None for at in reminded)


@given(hours=st.integers(2, 14 * 24))
def test_who_never_acknowledges_and_never_sleeps_is_reminded_twice(hours: int) -> None:
    row = Announcement(sent_at=MONDAY, acknowledge_by=MONDAY + timedelta(hours=hours), urgent=False)
    reader, reminded = Reader(1, "UTC", "00:00", "00:00", MONDAY, 0, None), 0
    for minute in range(0, hours * 60, 5):
        at = reminder_due(row, reader, MONDAY + timedelta(minutes=minute))
        if at is not None:
            reminded += 1
            reader = reader._replace(reminders=reminded, reminded_at=at)

    assert reminded == MOST
