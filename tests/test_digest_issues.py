"""Issues and digests: what an editor signs is told once to each, early or late, and an unsigned issue may wait."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from cast import SOAKED, alters, goes, paper, shelves, stands_at
from editors import accepts, approves, contributes, editor, focal_point, presses
from mail_server import MailServer, mailed, plain
from record import goes_on
from sqlalchemy import select, update
from story import Person, Stage, written

from handlers.desk import WriteNote
from storage import digests, documents, members, topics
from storage.database import Database
from storage.digests import Digest, DigestIssue, DigestSchedule, Editing, Frequency, Terms
from storage.digests.times import is_even
from storage.members import Channel, MemberState
from storage.tlp import Label
from storage.topics import Level
from storage.topics.tables import Subscription

WEDNESDAY = datetime(2026, 12, 2, 9, tzinfo=UTC)
"""In week 49, whose issue is No. 1."""
MONDAY = datetime(2026, 12, 7, 4, tzinfo=UTC)
"""09:00 in Almaty, in the week of issue No. 2."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)


async def reader(stage: Stage, telegram_id: int = 70, name: str = "Reader Demo", **facts: Any) -> Person:
    return await stage.joined(telegram_id, name, topics=["media"], country=None, **facts)


async def papers(stage: Stage, *moments: datetime) -> None:
    """Let a paper appear at each of some moments, called by its number from 1 on."""
    await shelves(stage, 50, *(paper(f"Paper {n}") for n, _ in enumerate(moments, 1)))
    for n, at in enumerate(moments, 1):
        await alters(stage, "UPDATE document SET shared_at = :at WHERE title = :title", at=str(at), title=f"Paper {n}")


async def writes_note(hand: Person, number: int, words: str) -> None:
    await presses(hand, WriteNote(number, "en"))
    await hand.sees(f"Write the note for No. {number}")
    await hand.says(words)
    await hand.sees(f"No. {number}", words)


async def has(stage: Stage, question: str, *rows: Any, **values: Any) -> None:
    """Wait until the database answers so."""
    while await stage.rows(question, **values) != list(rows):
        await goes_on(stage.control)


async def told(person: Person) -> list[str]:
    """Return the digests that somebody got, the earliest first."""
    await person.looks()
    messages = [written(person.seen[n]) for n in sorted(person.seen)]
    return [words for words in messages if "digest No." in words]


MADE = "SELECT iso_week, d.state FROM digest d JOIN member m ON m.id = member_id WHERE telegram_id = 70 ORDER BY 1"
WAITS = "SELECT waits_for FROM digest_schedule s JOIN member m ON m.id = s.member_id WHERE telegram_id = 70"


async def test_an_unsigned_issue_waits_for_its_editor_and_what_nobody_signs_is_told_a_week_later(stage: Stage) -> None:
    stage.settings["digest"] = {"unsigned": False}
    await stands_at(stage, WEDNESDAY)
    hand, member, author = await editor(stage), await reader(stage), await focal_point(stage)
    await papers(stage, MONDAY - DAY, MONDAY + 2 * DAY, MONDAY + 9 * DAY)
    async with stage.bot():
        await contributes(author, "A workshop was held", "No. 2")
        await accepts(hand, "A workshop was held")
        await stands_at(stage, MONDAY)
        await has(stage, WAITS, (2,))
        assert await stage.rows(MADE) == []
        await stands_at(stage, MONDAY + 6.4 * DAY)
        await writes_note(hand, 2, "Words of No. 2")
        await approves(hand, 2, "A workshop was held")
        issue = await member.sees(
            "digest No. 2", "Words of No. 2", "Paper 1", "A workshop was held", "Edited by Editor Demo"
        )
        assert "Paper 2" not in written(issue)
        await has(stage, WAITS, (None,))

        await stands_at(stage, MONDAY + WEEK)
        await has(stage, WAITS, (3,))
        await approves(hand, 4)
        await stands_at(stage, MONDAY + 2 * WEEK)
        await member.sees("digest No. 4", "Paper 2", "Paper 3")
        await member.says("/digest 3")
        await member.sees("You have no digest No. 3")

    assert await stage.rows(MADE) == [(50, "queued"), (51, "skipped"), (52, "queued")]


async def _lives_by(stage: Stage, people: dict[int, tuple[Frequency, datetime]]) -> None:
    """Give members their rhythm, and the moment when it comes first; they had digests before."""
    for telegram_id, (frequency, due) in people.items():
        facts = {"often": frequency.value, "due": str(due), "even": is_even(due.date()), "told": str(MONDAY - DAY)}
        await alters(stage, SCHEDULE, n=telegram_id, **facts)


