"""The outbox under any order of events: workers that come, die and are late, a clock that jumps, pauses and repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Row, delete, select

from storage import members, outbox
from storage.database import Database, Transaction
from storage.outbox import WAITING, Lane, OutboxRow, OutboxState, Promise, Settlement, lease_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEASE = 60
GROUP = -100
NOTICES = ("one", "another")
WINDOWS = ((Lane.INTERACTIVE,), (Lane.LIVE, Lane.BULK))
ENDS = (OutboxState.SENT, OutboxState.UNREACHABLE, OutboxState.UNKNOWN, OutboxState.REJECTED, OutboxState.EXPIRED)
_TABLE: Any = OutboxRow.__table__

T = TypeVar("T")
Rows = dict[int, Row[Any]]


@dataclass
class Worker:
    """A process that sends from some lanes.

    `hand` is what it believes to have leased, with the attempt that this is; of that it has `begun` to send some.
    """

    id: str
    lanes: tuple[Lane, ...]
    hand: dict[int, int] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)

    @property
    def lease(self) -> str:
        return lease_of(self.id, self.lanes[0])

    def drops(self, rows: Iterable[int]) -> None:
        for row in list(rows):
            self.hand.pop(row, None)
            self.begun.discard(row)


class Outbox(RuleBasedStateMachine):
    """Every rule is something that can happen, and says what it may change; the invariants hold between all."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.database = Database(self.url)
        self.now = NOW
        self.names = count(1)
        self.workers: list[Worker] = []
        self.sends: dict[int, int] = {}
        self.epochs: set[tuple[int, int]] = set()
        self.arrived: set[int] = set()
        self.people: list[int] = []
        self.rows: Rows = {}
        self.latest: Rows = {}

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)

    def within(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do something in one transaction, and see what stands in the outbox then."""

        async def working() -> T:
            async with self.database.transaction() as tx:
                found = await work(tx)
                self.latest = await look(tx)
            return found

        return self.does(working())

    @initialize()
    def begins(self) -> None:
        async def begin(tx: Transaction) -> list[int]:
            await tx.execute(delete(OutboxRow))
            return [(await members.welcome(tx, account, "en", "UTC", NOW)).id for account in (10, 20)]

        self.people = self.within(begin)
        self.workers = [self.worker(WINDOWS[1]), self.worker(WINDOWS[1]), self.worker(WINDOWS[0])]
        self.promises(
            [(who, lane) for lane in (Lane.BULK, Lane.INTERACTIVE) for who in (0, 1, 1, 2)], None, 0, None, None
        )

    def worker(self, lanes: tuple[Lane, ...]) -> Worker:
        return Worker(f"worker{next(self.names)}", lanes)

    def changed(self) -> dict[int, tuple[Row[Any] | None, Row[Any]]]:
        """Return what the latest event changed: rows as they were and as they are."""
        before, self.rows = self.rows, self.latest
        assert before.keys() <= self.rows.keys(), "a promise is gone"
        found = {n: (before.get(n), row) for n, row in self.rows.items() if before.get(n) != row}
        for was, row in found.values():
            assert was is None or was.state in WAITING, f"what had ended has changed: {was} to {row}"
        return found

    # What can happen

    @rule(
        to=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(list(Lane)[:3])), min_size=1, max_size=4),
        key=st.one_of(st.none(), st.sampled_from("abc")),
        waits=st.sampled_from([0, 0, 0, 30, 300]),
        replaces=st.sampled_from([None, 7]),
        expires=st.sampled_from([None, 100]),
    )
    def promises(
        self, to: list[tuple[int, Lane]], key: str | None, waits: int, replaces: int | None, expires: int | None
    ) -> None:
        due = self.now + timedelta(seconds=waits) if waits else None
        late = None if expires is None else self.now + timedelta(seconds=expires)
        promised = [
            Promise(
                None if who > 1 else self.people[who], NOTICES[who % 2], lane=lane, due_at=due, replaces=replaces,
                key=key, expires_at=late, chat_id=GROUP if who > 1 else None,
            )
            for who, lane in to
        ]  # fmt: skip
        known = key is not None and any(row.key == key for row in self.rows.values())

        self.within(lambda tx: outbox.promise(tx, promised, self.now))
        new = self.changed()
        assert all(was is None and row.state == OutboxState.QUEUED and row.attempts == 0 for was, row in new.values())
        assert len(new) == (int(not known) if key is not None else len(promised)), "a key makes a promise unique"

    @rule(who=st.integers(0, 2), most=st.integers(1, 4), begins=st.booleans())
    def claims(self, who: int, most: int, begins: bool) -> None:  # noqa: FBT001 - an example's
        worker = self.workers[who]
        self.takes(worker, self.within(partial(self.claim, worker, most)), most)
        if begins:
            self.begins_all(worker)

    @rule(who=st.integers(0, 1), late=st.sampled_from(["settles", "prolongs", "goes on"]))
    def one_stands_still_and_another_goes_on(self, who: int, late: str) -> None:
        slow = self.workers[who]
        self.claims(who, 4, begins=True)
        self.time_jumps(LEASE + 1)
        self.claims(1 - who, 4, begins=True)
        if late == "prolongs":
            self.prolong(slow)
        for row in sorted(slow.begun) if late == "settles" else ():
            self.arrived.add(row)
            self.settle(slow, row, OutboxState.SENT, 0, tried=True)

    async def claim(self, worker: Worker, most: int, tx: Transaction) -> list[int]:
        found = await outbox.claim(tx, worker.lanes, most, self.now, lease=worker.lease, lease_seconds=LEASE)
        return [row.id for row in found]

    def takes(self, worker: Worker, rows: list[int], most: int) -> None:
        """Check what was claimed against what could be, and put it into the worker's hand."""
        before = self.rows
        assert sorted(self.changed()) == sorted(rows)
        can = {n for n in before if self.can_be_claimed(before, n, worker.lanes)}
        assert set(rows) <= can, "that could not be claimed"
        assert len(rows) == min(most, len(can)), "what could be claimed was not"
        self.urgent_first(before, rows, can)
        for n in rows:
            row = self.rows[n]
            assert (row.state, row.lease, row.attempts) == (OutboxState.LEASED, worker.lease, before[n].attempts + 1)
            assert row.leased_until == self.now + timedelta(seconds=LEASE)
        worker.hand |= {n: self.rows[n].attempts for n in rows if n not in worker.begun}

    def can_be_claimed(self, rows: Rows, n: int, lanes: Sequence[Lane]) -> bool:
        row = rows[n]
        if row.lane not in lanes or not self.is_free(row):
            return False
        others = [r for r in rows.values() if r.id != n and r.lane in lanes and recipient(r) == recipient(row)]
        return not any(self.holds(r) or (self.is_free(r) and (r.lane, r.id) < (row.lane, row.id)) for r in others)

    def holds(self, row: Row[Any]) -> bool:
        return row.leased_until is not None and self.now <= row.leased_until <= self.now + timedelta(seconds=2 * LEASE)

    def is_free(self, row: Row[Any]) -> bool:
        if row.state == OutboxState.QUEUED:
            return bool(row.due_at <= self.now)
        return bool(row.state == OutboxState.LEASED) and not self.holds(row)

    @staticmethod
    def urgent_first(rows: Rows, taken: Sequence[int], can: set[int]) -> None:
        def rank(n: int) -> int:
            return -1 if rows[n].state == OutboxState.LEASED else int(rows[n].lane)

        left = [rank(n) for n in can - set(taken)]
        assert not left or not taken or max(map(rank, taken)) <= min(left), "the urgent go first"

    @precondition(lambda self: self.with_unbegun() != [])
    @rule(data=st.data())
    def begins_to_send(self, data: st.DataObject) -> None:
        self.begins_all(data.draw(st.sampled_from(self.with_unbegun())))

    def with_unbegun(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.hand.keys() - worker.begun]

    def with_nothing_begun(self) -> list[Worker]:
        return [worker for worker in self.with_unbegun() if not worker.begun]

    def with_begun(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.begun]

    def begins_all(self, worker: Worker) -> None:
        for row in worker.hand.keys() - worker.begun:
            epoch = (row, worker.hand[row])
            assert epoch not in self.epochs, "two send under one lease"
            self.epochs.add(epoch)
            worker.begun.add(row)
            self.sends[row] = self.sends.get(row, 0) + 1

    def is_leased(self, row: int, worker: Worker) -> bool:
        return self.rows[row].state == OutboxState.LEASED and self.rows[row].lease == worker.lease

    @precondition(lambda self: self.with_begun() != [])
    @rule(data=st.data(), state=st.sampled_from(ENDS), again=st.booleans(), seconds=st.sampled_from([0, 5, 90]))
    def settles(self, data: st.DataObject, state: OutboxState, again: bool, seconds: int) -> None:  # noqa: FBT001
        worker = data.draw(st.sampled_from(self.with_begun()))
        row = data.draw(st.sampled_from(sorted(worker.begun)))
        if state is OutboxState.SENT and not again:
            self.arrived.add(row)
        self.settle(worker, row, OutboxState.QUEUED if again else state, seconds, tried=True)

    @precondition(lambda self: self.with_unbegun() != [])
    @rule(data=st.data(), seconds=st.sampled_from([0, 5]))
    def puts_off(self, data: st.DataObject, seconds: int) -> None:
        worker = data.draw(st.sampled_from(self.with_unbegun()))
        row = data.draw(st.sampled_from(sorted(worker.hand.keys() - worker.begun)))
        self.settle(worker, row, OutboxState.QUEUED, seconds, tried=False)

    def settle(self, worker: Worker, row: int, state: OutboxState, seconds: int, *, tried: bool) -> None:
        mine, later = self.is_leased(row, worker), None
        if state is OutboxState.QUEUED:
            later = self.now + timedelta(seconds=seconds)
        held = None if later is None else min(later, self.now + timedelta(seconds=LEASE))
        ended = Settlement(row, state, "why", due_at=later, held_until=held, tried=tried)

        self.within(lambda tx: outbox.settle(tx, [ended], self.now, lease=worker.lease))
        changes = self.changed()
        worker.drops([row])
        assert changes.keys() == ({row} if mine else set()), "who has lost a row changes nothing of it"
        if mine:
            after = self.rows[row]
            assert (after.state, after.leased_until) == (state, held)
            assert (after.settled_at is None) == (state in WAITING)

    @precondition(lambda self: self.with_begun() != [])
    @rule(data=st.data())
    def prolongs(self, data: st.DataObject) -> None:
        self.prolong(data.draw(st.sampled_from(self.with_begun())))

    def prolong(self, worker: Worker) -> None:
        mine = {row for row in worker.hand if self.is_leased(row, worker)}
        terms: Any = {"lease": worker.lease, "lease_seconds": LEASE}
        assert self.within(lambda tx: outbox.extend(tx, worker.hand, self.now, **terms)) == mine
        assert self.changed().keys() <= mine
        assert all(self.rows[row].leased_until == self.now + timedelta(seconds=LEASE) for row in mine)
        worker.drops(worker.hand.keys() - mine)

    @precondition(lambda self: self.with_nothing_begun() != [])
    @rule(data=st.data())
    def gives_back(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(self.with_nothing_begun()))
        mine = {n for n in self.rows if self.is_leased(n, worker)}
        self.within(lambda tx: outbox.release(tx, lease=worker.lease))
        assert self.changed().keys() == mine
        assert all(self.rows[n].state == OutboxState.QUEUED for n in mine)
        worker.drops(set(worker.hand))

    @rule(who=st.integers(0, 2), noticed=st.booleans())
    def dies(self, who: int, noticed: bool) -> None:  # noqa: FBT001 - an example's
        """It dies: it is missed by the others, or what it had is found when the lease has run out."""
        worker, self.workers[who] = self.workers[who], self.worker(self.workers[who].lanes)
        mine = {n for n in self.rows if self.is_leased(n, worker)}
        if noticed:
            self.within(lambda tx: outbox.free(tx, [worker.id]))
            assert self.changed().keys() == mine
            assert all(self.rows[n].state == OutboxState.QUEUED for n in mine)

    @rule(seconds=st.sampled_from([1, 10, LEASE, LEASE + 1, 400, -10, -LEASE, -400]))
    def time_jumps(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: len(self.rows) > 16)
    @rule()
    def everything_is_held(self) -> None:
        waiting = {n for n, row in self.rows.items() if row.state in WAITING}
        assert self.within(outbox.hold) == len(waiting)
        self.changed()
        assert all(self.rows[n].state == OutboxState.HELD for n in waiting)

    @precondition(lambda self: any(row.state == OutboxState.HELD for row in self.rows.values()))
    @rule(discard=st.sampled_from([False, False, True]))
    def what_is_held_is_let_go(self, discard: bool) -> None:  # noqa: FBT001 - an example's
        held = {n for n, row in self.rows.items() if row.state == OutboxState.HELD}
        assert self.within(lambda tx: outbox.let_go(tx, self.now, discard=discard)) == len(held)
        assert self.changed().keys() == held
        assert {self.rows[n].state for n in held} == {OutboxState.EXPIRED if discard else OutboxState.QUEUED}

    @rule(who=st.integers(0, 1), lane=st.sampled_from(list(Lane)[:3]))
    def somebody_wants_it_no_more(self, who: int, lane: Lane) -> None:
        theirs = {
            n for n, r in self.rows.items()
            if (r.member_id, r.lane, r.notice) == (self.people[who], lane, NOTICES[0]) and r.state in WAITING
        }  # fmt: skip

        self.within(lambda tx: outbox.withhold(tx, self.people[who], [NOTICES[0]], lane, self.now))
        assert self.changed().keys() == theirs
        assert all(self.rows[n].state == OutboxState.WITHHELD for n in theirs)
        for worker in self.with_begun():  # it arrives nevertheless, and changes nothing any more
            for row in theirs & worker.begun:
                self.settle(worker, row, OutboxState.SENT, 0, tried=True)

    # What holds between all events

    @invariant()
    def every_send_is_counted(self) -> None:
        for n, row in self.rows.items():
            assert row.attempts >= self.sends.get(n, 0), "more sends than attempts"
            assert row.state != OutboxState.SENT or n in self.arrived, "that was never sent"

    @invariant()
    def what_is_leased_has_an_owner_and_an_end(self) -> None:
        for row in self.rows.values():
            assert row.state != OutboxState.LEASED or (row.lease is not None and row.leased_until is not None)

    def teardown(self) -> None:
        """Let one worker for each window go on alone: whatever happened before, every promise comes to an end."""
        try:
            if self.people and self.rows:
                self.ends()
        finally:
            self.does(self.database.close())
            self.loop.close()

    def ends(self) -> None:
        if any(row.state == OutboxState.HELD for row in self.rows.values()):
            self.what_is_held_is_let_go(discard=False)
        self.now = max([self.now, *(row.due_at for row in self.rows.values())])
        waits = sum(row.state in WAITING for row in self.rows.values())
        last = [self.worker(lanes) for lanes in WINDOWS]
        for _ in range(waits + 1):
            self.now += timedelta(seconds=LEASE + 1)
            for worker in last:
                self.takes(worker, taken := self.within(partial(self.claim, worker, 4)), 4)
                self.arrived |= set(taken)
                for row in taken:
                    self.settle(worker, row, OutboxState.SENT, 0, tried=True)
        assert not [row for row in self.rows.values() if row.state in WAITING], "something waits for ever"


async def look(tx: Transaction) -> Rows:
    return {row.id: row for row in await tx.execute(select(_TABLE))}


def recipient(row: Row[Any]) -> tuple[int | None, int | None]:
    return row.member_id, row.chat_id if row.member_id is None else None


async def test_whatever_happens_no_promise_is_lost_and_none_is_two_workers_at_once(storage_url: str) -> None:
    machine = type("Here", (Outbox,), {"url": storage_url})
    # What fails is shown as it was: to make it shorter would take minutes.
    rounds = settings(max_examples=18, stateful_step_count=30, database=None, phases=[Phase.generate])
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=rounds)


async def test_two_that_claim_at_once_share_nothing_and_nobody(storage_url: str) -> None:
    first, second = Database(storage_url), Database(storage_url)
    async with first.transaction() as tx:
        people = [(await members.welcome(tx, account, "en", "UTC", NOW)).id for account in range(8)]

    async def claim(database: Database, lease: str) -> list[OutboxRow]:
        async with database.transaction() as tx:
            return await outbox.claim(tx, WINDOWS[1], 6, NOW, lease=lease, lease_seconds=LEASE)

    for _ in range(30):
        async with first.transaction() as tx:
            await tx.execute(delete(OutboxRow))
            await outbox.promise(tx, [Promise(n, "one", lane=Lane.BULK) for n in people * 2], NOW)
        taken = [row for rows in await asyncio.gather(claim(first, "a"), claim(second, "b")) for row in rows]
        assert len({row.id for row in taken}) == len(taken), "two have leased one row"
        assert len({row.member_id for row in taken}) == len(taken), "two write to one person at once"
    await first.close()
    await second.close()
