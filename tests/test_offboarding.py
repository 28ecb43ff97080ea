"""Off-boarding: one act ends everything, groups included, and says what it could not do; a crash changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import administrators
from record import calls, last
from story import Person, Stage, written

from bot.attempts import Outcome
from bot.removals import judged_removal
from bot.transport import Answer
from storage import members, removals
from storage.database import Database
from storage.directory import DirectoryEntry
from storage.groups import BoundGroup
from storage.members import MemberState, Office, Role
from storage.removals import RemovalState

NOW = datetime(2026, 11, 24, tzinfo=UTC)


async def meets(stage: Stage, title: str, *, bot: str = "administrator", kind: str = "supergroup") -> int:
    """Found a bound group of everybody on stage, in which the bot is an administrator or only a member."""
    owner, *others = stage.people
    chat = {"type": kind, "title": title, "owner": owner, "members": others, "is_forum": kind == "supergroup"}
    group = int((await stage.control.post("/chats", **chat, bot=bot))["id"])
    async with stage.beside() as database, database.transaction() as tx:
        tx.add(BoundGroup(chat_id=group, title=title, bound_by=1, bound_at=NOW))
    return group


async def belongs(stage: Stage, group: int, telegram_id: int) -> bool:
    """Tell whether somebody is in a group."""
    return group in {one["chat"]["id"] for one in await stage.control.get(f"/users/{telegram_id}/chats")}


async def shows_everything(stage: Stage, telegram_id: int) -> None:
    """Let a member stand in the directory with everything."""
    async with stage.beside() as database, database.transaction() as tx:
        member = await members.by_telegram(tx, telegram_id)
        assert member is not None
        tx.add(
            DirectoryEntry(member_id=member.id, number=member.id, shows_name=True, languages=",en,", published_at=NOW)
        )


async def comes_back(stage: Stage, group: int, telegram_id: int) -> None:
    """Let somebody join a group again: whoever was removed is not banned for ever."""
    await stage.control.post(f"/users/{telegram_id}/join", chat=group)
    assert await belongs(stage, group, telegram_id)


async def offboards(staff: Person, name: str, reason: str) -> None:
    """Do the whole act by list, reason and second press."""
    await staff.says("/offboard")
    await staff.sees("Whom do you off-board?")
    await staff.taps(name)
    await staff.sees("Why do you off-board", name)
    await staff.taps(reason)
    await staff.sees("Off-board", name, reason, "What they shared stays")
    await staff.taps("Off-board", on="What they shared stays")


async def test_one_act_ends_everything_and_reports_the_group_where_the_bot_may_not(stage: Stage) -> None:
    await administrators(stage)
    seat = Office(Role.FOCAL_POINT, country="KZ")
    point = await stage.joined(40, "Focal Demo", roles=[seat], organisation="Ministry")
    leaver = await stage.joined(50, "Saltanat Demo", topics=["media"], roles=[Role.APPROVER])
    good = await meets(stage, "Media & press")
    bad = await meets(stage, "Border <unit>", bot="member")
    await shows_everything(stage, 50)
    began = datetime.fromisoformat((await stage.control.get("/clock"))["now"])
    async with stage.bot():
        await offboards(point, "Saltanat Demo", "Left the post")
        told = await leaver.sees("Your membership of Test network has ended")
        assert "post" not in written(told)
        report = await point.sees("Saltanat Demo", "was off-boarded", "Removed from 1 group.", "Could not: ",
                                  "Border <unit>", "the bot may not remove members there")  # fmt: skip
        took = datetime.fromisoformat((await stage.control.get("/clock"))["now"]) - began
        assert took < timedelta(seconds=60)
        assert not await belongs(stage, good, 50)
        assert await belongs(stage, bad, 50)
        await leaver.says("/topics")
        await leaver.sees("This is for members")

        await stage.control.post("/users/1/promote", chat=bad, user="bot", rights={"can_restrict_members": True})
        await point.taps("Try again")
        report = await point.sees("was off-boarded", "Removed from 2 groups.")
        assert "Could not" not in written(report)
        assert not await belongs(stage, bad, 50)

    for table in ("subscription", "directory_entry", "digest_schedule", "member_role"):
        mine = f"SELECT count(*) FROM {table} t JOIN member m ON m.id = t.member_id WHERE m.telegram_id = 50"  # noqa: S608
        assert await stage.rows(mine) == [(0,)], table
    assert await stage.rows("SELECT state, telegram_id FROM removal") == [("done", None), ("done", None)]
    acts = await stage.rows(
        "SELECT a.event FROM audit a JOIN member m ON m.id = a.subject_id WHERE m.telegram_id = 50 ORDER BY a.id"
    )
    ended = ["member:offboarded", "role:taken", *["group:removed from"] * 3]
    assert [event for (event,) in acts] == ended


STEPS = (
    ("sqlite", "banChatMember", "hang"),
    ("postgresql", "banChatMember", "accepted_no_answer"),
    ("postgresql", "unbanChatMember", "hang"),
    ("sqlite", "unbanChatMember", "accepted_no_answer"),
    ("sqlite", "editMessageText", "hang"),
    ("postgresql", "editMessageText", "accepted_no_answer"),
)
"""Where the power is cut: before and after Telegram has done what it was asked, at each call of the removal."""


@pytest.mark.parametrize(("storage_url", "method", "kind"), STEPS, indirect=["storage_url"])
async def test_a_power_cut_at_any_step_of_a_removal_is_made_good(stage: Stage, method: str, kind: str) -> None:
    first, _ = await administrators(stage)
    await stage.joined(50, "Saltanat Demo")
    group = await meets(stage, "Media")
    channel = await meets(stage, "Calendar", kind="channel")
    process = await stage.process()
    await first.says("/offboard")
    await first.sees("Whom do you off-board?")
    await first.taps("Saltanat Demo")
    await first.taps("Asked for it")
    await first.sees("Off-board", "What they shared stays")
    await stage.control.post("/faults", kind=kind, method=method, times=1)
    before = await last(stage.control)
    await first.taps("Off-board", on="What they shared stays")
    while not await calls(stage.control, method, after=before):
        await stage.control.get("/calls", after=before, timeout=0.1)
    await process.kill()

    process = await stage.process()
    await first.sees("was off-boarded", "Removed from 2 groups.")
    assert await process.stop() == 0
    for chat in (group, channel):
        assert not await belongs(stage, chat, 50)
        await comes_back(stage, chat, 50)
    assert await stage.rows("SELECT state, reason FROM removal") == [("done", None), ("done", None)]


async def test_administrators_hear_of_who_left_by_themselves_and_is_in_a_group_still(stage: Stage) -> None:
    first, second = await administrators(stage)
    person = await stage.joined(50, "Saltanat Demo")
    group = await meets(stage, "Media")
    await meets(stage, "Old", kind="group")
    await stage.control.post("/users/1/promote", chat=group, user=50)
    async with stage.bot():
        await stage.control.post("/faults", kind="429", method="banChatMember", times=1, retry_after=1)
        await person.says("/leave")
        await person.taps("Leave")
        await person.sees("You have left")
        words = (
            "Saltanat Demo",
            "must not be in the group",
            "Media",
            "they are an administrator of the group",
        )
        await first.sees(*words)
        await second.sees(*words)
        assert await stage.rows("SELECT title, state FROM removal ORDER BY id") == [
            ("Media", "failed"),
            ("Old", "done"),
        ]
        (problem,) = (await stage.rows("SELECT reason FROM removal ORDER BY id"))[0]
        assert problem == "administrator"


OK = Answer(200, {"ok": True, "result": True})


def said(code: int, description: str, **parameters: Any) -> Answer:
    return Answer(code, {"ok": False, "error_code": code, "description": description, "parameters": parameters})


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (OK, Outcome()),
        (said(400, "Bad Request: user not found"), Outcome()),
        (said(400, "Bad Request: member not found"), Outcome()),
        (said(400, "Bad Request: PARTICIPANT_ID_INVALID"), Outcome()),
        (said(400, "Bad Request: method is available for supergroup and channel chats only"), Outcome()),
        (said(429, "Too Many Requests: retry after 7", retry_after=7), Outcome("wait", timedelta(seconds=7))),
        (said(502, "Bad Gateway"), Outcome("trouble", timedelta(seconds=3))),
        (Answer(404, {}), Outcome("trouble", timedelta(seconds=3))),
        (said(400, "Bad Request: not enough rights to restrict/unrestrict chat member"), Outcome("rights")),
        (said(400, "Bad Request: CHAT_ADMIN_REQUIRED"), Outcome("rights")),
        (said(400, "Bad Request: user is an administrator of the chat"), Outcome("administrator")),
        (said(400, "Bad Request: can't remove chat owner"), Outcome("owner")),
        (said(400, "Bad Request: chat not found"), Outcome("gone")),
        (said(403, "Forbidden: bot was kicked from the supergroup chat"), Outcome("gone")),
        (said(403, "Forbidden: bot is not a member of the supergroup chat"), Outcome("gone")),
        (said(400, "Bad Request: something new"), Outcome("Bad Request: something new")),
        (said(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100), Outcome(moved=-100)),
    ],
)  # fmt: skip
def test_each_answer_of_telegram_has_a_meaning(answer: Answer, outcome: Outcome) -> None:
    assert judged_removal(answer) == outcome


async def test_a_removal_is_listed_with_its_reason_within_a_minute_and_follows_its_group(database: Database) -> None:
    async with database.transaction() as tx:
        member = await members.welcome(tx, 50, "en", "UTC", NOW)
        member.state = MemberState.LEFT
        tx.add_all([BoundGroup(chat_id=-1, title="G", bound_by=member.id, bound_at=NOW)])
        await tx.flush()
        await removals.from_all_groups(tx, member, NOW, by=None)
        for _ in range(2):
            await removals.migrate(tx, -1, -100)
        (row,) = await removals.due(tx, NOW, 5)
        assert row.chat_id == -100
        later = NOW
        while row.state is RemovalState.WAITING:
            await removals.settle(tx, row.id, later, problem="silence", wait=timedelta(seconds=3))
            later = row.due_at
        await removals.settle(tx, row.id, later)
        facts = (row.state, row.reason, row.telegram_id)

    async with database.transaction() as tx:
        await removals.from_all_groups(tx, member, later, by=None)
        await removals.call_off(tx, member)
        assert await removals.due(tx, later, 5) == []
        kept = [len(await removals.of(tx, member.id))]
        for days in (29, 31):
            await removals.forget(tx, NOW + timedelta(days=days))
            kept.append(len(await removals.of(tx, member.id)))

    assert kept == [1, 1, 0]
    assert facts == (RemovalState.FAILED, "silence", None)
    assert later - NOW < timedelta(seconds=50)
