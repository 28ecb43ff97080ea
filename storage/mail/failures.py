"""Failures: a channel that fails for two weeks lets the other one be offered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from storage import members
from storage.database import Transaction
from storage.mail.tables import MailAddress
from storage.members import BELONGING, Channel, Member
from storage.outbox import Lane, Leased, OutboxRow, OutboxState, Promise, Settlement, promise

DIGEST = "digest:issue"
TAKE_MAIL, TAKE_TELEGRAM = "mail:take", "mail:back"
"""The notices that offer the other channel: by mail, and in Telegram."""
FAILED = (OutboxState.UNREACHABLE, OutboxState.REJECTED, OutboxState.UNKNOWN, OutboxState.EXPIRED)

_WEEKS = 2
_GOOD_FOR = timedelta(days=7)


async def noted(tx: Transaction, row: Leased, settlement: Settlement, now: datetime) -> None:
    """Offer a member the other channel, once, when digests failed on this one in two ISO weeks with none between.

    It follows the settlement of a digest's row. Where the other channel is in use already, or does not reach them
    either, nothing is offered.
    """
    if settlement.state not in FAILED or row.member_id is None:
        return
    member = await members.by_id(tx, row.member_id)
    by_mail = row.lane == Lane.MAIL
    if member is None or member.state not in BELONGING or not await _reachable(tx, member, by_mail=by_mail):
        return
    weeks = await _failed_weeks(tx, row, by_mail=by_mail)
    if len(weeks) >= _WEEKS:
        await promise(tx, [_offer(member, weeks, now, by_mail=by_mail)], now)


async def _reachable(tx: Transaction, member: Member, *, by_mail: bool) -> bool:
    """Tell whether the other channel is there and not in use."""
    if by_mail:
        return member.channel is Channel.EMAIL and member.telegram_id is not None and member.unreachable_since is None
    address = await tx.get(MailAddress, member.id)
    return member.channel is Channel.TELEGRAM and address is not None and address.verified_at is not None


async def _failed_weeks(tx: Transaction, row: Leased, *, by_mail: bool) -> Sequence[tuple[int, int]]:
    """Return the ISO weeks with a failure since the last digest that was sent; none where an offer was made since."""
    lane = OutboxRow.lane == Lane.MAIL if by_mail else OutboxRow.lane != Lane.MAIL
    mine = OutboxRow.member_id == row.member_id
    ours = (mine, OutboxRow.notice == DIGEST, lane)
    last = await tx.scalar(select(func.max(OutboxRow.id)).where(*ours, OutboxRow.state == OutboxState.SENT)) or 0
    if await tx.scalar(select(OutboxRow.id).where(mine, _is_offer(by_mail=by_mail), OutboxRow.id > last).limit(1)):
        return []
    failed = select(OutboxRow.created_at).where(*ours, OutboxRow.state.in_(FAILED), OutboxRow.id > last)
    return sorted({at.isocalendar()[:2] for at in await tx.scalars(failed)})


def _is_offer(*, by_mail: bool) -> ColumnElement[bool]:
    return OutboxRow.notice == (TAKE_TELEGRAM if by_mail else TAKE_MAIL)


def _offer(member: Member, weeks: Sequence[tuple[int, int]], now: datetime, *, by_mail: bool) -> Promise:
    pair = ":".join(f"{year}-W{week}" for year, week in weeks[:_WEEKS])
    notice, lane = (TAKE_TELEGRAM, Lane.BULK) if by_mail else (TAKE_MAIL, Lane.MAIL)
    key = f"{notice}:{member.id}:{pair}"
    return Promise(member.id, notice, lane=lane, key=key, expires_at=now + _GOOD_FOR)
