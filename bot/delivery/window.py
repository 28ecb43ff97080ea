"""The window: leases as many rows as may be in flight, and settles them as they land."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import uuid4

from bot.clock import Clock
from bot.delivery.outcome import Kind, Outcome
from bot.delivery.pace import Pace
from bot.delivery.rendering import Asking, Kept
from bot.logs import log
from bot.workers import finished
from storage import members, outbox, pause
from storage.database import Database, Transaction, is_trouble
from storage.outbox import PERHAPS, WAITING, Lane, OutboxRow, OutboxState, Settlement

_AMBIGUOUS_TRIES = 3
_HARMLESS_TRIES = 10
_RENDER_TRIES = 3
_LONGEST_BACKOFF = 300
_IDLE_SECONDS = 5.0
_BEHIND_SECONDS = 0.1
_LOST_SECONDS = 1.0
_NEVER = datetime.min.replace(tzinfo=UTC)

_log = log("bot.delivery")

Migrate = Callable[[Transaction, int, int], Awaitable[None]]
Mark = Callable[[Transaction, int, datetime], Awaitable[None]]
"""What is noted of a member who cannot be reached."""
Follow = Callable[[Transaction, OutboxRow, Settlement, datetime], Awaitable[None]]
"""What is noted, in the transaction that settles a row of its notice, about how the sending ended."""


class Parcel(Protocol):
    """A row that is ready to be sent; the pace counts the `messages` that go to one `chat_id`."""

    @property
    def row(self) -> OutboxRow: ...

    @property
    def chat_id(self) -> int: ...

    @property
    def messages(self) -> int: ...


P = TypeVar("P", bound=Parcel)


@dataclass(frozen=True)
class Terms:
    """How this window sends: its lanes, how many at once, how long a lease, what to do when in doubt, and by whom."""

    lanes: tuple[Lane, ...]
    in_flight: int
    lease_seconds: int
    resend_unknown: bool
    paced: bool
    carrier: str = "Telegram"


@dataclass(frozen=True)
class Landed:
    """A row that needs no more work now, and what follows from how it ended."""

    settlement: Settlement
    row: OutboxRow
    unreachable: int | None = None
    migrated: tuple[int, int] | None = None


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
    lease: str = field(default_factory=lambda: str(uuid4()))
    _looked: float = -_LOST_SECONDS
    _extended: datetime = _NEVER
    _due: datetime | None = None
    _active: set[int] = field(default_factory=set)
    _landed: list[Landed] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _waiting: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for lane in self.terms.lanes:
            self.database.on_commit(outbox.news(lane), self._news.set)

    async def run(self) -> None:
        """Deliver until cancelled; then `drain` settles what is in flight. It can be run again after a failure."""
        while True:
            self._news.clear()
            rows = await self._turn_over()
            if rows:
                await self._start(rows)
            elif not self._landed:
                await self._sleep()

    def hurry(self) -> None:
        """Look at once for what is due: the clock has jumped."""
        self._news.set()

    async def drain(self, seconds: float) -> None:
        """Wait up to `seconds` for the sends in flight, settle them, and give back what was leased and not begun."""
        for task in self._waiting:
            task.cancel()
        await finished(self._tasks, seconds)
        await self._turn_over(claiming=False)
        async with self.database.transaction() as tx:
            await outbox.release(tx, lease=self.lease)

    async def _turn_over(self, *, claiming: bool = True) -> list[OutboxRow]:
        landed, self._landed = self._landed, []
        try:
            return await self._settle_and_claim(landed, claiming=claiming)
        except BaseException:
            self._landed = [*landed, *self._landed]  # nothing was written: what has landed is settled next time
            raise

    async def _settle_and_claim(self, landed: Sequence[Landed], *, claiming: bool) -> list[OutboxRow]:
        now = self.clock.now()
        async with self.database.transaction() as tx:
            await outbox.settle(tx, [one.settlement for one in landed], now, lease=self.lease)
            for one in landed:
                if one.unreachable is not None and self.mark is not None:
                    await self.mark(tx, one.unreachable, now)
                if one.migrated is not None:
                    await self.migrate(tx, *one.migrated)
                if one.row.notice in self.follow and one.settlement.state not in WAITING:
                    await self.follow[one.row.notice](tx, one.row, one.settlement, now)
            active = self._active - {one.settlement.row_id for one in landed}
            free = self.terms.in_flight - len(active) if claiming else 0
            lease, seconds, old = self.lease, self.terms.lease_seconds, self._old(now)
            if old:
                await outbox.extend(tx, active, now, lease=lease, lease_seconds=seconds)
            if self.terms.paced and await pause.standing(tx) is not None:
                free = 0  # after a restore only people who ask are answered
            lost = not landed or time.monotonic() - self._looked > _LOST_SECONDS
            rows = await outbox.claim(tx, self.terms.lanes, free, now, lease=lease, lease_seconds=seconds, lost=lost)
            self._due = None if rows else await outbox.next_due(tx, self.terms.lanes, now)
        self._extended = now if old else self._extended
        self._active = active
        if lost and free:
            self._looked = time.monotonic()
        # After a jump of the clock our own leases look expired while their sends are still under way.
        return [row for row in rows if row.id not in active]

    def _old(self, now: datetime) -> bool:
        """Tell whether leases were last prolonged so long ago, or before the clock was set back, that it is time."""
        return not timedelta() <= now - self._extended < timedelta(seconds=self.terms.lease_seconds / 4)

    async def _start(self, rows: Sequence[OutboxRow]) -> None:
        self._active |= {row.id for row in rows}
        for found in await self._render(rows):
            if isinstance(found, Kept):
                self._land(Landed(_kept(found, self.clock), found.row))
            elif found.row.expires_at is not None and found.row.expires_at < self.clock.now():
                self._land(Landed(Settlement(found.row.id, OutboxState.EXPIRED, "too late"), found.row))
            else:
                task = asyncio.create_task(self._deliver(found))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _render(self, rows: Sequence[OutboxRow]) -> list[P | Kept]:
        try:
            return await self.rendering.letters(rows)
        except Exception as error:  # noqa: BLE001 - logged below, and one bad row must not hold the others
            if len(rows) > 1:
                return [found for row in rows for found in await self._render([row])]
            _log.exception("a notice could not be rendered", notice=rows[0].notice, row=rows[0].id)
            final = rows[0].attempts >= _RENDER_TRIES and not is_trouble(error)
            return [Kept(rows[0], OutboxState.REJECTED if final else OutboxState.QUEUED, "could not be rendered")]

    async def _deliver(self, letter: P) -> None:
        if self.terms.paced:
            await self._wait(letter)
        else:
            self.pace.count(letter.chat_id, letter.messages)
        self._land(self._judge(letter, await self._send(letter)))

    async def _wait(self, letter: P) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            await self.pace.wait(letter.chat_id, letter.messages)
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

    def _judge(self, letter: P, outcome: Outcome) -> Landed:  # noqa: PLR0911 - one row a line
        row, reason = letter.row, outcome.reason
        match outcome.kind:
            case Kind.SENT:
                return Landed(
                    Settlement(row.id, OutboxState.SENT, message_id=outcome.message_id, also=outcome.also), row
                )
            case Kind.UNREACHABLE:
                return Landed(Settlement(row.id, OutboxState.UNREACHABLE, reason), row, unreachable=row.member_id)
            case Kind.MIGRATED if outcome.chat_id is not None and row.chat_id is not None:
                return Landed(self._again(row, _backoff(row), reason), row, migrated=(row.chat_id, outcome.chat_id))
            case Kind.REJECTED | Kind.MIGRATED:  # a person never migrates
                _log.error(f"{self.terms.carrier} rejected a message", row=row.id, notice=row.notice, reason=reason)
                return Landed(Settlement(row.id, OutboxState.REJECTED, reason, message_id=outcome.message_id), row)
            case Kind.WAIT:
                self.pace.pause(min(outcome.seconds, 60.0))
                return Landed(self._again(row, outcome.seconds, reason), row)
            case Kind.TOKEN:
                self.stop(f"Telegram rejects the token: {reason}")
                return Landed(self._again(row, 0, reason), row)
            case Kind.UNKNOWN if row.attempts >= self._tries(outcome):
                return Landed(Settlement(row.id, OutboxState.UNKNOWN, reason), row)
            case Kind.UNKNOWN if not outcome.harmless:
                return Landed(self._again(row, _backoff(row), f"{PERHAPS}{reason}"), row)
        return Landed(self._again(row, _backoff(row), reason), row)

    def _tries(self, outcome: Outcome) -> int:
        if outcome.harmless:
            return _HARMLESS_TRIES
        return _AMBIGUOUS_TRIES if self.terms.resend_unknown else 0

    def _again(self, row: OutboxRow, seconds: float, reason: str | None) -> Settlement:
        now = self.clock.now()
        held = timedelta(seconds=min(seconds, self.terms.lease_seconds))
        due = now + timedelta(seconds=seconds)
        return Settlement(row.id, OutboxState.QUEUED, reason, due_at=due, held_until=now + held)

    def _land(self, landed: Landed) -> None:
        self._landed.append(landed)
        self._news.set()

    async def _sleep(self) -> None:
        idle = min(_IDLE_SECONDS, self.terms.lease_seconds / 3)
        full = len(self._active) >= self.terms.in_flight  # then only a landing makes room
        wait = idle if self._due is None or full else (self._due - self.clock.now()).total_seconds()
        # What is due and was not claimed just now waits behind another message, whose landing is news.
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(wait, _BEHIND_SECONDS), idle)):
                await self._news.wait()


def _backoff(row: OutboxRow) -> float:
    return float(min(2.0 ** min(row.attempts, 10), _LONGEST_BACKOFF))


def _kept(kept: Kept, clock: Clock) -> Settlement:
    later = clock.now() + timedelta(seconds=60) if kept.state is OutboxState.QUEUED else None
    state = OutboxState.UNKNOWN if kept.state is OutboxState.WITHHELD and _may_have_arrived(kept.row) else kept.state
    return Settlement(kept.row.id, state, kept.reason, due_at=later)


def _may_have_arrived(row: OutboxRow) -> bool:
    """Tell whether an earlier attempt may have succeeded: it ended so, or with the process that made it."""
    doubt = row.reason is None or row.reason.startswith(PERHAPS)
    return row.attempts > 1 and row.replaces is None and doubt
