"""What is planted: the public documents, the archive, and invented people whose digests are never empty."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from bot.seed import plant
from bot.seed.calendar import COMING_EVENTS, PAST_EVENTS
from bot.seed.desk import EDITING, EDITOR, ITEMS
from bot.seed.documents import DOCUMENTS, INVENTED_DOCUMENTS, SeedDocument
from bot.seed.people import PEOPLE, USUAL, SeedPerson
from handlers.context import Policy
from handlers.digests.issue import mailed, render
from handlers.language import Say, available
from handlers.screens import LIMIT, length
from storage import access, digests, documents, events, mail, members, topics
from storage.applications import ZONES, Admission
from storage.database import Base, Database, Transaction
from storage.digests import DeskKind, Editing, Frequency, Section, board
from storage.members import Channel, Member, Role
from storage.tlp import Label

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
POLICY = Policy(
    "Test",
    "UTC",
    ("en", "ru"),
    "en",
    Label.AMBER,
    Admission(),
    0,
    time(9),
    skip_holidays=True,
    editing=Editing("UTC", 4, time(15)),
    two_person_above=20,
)
CODES = {
    "jpoa", "dialogue", "media", "border", "justice", "financing", "rehab", "prison", "online", "victims", "youth-edu",
    "capacity",
}  # fmt: skip


async def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    async with database.reading() as tx:
        return {
            table.name: sorted(tuple(map(repr, row)) for row in await tx.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


async def test_planting_twice_changes_nothing(database: Database) -> None:
    await plant(database, NOW, people=True)
    before = await everything(database)
    await plant(database, NOW + timedelta(days=1), people=True)

    assert await everything(database) == before
    assert len(before["topic"]) == 12
    assert len(before["document"]) == len(DOCUMENTS) + len(INVENTED_DOCUMENTS) == 18
    assert len(before["event"]) == len(PAST_EVENTS) + len(COMING_EVENTS) == 13
    assert len(before["member"]) == len(PEOPLE) == 9


async def test_a_network_of_its_own_gets_the_public_documents_and_the_archive_only(database: Database) -> None:
    async with database.transaction() as tx:
        member = await members.welcome(tx, 1, "en", "UTC", NOW)
        member.state = members.MemberState.ACTIVE
        await members.give_role(tx, member.id, Role.ADMINISTRATOR)
    await plant(database, NOW)
    async with database.reading() as tx:
        viewer = await access.viewer(tx, member.id)
        found = await documents.search(tx, viewer, "")
        library = await documents.shown(tx, viewer, found.ids)
        coming = await events.coming(tx, viewer, NOW)
        past = await events.past(tx, viewer, NOW)

    assert {d.title for d in library} == {d.title for d in DOCUMENTS}
    (strategy,) = (d for d in library if d.titles.get("ru", "").endswith("Организации Объединенных Наций"))
    assert (strategy.kind, strategy.pillars) == (documents.Kind.STRATEGY, "P1 P2 P3 P4")
    assert "A/RES/60/288" in (strategy.description or "")
    assert coming.items == ()
    assert past.items[0].title_en.startswith("Fifth regional conference")


async def test_the_digest_of_every_demo_person_says_something_in_both_languages(database: Database) -> None:
    await plant(database, NOW, people=True)
    async with database.reading() as tx:
        codes = {topic.code: topic.id for topic in await topics.everything(tx)}
        for person in PEOPLE:
            viewer = await access.viewer(tx, (await found(tx, person)).id)
            copy = await digests.preview(tx, viewer, NOW + timedelta(hours=1))
            issue = (await digests.issues_of(tx, {viewer.id: copy}, {viewer.id: viewer}, 0))[viewer.id]
            told = {section for section, _ in issue.lines}
            wanted = {Section.DATES, Section.DOCUMENTS, Section.PINS} if person.wishes == USUAL else {Section.DATES}
            assert told >= wanted, person.name
            heard = {t for t, level in (await topics.levels(tx, viewer.id)).items() if level in topics.HEARING}
            assert heard == {codes[code] for code in person.topics}
            for language in available():
                say = Say(language, person.zone)
                assert length(render(issue, say, POLICY).html) <= LIMIT
                if person.mail:
                    assert "TLP:AMBER" not in mailed(issue, say, POLICY, None).text


async def found(tx: Transaction, person: SeedPerson) -> Member:
    by = members.by_telegram(tx, person.telegram_id) if person.telegram_id else mail.known_as(tx, person.mail or "")
    member = await by
    assert member is not None
    return member


async def test_the_coming_issue_is_approved_and_one_contribution_waits(database: Database) -> None:
    await plant(database, NOW, people=True)
    async with database.reading() as tx:
        (editor,) = [await found(tx, person) for person in PEOPLE if person.telegram_id == EDITOR]
        viewer = await access.viewer(tx, editor.id)
        coming = await board.board(tx, viewer, 2, EDITING, NOW)
        making = await board.board(tx, viewer, None, EDITING, NOW)

    assert (coming.approved_by, {code for code, _ in coming.note}) == ("Maral Demoyeva", {"en", "ru"})
    assert [item.kind for item in coming.items] == [DeskKind.PIN, DeskKind.CALL, DeskKind.NEWS]
    call, news = coming.items[1:]
    assert call.until == (NOW + timedelta(days=21)).date()
    assert [code for code, _ in news.titles] == ["ru"]
    assert (making.number, making.waiting, making.items) == (3, 1, ())


async def test_some_have_chosen_how_often_and_where_their_digest_comes(database: Database) -> None:
    await plant(database, NOW, people=True)
    async with database.reading() as tx:
        rows = [(await found(tx, p), await tx.get(digests.DigestSchedule, (await found(tx, p)).id)) for p in PEOPLE]

    assert {row.frequency for _, row in rows if row} == set(Frequency)
    assert {member.name: member.channel for member, _ in rows if member.channel is not Channel.TELEGRAM} == {
        "Gülşat Nusgaýewa": Channel.EMAIL,
        "Ingrid Eksempel": Channel.BOTH,
    }


def test_the_people_are_seven_members_and_two_administrators_in_zones_of_their_own() -> None:
    members_, staff = [p for p in PEOPLE if not p.administrator], [p for p in PEOPLE if p.administrator]

    assert (len(members_), len(staff)) == (7, 2)
    assert {p.name for p in members_} == {
        "Алия Демоева", "Бакыт Үлгүев", "Ҷамшед Намунаев", "Gülşat Nusgaýewa", "Oʻktam Namunayev", "Farid Namuna",
        "Ingrid Eksempel",
    }  # fmt: skip
    for person in PEOPLE:
        assert ZONES[person.country] == person.zone
        assert person.language in available()
        assert set(person.topics) <= CODES


@pytest.mark.parametrize("seed", [*DOCUMENTS, *INVENTED_DOCUMENTS], ids=lambda seed: seed.title[:40])
def test_an_address_is_well_formed_and_stored_as_it_is_written(seed: SeedDocument) -> None:
    assert documents.clean_url(seed.url) == seed.url
    assert urlsplit(seed.url).scheme == "https"
    assert len(seed.title) <= 200


def test_what_is_invented_says_so_and_only_that_is_restricted() -> None:
    assert all(d.title.startswith("DEMO — ") and d.url.startswith("https://example.org/") for d in INVENTED_DOCUMENTS)
    assert all(e.title_en.startswith("DEMO — ") and e.title_ru.startswith("ДЕМО — ") for e in COMING_EVENTS)
    assert all(title.startswith(("DEMO — ", "ДЕМО — ")) for item in ITEMS for title in item.titles.values())
    assert {d.label for d in DOCUMENTS} == {Label.CLEAR}
    assert {d.label for d in INVENTED_DOCUMENTS} == {Label.GREEN, Label.AMBER}
    assert not any("DEMO" in item for d in DOCUMENTS for item in (d.title, d.publisher))


def test_the_archive_lies_in_the_past_and_demo_events_come_within_and_beyond_the_digest() -> None:
    assert all(e.first <= e.last < "2026" for e in PAST_EVENTS)
    assert {ZoneInfo(e.zone).key for e in (*PAST_EVENTS, *COMING_EVENTS)} <= set(ZONES.values())
    assert sorted(e.days for e in COMING_EVENTS) == [3, 7, 10, 20, 45, 120]
    assert {d.topic for d in (*DOCUMENTS, *INVENTED_DOCUMENTS)} <= CODES


async def test_members_for_trials_of_size_are_added_each_time(database: Database) -> None:
    await plant(database, NOW, invented=30)
    await plant(database, NOW, invented=20)
    async with database.reading() as tx:
        found = await tx.scalar(select(func.count(members.Member.id)))

    assert found == 50
