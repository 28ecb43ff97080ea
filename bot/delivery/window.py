"""The window: leases as many rows as may be in flight, and settles them as they land."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import uuid4

from bot.clock import Clock
from bot.delivery.landing import Landed, Parcel, Terms, judged, kept, put_off
from bot.delivery.outcome import Kind, Outcome
from bot.delivery.pace import Pace
from bot.delivery.rendering import Asking, Kept
from bot.delivery.sharing import Sharing
from bot.logs import log
from bot.workers import finished
from storage import members, outbox, pause
from storage.database import Database, Transaction, is_gone, is_trouble
from storage.outbox import WAITING, Leased, OutboxState, Settlement
from storage.pace import PAID

_RENDER_TRIES = 3
_IDLE_SECONDS = 5.0
_BEHIND_SECONDS = 0.1
_TOGETHER_SECONDS = 0.05
_LOST_SECONDS = 1.0
_NEVER = datetime.min.replace(tzinfo=UTC)

_log = log("bot.delivery")

Migrate = Callable[[Transaction, int, int], Awaitable[None]]
Mark = Callable[[Transaction, int, datetime], Awaitable[None]]
"""What is noted of a member who cannot be reached."""
Count = Callable[[int, OutboxState], None]
"""What counts attempts to send by lane and outcome."""
Follow = Callable[[Transaction, Leased, Settlement, datetime], Awaitable[None]]
"""What is noted, in the transaction that settles a row of its notice, about how the sending ended."""


P = TypeVar("P", bound=Parcel)


@dataclass
class Window(Generic[P]):
    """Delivers the rows of some lanes; at most `terms.in_flight` are leased and unsettled at any moment.

    `rendering` makes of rows what `send` sends; `mark` notes who could not be reached, where anything is noted.
    """

    database: Database
    clock: Clock
    send: Callable[[P], Awaitable[Outcome]]
    rendering: Asking[P, Any]
    pace: Pace
    terms: Terms
    migrate: Migrate
    stop: Callable[[str], None]
    follow: Mapping[str, Follow] = field(default_factory=dict)
    mark: Mark | None = members.mark_unreachable
    count: Count = lambda _lane, _outcome: None
    lease: str = field(default_factory=lambda: str(uuid4()))
    _looked: float = -_LOST_SECONDS
    _alive: float = field(default_factory=time.monotonic)
    _rests: bool = True
    _extended: datetime = _NEVER
    _due: datetime | None = None
    _active: set[int] = field(default_factory=set)
    _landed: list[Landed] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _waiting: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._sharing = Sharing(self.pace, self.terms)
        for lane in self.terms.lanes:
            self.database.on_commit(outbox.news(lane), self._news.set)

    async def run(self) -> None:
        """Deliver until cancelled; then `drain` settles what is in flight. It can be run again after a failure."""
        starting = asyncio.create_task(self._start([]))
        try:
            while True:
                self._news.clear()
                rows = await self._turn_over()
                try:
                    await starting
                except BaseException:
                    self._put_off(rows)
                    raise
                starting = asyncio.create_task(self._start(rows))
                await self._sleep()
        except asyncio.CancelledError:
            starting.cancel()
            raise
        finally:
            await asyncio.gather(starting, return_exceptions=True)

    def hurry(self) -> None:
        """Look at once for what is due."""
        self._news.set()

    def doubt(self) -> None:
        """Send nothing that is in hand before it is known to be ours still."""
        self._alive = -math.inf
        self._news.set()

    def jump(self) -> None:
        """Know that the clock has jumped: what Telegram asked to wait for may be over, and more is due."""
        self.pace.forget()
        self.hurry()

    async def drain(self, seconds: float) -> None:
        """Wait up to `seconds` for the sends in flight, settle them, and give back what was leased and not begun."""
        for task in self._waiting:
            task.cancel()
        await finished(self._tasks, seconds)
        await self._turn_over(claiming=False)
        async with self.database.transaction() as tx:
            await outbox.release(tx, lease=self.lease)

    async def _turn_over(self, *, claiming: bool = True) -> list[Leased]:
        landed, self._landed = self._landed, []
        try:
            return await self._settle_and_claim(landed, claiming=claiming)
        except BaseException:
            self._landed = [*landed, *self._landed]  # nothing was written: what has landed is settled next time
            raise

    async def _settle_and_claim(self, landed: Sequence[Landed], *, claiming: bool) -> list[Leased]:
        now, began = self.clock.now(), time.monotonic()
        active = self._active - {one.settlement.row_id for one in landed}
        lease, seconds, old = self.lease, self.terms.lease_seconds, self._old(now)
        async with self.database.transaction() as tx:
            await self._settle(tx, landed, now)
            if old:
                active &= await outbox.extend(tx, active, now, lease=lease, lease_seconds=seconds)
            free = await self._room(tx, active) if claiming else 0
            lost = not landed or began - self._looked > _LOST_SECONDS
            rest = self.pace.resting() if self.terms.paced else {}
            rows = await outbox.claim(
                tx, self.terms.lanes, free, now, lease=lease, lease_seconds=seconds, lost=lost, resting=rest
            )
            more = claiming and len(rows) >= free
            self._due = None if more else await outbox.next_due(tx, self.terms.lanes, now)
            await self._sharing.keep(tx, rows)
        self._sharing.committed()
        if old:
            self._extended, self._alive = now, began
        for one in landed:
            self.count(one.row.lane, one.settlement.state)
        # After a jump of the clock our own leases look expired while their sends are still under way.
        rows = [row for row in rows if row.id not in active]
        self._active = active | {row.id for row in rows}
        if lost and free:
            self._looked = began
        if more and free > 0 and len(self._active) < self.terms.in_flight:
            self._news.set()
        return rows

    async def _settle(self, tx: Transaction, landed: Sequence[Landed], now: datetime) -> None:
        await outbox.settle(tx, [one.settlement for one in landed], now, lease=self.lease)
        for one in landed:
            if one.unreachable is not None and self.mark is not None:
                await self.mark(tx, one.unreachable, now)
            if one.migrated is not None:
                await self.migrate(tx, *one.migrated)
            if one.row.notice in self.follow and one.settlement.state not in WAITING:
                await self.follow[one.row.notice](tx, one.row, one.settlement, now)

    async def _room(self, tx: Transaction, active: Collection[int]) -> int:
        """Return how many rows may be claimed."""
        here = self.terms.on_duty() and self.terms.alive()
        if not here or self.pace.paused(newsletters=self.terms.paced):
            return 0
        if self.terms.paced and self._rests:  # after a restore only people who ask are answered
            self._rests = await pause.standing(tx) is not None
            if self._rests:
                return 0
        return min(self.terms.in_flight - len(active), math.ceil(self.terms.in_flight / self._slices))

    @property
    def _slices(self) -> int:
        """In how many parts the window is claimed: a server answers one while others are rendered and sent."""
        return 3 if self.database.has_server else 1

    def _old(self, now: datetime) -> bool:
        """Tell whether leases were last prolonged so long ago, or before the clock was set back, that it is time."""
        soon = self.terms.lease_seconds / 4
        return not (timedelta() <= now - self._extended < timedelta(seconds=soon)) or self._stood_for() >= soon

    def _stood_for(self) -> float:
        """Return for how many seconds of this machine's own time no lease was prolonged."""
        return time.monotonic() - self._alive

    async def _start(self, rows: Sequence[Leased]) -> None:
        for found in await self._rendered(rows):
            if isinstance(found, Kept):
                self._land(kept(found, self.clock.now()))
            elif found.row.expires_at is not None and found.row.expires_at < self.clock.now():
                self._land(Landed(Settlement(found.row.id, OutboxState.EXPIRED, "too late"), found.row))
            elif (seconds := self.pace.paused(str(found.chat_id))) > 0:
                self._land(put_off(found.row, seconds, self.clock.now(), self.terms))
            else:
                task = asyncio.create_task(self._deliver(found))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _rendered(self, rows: Sequence[Leased]) -> list[P | Kept]:
        try:
            return await self._render(rows)
        except Exception:
            self._put_off(rows)
            raise

    def _put_off(self, rows: Sequence[Leased]) -> None:
        """Let rows that nobody was tried with wait for the database, as if they had not been leased."""
        for row in rows:
            self._land(put_off(row, 0, self.clock.now(), self.terms))

    async def _render(self, rows: Sequence[Leased]) -> list[P | Kept]:
        try:
            return await self.rendering.letters(rows)
        except Exception as error:
            if is_gone(error):
                raise
            if len(rows) > 1:
                return [found for row in rows for found in await self._render([row])]
            _log.exception("a notice could not be rendered", notice=rows[0].notice, row=rows[0].id)
            final = rows[0].attempts >= _RENDER_TRIES and not is_trouble(error)
            return [Kept(rows[0], OutboxState.REJECTED if final else OutboxState.QUEUED, "could not be rendered")]

    async def _deliver(self, letter: P) -> None:
        paid = letter.paid and not self.pace.paused(PAID)
        if not self.terms.paced:
            self.pace.count(letter.chat_id, letter.messages)
        elif not self.pace.leaves(letter.chat_id, letter.messages, paid=paid):
            await self._wait(letter, paid=paid)
        if letter.row.id not in self._active:
            return  # it was taken away while it waited
        # Telegram wants nothing just now; or the process stood still, and this row may be another's.
        rests = self.pace.paused(newsletters=self.terms.paced)
        if rests or self._stood_for() > self.terms.lease_seconds or not self.terms.alive():
            self._land(put_off(letter.row, 0, self.clock.now(), self.terms))
            return
        outcome = await self._send(letter if paid == letter.paid else letter.unpaid())
        if outcome.kind is Kind.WAIT:
            self._sharing.refused(self.pace.refused(letter.chat_id, outcome.seconds, paid=paid), outcome.seconds)
        elif outcome.kind is Kind.TOKEN:
            self.stop(f"Telegram rejects the token: {outcome.reason}")
        self._land(judged(letter.row, outcome, self.clock.now(), self.terms))

    async def _wait(self, letter: P, *, paid: bool) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            await self.pace.wait(letter.chat_id, letter.messages, paid=paid)
        finally:
            self._waiting.discard(task)

    async def _send(self, letter: P) -> Outcome:
        try:
            return await self.send(letter)
        except asyncio.CancelledError:  # the process ends, and nobody has answered
            return Outcome(Kind.UNKNOWN, "no answer before the bot stopped")
        except Exception:  # noqa: BLE001 - a row that is never settled would keep its place in the window for ever
            _log.exception("a send failed unexpectedly", row=letter.row.id, notice=letter.row.notice)
            return Outcome(Kind.UNKNOWN, "an unexpected failure")

    def _land(self, one: Landed) -> None:
        """Let a row be settled: with others that land at the same time, which costs one transaction for all."""
        self._landed.append(one)
        if 10 * self._slices * len(self._landed) >= 9 * len(self._active):
            self._news.set()
        elif len(self._landed) == 1:
            asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self._news.set)

    async def _sleep(self) -> None:
        idle = min(_IDLE_SECONDS, self.terms.lease_seconds / 3)
        full = len(self._active) >= self.terms.in_flight  # then only a landing makes room
        wait = idle if self._due is None or full else (self._due - self.clock.now()).total_seconds()
        wait = self.pace.paused(newsletters=self.terms.paced) or wait
        if self.terms.paced:
            wait = min([wait, *self.pace.resting().values()])
        # What is due and was not claimed just now waits behind another message, whose landing is news.
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(wait, _BEHIND_SECONDS), idle)):
                await self._news.wait()
