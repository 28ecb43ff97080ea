"""Dialogues: where each person stands in a form, so that a restart or a week of silence loses nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, bindparam, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, Transaction

LIFETIME = timedelta(days=30)


class DialogueRow(Base):
    """One person's open form. `revision` grows with each change, so that an old prompt or button is recognised."""

    __tablename__ = "dialogue"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    step: Mapped[str] = mapped_column(String(40))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(default=1)
    reviewing: Mapped[bool] = mapped_column(default=False)
    refused_message_id: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(Moment)


_OF_MEMBER = select(DialogueRow).where(DialogueRow.member_id == bindparam("member"))


async def current(tx: Transaction, member_id: int, *, lock: bool = False) -> DialogueRow | None:
    """Return the person's open form, if any."""
    return await tx.scalar(_OF_MEMBER.with_for_update() if lock else _OF_MEMBER, {"member": member_id})


async def begin(
    tx: Transaction, member_id: int, name: str, step: str, answers: dict[str, Any], now: datetime
) -> DialogueRow:
    """Open a form at `step`; whatever form was open is closed."""
    before = await current(tx, member_id, lock=True)
    revision = 1 if before is None else before.revision + 1
    if before is not None:
        await tx.delete(before)
        await tx.flush()  # one form a person: the old row leaves before the new one comes
    row = DialogueRow(
        member_id=member_id, name=name, step=step, answers=answers, revision=revision, expires_at=now + LIFETIME
    )
    tx.add(row)
    await tx.flush()
    return row


def move(row: DialogueRow, step: str, answers: dict[str, Any], now: datetime) -> None:
    """Note the answers so far and go to `step`."""
    row.step = step
    row.answers = dict(answers)
    row.revision += 1
    row.refused_message_id = None
    row.expires_at = now + LIFETIME


async def end(tx: Transaction, member_id: int) -> None:
    """Close the person's form."""
    await tx.execute(delete(DialogueRow).where(DialogueRow.member_id == member_id))


async def expire(tx: Transaction, now: datetime) -> None:
    """Close forms that nobody touched for `LIFETIME`."""
    await tx.execute(delete(DialogueRow).where(DialogueRow.expires_at < now))
