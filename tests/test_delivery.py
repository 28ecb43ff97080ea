"""How sends end: each answer of Telegram, and each absence of one, as a state with a reason."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from story import TOKEN, Control, Stage, free_port, written

from bot.delivery.outcome import Kind, of_answer, of_failure
from bot.transport import NO_ANSWER, Answer, Wire
from storage import members
from storage.groups import BoundGroup
from storage.members import Member
from storage.outbox import Lane, OutboxRow, Promise

WELCOME = "application:approved"


async def promised(stage: Stage, telegram_id: int, lane: Lane = Lane.INTERACTIVE) -> int:
    """Promise a message to a member who may be new; return the member's id."""
    await stage.joined(telegram_id, f"Member {telegram_id}")
    [(member_id,)] = await stage.rows("SELECT id FROM member WHERE telegram_id = :it", it=telegram_id)
    await stage.promises(Promise(member_id, WELCOME, lane=lane))
    return int(member_id)


async def copies(control: Control, telegram_id: int) -> int:
    found = await control.get(f"/users/{telegram_id}/chats/{telegram_id}/messages")
    return sum("Welcome to" in written(message) for message in found["messages"])


async def outcome(stage: Stage, member_id: int) -> tuple[str, str]:
    [(state, reason)] = await stage.rows("SELECT state, reason FROM outbox WHERE member_id = :it", it=member_id)
    return state, reason or ""


async def test_every_answer_ends_in_a_state_with_a_reason(stage: Stage) -> None:
    faults: dict[int, dict[str, Any]] = {
        101: {"kind": "403"},
        102: {"kind": "403", "description": "Forbidden: user is deactivated"},
        103: {"kind": "400"},
        104: {"kind": "429", "retry_after": 1},
        105: {"kind": "500"},
        106: {"kind": "reset"},
        107: {"kind": "garbage"},
        108: {"kind": "accepted_reset"},
        109: {"kind": "500", "times": None},
        110: {"kind": "502", "times": 2},
    }
    ids = {100: await promised(stage, 100)}
    for telegram_id, fault in faults.items():
        ids[telegram_id] = await promised(stage, telegram_id)
        await stage.control.post("/faults", method="sendMessage", chat_id=telegram_id, **fault)
    stage.settings["delivery"] = {"lease_seconds": 5}
    async with stage.bot():
        await stage.settled()

    ended = {telegram_id: await outcome(stage, member_id) for telegram_id, member_id in ids.items()}
    sent = {telegram_id: await copies(stage.control, telegram_id) for telegram_id in ids}
    assert ended == {
        100: ("sent", ""),
        101: ("unreachable", "Forbidden: bot was blocked by the user"),
        102: ("unreachable", "Forbidden: user is deactivated"),
        103: ("rejected", "Bad Request: message is too long"),
        104: ("sent", ""),
        105: ("sent", ""),
        106: ("sent", ""),
        107: ("sent", ""),
        108: ("sent", ""),
        109: ("unknown", "Internal Server Error: restart"),
        110: ("sent", ""),
    }
    assert sent == {**dict.fromkeys(ids, 1), 101: 0, 102: 0, 103: 0, 108: 2, 109: 0}


async def test_when_in_doubt_a_message_can_be_held(stage: Stage) -> None:
    member_id = await promised(stage, 100)
    await stage.control.post("/faults", method="sendMessage", chat_id=100, kind="accepted_reset")
    stage.settings["delivery"] = {"on_unknown": "hold"}
    async with stage.bot():
        await stage.settled()

    assert await outcome(stage, member_id) == ("unknown", "ServerDisconnectedError")
    assert await copies(stage.control, 100) == 1


