"""Feeds: what other sites publish comes into a topic once, past its moderators or by itself, and harmless."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import JPOA, MEDIA, administrators, alters, forges, goes, stands_at
from feed_site import FeedSite, News, feed_site
from gatherings import forum, inside, threads
from record import comes, everything, last, replies
from sqlalchemy import select
from story import Person, Stage, buttons, written

from handlers.feeds.adding import AddFeed
from handlers.feeds.items import DecideItem
from handlers.feeds.listing import RemoveFeed, RestFeed, ShowFeed
from handlers.presses import OpenFeeds
from storage import access, feeds, members
from storage.access import Viewer
from storage.database import Database, Transaction
from storage.members import MemberState, Office, Role
from storage.refusals import Refusal

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.fixture
async def site() -> AsyncIterator[FeedSite]:
    async with feed_site() as site:
        yield site


@pytest.fixture
async def lead(stage: Stage) -> Person:
    """The moderator of one topic, in a network that reads feeds of this machine."""
    stage.settings["fetch"] = {"private_networks": ["127.0.0.0/8"]}
    await stands_at(stage, NOW)
    return await stage.joined(50, "Saltanat Demo", roles=[Office(Role.MODERATOR, topic_id=MEDIA)])


async def adds(person: Person, url: str, *seen: str, target: str = "Post them", approval: str = "A moderator") -> None:
    """Fill the form, and wait until the feed was read."""
    await person.says("/feeds")
    await goes(person, "Add a feed", "Send the address")
    await person.says(url)
    await person.sees("What should become of its items?")
    await goes(person, target, "Who lets them through?", "At most 5 a day")
    await goes(person, approval, "read it once more", "Media and communication")
    await goes(person, "Add this feed", *seen)


async def comes_to(stage: Stage, statement: str, *expected: Any) -> None:
    """Wait until the database says so: what happens by itself is told nobody."""
    while await stage.rows(statement) != list(expected):
        await stage.control.get("/calls", after=await last(stage.control), timeout=0.1)


async def states(stage: Stage) -> dict[str, str]:
    return dict(await stage.rows("SELECT title, state FROM feed_item"))


async def test_items_are_laid_before_the_moderators_and_decided_once(
    stage: Stage, site: FeedSite, lead: Person
) -> None:
    first, second = await administrators(stage)
    other = await stage.joined(51, "Other Lead", roles=[Office(Role.MODERATOR, topic_id=JPOA)])
    url = site.publishes(
        "news", "Regional news",
        News("A handbook was published", day=3, summary="<p>It is <b>about</b> reporting &amp; care.</p>"),
        News("A conference will meet", day=2), News("A report was written", day=1),
    )  # fmt: skip
    async with stage.bot():
        await adds(lead, url, "Regional news", "was read: 3 items")
        card = await lead.sees("TLP:CLEAR", "Media and communication", "Regional news", "A handbook was published")
        assert "news.example.org" in written(card)
        assert "It is about reporting & care." in written(card)
        assert "<" not in written(card)
        assert buttons(card) == ["Publish", "Reject", "Read it"]
        for person in (first, second):
            await person.sees("A handbook was published")
        await goes(lead, "Publish", "A handbook was published", "Published by", "Saltanat Demo")
        await first.sees("A handbook was published", "Published by", "Saltanat Demo")
        await first.sees("A report was written")
        await second.sees("A report was written")
        await asyncio.gather(
            first.taps("Publish", on="A report was written"), second.taps("Reject", on="A report was written")
        )
        await first.sees("A report was written", "ed by")
        await second.sees("A report was written", "ed by")
        await forges(lead, DecideItem(3, 1))
        await lead.sees("decided already")
        await other.says("/feeds")
        await other.sees("There is no feed yet")
        for press, answer in (
            (DecideItem(2, 1), "no such item"), (ShowFeed(1), "no such feed"), (RestFeed(1, 1), "no such feed"),
            (RemoveFeed(1, 1), "no such feed"), (OpenFeeds(MEDIA), "There is no feed yet"),
            (DecideItem(99, 1), "no such item"),
        ):  # fmt: skip
            await forges(other, press)
            await other.sees(answer)
        assert not any("handbook" in written(m) for m in other.seen.values())

    found = await states(stage)
    assert found["A handbook was published"] == "published"
    assert found["A conference will meet"] == "waiting"
    assert found["A report was written"] in {"published", "rejected"}
    made = 2 if found["A report was written"] == "published" else 1
    assert await stage.rows("SELECT count(*) FROM post WHERE label = 'TLP:CLEAR'") == [(made,)]
    acts = dict(await stage.rows("SELECT event, count(*) FROM audit WHERE event LIKE 'feed:%' GROUP BY event"))
    assert sum(acts.values()) == 3
    assert acts["feed:added"] == 1


async def test_two_feeds_of_a_topic_bring_a_thing_once(stage: Stage, site: FeedSite, lead: Person) -> None:
    await stage.joined(1, "Maral Demo", roles=[Role.ADMINISTRATOR])
    one = site.publishes(
        "one", "One",
        News("By its guid it is known", guid="tag:example.org,2026:1"),
        News("By its address it is known", "https://www.example.org/paper/?utm_source=feed#part"),
        News("By its Title – it’s known"), News("News", "https://one.example.org/", guid="1"),
    )  # fmt: skip
    two = site.publishes(
        "two", "Two",
        News("Another title altogether", guid="tag:example.org,2026:1"),
        News("A third title altogether", "https://example.org/paper"),
        News("by its title: it's KNOWN", "https://elsewhere.example.org/"),
        News("News", "https://two.example.org/", guid="1"),
        News("Only the second has this"), News("only the second has THIS", "https://twice.example.org"),
    )  # fmt: skip
    async with stage.bot():
        await adds(lead, one, "was read: 4 items", approval="They come")
        await adds(lead, two, "was read: 6 items", approval="They come")
    assert [row[0] for row in await stage.rows("SELECT title FROM feed_item ORDER BY id")] == [
        "News", "By its Title – it’s known", "By its address it is known", "By its guid it is known",
        "Only the second has this", "News",
    ]  # fmt: skip
    assert await stage.rows("SELECT count(*) FROM post") == [(6,)]


async def test_a_feed_brings_its_newest_first_and_then_no_more_a_day_than_its_cap(
    stage: Stage, site: FeedSite, lead: Person
) -> None:
    old = [News(f"The old news number {day}", day=day) for day in range(8)]
    url = site.publishes("news", "News", *old)
    async with stage.bot():
        await adds(lead, url, "was read: 8 items", approval="They come")
        counted = "SELECT state, count(*) FROM feed_item GROUP BY state ORDER BY state"
        assert await stage.rows(counted) == [("passed", 3), ("published", 5)]
        assert await stage.rows("SELECT title FROM feed_item WHERE state = 'passed' ORDER BY id") == [
            (f"The old news number {day}",) for day in range(3)
        ]
        site.publishes("news", "News", *(News(f"The fresh news number {day}", day=10 + day) for day in range(7)), *old)
        await stands_at(stage, NOW + timedelta(hours=1, seconds=1))
        await comes_to(stage, counted, ("held-by-cap", 7), ("passed", 3), ("published", 5))
        await stands_at(stage, NOW + timedelta(days=1, seconds=1))
        await comes_to(stage, counted, ("held-by-cap", 2), ("passed", 3), ("published", 10))
        held = await stage.rows("SELECT title FROM feed_item WHERE state = 'held-by-cap' ORDER BY id")
        assert held == [("The fresh news number 5",), ("The fresh news number 6",)]
        await stands_at(stage, NOW + timedelta(days=2, seconds=2))
        await comes_to(stage, counted, ("passed", 3), ("published", 12))
    assert site.unchanged["news"] >= 1


async def test_who_follows_live_reads_what_is_posted_and_not_what_is_for_digests(
    stage: Stage, site: FeedSite, lead: Person
) -> None:
    member = await stage.joined(60, "Follower", topics=["media"])
    await alters(stage, "UPDATE subscription SET level = 'live'")
    kept = site.publishes("kept", "Kept", News("For the digest alone"))
    said = site.publishes("said", "Said", News("For everybody at once", summary="What it says &amp; means"))
    async with stage.bot():
        await adds(lead, kept, "was read: 1 item", target="Keep for digests", approval="They come")
        await adds(lead, said, "was read: 1 item", approval="They come")
        seen = await member.sees("TLP:CLEAR", "For everybody at once", "What it says & means")
        assert "https://news.example.org/For-everybody-at-once" in str(seen)
        assert not any("For the digest alone" in written(m) for m in member.seen.values())
    assert await stage.rows("SELECT state, source, url FROM post ORDER BY id") == [
        ("published", "feed", "https://news.example.org/For-the-digest-alone"),
        ("published", "feed", "https://news.example.org/For-everybody-at-once"),
    ]


@SQLITE
async def test_what_a_moderator_publishes_stands_in_the_topics_thread(
    stage: Stage, site: FeedSite, lead: Person
) -> None:
    first, _ = await administrators(stage)
    url = site.publishes("news", "News", News("For the whole forum", summary="In a few words"))
    async with stage.bot():
        group = await forum(stage, first)
        await adds(lead, url, "was read: 1 item")
        await goes(lead, "Publish", "Published by")
        call = await comes(stage.control, "sendMessage", chat_id=group)
        assert call["parameters"]["message_thread_id"] == (await threads(stage))["media"]
        words = ("TLP:CLEAR", "For the whole forum", "In a few words", "https://news.example.org/For-the-whole-forum")
        await inside(first, group).sees(*words)


async def test_a_feed_that_breaks_is_told_once_and_again_only_after_it_was_well(
    stage: Stage, site: FeedSite, lead: Person
) -> None:
    site.pages["news"] = 503
    told = "SELECT count(*) FROM outbox WHERE notice = 'feed:failing'"
    async with stage.bot():
        await adds(lead, f"{site.url}/news", "could not be read", "answers with error 503", "ever less often")
        now = NOW
        for failures in range(2, 9):
            now += timedelta(days=1, seconds=1)
            await stands_at(stage, now)
            await comes_to(stage, "SELECT failures FROM feed", (failures,))
            assert await stage.rows(told) == [(3 if failures >= 5 else 0,)]
        await lead.sees("cannot be read any more", "answers with error 503")
        site.publishes("news", "News", News("The site is well again"))
        await lead.says("/feeds")
        await lead.sees("cannot be read", site.url)
        await goes(lead, "Open 1", "It could not be read", "tried again")
        await lead.taps("Try again")
        await lead.sees("The site is well again")
        await lead.says("/feeds")
        await lead.sees("News", "read every hour")
        site.pages["news"] = "no feed at all"
        for failures in range(1, 6):
            now += timedelta(days=1, seconds=1)
            await stands_at(stage, now)
            await comes_to(stage, "SELECT failures FROM feed", (failures,))
    assert await stage.rows(told) == [(6,)]


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("http://10.0.0.5/feed", "private network"),
        ("http://169.254.169.254/latest/meta-data/", "private network"),
        ("http://user:secret@127.0.0.1/", "not one of a web page"),
        ("<!DOCTYPE html><html><head><title>A page</title></head></html>", "a web page, not a feed"),
        ("plain words", "no RSS or Atom feed"),
        ("<" * 100_001, "too tangled"),
        ("a" * 2_100_000, "too large"),
        (404, "answers with error 404"),
    ],
)
@SQLITE
async def test_what_is_no_feed_is_told_in_words(
    stage: Stage, site: FeedSite, lead: Person, page: str | int, told: str
) -> None:
    site.pages["news"] = page
    async with stage.bot():
        await adds(lead, f"{site.url}/news", "could not be read", told)
    assert await stage.rows("SELECT count(*) FROM feed_item") == [(0,)]


@SQLITE
async def test_an_address_inside_is_refused_where_nobody_opened_it(stage: Stage, site: FeedSite, lead: Person) -> None:
    del stage.settings["fetch"]
    url = site.publishes("news", "News", News("Nobody reads this"))
    async with stage.bot():
        await adds(lead, url, "could not be read", "private network")
        await lead.says("/feeds")
        await goes(lead, "Add a feed", "Send the address")
        for wrong in ("ftp://example.org/feed", "https://me:secret@example.org/feed", "https://", "two words"):
            await lead.says(wrong)
            await lead.sees("That is no address of a feed")
    assert site.asked["news"] == 0


@SQLITE
async def test_foreign_words_stay_words(stage: Stage, site: FeedSite, lead: Person) -> None:
    url = site.publishes(
        "news", "A <b>feed</b>\u202e & more",
        News("An <i>odd</i>\n\n title\u202e\u2066 <script>alert(1)</script>", "https://example.org/?a=1&b=<2>",
             summary="<p>Line one</p><style>p {}</style><p>{not} &lt;a fact&gt;</p>" + "long " * 300, day=2),
        News("It leads elsewhere", "javascript:alert(1)", day=1), News("It leads inside", "http://127.0.0.1/", day=1),
        News("", "https://example.org/untitled", summary="Only a summary speaks here", day=1),
    )  # fmt: skip
    async with stage.bot():
        await adds(lead, url, "A feed & more", "was read: 2 items")
        card = await lead.sees("An odd title")
        await lead.sees("Only a summary speaks here")
    for sign in ("\u202e", "\u2066", "alert", "p {}", "<i>"):
        assert sign not in written(card)
    assert "Line one {not} <a fact> long" in written(card)
    assert written(card).count("long") < 120
    assert [row[0] for row in await stage.rows("SELECT url FROM feed_item ORDER BY id DESC")] == [
        "https://example.org/?a=1&b=<2>", "https://example.org/untitled",
    ]  # fmt: skip


@SQLITE
async def test_what_nobody_decides_expires(stage: Stage, site: FeedSite, lead: Person) -> None:
    url = site.publishes("news", "News", News("Nobody decides on this"))
    async with stage.bot():
        await adds(lead, url, "was read: 1 item")
        await lead.sees("Nobody decides on this")
        await stands_at(stage, NOW + timedelta(days=13, hours=23))
        await comes_to(stage, "SELECT read_at > '2026-12-01' FROM feed", (1,))
        assert await states(stage) == {"Nobody decides on this": "waiting"}
        await stands_at(stage, NOW + timedelta(days=14, seconds=1))
        await lead.sees("Nobody decides on this", "Nobody decided in time")


async def test_a_feed_rests_goes_on_and_is_removed_with_what_waits(stage: Stage, site: FeedSite, lead: Person) -> None:
    url = site.publishes("news", "Daily news", News("This one is waiting"))
    async with stage.bot():
        await adds(lead, url, "was read: 1 item")
        await lead.sees("This one is waiting")
        await lead.says("/feeds")
        await lead.sees("Daily news", "Media and communication", "read every hour")
        await goes(lead, "Open 1", "Daily news", site.url, "A moderator decides", "Waiting for a decision: 1.")
        shown = await goes(lead, "Show what waits", "This one is waiting")
        assert buttons(shown) == ["Publish", "Reject", "Read it"]
        await goes(lead, "Pause", "It is paused")
        asked = site.asked["news"]
        await stands_at(stage, NOW + timedelta(hours=3))
        assert len(await replies(lead)) == 0
        await goes(lead, "Resume", "read every hour")
        await site.is_asked("news", asked + 1)
        await goes(lead, "Remove", "Remove the feed", "Daily news")
        await goes(lead, "Back", "Waiting for a decision: 1.")
        await goes(lead, "Remove", "Remove the feed", "Daily news")
        await lead.taps("Remove", on="Remove the feed")
        await lead.sees("There is no feed yet")
        await lead.sees("This one is waiting", "its feed was removed")
        await lead.taps("Back", on="There is no feed yet")
        await lead.sees("The topics that you manage")
        await goes(lead, "Feeds", "There is no feed yet")
        await adds(lead, url, "was read: 1 item")
        assert await states(stage) == {"This one is waiting": "expired"}
        await adds(lead, url, "This topic has that feed already", "Daily news")


@SQLITE
async def test_a_closed_topic_takes_nothing(stage: Stage, site: FeedSite, lead: Person) -> None:
    url = site.publishes("news", "News", News("Too late for this"))
    async with stage.bot():
        await adds(lead, url, "was read: 1 item")
        await lead.sees("Too late for this")
        await alters(stage, "UPDATE topic SET closed_at = :now WHERE id = 3", now="2026-11-30 09:00:00.000000")
        await lead.taps("Publish", on="Too late")
        await lead.sees("The topic is closed")
        await forges(lead, AddFeed(MEDIA))
        await lead.sees("Send the address")
        await lead.says("https://example.org/feed")
        await goes(lead, "Post them", "Who lets them")
        await goes(lead, "A moderator", "read it once more")
        await goes(lead, "Add this feed", "The topic is closed")
    assert await states(stage) == {"Too late for this": "waiting"}


@SQLITE
async def test_feeds_speak_russian(stage: Stage, site: FeedSite, lead: Person) -> None:
    await stage.joined(1, "Марал", roles=[Role.ADMINISTRATOR], language="ru")
    administrator = stage.people[1]
    url = site.publishes("news", "Новости", News("Вышло новое руководство"), News("Состоялась встреча экспертов"))
    async with stage.bot():
        await administrator.says("/feeds")
        await goes(administrator, "Добавить ленту", "Для какой темы эта лента?")
        await goes(administrator, "СМИ и коммуникация", "Пришлите адрес ленты")
        await administrator.says(url)
        await administrator.sees("Что делать с её материалами?")
        await goes(administrator, "Публиковать в теме", "Кто их пропускает?")
        await goes(administrator, "Решает модератор", "СМИ и коммуникация")
        await goes(administrator, "Добавить эту", "Новости", "прочитана: 2 материала")
        await goes(administrator, "Отклонить", "Отклонено: ", "Марал")
        await lead.sees("Rejected by", "Марал")


async def test_a_lead_is_asked_for_no_topic_and_reaches_no_other(stage: Stage, site: FeedSite, lead: Person) -> None:
    member = await stage.joined(60, "Member")
    async with stage.bot():
        await member.says("/feeds")
        await member.sees("I do not know that")
        await lead.says("/feeds")
        await lead.sees("There is no feed yet")
        await forges(lead, AddFeed(JPOA))
        await lead.sees("Send the address")
        await lead.says(site.publishes("news", "News"))
        await goes(lead, "Post them", "Who lets them")
        await goes(lead, "A moderator", "read it once more")
        await goes(lead, "Add this feed", "no such topic")
    assert await stage.rows("SELECT count(*) FROM feed") == [(0,)]


async def test_who_kept_feeds_can_be_erased_and_what_they_decided_stays(
    stage: Stage, site: FeedSite, lead: Person
) -> None:
    url = site.publishes("news", "News", News("They published this"), News("They left this"))
    async with stage.bot():
        await adds(lead, url, "was read: 2 items")
        await lead.sees("They left this")
        await lead.taps("Publish", on="They published this")
        await lead.sees("Published by", "Saltanat Demo")
        await lead.says("/mydata")
        message = await lead.sees("Everything stored about you")
        async with lead.control._session.get(
            f"{lead.control.url}/sandbox/files/{message['document']['file_id']}"
        ) as answer:
            copied = json.loads(await answer.read())
        assert [row["url"] for row in copied["feed"]] == [url]
        assert [row["title"] for row in copied["feed_item"]] == ["They published this"]
        await lead.says("/erase")
        await lead.sees("Erase everything about you?")
        await goes(lead, "Erase my data", "Everything about you was erased")
        assert "Saltanat" not in await everything(stage)
        await stands_at(stage, NOW + timedelta(hours=2))
        await site.is_asked("news", 2)
    assert await states(stage) == {"They published this": "published", "They left this": "waiting"}


async def test_a_feed_that_is_due_is_claimed_by_one_and_again_after_a_crash(database: Database) -> None:
    async with database.transaction() as tx:
        lead = await members.welcome(tx, 50, "en", "UTC", NOW)
        lead.state = MemberState.ACTIVE
        await members.give_role(tx, lead.id, Role.ADMINISTRATOR, NOW)
        me = await access.viewer(tx, lead.id)
        for number in range(feeds.MOST_FEEDS):
            await add_feed(tx, me, f"HTTPS://News.Example.org:443/{number}#part")
        with pytest.raises(Refusal, match="feed:many"):
            await add_feed(tx, me, "https://news.example.org/more")
        with pytest.raises(Refusal, match="feed:known"):
            await add_feed(tx, me, "news.example.org/7")

    async def claims(at: datetime) -> list[str]:
        async with database.transaction() as tx:
            return [due.url for due in await feeds.claim(tx, at, 15)]

    one, other = await asyncio.gather(claims(NOW), claims(NOW))
    assert sorted(one + other) == sorted(f"https://news.example.org/{number}" for number in range(20))
    assert await claims(NOW + timedelta(minutes=9)) == []
    assert len(await claims(NOW + timedelta(minutes=11))) == 15
    async with database.reading() as tx:
        found, standing = await feeds.listed(tx, me, MEDIA, None, 6)
        following, _ = await feeds.listed(tx, me, None, found.following, 6)
    assert [one.feed.url for one in standing][:2] == ["https://news.example.org/19", "https://news.example.org/18"]
    assert (found.number, found.count, following.number) == (1, 4, 2)


async def test_what_a_feed_no_longer_names_is_forgotten_in_time_and_not_before(database: Database) -> None:
    def named(*titles: str) -> feeds.Found:
        return feeds.Found("News", tuple(feeds.Entry(t, t, f"https://example.org/{t}", "", None) for t in titles))

    async with database.transaction() as tx:
        lead = await members.welcome(tx, 50, "en", "UTC", NOW)
        lead.state = MemberState.ACTIVE
        await members.give_role(tx, lead.id, Role.ADMINISTRATOR, NOW)
        me = await access.viewer(tx, lead.id)
        await add_feed(tx, me, "https://example.org/feed")
        kept = []
        for days, titles in ((0, "ab"), (40, "bc"), (100, "c"), (129, "c"), (131, "c")):
            now = NOW + timedelta(days=days)
            await feeds.take(tx, 1, named(*titles), now)
            await feeds.unchanged(tx, 1, now + timedelta(days=1))
            await feeds.forget(tx, now + timedelta(days=300))
            kept.append("".join(sorted(await tx.scalars(select(feeds.FeedItem.title)))))
        await feeds.remove(tx, me, 1, now)
        for days in (89, 91):
            await feeds.forget(tx, now + timedelta(days=days))
            kept.append("".join(sorted(await tx.scalars(select(feeds.FeedItem.title)))))

    assert kept == ["ab", "abc", "bc", "bc", "c", "c", ""]


async def add_feed(tx: Transaction, viewer: Viewer, url: str) -> None:
    await feeds.add(tx, viewer, MEDIA, url, feeds.Target.TOPIC, feeds.Approval.AUTOMATIC, NOW)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("example.org/feed", "https://example.org/feed"),
        ("  http://Example.ORG:80 ", "http://example.org/"),
        ("https://example.org:8443/a?b=c&utm_source=d#e", "https://example.org:8443/a?b=c&utm_source=d"),
        ("https://пример.рф/лента", "https://xn--e1afmkfd.xn--p1ai/лента"),
        ("http://[2001:db8::1]:8080/feed", "http://[2001:db8::1]:8080/feed"),
    ],
)
def test_an_address_is_kept_in_one_spelling(written: str, kept: str) -> None:
    assert feeds.clean_address(written) == kept
    assert feeds.clean_address(kept) == kept