SCHEDULE = (
    "INSERT INTO digest_schedule (member_id, weekday, at, next_due_at, frequency, even, paused, quiet_line, "
    "edited_upto, covered_until) SELECT id, 0, '09:00', :due, :often, :even, false, false, 0, :told "
    "FROM member WHERE telegram_id = :n"
)


@SOAKED
async def test_each_rhythm_is_told_every_note_once_and_what_is_signed_late_in_the_next_digest(stage: Stage) -> None:
    await stands_at(stage, WEDNESDAY)
    hand, author = await editor(stage), await focal_point(stage)
    dues = {
        Frequency.DAILY: MONDAY,
        Frequency.WEEKLY: MONDAY,
        Frequency.FORTNIGHTLY: MONDAY + WEEK,
        Frequency.MONTHLY: MONDAY + 4 * WEEK,
    }
    people = [await reader(stage, 70 + n, f"Reader {n}") for n in range(len(dues))]
    daily, weekly, fortnightly, monthly = people
    await _lives_by(stage, dict(zip([p.id for p in people], dues.items(), strict=True)))
    days = (-0.5, 0.5, 6.5, 7.5, 8.5, 13.5, 20.5, 27.5)
    await papers(stage, *(MONDAY + n * DAY for n in days))
    async with stage.bot():
        await writes_note(hand, 2, "Words of No. 2")
        await contributes(author, "In time", "No. 2")
        await accepts(hand, "In time")
        await approves(hand, 2, "Words of No. 2")
        await stands_at(stage, MONDAY)
        issue = await daily.sees("digest No. 2", "Words of No. 2", "In time", "Paper 1")
        assert written(issue).startswith("TLP:GREEN")  # so are the words of an editor marked on the desk
        await weekly.sees("digest No. 2", "Words of No. 2", "In time", "Paper 1")
        await stands_at(stage, MONDAY + DAY)
        assert "Words of" not in written(await daily.sees("digest No. 2", "Paper 2"))

        await stands_at(stage, MONDAY + WEEK)
        assert "Words of" not in written(await weekly.sees("digest No. 3", "Paper 3"))
        assert "Edited by" not in written(await daily.sees("digest No. 3", "Paper 3"))
        await fortnightly.sees("digest No. 3", "Words of No. 2", "In time", "Paper 1", "Paper 3")
        await stands_at(stage, MONDAY + WEEK + DAY)
        await daily.sees("digest No. 3", "Paper 4")
        await writes_note(hand, 3, "Words of No. 3")
        await approves(hand, 3, "Words of No. 3")
        await stands_at(stage, MONDAY + WEEK + 2 * DAY)
        await daily.sees("digest No. 3", "Words of No. 3", "Paper 5", "Edited by")
        await contributes(author, "In the week after", "No. 4")
        await accepts(hand, "In the week after")
        await writes_note(hand, 4, "Words of No. 4")
        await approves(hand, 4, "In the week after")
        await stands_at(stage, MONDAY + 2 * WEEK)
        await weekly.sees("digest No. 4", "Words of No. 3", "Words of No. 4", "In the week after", "Paper 6")
        assert "No. 3" not in written(await daily.sees("digest No. 4", "Words of No. 4", "Paper 6"))
        await stands_at(stage, MONDAY + 3 * WEEK)
        await fortnightly.sees("digest No. 5", "Words of No. 3", "Words of No. 4", "In the week after", "Paper 7")
        await stands_at(stage, MONDAY + 4 * WEEK)
        notes = [f"Words of No. {n}" for n in (2, 3, 4)]
        await monthly.sees("digest No. 6", *notes, "In time", "In the week after", "Paper 1", "Paper 8")
        await weekly.sees("digest No. 6", "Paper 8")

    for person in people:
        everything = "\n".join(await told(person))
        assert [everything.count(words) for words in notes] == [1, 1, 1], person.id
        assert everything.count("In the week after") == 1


