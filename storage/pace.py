"""The pace that all processes keep together on PostgreSQL: bookings follow one another, and a pause holds for all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, Transaction, has_server

ALL = "all"
"""The scope of everything that the bot sends."""

PAID = "paid"
"""The scope of what is paid for, which has a ceiling of its own."""


class Pace(Base):
    """When the next message of a scope may leave, and until when Telegram wants none of it; by the database's time."""

    __tablename__ = "pace"

    scope: Mapped[str] = mapped_column(String(24), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Moment)
    paused_until: Mapped[datetime | None] = mapped_column(Moment)


_BOOK = text("""
    INSERT INTO pace AS known (scope, next_at)
    SELECT scope, clock_timestamp() + make_interval(secs => gap)
    FROM json_to_recordset(CAST(:booked AS json)) AS given(scope varchar, gap float) ORDER BY scope
    ON CONFLICT (scope) DO UPDATE SET next_at = greatest(known.next_at, clock_timestamp())
        + (excluded.next_at - clock_timestamp())
    RETURNING scope, extract(epoch FROM next_at - clock_timestamp())
""")
_PAUSE = text("""
    INSERT INTO pace AS known (scope, next_at, paused_until)
    VALUES (:scope, clock_timestamp(), clock_timestamp() + make_interval(secs => :seconds))
    ON CONFLICT (scope) DO UPDATE SET paused_until = greatest(known.paused_until, excluded.paused_until)
""")
_PAUSES = text("""
    SELECT scope, extract(epoch FROM paused_until - clock_timestamp()) FROM pace
    WHERE paused_until > clock_timestamp()
""")
_FORGET = text("DELETE FROM pace WHERE greatest(next_at, paused_until) < clock_timestamp() - interval '1 hour'")


async def book(tx: Transaction, gaps: Mapping[str, float]) -> dict[str, float]:
    """Book the next `gaps` seconds of each scope; return in how many seconds each booking begins (0: now)."""
    given = json.dumps([{"scope": scope, "gap": gap} for scope, gap in gaps.items()])
    found = await tx.execute(_BOOK, {"booked": given})
    return {scope: max(0.0, float(ends) - gaps[scope]) for scope, ends in found}


async def pause(tx: Transaction, scope: str, seconds: float) -> None:
    """Let nothing of a scope leave for some seconds, whoever would send it."""
    await tx.execute(_PAUSE, {"scope": scope, "seconds": seconds})


async def pauses(tx: Transaction) -> dict[str, float]:
    """Return the scopes that are paused, and for how many seconds more."""
    return {scope: float(seconds) for scope, seconds in await tx.execute(_PAUSES)}


async def forget(tx: Transaction, _now: datetime) -> None:
    """Drop what had its time an hour ago; on SQLite nothing is booked."""
    if has_server(tx):
        await tx.execute(_FORGET)
