"""Groups: bound by administrators, left otherwise, and never a place for anything personal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cast import administrators, goes
from record import comes, goes_on
from sqlalchemy import delete
from story import Person, Stage, written

from bot.config import load
from bot.doctor import examine
from storage import groups
from storage.database import Database
from storage.groups import BoundGroup
from storage.members import Role

NOW = datetime(2026, 11, 24, tzinfo=UTC)
RIGHTS = (
    "can_invite_users", "can_manage_topics", "can_pin_messages", "can_delete_messages", "can_restrict_members",
)  # fmt: skip


async def founds(stage: Stage, owner: Person, kind: str = "supergroup", **facts: Any) -> int:
    others = [p.id for p in stage.people.values() if p is not owner]
    chat = {"type": kind, "title": "Media & <friends>", "owner": owner.id, "members": others}
    return int((await stage.control.post("/chats", **{**chat, **facts}))["id"])


def inside(person: Person, chat: int) -> Person:
    """Return the same person, looking at a group."""
    return Person(person.control, person.id, chat=chat)


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_stranger_who_adds_the_bot_is_told_why_it_leaves(stage: Stage) -> None:
    await administrators(stage)
    member = await stage.joined(50)
    group = await founds(stage, member)
    there = inside(member, group)
    async with stage.bot():
        await there.does("add", chat=group, user="bot")
        await there.sees("Only an administrator of Test network can add me to a group")
        await stage.control.post(f"/users/{member.id}/send", chat=member.id, text="/status")
        await member.sees("You are a member")
        calls = [c["method"] for c in await stage.control.get("/calls", after=0)]
        assert calls.count("leaveChat") == 1

    assert await stage.rows("SELECT count(*) FROM bound_group") == [(0,)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_an_administrator_binds_a_group_and_hears_which_rights_are_missing(stage: Stage) -> None:
    first, second = await administrators(stage)
    member = await stage.joined(50)
    group = await founds(stage, first, is_forum=True)
    async with stage.bot():
        await first.does("add", chat=group, user="bot")
        missing = await first.sees("The group “Media & <friends>” is bound", "It is for: the whole network")
        for right in ("invite users", "remove members", "delete messages", "pin messages", "manage topics"):
            assert f"✗ {right}: without it" in written(missing)
        assert "“Ban Users”" in written(missing)
        await first.does("promote", chat=group, user="bot", rights={"can_invite_users": True})
        told = await goes(first, "Check again", "✓ invite users", "✗ remove members")
        await first.does("promote", chat=group, user="bot", rights=dict.fromkeys(RIGHTS, True))
        there = inside(first, group)
        await there.says("/setup")
        told = await first.sees("is bound to the network", "I have every right that I need there")
        assert "✗" not in written(told)

        there = inside(member, group)
        for command in ("/search secret words", "/mydata", "/start@network_test_bot", "/HELP"):
            await there.says(command)
            answer = await there.sees("Let us go on in private")
            button = answer["reply_markup"]["inline_keyboard"][0][0]
            assert button["url"] == "https://t.me/network_test_bot?start=menu"
        said = len([m for m in there.seen.values() if m["from"]["is_bot"]])
        for silent in ("/help@another_bot", "/nothing", "just talk", "https://example.org/a", "/setup"):
            await there.says(silent)
        await inside(second, group).says("/setup")
        await there.sees("Only an administrator of this group can bind it")
        assert len([m for m in there.seen.values() if m["from"]["is_bot"]]) == said + 1

        await first.does("remove", chat=group, user="bot")
        await first.sees("I am no longer in “", "Media & <friends>", "Requests to join it are not answered")
        await second.sees("I am no longer in “")

    assert await stage.rows("SELECT count(*) FROM bound_group WHERE lost_at IS NULL") == [(0,)]
    assert await stage.rows("SELECT event FROM audit WHERE event LIKE 'group:%' ORDER BY id") == [
        ("group:bound",), ("group:lost",),
    ]  # fmt: skip


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_an_administrator_who_never_opened_the_private_chat_is_answered_in_the_group(stage: Stage) -> None:
    await administrators(stage)
    shy = await stage.person(3, "Shy")
    stage.administrators = (1, 2, 3)
    group = await founds(stage, shy)
    there = inside(shy, group)
    async with stage.bot():
        await there.does("add", chat=group, user="bot")
        answer = await there.sees("is bound to the network", "pin messages")
        assert "manage topics" not in written(answer)


@pytest.mark.parametrize("order", [{}, {"new_first": True}, {"new_first": True, "standing": True}])
async def test_a_group_that_becomes_a_supergroup_keeps_everything_in_whichever_order_the_news_come(
    stage: Stage, order: dict[str, bool]
) -> None:
    first, _ = await administrators(stage)
    member = await stage.joined(50, topics=["media"])
    group = await founds(stage, first, "group")
    async with stage.bot():
        await first.does("promote", chat=group, user="bot", rights=dict.fromkeys(RIGHTS, True))
        await first.sees("is bound")
        await goes(first, "One topic", "Which topic is")
        await goes(first, "Media and communication", "It is for: Media and communication")
        said = await inside(member, group).says("Before the upgrade")
        while not await stage.rows("SELECT 1 FROM post"):
            await goes_on(stage.control)
        new = int((await first.does("upgrade", chat=group, **order))["id"])
        while await stage.rows("SELECT chat_id FROM bound_group") != [(new,)]:
            await goes_on(stage.control)
        there = inside(member, new)
        await there.says("/help")
        await there.sees("Let us go on in private")
        await there.says("After the upgrade")
        while len(await stage.rows("SELECT 1 FROM post")) < 2:
            await goes_on(stage.control)
        assert [c["method"] for c in await stage.control.get("/calls", after=0)].count("leaveChat") == 0

    assert said["chat"]["id"] == group
    assert await stage.rows("SELECT chat_id, kind, topic_id FROM bound_group") == [(new, "supergroup", 3)]
    assert await stage.rows("SELECT count(DISTINCT group_id) FROM post") == [(1,)]
    assert await stage.rows("SELECT count(*) FROM group_member WHERE member_id = 3") == [(1,)]


async def test_staff_hear_once_which_right_was_lost_and_what_stops_by_that(stage: Stage) -> None:
    first, second = await administrators(stage)
    group = await founds(stage, first, is_forum=True)
    async with stage.bot():
        await first.does("promote", chat=group, user="bot", rights=dict.fromkeys(RIGHTS, True))
        await first.sees("is bound to the network")
        kept = {right: right != "can_invite_users" for right in RIGHTS}
        for _ in range(2):
            await first.does("promote", chat=group, user="bot", rights=kept)
        for person in (first, second):
            told = await person.sees("In “", "Media & <friends>", "I have lost rights")
            assert "– invite users: requests to join are not answered" in written(told)
            assert "remove members" not in written(told)
        await first.does("demote", chat=group, user="bot")
        await second.sees("I have lost rights", "– remove members", "– manage topics")
        await goes(second, "Open the group", "✗ remove members")

    told = "SELECT count(*) FROM outbox WHERE notice = 'group:rights'"
    assert await stage.rows(told) == [(4,)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_one_press_leaves_the_door_to_the_bot_alone_and_one_lets_the_group_go(stage: Stage) -> None:
    first, _ = await administrators(stage)
    member, friend = await stage.joined(50), await stage.person(77, "Friend")
    group = await founds(stage, first)
    async with stage.bot():
        await first.does("promote", chat=group, user="bot", rights=dict.fromkeys(RIGHTS, True))
        shown = await first.sees("is bound to the network", "Its members can add people")
        assert "Let only the bot invite" in str(shown["reply_markup"])
        await goes(first, "Let only the bot invite", "From now on I alone let people in")
        call = await comes(stage.control, "setChatPermissions", chat_id=group)
        assert call["parameters"]["permissions"]["can_invite_users"] is False
        assert call["parameters"]["permissions"]["can_send_messages"] is True
        with pytest.raises(AssertionError, match="may not add others"):
            await member.does("add", chat=group, user=friend.id)
        assert "can add people" not in written(await goes(first, "Check again", "I have every right"))

        await goes(first, "Unbind", "nobody watches its door")
        await goes(first, "Unbind", "is no longer bound")
        await comes(stage.control, "leaveChat", chat_id=group)
        await goes(first, "All groups", "No group is bound")


async def test_a_migration_is_followed_in_both_orders_and_when_both_are_bound(stage: Stage) -> None:
    await stage.joined(1, roles=[Role.ADMINISTRATOR])
    database = Database(stage.storage_url)
    found = []
    for before in ([-1], [-1, -100], [-100], []):
        async with database.transaction() as tx:
            tx.add_all([BoundGroup(chat_id=n, title="G", bound_by=1, bound_at=NOW) for n in before])
            await tx.flush()
            await groups.migrate(tx, -1, -100)
            await groups.migrate(tx, -1, -100)
            found.append(await groups.bound(tx))
            await tx.execute(delete(BoundGroup))
    await database.close()

    assert found == [[-100], [-100], [-100], []]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_the_operators_check_names_each_group_in_which_a_right_is_missing(stage: Stage) -> None:
    first, _ = await administrators(stage)
    whole = await founds(stage, first, title="Whole")
    partly = await founds(stage, first, title="Partly")
    async with stage.bot():
        for group, rights in ((whole, RIGHTS), (partly, RIGHTS[:1])):
            await first.does("promote", chat=group, user="bot", rights=dict.fromkeys(rights, True))
            await first.sees("is bound to the network")
    await first.does("remove", chat=whole, user="bot", unseen=True)

    problems, _ = await examine(load(stage.config))
    gone, lacking = problems
    assert gone == "The supergroup “Whole” cannot be reached: Forbidden: bot was kicked from the supergroup chat."
    assert "“Partly” the bot lacks rights: remove members, delete messages, pin messages. /setup there" in lacking
