"""Links: looked at again and again, politely and never inside; who answers for a dead one is told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cast import MEDIA, SOAKED, administrators, alters, data_of, forges, goes, paper, shelves, stands_at
from hypothesis import given
from hypothesis import strategies as st
from link_site import ASKS, LOGIN, PAGE, LinkSite, Page, link_site
from record import goes_on
from sqlalchemy import text
from story import Stage, buttons, written

from bot.addresses import networks
from bot.clock import Clock
from bot.fetching import Fetched, Fetcher
from bot.links import Links
from bot.walls import judged
from handlers.documents.care import StillWorks
from handlers.presses import ArchiveAddress, NewAddress
from storage import access, documents, members
from storage.database import Database
from storage.documents import DocumentLink, DueLink, Found, LinkState, Look
from storage.documents.health import APART, LONGEST_WAIT, judge
from storage.members import MemberState, Office, Role
from storage.tlp import Label

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
HERE = networks(["127.0.0.1/32"])
HOUR = timedelta(hours=1)


@pytest.fixture
async def site() -> AsyncIterator[LinkSite]:
    async with link_site() as site:
        yield site


class Watch(Clock):
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


async def lookup(host: str, _port: int) -> Sequence[str]:
    known = {"inside.example": ["10.0.0.5"], "metadata.example": ["169.254.169.254"], "beside.example": ["127.0.0.2"]}
    if host.startswith("nowhere"):
        raise OSError("no such name")
    return known.get(host, ["127.0.0.1"])


def worker(database: Database, clock: Watch, patience: float = 1.5) -> Links:
    return Links(database, clock, Fetcher(HERE, patience=patience, lookup=lookup))


async def shelved(database: Database, urls: Mapping[str, str], label: Label = Label.CLEAR) -> None:
    """Let a member have shared documents that stand at some addresses, by title."""
    async with database.transaction() as tx:
        owner = await members.welcome(tx, 50, "en", "UTC", NOW)
        owner.state, owner.organisation_id = MemberState.ACTIVE, (await members.organisation(tx, "Institute")).id
        await members.give_role(tx, owner.id, Role.ADMINISTRATOR, NOW)
        me = await access.viewer(tx, owner.id)
        for title, url in urls.items():
            row = await documents.share(tx, me, paper(title, label), Label.AMBER, NOW - HOUR)
            row.url = url


async def found(database: Database) -> dict[str, tuple[str, str | None]]:
    """Return the state of each link and what was found, by title."""
    asked = text("SELECT d.title, l.state, l.problem FROM document d JOIN document_link l ON l.document_id = d.id")
    async with database.reading() as tx:
        return {row[0]: (row[1], row[2]) for row in await tx.execute(asked)}


@given(st.lists(st.tuples(st.sampled_from(Found), st.booleans(), st.integers(0, 10**6)), max_size=30))
def test_nothing_is_dead_before_it_failed_twice_and_an_answer_makes_it_well(
    looks: list[tuple[Found, bool, int]],
) -> None:
    link = DocumentLink(document_id=7, state=LinkState.UNKNOWN, failures=0, due_at=NOW, since=NOW)
    now, failed = NOW, list[datetime]()
    for outcome, early, seconds in looks:  # after a crash one looks earlier than it is due
        now = now + timedelta(seconds=seconds % 20_000) if early else max(now, link.due_at) + timedelta(seconds=seconds)
        before = link.state
        judge(link, Look(outcome, "http-404", wait=timedelta(seconds=seconds)), now)
        if outcome is Found.NOTHING:
            failed.append(now)
        elif outcome is not Found.BUSY:
            failed.clear()
        assert now < link.due_at <= now + LONGEST_WAIT
        assert link.since <= now
        if outcome is Found.BUSY:
            assert link.state is before
        else:
            assert (link.state is LinkState.WELL) is (outcome is Found.WELL)
            assert (link.state is LinkState.WALL) is (outcome is Found.WALL)
        if link.state is LinkState.DEAD:
            assert len(failed) >= 2
            assert failed[-1] - failed[0] >= APART


@SOAKED
async def test_every_answer_leaves_its_link_in_the_right_state(database: Database, site: LinkSite) -> None:
    clock, there = Watch(), "/paper"
    site.pages = {
        "/paper": Page(),
        "/refuses-head": Page(head=405), "/wrong-head": Page(head=404), "/forbids-head": Page(head=403),
        "/moved": Page(301, headers={"Location": there}), "/for-good": Page(308, headers={"Location": "/moved"}),
        "/for-now": Page(302, headers={"Location": there}), "/home": Page(301, headers={"Location": "/"}),
        "/": Page(), "/gone": Page(410), "/broken": Page(500), "/silent": Page(waits=True),
        "/rude": Page(hangs_up=True),
        "/closed": Page(401), "/forbidden": Page(403), "/asks": Page(body=ASKS), "/form": Page(body=LOGIN),
        "/private": Page(302, headers={"Location": "/auth/login?next=/private"}), "/auth/login": Page(),
        "/login": Page(body=LOGIN), "/round": Page(302, headers={"Location": "/round"}),
        "/busy": Page(429, headers={"Retry-After": "7200"}), "/later": Page(503, headers={"Retry-After": "7200"}),
    }  # fmt: skip
    paths = {path: site.at(path) for path in site.pages if path not in ("/", "/auth/login")}
    await shelved(database, {**paths, "/missing": site.at("/missing"), "/nowhere": "http://nowhere.example/"})
    await worker(database, clock).work()

    well, wall, failing = "well", "wall", "failing"
    assert await found(database) == {
        "/paper": (well, None), "/refuses-head": (well, None), "/wrong-head": (well, None),
        "/forbids-head": (well, None), "/moved": (well, None), "/for-good": (well, None), "/for-now": (well, None),
        "/home": (well, None), "/login": (well, None),
        "/closed": (wall, "http-401"), "/forbidden": (wall, "http-403"), "/asks": (wall, "access"),
        "/form": (wall, "login"), "/private": (wall, "login"),
        "/gone": (failing, "http-410"), "/broken": (failing, "http-500"), "/silent": (failing, "silence"),
        "/rude": (failing, "connection"), "/missing": (failing, "http-404"), "/round": (failing, "redirects"),
        "/nowhere": (failing, "name"), "/busy": ("unknown", None), "/later": ("unknown", None),
    }  # fmt: skip
    assert (site.asked["GET", "/busy"], site.asked["GET", "/closed"]) == (0, 0)
    assert {agent.partition("/")[0] for agent in site.agents} == {"network-bot"}
    async with database.reading() as tx:
        links = {row.title: (row.url, row.due_at) for row in await tx.execute(text(
            "SELECT d.title, l.url, l.due_at FROM document d JOIN document_link l ON l.document_id = d.id"
        ))}  # fmt: skip
    assert {title for title, (url, _) in links.items() if url} == {"/moved", "/for-good"}
    assert links["/for-good"][0] == site.at(there)
    assert str(links["/busy"][1]).startswith("2026-11-30 11:00")

    asked = site.asked.total()
    await worker(database, clock).work()
    assert site.asked.total() == asked
    site.pages["/gone"], site.pages["/private"] = Page(), Page(404)
    clock.at = NOW + 6 * HOUR
    await worker(database, clock).work()
    states = {title: state for title, (state, _) in (await found(database)).items()}
    assert states["/gone"] == "well"
    assert states["/private"] == "wall"  # not due yet
    assert {title for title, state in states.items() if state == "dead"} == {
        "/broken", "/silent", "/rude", "/missing", "/round", "/nowhere",
    }  # fmt: skip


@SOAKED
async def test_hosts_are_asked_one_by_one_and_nothing_inside_is_asked_at_all(
    database: Database, site: LinkSite
) -> None:
    clock = Watch()
    async with link_site("127.0.0.2") as beside:
        beside.pages["/"] = Page()
        site.pages |= {f"/{n}": Page() for n in range(3)}
        site.pages["/hop"] = Page(302, headers={"Location": site.at("/0", "h1.example")})
        inward = {
            "/metadata": "http://169.254.169.254/latest/meta-data/", "/beside": beside.at("/", "127.0.0.2"),
            "/named": beside.at("/", "beside.example"), "/ten": "http://inside.example/", "/file": "file:///etc/passwd",
        }  # fmt: skip
        site.pages |= {path: Page(301, headers={"Location": there}) for path, there in inward.items()}
        many = {f"{host} {n}": site.at(f"/{n}", f"h{host}.example") for host in range(7) for n in range(3)}
        await shelved(database, {
            **many, "hop": site.at("/hop", "h2.example"), **{path: site.at(path) for path in inward},
            "direct": "http://metadata.example/", "own": beside.at("/", "127.0.0.2"),
        })  # fmt: skip
        await shelved(database, {"amber": site.at("/amber")}, Label.AMBER)
        async with database.transaction() as tx:  # relabelled after it was watched
            await tx.execute(text("INSERT INTO document_link (document_id, state, failures, due_at, since) "
                                  "SELECT id, 'unknown', 0, :now, :now FROM document WHERE label = 'TLP:AMBER'"),
                             {"now": "2026-11-30 08:00:00.000000"})  # fmt: skip
        await worker(database, clock, patience=10).work()

        assert beside.asked.total() == 0
    assert not [path for _, path in site.asked if path == "/amber"]
    assert all(count == 1 for host, count in site.most.items() if host != "all")
    assert 1 < site.most["all"] <= 4
    states = await found(database)
    assert {title for title, (state, _) in states.items() if state == "well"} == {*many, "hop"}
    assert {states[title][1] for title in ("/metadata", "/beside", "/named", "/ten", "direct", "own")} == {"private"}
    assert states["/file"] == ("failing", "scheme")
    assert states["amber"] == ("unknown", None)


async def test_a_link_is_claimed_by_one_and_after_a_crash_it_costs_one_more_look(database: Database) -> None:
    await shelved(database, {f"{n}": f"https://border.example.org/{n}" for n in range(6)})

    async def claims(at: datetime) -> list[DueLink]:
        async with database.transaction() as tx:
            return await documents.claim_links(tx, at, 4)

    one, other = await asyncio.gather(claims(NOW), claims(NOW))
    assert sorted(due.document_id for due in one + other) == [1, 2, 3, 4, 5, 6]
    assert await claims(NOW + 0.9 * HOUR) == []
    async with database.transaction() as tx:
        await documents.still_works(tx, await access.viewer(tx, 1), 1, NOW)
        for due in one + other:
            await documents.note_look(tx, due, Look(Found.NOTHING, "http-404"), NOW + HOUR)
    assert {state for state, _ in (await found(database)).values()} == {"failing"}
    assert await claims(NOW + 6 * HOUR) == []
    (again, *_) = await claims(NOW + 7 * HOUR)
    async with database.transaction() as tx:
        await documents.still_works(tx, await access.viewer(tx, 1), again.document_id, NOW + 7 * HOUR)
        await documents.note_look(tx, again, Look(Found.NOTHING, "http-404"), NOW + 7 * HOUR)
    states = await found(database)
    assert states.pop(str(again.document_id - 1)) == ("unknown", None)  # somebody's word is newer than the look
    assert set(states.values()) == {("failing", "http-404")}


@SOAKED
async def test_where_nobody_answers_it_is_we_who_are_cut_off(database: Database, site: LinkSite) -> None:
    clock = Watch()
    links = worker(database, clock)
    await shelved(database, {f"{n}": f"http://nowhere{n}.example/" for n in range(3)})
    await links.work()
    assert {state for state, _ in (await found(database)).values()} == {"unknown"}
    site.pages["/paper"] = Page()
    await shelved(database, {"alive": site.at("/paper")})
    clock.at += 2 * HOUR
    await links.work()
    assert {title: state for title, (state, _) in (await found(database)).items()} == {
        "0": "failing", "1": "failing", "2": "failing", "alive": "well",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "there", "body", "wall"),
    [
        ("https://docs.google.com/document/d/1/edit", "https://accounts.google.com/v3/signin/identifier", "", "login"),
        ("https://x.sharepoint.com/:b:/s/1", "https://login.microsoftonline.com/common/oauth2/authorize", "", "login"),
        ("https://x.sharepoint.com/:b:/s/1", "https://x.sharepoint.com/_forms/Authenticate.aspx", "", "login"),
        ("https://example.org/paper", "https://example.org/user-login.php", "", "login"),
        ("https://example.org/paper", "https://example.org/authors/logins", PAGE, None),
        ("https://example.org/auth/paper", "https://example.org/auth/paper", LOGIN, None),
        ("https://example.org/paper", "https://example.org/paper", f"{LOGIN}{'<p>It says a lot.</p>' * 300}", None),
        ("https://example.org/paper", "https://example.org/paper", f"{PAGE}{'More. ' * 400} request access", None),
        ("https://example.org/paper", "https://example.org/paper", "<title>Вход</title>", "login"),
        ("https://example.org/paper", "https://example.org/paper", "<p>Необходимо войти на сайт</p>", "login"),
        ("https://example.org/paper", "https://example.org/paper", "<script>'request access'</script>A page", None),
        ("https://example.org/paper", "https://example.org/paper", "<script" * 9000 + "<input " * 9000, None),
    ],
)
def test_a_page_that_asks_who_comes_is_known_by_where_and_what_it_is(
    asked: str, there: str, body: str, wall: str | None
) -> None:
    for charset in ("utf-8", "windows-1251"):
        answer = Fetched(there, 200, body.encode(charset), {"content-type": f"text/html; charset={charset}"})
        assert judged(asked, answer, NOW) == (Look(Found.WALL, wall) if wall else Look(Found.WELL))


@SOAKED
async def test_a_page_that_moved_for_good_takes_its_document_along_unless_that_is_unsafe(database: Database) -> None:
    moves = {
        "along": ("https://old.example.org/a", "https://new.example.org/a", True),
        "unsafe": ("http://old.example.org/b", "https://evil.example.org/b", False),
        "same": ("http://old.example.org/c", "https://www.old.example.org/c/", False),
        "taken": ("https://old.example.org/d", "https://new.example.org/taken", True),
        "plain": ("https://old.example.org/e", "http://new.example.org/e", True),
    }  # fmt: skip
    await shelved(database, {title: url for title, (url, *_) in moves.items()})
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE document SET url_key = replace(replace(url, 'https://', ''), 'http://', '')"))
        me = await access.viewer(tx, 1)
        await documents.share(
            tx, me, documents.Draft("Other", MEDIA, Label.CLEAR, "https://new.example.org/taken"), Label.CLEAR, NOW
        )
    async with database.transaction() as tx:
        for due in await documents.claim_links(tx, NOW, 10):
            for url, there, safely in moves.values():
                if due.url == url:
                    await documents.note_look(tx, due, Look(Found.WELL, moved=there, safely=safely), NOW)
    async with database.reading() as tx:
        rows = await tx.execute(text(
            "SELECT d.title, d.url, d.url_key, l.url FROM document d JOIN document_link l ON l.document_id = d.id"
        ))  # fmt: skip
        kept = {row[0]: row[1:] for row in rows}
    assert kept["along"] == ("https://new.example.org/a", "new.example.org/a", "https://new.example.org/a")
    assert kept["same"][:2] == ("https://www.old.example.org/c/", "old.example.org/c")
    for title in ("unsafe", "taken", "plain"):
        assert kept[title][0] == moves[title][0]
        assert kept[title][2] == moves[title][1]


async def is_found(stage: Stage, at: datetime, *states: str) -> None:
    """Let it be later, and wait until every link that is due was looked at and all are in these states."""
    await stands_at(stage, at)
    soon = (at + HOUR + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    asked = f"SELECT state, due_at > '{soon}' FROM document_link ORDER BY document_id"  # noqa: S608
    for _ in range(200):
        if await stage.rows(asked) == [(state, True) for state in states]:
            return
        await goes_on(stage.control)
    raise AssertionError(await stage.rows("SELECT * FROM document_link ORDER BY document_id"))


async def test_who_owns_a_dead_link_is_told_once_a_death_and_gives_it_a_new_address(
    stage: Stage, site: LinkSite
) -> None:
    stage.settings["fetch"] = {"private_networks": ["127.0.0.1/32"]}
    await stands_at(stage, NOW)
    owner, other = await stage.joined(50, "Saltanat Demo"), await stage.joined(51, "Other Demo")
    await shelves(stage, 50, paper("A lost paper", Label.GREEN))
    await alters(stage, "UPDATE document SET url = :url", url=site.at("/paper"))
    told = "SELECT count(*) FROM outbox WHERE notice = 'document:dead'"
    async with stage.bot():
        await is_found(stage, NOW + HOUR, "failing")
        assert await stage.rows(told) == [(0,)]
        await is_found(stage, NOW + 8 * HOUR, "dead")
        shown = await owner.sees("TLP:GREEN", "A lost paper", "D-1", "not worked since 30 November", "no such page")
        assert shown["has_protected_content"]
        assert buttons(shown) == [
            "Open the document", "Give a new address", "Name an archive copy", "Still works for me",
        ]  # fmt: skip
        await is_found(stage, NOW + timedelta(days=3), "dead")
        await goes(owner, "Still works for me", "looked at again in a day")
        assert await stage.rows("SELECT state FROM document_link") == [("unknown",)]
        await is_found(stage, NOW + timedelta(days=4, hours=1), "failing")
        await is_found(stage, NOW + timedelta(days=4, hours=8), "dead")
        assert await stage.rows(told) == [(1,)]
        site.pages["/paper"] = Page()
        await is_found(stage, NOW + timedelta(days=6), "well")
        del site.pages["/paper"]
        await is_found(stage, NOW + timedelta(days=14), "failing")
        await is_found(stage, NOW + timedelta(days=15), "dead")
        await owner.sees("A lost paper", "not worked since 14 December")
        assert await stage.rows(told) == [(2,)]

        await other.says("/menu")
        await other.sees("Test network")
        for press in (NewAddress(1), ArchiveAddress(1), StillWorks(1)):
            await forges(other, press)
            await other.sees("There is no such document")
        await goes(owner, "Name an archive", "in an archive, such as")
        await owner.says("https://web.archive.org/web/2026/https://border.example.org/a?b=c&d=e")
        await owner.sees("The copy is noted")
        await forges(owner, ArchiveAddress(1))
        await goes(owner, "Forget the copy", "The copy is forgotten")
        await forges(owner, NewAddress(1))
        await owner.sees("Send the address where", "D-1")
        await owner.says("no address")
        await owner.sees("not a web address")
        await owner.says("https://Border.example.org/new?utm_source=a#b")
        await owner.sees("The new address is noted")
        row = await stage.rows("SELECT d.url, d.url_key, l.state, l.told FROM document d, document_link l")
        assert row == [("https://border.example.org/new", "border.example.org/new", "unknown", None)]
    acts = dict(await stage.rows("SELECT event, count(*) FROM audit WHERE event LIKE 'document:%' GROUP BY event"))
    assert acts == {
        "document:shared": 1, "document:works": 1, "document:archived": 2, "document:readdressed": 1,
    }  # fmt: skip


@SOAKED
async def test_moderators_are_told_where_the_owner_is_gone_and_digests_say_what_a_link_asks_for(
    stage: Stage, site: LinkSite
) -> None:
    stage.settings["fetch"] = {"private_networks": ["127.0.0.1/32"]}
    await stands_at(stage, NOW)
    await administrators(stage)
    lead = await stage.joined(52, "Lead Demo", roles=[Office(Role.MODERATOR, topic_id=MEDIA)])
    reader = await stage.joined(53, "Читатель", topics=["media"], language="ru")
    owner = await stage.joined(50, "Saltanat Demo", topics=["media"])
    gone = await stage.joined(51, "Gone Demo")
    await shelves(stage, 50, paper("A walled paper"))
    await shelves(stage, 51, paper("A lost paper"))
    site.pages["/walled"] = Page(body=ASKS)
    await alters(stage, "UPDATE document SET url = :url WHERE id = 1", url=site.at("/walled"))
    await alters(
        stage, "UPDATE document SET url = :url, archive_url = 'https://web.archive.org/?a=1&b=2' WHERE id = 2",
        url=site.at("/lost"),
    )  # fmt: skip
    await alters(stage, "UPDATE member SET state = 'left' WHERE telegram_id = 51")
    await alters(stage, "UPDATE document SET shared_at = '2026-12-01 09:00:00.000000'")
    async with stage.bot():
        await is_found(stage, NOW + HOUR, "wall", "failing")
        shown = await owner.sees("A walled paper", "People without an account cannot open", "request access")
        assert buttons(shown) == ["Open the document", "Give a new address"]
        await is_found(stage, NOW + 8 * HOUR, "wall", "dead")
        await lead.sees("A lost paper", "out of reach, so the moderators of its topic are asked")
        await stage.people[1].sees("A lost paper", "out of reach")
        await is_found(stage, NOW + timedelta(days=9), "wall", "dead")
        told = dict(await stage.rows("SELECT notice, count(*) FROM outbox WHERE notice LIKE 'document:%' GROUP BY 1"))
        assert told == {"document:wall": 1, "document:dead": 3}
        assert not [m for m in gone.seen.values() if "A lost paper" in written(m)]

        await stands_at(stage, NOW + timedelta(days=2))
        await owner.says("/digest 2")
        issue = await owner.sees("New documents", "A lost paper", "⚠ the link no longer works · copy in an archive")
        assert "⚠ the link asks for an account" in written(issue)
        assert "https://web.archive.org/?a=1&b=2" in str(issue["entities"])
        await reader.says("/digest 2")
        await reader.sees("⚠ ссылка больше не открывается · копия в архиве")
        await goes(lead, "Give a new address", "Send the address where")
        await lead.says("https://border.example.org/A%20walled%20paper")
        await lead.sees("in the library already", "A walled paper")
        await lead.says("https://border.example.org/again")
        await lead.sees("The new address is noted")


@SOAKED
async def test_a_review_is_asked_for_once_two_weeks_before_its_day(stage: Stage) -> None:
    await stands_at(stage, NOW)
    owner, first = await stage.joined(50, "Saltanat Demo"), (await administrators(stage))[0]
    await stage.joined(51, "Gone Demo")
    await shelves(stage, 50, paper("An old paper"), paper("A replaced paper"))
    await shelves(stage, 51, paper("An orphan"))
    await alters(stage, "UPDATE document SET review_at = '2026-12-20 09:00:00.000000', url = NULL")
    await alters(stage, "UPDATE document SET successor_id = 1 WHERE id = 2")
    await alters(stage, "UPDATE member SET state = 'left' WHERE telegram_id = 51")
    asked = "SELECT count(*) FROM outbox WHERE notice = 'document:review'"
    async with stage.bot():
        await stands_at(stage, NOW + timedelta(days=5))
        await owner.says("/menu")
        await owner.sees("Test network")
        assert await stage.rows(asked) == [(0,)]
        await stands_at(stage, NOW + timedelta(days=6, hours=1))
        shown = await owner.sees("TLP:CLEAR", "An old paper", "still valid?", "by 20 December 2026")
        assert buttons(shown) == ["Still valid", "Open the document"]
        assert data_of(shown, "Still valid") == "1|doc.review|1"
        await first.sees("An orphan", "still valid?", "out of reach")
        await goes(owner, "Open the document", "An old paper")
        await stands_at(stage, NOW + timedelta(days=8))
        await stage.settled("notice = 'document:review'")
    assert await stage.rows(asked) == [(3,)]
