"""The pause: after a restore nothing leaves by itself until the operator lets it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import audit, inbox, outbox
from storage.audit import Event
from storage.database import Base, Moment, Transaction, wake
from storage.outbox import Lane, news

_ONLY = 1


class Pause(Base):
    """The one row that stands while the network is paused: since when and why."""

    __tablename__ = "pause"

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(String(200))


async def standing(tx: Transaction) -> Pause | None:
    """Return the pause that stands, if any. While it does, ticks rest and only answers to people leave."""
    return await tx.scalar(select(Pause))


async def begin(tx: Transaction, reason: str, now: datetime) -> int:
    """Pause the network and hold what was promised before; return how many messages are held."""
    held = await outbox.hold(tx)
    await inbox.set_aside(tx, now, reason)
    await tx.execute(delete(Pause))
    tx.add(Pause(id=_ONLY, since=now, reason=reason))
    await audit.record(tx, Event.NETWORK_PAUSED, now, actor=None, held=held)
    return held


async def lift(tx: Transaction, now: datetime, *, discard: bool) -> int | None:
    """End the pause; what was held is sent now or, with `discard`, never. Return how many, None where none stood."""
    if await standing(tx) is None:
        return None
    released = await outbox.let_go(tx, now, discard=discard)
    await tx.execute(delete(Pause))
    await audit.record(tx, Event.NETWORK_RESUMED, now, actor=None, released=released, discarded=discard)
    for lane in Lane:
        wake(tx, news(lane))
    return released
