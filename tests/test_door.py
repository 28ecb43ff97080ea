"""The door: five ways into a group, for those who may be there and those who may not; nobody else stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from cast import administrators, alters, goes
from gatherings import belongs, binds, forum, founds, inside, is_out, own_group
from record import calls, comes, goes_on
from story import Person, Stage, buttons, written

from storage.database import insert
from storage.members import Member, MemberState
from storage.outbox import Lane, Promise, promise

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
WAYS = ("request", "added", "link", "folder", "approved")
WORDS = {
    "added": "added by somebody",
    "link": "came by another link",
    "folder": "by the link of a chat folder",
    "approved": "the request was approved by hand",
}


async def now(stage: Stage) -> datetime:
    return datetime.fromisoformat((await stage.control.get("/clock"))["now"])


async def link_of(stage: Stage, owner: Person, group: int, *, asks: bool) -> str:
    """Return a link into a group that its owner has made."""
    made = await stage.control.post(f"/users/{owner.id}/invite", chat=group, asks=asks)
    return str(made["invite_link"])


async def comes_by(stage: Stage, way: str, owner: Person, person: Person, group: int) -> None:
    """Let somebody come to a group in one of the ways."""
    if way == "added":
        await owner.does("add", chat=group, user=person.id)
    elif way == "folder":
        await person.does("join", chat=group, folder=True)
    elif way == "link":
        await person.does("join", invite_link=await link_of(stage, owner, group, asks=False))
    else:
        await person.does("join", invite_link=await link_of(stage, owner, group, asks=True))
    if way == "approved":
        await owner.does("approve", chat=group, user=person.id)


@SQLITE
@pytest.mark.parametrize("way", WAYS)
async def test_a_member_is_let_in_whichever_way_they_come(stage: Stage, way: str) -> None:
    first, _ = await administrators(stage)
    member = await stage.joined(50)
    async with stage.bot():
        group = await forum(stage, first)
        if way == "approved":
            await stage.control.post("/faults", kind="hang", method="approveChatJoinRequest", times=1)
        await comes_by(stage, way, first, member, group)
        while not await stage.rows("SELECT 1 FROM group_member WHERE member_id = 3"):
            await goes_on(stage.control)
        assert await belongs(stage, group, 50)
        assert await calls(stage.control, "banChatMember") == []

    assert await stage.rows("SELECT count(*) FROM removal") == [(0,)]


@pytest.mark.parametrize("way", WAYS)
async def test_whoever_may_not_be_there_is_out_within_five_seconds_and_staff_know(stage: Stage, way: str) -> None:
    first, second = await administrators(stage)
    stranger = await stage.person(77, "Stranger")
    async with stage.bot():
        group = await forum(stage, first)
        if way == "approved":
            await stage.control.post("/faults", kind="hang", method="declineChatJoinRequest", times=1)
        began = await now(stage)
        await comes_by(stage, way, first, stranger, group)
        if way == "request":
            told = await stranger.sees("This group is for members of Test network. You can apply here")
            assert told["reply_markup"]["inline_keyboard"][0][0]["url"].endswith("?start=apply")
            await comes(stage.control, "declineChatJoinRequest", user_id=77)
            order = [c["method"] for c in await calls(stage.control, "sendMessage", "declineChatJoinRequest")]
            assert order[-2:] == ["sendMessage", "declineChatJoinRequest"]
        else:
            for administrator in (first, second):
                await administrator.sees("was in the group", "Network & <friends>", WORDS[way], "being removed")
            await is_out(stage, group, 77)
        assert await now(stage) - began < timedelta(seconds=5)
        assert not await belongs(stage, group, 77)

        if way != "request":
            await comes(stage.control, "unbanChatMember", user_id=77)
            await stage.settled()
    if way != "request":
        assert await stage.rows("SELECT event FROM audit WHERE event = 'group:intruder'") == [("group:intruder",)]
        assert await stage.rows("SELECT state, telegram_id FROM removal") == [("done", None)]


@SQLITE
async def test_who_waits_or_was_shut_out_is_told_no_more_than_they_know(stage: Stage) -> None:
    first, _ = await administrators(stage)
    waiting = await stage.joined(60, "Waiting Demo", state=MemberState.NOMINATED)
    blocked = await stage.joined(61, "Blocked Demo", state=MemberState.BLOCKED)
    member = await stage.joined(50)
    async with stage.bot():
        group = await own_group(stage, first, "Border security")
        link = await link_of(stage, first, group, asks=True)
        for person, words in (
            (waiting, ("Your application is being looked at", "lets you in by itself")),
            (blocked, ("This is for members of the network",)),
            (member, ("This group belongs to the topic “Border security", "Ask to join the topic first")),
        ):
            await person.does("join", invite_link=link)
            told = await person.sees(*words)
            assert "Border" not in written(told) or person is member
            await comes(stage.control, "declineChatJoinRequest", user_id=person.id)
        await goes(member, "Open the topic", "Border security", "on request")
        await goes(member, "Ask to join", "You have asked")
        await first.sees("Saltanat Demo", "asks to join")
        await goes(first, "Approve", "Approved by")
        await member.sees("you now follow")
        await goes(member, "Open the topic", "You follow it in your digest")
        shown = await goes(member, "Join the group", "works for one hour")
        own = shown["reply_markup"]["inline_keyboard"][0][0]["url"]
        await member.does("join", invite_link=own)
        await comes(stage.control, "approveChatJoinRequest", user_id=50)
        await comes(stage.control, "revokeChatInviteLink", invite_link=own)
        assert await belongs(stage, group, 50)

        await member.says("/topics")
        await member.sees("Topics.")
        await goes(member, "Prevent and combat", "Border")
        card = await goes(member, "Border security", "You follow it in your digest")
        assert "Join the group" not in buttons(card)
        await goes(member, "Leave the topic", "ask to join it")
        await is_out(stage, group, 50)


@SQLITE
async def test_who_came_while_the_bot_was_away_is_found_at_the_next_sign(stage: Stage) -> None:
    first, _ = await administrators(stage)
    stranger = await stage.person(77, "Stranger")
    quiet = await stage.person(78, "Quiet")
    async with stage.bot():
        group = await forum(stage, first)
    await alters(stage, "DELETE FROM inbox")
    for person in (stranger, quiet):
        await person.does("join", chat=group, unseen=True)
    async with stage.bot():
        there = inside(stranger, group)
        said = await there.says("Operational details")
        await is_out(stage, group, 77)
        await comes(stage.control, "deleteMessage", message_id=said["message_id"])
        await first.sees("was in the group", "seen there")
        assert await stage.rows("SELECT count(*) FROM post") == [(0,)]

        said = await inside(first, group).says("Welcome, colleagues")
        await inside(quiet, group).does("react", chat=group, message_id=said["message_id"], emoji="👍")
        await is_out(stage, group, 78)


@SQLITE
async def test_the_hourly_look_finds_who_lost_their_right_and_who_leads_without_one(stage: Stage) -> None:
    first, second = await administrators(stage)
    former = await stage.joined(50, "Former Demo")
    leader = await stage.person(77, "Leader")
    async with stage.bot():
        group = await forum(stage, first, former)
        await inside(former, group).says("Good morning")
        while not await stage.rows("SELECT 1 FROM group_member WHERE member_id = 3"):
            await goes_on(stage.control)
        await alters(stage, "UPDATE member SET state = 'left' WHERE id = 3")
        await stage.control.post("/users/1/add", chat=group, user=77, unseen=True)
        await stage.control.post("/users/1/promote", chat=group, user=77, unseen=True)
        await stage.control.post("/clock", advance=3601)
        await is_out(stage, group, 50)
        await second.sees("Former Demo", "found by the hourly look through the group")
        await second.sees("Somebody who is not known", "could not be removed", "they are an administrator of the group")
        assert await belongs(stage, group, 77)
    assert leader.id == 77


@SQLITE
async def test_a_channel_has_the_same_door(stage: Stage) -> None:
    first, _ = await administrators(stage)
    member, stranger = await stage.joined(50), await stage.person(77, "Stranger")
    async with stage.bot():
        channel = await founds(stage, first, "channel", title="Calendar")
        await binds(first, channel)
        link = await link_of(stage, first, channel, asks=True)
        await member.does("join", invite_link=link)
        await comes(stage.control, "approveChatJoinRequest", user_id=50)
        await stranger.does("join", invite_link=link)
        await stranger.sees("This group is for members")
        await comes(stage.control, "declineChatJoinRequest", user_id=77)
        await first.does("add", chat=channel, user=77)
        await is_out(stage, channel, 77)


@SQLITE
async def test_another_bot_in_a_group_is_shown_out(stage: Stage) -> None:
    first, _ = await administrators(stage)
    await stage.control.post("/users", id=900, first_name="Reader", is_bot=True)
    async with stage.bot():
        group = await forum(stage, first)
        await first.does("add", chat=group, user=900)
        await is_out(stage, group, 900)
        await first.sees("was in the group", "added by somebody", "Added or approved by", "Maral Demo")


CROWD = 5000


async def crowd(stage: Stage) -> None:
    """Let so many members have a newsletter on its way to each; call it before the bot comes."""
    async with stage.beside() as database, database.transaction() as tx:
        now = datetime.now(UTC)
        facts = {"language": "en", "zone": "Asia/Almaty", "created_at": now, "state": MemberState.ACTIVE}
        rows = [{"id": n, "telegram_id": n, "language_chosen": True, "read_only": False, **facts} for n in NUMBERS]
        await tx.execute(insert(tx, Member), rows)
        await promise(tx, [Promise(n, "topic:admitted", {"topic": 1}, Lane.BULK) for n in NUMBERS], now)
    for first in range(0, CROWD, 100):
        await asyncio.gather(*(
            stage.control.post("/users", id=n, first_name=f"M{n}", started=True) for n in NUMBERS[first : first + 100]
        ))  # fmt: skip


NUMBERS = range(100_000, 100_000 + CROWD)


@SQLITE
async def test_a_member_is_let_in_within_a_second_while_5000_messages_go_out(stage: Stage) -> None:
    first, _ = await administrators(stage)
    asking = [await stage.joined(50 + n, f"Asking {n}") for n in range(5)]
    await crowd(stage)
    async with stage.bot():
        group = await forum(stage, first)
        link = await link_of(stage, first, group, asks=True)
        took = []
        for member in asking:
            began = await now(stage)
            await member.does("join", invite_link=link)
            await comes(stage.control, "approveChatJoinRequest", user_id=member.id)
            took.append(await now(stage) - began)
        assert median(took) < timedelta(seconds=1)
        left = await stage.rows("SELECT count(*) FROM outbox WHERE lane = 2 AND state = 'queued'")
        assert left[0][0] > CROWD / 2
