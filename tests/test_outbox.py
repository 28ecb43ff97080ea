"""The outbox: which rows may be sent now, and which must let another go first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from storage import members, migrations, outbox
from storage.database import Database
from storage.outbox import Lane, OutboxState, Promise, Settlement

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEASE = 60


class Post:
    """Two members, whose messages are claimed by one process; `passes` moves the time."""

    def __init__(self, database: Database, people: Sequence[int]) -> None:
        self.database, self.now = database, NOW
        self.ann, self.boris = people

    async def promises(self, *promised: tuple[int, str, Lane]) -> None:
        rows = [Promise(person, notice, lane=lane) for person, notice, lane in promised]
        async with self.database.transaction() as tx:
            await outbox.promise(tx, rows, self.now)

    async def claims(self, *lanes: Lane, limit: int = 8) -> dict[str, int]:
        """Return the ids of what may be sent now, by notice."""
        async with self.database.transaction() as tx:
            rows = await outbox.claim(tx, lanes, limit, self.now, lease="ours", lease_seconds=LEASE)
        return {row.notice: row.id for row in rows}

    async def settles(self, row_id: int, state: OutboxState = OutboxState.SENT, seconds: float | None = None) -> None:
        again = None if seconds is None else self.now + timedelta(seconds=seconds)
        async with self.database.transaction() as tx:
            ended = Settlement(row_id, state, due_at=again, held_until=again)
            await outbox.settle(tx, [ended], self.now, lease="ours")

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
async def post(storage_url: str) -> AsyncIterator[Post]:
    database = Database(storage_url)
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        people = [(await members.welcome(tx, number, "en", "UTC", NOW)).id for number in (10, 20)]
    yield Post(database, people)
    await database.close()


async def test_a_flood_to_one_person_takes_one_place_and_keeps_its_order(post: Post) -> None:
    await post.promises(*[(post.ann, f"to Ann {n}", Lane.BULK) for n in range(5)], (post.boris, "to Boris", Lane.BULK))

    first = await post.claims(Lane.BULK, limit=2)
    assert first.keys() == {"to Ann 0", "to Boris"}
    assert await post.claims(Lane.BULK) == {}
    await post.settles(first["to Ann 0"])
    assert (await post.claims(Lane.BULK)).keys() == {"to Ann 1"}


async def test_while_one_message_is_tried_again_no_later_one_overtakes_it(post: Post) -> None:
    await post.promises((post.ann, "question", Lane.INTERACTIVE), (post.ann, "answer", Lane.INTERACTIVE))
    question = (await post.claims(Lane.INTERACTIVE))["question"]
    await post.settles(question, OutboxState.QUEUED, seconds=5)

    assert await post.claims(Lane.INTERACTIVE) == {}
    post.passes(6)
    assert await post.claims(Lane.INTERACTIVE) == {"question": question}


async def test_a_newsletter_in_flight_holds_no_answer_to_the_same_person(post: Post) -> None:
    await post.promises((post.ann, "newsletter", Lane.BULK), (post.ann, "answer", Lane.INTERACTIVE))

    assert (await post.claims(Lane.LIVE, Lane.BULK)).keys() == {"newsletter"}
    assert (await post.claims(Lane.INTERACTIVE)).keys() == {"answer"}


async def test_a_process_whose_clock_is_behind_takes_nothing_that_another_has_just_leased(post: Post) -> None:
    await post.promises((post.ann, "answer", Lane.INTERACTIVE))
    assert (await post.claims(Lane.INTERACTIVE)).keys() == {"answer"}
    post.passes(-1)
    assert await post.claims(Lane.INTERACTIVE) == {}


async def test_a_lease_runs_out_when_the_clock_goes_on_and_when_it_is_set_back(post: Post) -> None:
    await post.promises((post.ann, "letter", Lane.BULK))
    post.passes(86_400)
    await post.claims(Lane.BULK)
    assert await post.claims(Lane.BULK) == {}

    post.passes(LEASE + 1)
    assert (await post.claims(Lane.BULK)).keys() == {"letter"}
    post.passes(-7_200)
    assert (await post.claims(Lane.BULK)).keys() == {"letter"}


async def test_one_window_does_not_wake_for_what_another_has_in_hand(post: Post) -> None:
    await post.promises((post.ann, "newsletter", Lane.BULK))
    await post.claims(Lane.BULK)
    async with post.database.reading() as tx:
        assert await outbox.next_due(tx, [Lane.INTERACTIVE], post.now) is None
        assert await outbox.next_due(tx, [Lane.BULK], post.now) == post.now + timedelta(seconds=LEASE)