async def test_who_blocked_the_bot_is_spared_newsletters_until_they_write_again(stage: Stage) -> None:
    stage.settings["delivery"] = {"lease_seconds": 5}
    person = await stage.joined(100)
    await person.does("block")
    member_id = await promised(stage, 100)
    async with stage.bot():
        await stage.settled()
        blocked = await outcome(stage, member_id)
        await _again(stage, member_id, Lane.BULK)
        await stage.settled()
        spared = await stage.rows("SELECT state, reason FROM outbox ORDER BY id DESC LIMIT 1")
        calls = await stage.control.get("/calls")

        await person.says("/start")
        await person.sees("Test network")
        await _again(stage, member_id, Lane.BULK)
        await person.sees("Welcome to")

    assert blocked == ("unreachable", "Forbidden: bot was blocked by the user")
    assert spared == [("unreachable", "blocked the bot")]
    assert sum(c["method"] == "sendMessage" for c in calls) == 1


async def _again(stage: Stage, member_id: int, lane: Lane) -> None:
    await stage.promises(Promise(member_id, WELCOME, lane=lane))


@pytest.mark.parametrize("known", [False, True])
async def test_a_message_follows_its_group_when_the_group_is_upgraded(stage: Stage, known: bool) -> None:  # noqa: FBT001
    administrator = await stage.joined(1, "Maral", roles=[members.Role.ADMINISTRATOR])
    group = await stage.control.post("/chats", type="group", title="Old", owner=1, bot="administrator")
    new = await administrator.does("upgrade", chat=group["id"])
    member_id = await promised(stage, 100)
    async with stage.beside() as database, database.transaction() as tx:
        addressed = update(OutboxRow).where(OutboxRow.member_id == member_id)
        await tx.execute(addressed.values(member_id=None, chat_id=group["id"]))
        if known:  # the group's own message told it before
            now = datetime.now(UTC)
            tx.add(BoundGroup(chat_id=new["id"], title="New", bound_by=member_id, bound_at=now))
    async with stage.bot():
        await stage.settled()

    assert await stage.rows("SELECT state, chat_id FROM outbox") == [("sent", new["id"])]


async def test_a_rejected_token_stops_the_bot_and_keeps_what_was_promised(stage: Stage) -> None:
    await promised(stage, 100)
    await stage.control.post("/faults", method="sendMessage", kind="401", times=None)
    process = await stage.process()

    assert await process.wait() == 1
    assert stage.log().strip().splitlines()[-1] == "Telegram rejects the token: Unauthorized"
    assert [state for (state,) in await stage.rows("SELECT state FROM outbox")] == ["queued"]


async def test_a_person_is_answered_while_a_newsletter_waits_for_its_pace(stage: Stage) -> None:
    ids = [await promised(stage, telegram_id, Lane.BULK) for telegram_id in range(200, 240)]
    person = await stage.joined(100)
    stage.settings["delivery"] = {"messages_per_second": 5}
    async with stage.bot():
        await stage.people[200].sees("Welcome to")
        await person.says("/start")
        await person.sees("Test network")
        [(left,)] = await stage.rows("SELECT count(*) FROM outbox WHERE state <> 'sent'")

    assert len(ids) >= left > 20
    assert await stage.rows("SELECT count(*) FROM outbox WHERE state = 'leased'") == [(0,)]


async def test_one_bad_notice_does_not_hold_the_others(stage: Stage) -> None:
    member_id = await promised(stage, 100)
    await stage.promises(
        Promise(member_id, "application:card", {"application": "no number"}),
        Promise(member_id, "a notice of a newer version"),
    )
    async with stage.beside() as database, database.transaction() as tx:
        await members.give_role(tx, member_id, members.Role.ADMINISTRATOR)
    stage.settings["delivery"] = {"lease_seconds": 5}
    async with stage.bot():
        last = 0
        while await stage.rows("SELECT 1 FROM outbox WHERE state <> 'sent' AND reason IS NULL"):
            last = max([last, *(c["n"] for c in await stage.control.get("/calls", after=last, timeout=1))])

    assert (await outcome_of(stage, WELCOME))[0] == "sent"
    assert (await outcome_of(stage, "application:card"))[0] in ("queued", "rejected")
    assert await outcome_of(stage, "a notice of a newer version") == ("queued", "unknown notice")


