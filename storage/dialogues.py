"""Dialogues: where each person stands in a form, so that a restart or a week of silence loses nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, bindparam, delete, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, Transaction
from storage.members import Member, MemberRole, Office, office_of

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


@dataclass(frozen=True)
class Speaker:
    """The person behind a Telegram account as they were read: if known, their offices, and whether a form is open."""

    account: int
    member: Member | None = None
    offices: frozenset[Office] = frozenset()
    in_form: bool = False


_SPEAKING = (
    select(Member, MemberRole, exists().where(DialogueRow.member_id == Member.id))
    .outerjoin(MemberRole, MemberRole.member_id == Member.id)
    .where(Member.telegram_id.in_(bindparam("accounts", expanding=True)))
)


async def speakers(tx: Transaction, accounts: Collection[int]) -> dict[int, Speaker]:
    """Return who stands behind some Telegram accounts, by account; one that nobody knows is a stranger's."""
    found: dict[int, Speaker] = {}
    for member, role, in_form in await tx.execute(_SPEAKING, {"accounts": list(accounts)}):
        account = member.telegram_id
        assert account is not None
        held = {office_of(role)} if role is not None else set()
        found[account] = Speaker(account, member, found.get(account, Speaker(account)).offices | held, in_form)
    return {account: found.get(account, Speaker(account)) for account in accounts}


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
