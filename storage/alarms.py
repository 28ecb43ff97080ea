"""Alarms: what is wrong with the service itself, told once when it begins and once when it is over."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import audit, mail, members
from storage.audit import Event
from storage.database import Base, Moment, Transaction, one_of
from storage.members import Role
from storage.outbox import Lane, Promise, promise

RAISED, OVER = "alarm:raised", "alarm:over"
"""The notices of an alarm."""
OUTSIDE = "mail_to"
"""The fact that names the address of somebody who is no member."""
KEEP = timedelta(days=90)
_GOOD_FOR = timedelta(days=2)
_LONGEST_KEY = 120


class AlarmKind(StrEnum):
    """What can be wrong."""

    SILENCE = "silence"
    RIVAL = "rival"
    WEBHOOK = "webhook"
    DEAD_LETTERS = "dead letters"
    DISK = "disk"
    DATABASE = "database"


class Alarm(Base):
    """One incident, from its begin to its end; of each kind only one is open at a time."""

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AlarmKind] = mapped_column(one_of(AlarmKind))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    begun_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True)
class Ways:
    """How alarms leave besides Telegram: by `mail`, where it is offered, and to `addresses` of no members."""

    mail: bool = False
    addresses: tuple[str, ...] = ()
    language: str = "en"


async def begin(
    tx: Transaction, kind: AlarmKind, facts: Mapping[str, Any], begun_at: datetime, now: datetime, ways: Ways
) -> bool:
    """Open an incident and alarm every administrator; return False where it is open already."""
    await audit.hold(tx)
    if await _open(tx, kind) is not None:
        return False
    row = Alarm(kind=kind, facts=dict(facts), begun_at=begun_at)
    tx.add(row)
    await tx.flush()
    await audit.record(tx, Event.ALARM_RAISED, now, actor=None, alarm=row.id, kind=kind.value)
    await _tell(tx, RAISED, row, now, ways)
    return True


async def end(tx: Transaction, kind: AlarmKind, now: datetime, ways: Ways) -> bool:
    """Close the incident of a kind and say that it is over; return False where none is open."""
    if await _open(tx, kind) is None:
        return False
    await audit.hold(tx)  # another process may say so as well
    row = await _open(tx, kind)
    if row is None:
        return False
    row.ended_at = now
    await audit.record(tx, Event.ALARM_OVER, now, actor=None, alarm=row.id, kind=kind.value)
    await _tell(tx, OVER, row, now, ways)
    return True


async def _open(tx: Transaction, kind: AlarmKind) -> Alarm | None:
    found = select(Alarm).where(Alarm.kind == kind, Alarm.ended_at.is_(None)).execution_options(populate_existing=True)
    return await tx.scalar(found.limit(1))


async def _tell(tx: Transaction, notice: str, alarm: Alarm, now: datetime, ways: Ways) -> None:
    told = [member.id for member in await members.holders(tx, Role.ADMINISTRATOR)]
    until, facts, key = now + _GOOD_FOR, {"alarm": alarm.id}, f"{notice}:{alarm.id}"
    promised = [Promise(one, notice, facts, Lane.LIVE, key=f"{key}:{one}", expires_at=until) for one in told]
    if ways.mail:
        found = await mail.addressed(tx, told)
        proved = {one: row.address for one, row in found.items() if row.verified_at is not None}
        promised += [Promise(n, notice, facts, Lane.MAIL, key=f"{key}:{n}:mail", expires_at=until) for n in proved]
        for address in set(ways.addresses) - set(proved.values()):
            outside = {**facts, OUTSIDE: address, "language": ways.language}
            promised.append(Promise(None, notice, outside, Lane.MAIL, key=_short(f"{key}:{address}"), expires_at=until))
    await promise(tx, promised, now)


def _short(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


async def by_id(tx: Transaction, alarm_id: int) -> Alarm | None:
    """Return an incident."""
    return await tx.get(Alarm, alarm_id)


async def standing(tx: Transaction) -> list[Alarm]:
    """Return the incidents that are not over, the oldest first."""
    return list(await tx.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.id)))


async def addresses(tx: Transaction) -> list[tuple[str, str, str]]:
    """Return the proved mail addresses of administrators, each with its reader's language and zone."""
    told = {member.id: member for member in await members.holders(tx, Role.ADMINISTRATOR)}
    found: Collection[Any] = (await mail.addressed(tx, list(told))).values()
    proved = [row for row in found if row.verified_at is not None]
    return [(row.address, told[row.member_id].language, told[row.member_id].zone) for row in proved]


async def forget(tx: Transaction, now: datetime) -> None:
    """Drop incidents that ended more than `KEEP` ago."""
    await tx.execute(delete(Alarm).where(Alarm.ended_at < now - KEEP))