async def outcome_of(stage: Stage, notice: str) -> tuple[str, str]:
    [(state, reason)] = await stage.rows("SELECT state, reason FROM outbox WHERE notice = :it", it=notice)
    return state, reason


async def test_a_connection_that_was_never_made_sent_nothing() -> None:
    wire = Wire(f"http://127.0.0.1:{free_port()}", TOKEN, connections=1)
    await wire.start()
    try:
        with pytest.raises(NO_ANSWER) as failure:
            await wire.call("sendMessage", {"chat_id": 1, "text": "…"})
    finally:
        await wire.close()

    assert of_failure(failure.value).kind is Kind.RETRY


async def test_an_answer_that_does_not_come_in_time_leaves_a_doubt(control: Control) -> None:
    await control.post("/users", id=100, first_name="Guest", started=True)
    await control.post("/faults", method="sendMessage", kind="hang", seconds=30)
    wire = Wire(control.url, TOKEN, connections=1)
    await wire.start()
    try:
        with pytest.raises(NO_ANSWER) as failure:
            async with asyncio.timeout(0.2):
                await wire.call("sendMessage", {"chat_id": 100, "text": "…"})
    finally:
        await wire.close()

    assert of_failure(failure.value).kind is Kind.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"ok": True, "result": {"message_id": 7}}, Kind.SENT),
        (200, {"ok": True, "result": True}, Kind.SENT),
        (200, {"ok": True}, Kind.UNKNOWN),
        (200, {}, Kind.UNKNOWN),
        (404, {}, Kind.UNKNOWN),
        (404, {"ok": False, "error_code": 404, "description": "Not Found"}, Kind.TOKEN),
        (401, {"ok": False, "error_code": 401, "description": "Unauthorized"}, Kind.TOKEN),
        (429, {}, Kind.WAIT),
        (429, {"ok": False, "parameters": {"retry_after": 10_072}}, Kind.WAIT),
        (429, {"ok": False, "parameters": {"retry_after": 1e300}}, Kind.WAIT),
        (429, {"ok": False, "parameters": {"retry_after": "soon"}}, Kind.WAIT),
        (429, {"ok": False, "parameters": []}, Kind.WAIT),
        (400, {"ok": False, "parameters": {"migrate_to_chat_id": "there"}}, Kind.REJECTED),
        (400, {"ok": False, "description": "\ud83d\0"}, Kind.REJECTED),
        (400, {"ok": False, "parameters": {"migrate_to_chat_id": -1001}}, Kind.MIGRATED),
        (400, {"ok": False, "description": "Bad Request: message thread not found"}, Kind.REJECTED),
        (400, {}, Kind.UNKNOWN),
        (403, {"ok": False, "description": "Forbidden: bot was kicked"}, Kind.UNREACHABLE),
        (500, {"ok": False}, Kind.UNKNOWN),
        (502, {}, Kind.UNKNOWN),
    ],
)
def test_the_outcome_table_has_a_row_for_each_answer(status: int, body: dict[str, Any], kind: Kind) -> None:
    outcome = of_answer(Answer(status, body))

    assert outcome.kind is kind
    assert timedelta(seconds=outcome.seconds) < timedelta(days=30)
    assert "\0" not in (outcome.reason or "").encode().decode()


async def test_a_member_without_an_account_is_listed_with_the_reason(stage: Stage) -> None:
    member_id = await promised(stage, 100)
    async with stage.beside() as database, database.transaction() as tx:
        await tx.execute(update(Member).where(Member.id == member_id).values(telegram_id=None))
    async with stage.bot():
        await stage.settled()

    assert await outcome(stage, member_id) == ("unreachable", "no Telegram account")
