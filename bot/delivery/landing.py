"""Landing: what follows for a row from how its send ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, Self

from bot.delivery.outcome import Kind, Outcome
from bot.delivery.rendering import Kept
from bot.logs import log
from storage.outbox import PERHAPS, Lane, Leased, OutboxState, Settlement

_AMBIGUOUS_TRIES = 3
_HARMLESS_TRIES = 10
_LONGEST_BACKOFF = 300

_log = log("bot.delivery")


def _always() -> bool:
    return True


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Terms:
    """How a window sends: its lanes, how many at once, how long a lease, what to do when in doubt, and by whom.

    It sends only while it is `on_duty` and the process is `alive` for the others; they share its pace while it is
    `shared`.
    """

    lanes: tuple[Lane, ...]
    in_flight: int
    lease_seconds: int
    resend_unknown: bool
    paced: bool
    carrier: str = "Telegram"
    on_duty: Callable[[], bool] = _always
    alive: Callable[[], bool] = _always
    shared: Callable[[], bool] = _never


class Parcel(Protocol):
    """A row that is ready to be sent; the pace counts the `messages` that go to one `chat_id`, apart where `paid`."""

    @property
    def row(self) -> Leased: ...

    @property
    def chat_id(self) -> int: ...

    @property
    def messages(self) -> int: ...

    @property
    def paid(self) -> bool: ...

    def unpaid(self) -> Self:
        """Return it as it is sent where nothing can be paid."""


@dataclass(frozen=True)
class Landed:
    """A row that needs no more work now, and what follows from how it ended."""

    settlement: Settlement
    row: Leased
    unreachable: int | None = None
    migrated: tuple[int, int] | None = None


def judged(row: Leased, outcome: Outcome, now: datetime, terms: Terms) -> Landed:
    """Return what follows from a send that was tried."""
    reason = outcome.reason
    match outcome.kind:
        case Kind.SENT:
            sent = Settlement(row.id, OutboxState.SENT, message_id=outcome.message_id, also=outcome.also)
            return Landed(sent, row)
        case Kind.UNREACHABLE:
            return Landed(Settlement(row.id, OutboxState.UNREACHABLE, reason), row, unreachable=row.member_id)
        case Kind.MIGRATED if outcome.chat_id is not None and row.chat_id is not None:
            again = _again(row, _backoff(row), reason, now, terms)
            return Landed(again, row, migrated=(row.chat_id, outcome.chat_id))
        case Kind.REJECTED | Kind.MIGRATED:  # a person never migrates
            _log.error(f"{terms.carrier} rejected a message", row=row.id, notice=row.notice, reason=reason)
            return Landed(Settlement(row.id, OutboxState.REJECTED, reason, message_id=outcome.message_id), row)
        case Kind.UNKNOWN if row.attempts >= _tries(outcome, terms):
            return Landed(Settlement(row.id, OutboxState.UNKNOWN, reason), row)
    perhaps = outcome.kind is Kind.UNKNOWN and not outcome.harmless
    seconds = {Kind.WAIT: outcome.seconds, Kind.TOKEN: 0.0}.get(outcome.kind, _backoff(row))
    return Landed(_again(row, seconds, f"{PERHAPS}{reason}" if perhaps else reason, now, terms), row)


def put_off(row: Leased, seconds: float, now: datetime, terms: Terms) -> Landed:
    """Return what follows where a row was not tried at all, and may be in some seconds."""
    return Landed(replace(_again(row, seconds, row.reason, now, terms), tried=False), row)


def kept(one: Kept, now: datetime) -> Landed:
    """Return what follows for a row that is not to be sent."""
    later = now + timedelta(seconds=60) if one.state is OutboxState.QUEUED else None
    state = OutboxState.UNKNOWN if one.state is OutboxState.WITHHELD and _may_have_arrived(one.row) else one.state
    return Landed(Settlement(one.row.id, state, one.reason, due_at=later), one.row)


def _again(row: Leased, seconds: float, reason: str | None, now: datetime, terms: Terms) -> Settlement:
    due, held = now + timedelta(seconds=seconds), now + timedelta(seconds=min(seconds, terms.lease_seconds))
    return Settlement(row.id, OutboxState.QUEUED, reason, due_at=due, held_until=held)


def _tries(outcome: Outcome, terms: Terms) -> int:
    if outcome.harmless:
        return _HARMLESS_TRIES
    return _AMBIGUOUS_TRIES if terms.resend_unknown else 0


def _backoff(row: Leased) -> float:
    return float(min(2.0 ** min(row.attempts, 10), _LONGEST_BACKOFF))


def _may_have_arrived(row: Leased) -> bool:
    """Tell whether an earlier attempt may have succeeded: it ended so, or with the process that made it."""
    doubt = row.reason is None or row.reason.startswith(PERHAPS)
    return row.attempts > 1 and row.replaces is None and doubt