async def test_who_wants_both_gets_one_each_and_a_week_without_news_is_quiet_on_both(
    stage: Stage, posts: MailServer
) -> None:
    await stands_at(stage, WEDNESDAY)
    await editor(stage)
    both, by_mail = await reader(stage), await reader(stage, 71, "By Mail")
    await mailed(stage, 70, "both@example.org", Channel.BOTH)
    await mailed(stage, 71, "mail@example.org", Channel.EMAIL)
    await papers(stage, MONDAY - DAY, MONDAY + 13 * DAY)
    async with stage.bot():
        await stands_at(stage, MONDAY)
        await both.sees("digest No. 2", "Paper 1")
        for address in ("both@example.org", "mail@example.org"):
            assert "Paper 1" in plain(await posts.receives(address))
        await stands_at(stage, MONDAY + WEEK)
        await has(stage, MADE, (50, "queued"), (51, "empty"))
        await stands_at(stage, MONDAY + 2 * WEEK)
        await both.sees("digest No. 4", "Paper 2")
        for address in ("both@example.org", "mail@example.org"):
            assert "Paper 2" in plain(await posts.receives(address, 2))
        await stage.settled("notice = 'digest:issue'")

    assert len(await told(both)) == len(posts.sent("both@example.org")) == len(posts.sent("mail@example.org")) == 2
    assert await told(by_mail) == []
    sent = "SELECT m.telegram_id, lane, o.state, count(*) FROM outbox o JOIN member m ON m.id = member_id "
    assert await stage.rows(f"{sent} WHERE telegram_id >= 70 GROUP BY 1, 2, 3 ORDER BY 1, 2") == [
        (70, 2, "sent", 2), (70, 3, "sent", 2), (71, 3, "sent", 2),
    ]  # fmt: skip


async def test_a_late_one_waits_for_the_morning_and_a_chosen_early_one_makes_no_sound(stage: Stage) -> None:
    await stands_at(stage, WEDNESDAY)
    await editor(stage)
    late, early = await reader(stage), await reader(stage, 71, "Early Demo")
    await mailed(stage, 70, "late@example.org", Channel.EMAIL)  # before the operator took the mail server away
    await papers(stage, MONDAY - DAY, MONDAY + 6 * DAY)
    async with stage.bot():
        await early.says("/digest")
        await early.sees("Your digest")
        await goes(early, "Change time", "At what time")
        await goes(early, "06:00", "7 December 2026, 06:00")
        await stands_at(stage, MONDAY - timedelta(hours=3))
        await early.sees("digest No. 2", "Paper 1")
    await stands_at(stage, MONDAY + timedelta(hours=14))  # 23:00 in Almaty: the bot was down since 06:00
    async with stage.bot():
        await has(stage, MADE, (50, "queued"))
        held = "SELECT due_at, silent FROM outbox o JOIN member m ON m.id = member_id WHERE telegram_id = 70"
        [(due, silent)] = await stage.rows(held)
        assert (str(due)[:16], bool(silent)) == ("2026-12-08 03:00", False)
        await stands_at(stage, MONDAY + timedelta(hours=22, minutes=59))
        await goes_on(stage.control)
        assert await told(late) == []
        await stands_at(stage, MONDAY + timedelta(hours=23))
        issue = await late.sees("digest No. 2", "Paper 1")
        await stands_at(stage, MONDAY + WEEK - timedelta(hours=3))
        again = await early.sees("digest No. 3", "Paper 2")

    assert not issue["silent"]
    assert again["silent"]
    assert [(await told(person))[0].count("Paper 1") for person in (late, early)] == [1, 1]


async def test_what_is_signed_while_digests_are_made_is_told_by_the_next_run_and_leaves_nothing_out(
    database: Database,
) -> None:
    terms = Terms(MONDAY, lambda _: [0], unsigned=False)
    async with database.transaction() as tx:
        await digests.ensure(tx, Editing("Asia/Almaty", 4, time(15)), MONDAY - DAY)
        people = [await members.welcome(tx, n, "en", "Asia/Almaty", MONDAY) for n in (70, 71)]
        for person, before, waits in zip(people, (DAY, WEEK), (None, 2), strict=True):
            person.state = MemberState.ACTIVE
            facts = {"member_id": person.id, "weekday": 0, "at": "09:00", "waits_for": waits}
            tx.add(DigestSchedule(**facts, next_due_at=MONDAY, covered_until=MONDAY - before))
            [room] = (await topics.everything(tx))[:1]
            tx.add(Subscription(member_id=person.id, topic_id=room.id, level=Level.DIGEST, since=MONDAY))
        facts = {"label": Label.CLEAR, "stage": documents.Stage.PUBLISHED, "shared_at": MONDAY - 3 * DAY}
        tx.add(documents.Document(token="t", title="Paper", topic_id=room.id, owner_id=people[0].id, **facts))
    async with database.reading() as tx:
        found = await digests.begin(tx, MONDAY)
    assert found is not None
    async with database.transaction() as tx:
        await tx.execute(update(DigestIssue).where(DigestIssue.number == 2).values(approved_at=MONDAY))
        await tx.execute(update(DigestSchedule).values(waits_for=None))
    async with database.transaction() as tx:
        assert await digests.run(tx, found, terms) == 0
        again = await digests.begin(tx, MONDAY)
        assert again is not None
        assert await digests.run(tx, again, terms) == 2
        kept = (await tx.scalars(select(Digest).order_by(Digest.member_id))).all()
        assert [row.items.get("documents") for row in kept] == [None, [1]]
