"""The window: sends that fail in unforeseen ways, and an end that comes while they are under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import event, update
from story import TOKEN, Stage, written

from bot.clock import Clock
from bot.config import load
from bot.delivery.landing import Terms
from bot.delivery.pace import Pace
from bot.delivery.rendering import Letter, Rendering
from bot.delivery.sending import send
from bot.delivery.window import Window
from bot.start import policy_of
from bot.transport import Wire
from handlers.buttons import Button, Press
from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Say
from handlers.screens import Screen
from storage import groups
from storage.access import Viewer
from storage.database import Database, Transaction
from storage.outbox import Facts, Lane, OutboxRow, OutboxState, Promise
from storage.tlp import Label


@dataclass(frozen=True)
class Endless(Press, prefix="test.endless"):
    """A button that says more than Telegram carries."""

    words: str


async def _same_for_all(_tx: Transaction, _facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
    return {viewer.id: "it" for viewer in viewers}


def _secret(_content: Any, _say: Say, _policy: Policy) -> Screen:
    return Screen("Secret", label=Label.AMBER)


def _unmakable(_content: Any, _say: Say, _policy: Policy) -> Screen:
    return Screen("Buttons", ((Button("Press", Endless("x" * 100)),),))


NOTICES = {name: Notice(name, render, _same_for_all) for name, render in (("secret", _secret), ("endless", _unmakable))}


@asynccontextmanager
async def working(stage: Stage, **terms: Any) -> AsyncIterator[tuple[Window[Letter], Database]]:
    """Run one window alone, with notices of our own."""
    database, wire = Database(stage.storage_url), Wire(stage.control.url, TOKEN, connections=8)
    await wire.start()
    rendering = Rendering(database, NOTICES, policy_of(load(stage.config), "network_test_bot"))
    given = {"in_flight": 8, "lease_seconds": 60, "resend_unknown": True, "paced": False, **terms}
    pace = Pace(28, 1, 20)
    window = Window(
        database,
        Clock(),
        partial(send, wire),
        rendering,
        pace,
        Terms((Lane.INTERACTIVE,), **given),
        groups.migrate,
        print,
    )
    running = asyncio.create_task(window.run())
    try:
        yield window, database
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await window.drain(0.2)
        await wire.close()
        await database.close()


async def member(stage: Stage, telegram_id: int) -> int:
    await stage.joined(telegram_id)
    [(member_id,)] = await stage.rows("SELECT id FROM member WHERE telegram_id = :it", it=telegram_id)
    return int(member_id)


async def copies(stage: Stage, telegram_id: int) -> int:
    found = await stage.control.get(f"/users/{telegram_id}/chats/{telegram_id}/messages")
    return sum("Secret" in written(message) for message in found["messages"])


async def test_a_message_that_cannot_be_made_gives_its_place_back(stage: Stage) -> None:
    people = [await member(stage, 100 + n) for n in range(2)]
    await stage.promises(*map(Promise, people, ("endless", "secret")))
    async with working(stage, in_flight=1):
        await stage.people[101].sees("Secret")

    [found] = await stage.rows("SELECT state, reason FROM outbox WHERE notice = 'endless'")
    assert found == ("queued", "could not be rendered")


async def test_what_replaces_a_message_as_a_new_one_is_not_sent_again_and_again(stage: Stage) -> None:
    await stage.promises(Promise(await member(stage, 100), "secret", replaces=12345))
    await stage.control.post("/faults", method="sendMessage", kind="accepted_reset", times=None)
    await stage.control.post("/faults", method="deleteMessage", kind="reset", times=1)
    async with working(stage, resend_unknown=False):
        await stage.settled()

    assert await stage.rows("SELECT state, attempts FROM outbox") == [("unknown", 2)]
    assert await copies(stage, 100) == 1


async def test_a_person_who_is_said_to_have_migrated_is_not_asked_for_ever(stage: Stage) -> None:
    await stage.promises(Promise(await member(stage, 100), "secret"))
    await stage.control.post("/faults", method="sendMessage", kind="migrate", to_chat=-1001, times=None)
    async with working(stage):
        await stage.settled()

    assert await stage.rows("SELECT state, attempts FROM outbox") == [("rejected", 1)]


async def test_a_full_window_waits_for_a_landing_and_not_for_the_clock(stage: Stage) -> None:
    people = [await member(stage, 100 + n) for n in range(4)]
    await stage.promises(*(Promise(person, "secret") for person in people))
    await stage.control.post("/faults", method="sendMessage", kind="hang", seconds=30, times=None)
    begun: list[None] = []
    async with stage.beside() as database, database.transaction() as tx:
        # Left behind by a process that was killed long ago.
        left = update(OutboxRow).values(
            state=OutboxState.LEASED, lease="gone", leased_until=datetime(2026, 1, 1, tzinfo=UTC)
        )
        await tx.execute(left)
    async with working(stage, in_flight=1) as (_, watched):
        event.listen(watched.engine.sync_engine, "begin", lambda _: begun.append(None))
        await stage.control.get("/calls", after=len(await stage.control.get("/calls")), timeout=0.7)

    assert len(begun) < 12


async def test_an_end_that_comes_before_the_answer_leaves_a_doubt_and_no_lease(stage: Stage) -> None:
    await stage.promises(*[Promise(await member(stage, 100 + n), "secret") for n in range(2)])
    await stage.control.post("/faults", method="sendMessage", kind="hang", seconds=30, chat_id=100)
    async with working(stage, resend_unknown=False):
        await stage.people[101].sees("Secret")

    found = await stage.rows("SELECT state, reason, leased_until FROM outbox ORDER BY id")
    assert found == [("unknown", "no answer before the bot stopped", None), ("sent", None, None)]


async def test_a_group_that_must_wait_holds_nobody_else() -> None:
    pace = Pace(1000, 1, 20)
    await pace.wait(-1)
    second = asyncio.create_task(pace.wait(-1))  # three seconds later
    async with asyncio.timeout(1):
        await asyncio.gather(*(pace.wait(person) for person in range(20)))
    assert not second.done()
    second.cancel()
